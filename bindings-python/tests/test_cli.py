"""The console command: output, errors and exit status."""

from __future__ import annotations

import io
import json
import sys
from pathlib import Path

import pytest

from kubehop.cli import main

GOOD = "apiVersion: v1\nkind: Namespace\nmetadata: {name: web}\n"
BAD = "apiVersion: v1\nkind: Service\nmetadata: {name: api}\nspec: {portz: []}\n"


@pytest.fixture
def bad(tmp_path: Path) -> str:
    file = tmp_path / "bad.yaml"
    file.write_text(BAD, encoding="utf-8")
    return str(file)


def test_good_news_is_0(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "good.yaml").write_text(GOOD, encoding="utf-8")
    assert main(["check", str(tmp_path)]) == 0
    printed = capsys.readouterr()
    assert (printed.out, printed.err) == ("1 object, no problems\n", "")


def test_bad_news_is_1(bad: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["check", bad]) == 1
    printed = capsys.readouterr().out
    assert f"{bad}:4:8: error: " in printed
    assert "\n  help: " in printed


def test_json_is_the_answer_itself(bad: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["ask", '{"ask": "problems"}', bad, "--json"]) == 1
    assert "portz" in json.loads(capsys.readouterr().out)["problems"][0]["message"]


def test_standard_input(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(BAD.encode())))
    assert main(["check"]) == 1
    assert "stdin:4:" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["check", "nowhere.yaml"], "nowhere.yaml: No such file"),
        (["ask", '{"ask": "weather"}', "-"], "unknown variant `weather`"),
        (["ask", "[1]", "-"], "a question is a JSON object"),
        (["check", "-", "--settings", __file__], "not JSON"),
    ],
)
def test_what_cannot_be_asked_is_2(
    arguments: list[str],
    words: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(GOOD.encode())))
    assert main(arguments) == 2
    assert words in capsys.readouterr().err


def test_settings_come_from_a_file(bad: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    settings = tmp_path / "settings.json"
    settings.write_text('{"kubernetes": 3}', encoding="utf-8")
    assert main(["check", bad, "--settings", str(settings)]) == 2
    assert "expected a string" in capsys.readouterr().err
