"""The corpus gives the same bytes through the wheel as in Rust (`cargo test` records what Rust answers)."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest

from kubehop import Cluster, KubehopError
from kubehop._record import from_dict
from kubehop.questions import ANSWERS

CORPUS = Path(
    os.environ.get("KUBEHOP_CORPUS", Path(__file__).parents[2] / "target/corpus/corpus.json")
)
CASES: list[dict[str, Any]] = json.loads(CORPUS.read_text(encoding="utf-8"))


def test_there_are_cases() -> None:
    assert CASES
    assert any(case["answers"] for case in CASES)


@pytest.mark.parametrize("case", CASES, ids=[case["id"] for case in CASES])
def test_same_bytes(case: dict[str, Any]) -> None:
    cluster = Cluster.load([tuple(source) for source in case["sources"]], case["settings"])
    assert cluster.problems().to_json() == case["problems"]
    for question, expected, text in case["answers"]:
        try:
            answer = cluster.ask(question)
        except KubehopError as error:
            found = json.dumps(error.details, ensure_ascii=False, separators=(",", ":"))
            assert text == ""
        else:
            found = answer.to_json()
            assert answer.to_dict() == json.loads(expected)
            assert from_dict(ANSWERS[question["ask"]], json.loads(expected)) == answer
            assert str(answer) == text
        assert found == expected
