"""The facade: what goes in, what comes out, what is refused."""

from __future__ import annotations

import dataclasses
import pickle
from pathlib import Path

import pytest

from kubehop import Cluster, KubehopError
from kubehop.answers import Problem

BROKEN = "apiVersion: v1\nkind: Service\nmetadata: {name: api}\nspec: {portz: []}\n"


def test_a_text_a_path_a_folder_and_pairs_are_sources(tmp_path: Path) -> None:
    file = tmp_path / "deep" / "service.yaml"
    file.parent.mkdir()
    file.write_text(BROKEN, encoding="utf-8")
    (tmp_path / "notes.txt").write_text("not a manifest", encoding="utf-8")
    expected = [problem.message for problem in Cluster.load(BROKEN).problems().problems]
    assert expected
    for sources in (file, tmp_path, str(tmp_path), [file], [("a.yaml", BROKEN.encode())], {"a": BROKEN}):
        found = Cluster.load(sources).problems().problems
        assert [problem.message for problem in found] == expected


def test_positions_name_the_source() -> None:
    problem = first_problem(Cluster.load({"web/api.yaml": BROKEN}))
    assert problem.place is not None
    assert (problem.place.file, problem.place.line) == ("web/api.yaml", 4)
    assert "portz" in problem.message


def test_records_are_frozen_values() -> None:
    problem = first_problem(Cluster.load(BROKEN))
    with pytest.raises(dataclasses.FrozenInstanceError):
        problem.message = "fine"  # type: ignore[misc]
    assert problem == first_problem(Cluster.load(BROKEN))
    assert pickle.loads(pickle.dumps(problem)) == problem


def test_text_and_html_are_renderings() -> None:
    answer = Cluster.load(BROKEN.replace("portz", "<b>")).problems()
    assert "<b>" in str(answer)
    assert "&lt;b&gt;" in answer._repr_html_()


def test_an_edit_is_a_new_cluster() -> None:
    before = Cluster.load({"a.yaml": BROKEN})
    after = before.with_({"a.yaml": "", "b.yaml": BROKEN})
    assert first_problem(before).place != first_problem(after).place
    place = first_problem(after).place
    assert place is not None and place.file == "b.yaml"


def test_bytes_that_are_no_text_are_a_problem() -> None:
    assert Cluster.load([("a.yaml", b"kind: \xff\xfe")]).problems().problems


def test_a_question_that_cannot_be_read() -> None:
    with pytest.raises(KubehopError) as caught:
        Cluster.load(BROKEN).ask({"ask": "weather"})
    assert caught.value.code == "unreadable"
    assert "unknown variant `weather`" in str(caught.value)
    assert caught.value.near is None


def test_settings_that_cannot_be_read() -> None:
    with pytest.raises(KubehopError) as caught:
        Cluster.load(BROKEN, {"kubernets": "1.36"})
    assert caught.value.code == "unreadableSettings"
    assert "kubernets" in str(caught.value)


def first_problem(cluster: Cluster) -> Problem:
    return cluster.problems().problems[0]
