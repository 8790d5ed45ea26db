"""The console command: reads manifests, asks one question, prints the answer.

Exit status: 0 when the answer is good news (it connects, nothing is wrong), 1 when it is bad news,
2 when the question could not be asked at all (no such pod, an unreadable option, no such file).
"""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from importlib.metadata import version
from keyword import iskeyword
from pathlib import Path
from typing import Any

from . import answers, questions
from ._cluster import Cluster, files
from ._errors import KubehopError
from ._record import Answer, Several

ALIASES = {"problems": ["check"], "policyVerdict": ["policy"]}
"""Shorter names of questions."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command and return its exit status."""
    given = vars(_parser().parse_args(arguments))
    try:
        question = given["question"](given)
        cluster = Cluster.load(list(_manifests(given["files"])), _settings(given["settings"]))
        found = cluster.ask(question)
    except KubehopError as error:
        print(f"kubehop: {error}", file=sys.stderr)
        return 2
    except OSError as error:
        print(f"kubehop: {error.filename}: {error.strerror}", file=sys.stderr)
        return 2
    except ValueError as error:
        print(f"kubehop: {error}", file=sys.stderr)
        return 2
    text = found.to_json() if given["json"] else str(found).rstrip("\n")
    if text:
        _print(text)
    if question["ask"] != "problems":
        _mention(cluster)
    return 1 if is_bad_news(found) else 0


def _print(text: str) -> None:
    try:
        print(text, flush=True)
    except BrokenPipeError:
        # The reader has seen enough, as `head` does; what is left must not be written at exit either.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def is_bad_news(answer: Answer | Several[Any]) -> bool:
    """Whether something is wrong: an error in the input, a connection that fails, a name not found."""
    match answer:
        case answers.ProblemList():
            return any(problem.severity == "error" for problem in answer.problems)
        case answers.Diagnosis():
            return any(layer.state not in ("ok", "notUsed") for layer in answer.layers)
        case answers.Journey():
            return answer.outcome != "connected"
        case answers.Verdict():
            return answer.decision.kind != "allowed"
        case answers.Assertion():
            return not answer.holds
        case answers.Lookup():
            return answer.outcome != "found"
        case answers.DnsResponse():
            return answer.rcode != "NOERROR"
        case answers.Routing():
            return any(outcome.response.kind != "backend" for outcome in answer.outcomes)
        case answers.Output():
            return answer.exit_code != 0
        case answers.ToolRun():
            return answer.exit != 0
        case _:
            return False


def _mention(cluster: Cluster) -> None:
    errors = sum(problem.severity == "error" for problem in cluster.problems().problems)
    if errors:
        print(f"kubehop: {errors} errors in the manifests, see `kubehop check`", file=sys.stderr)


def _manifests(paths: Sequence[str]) -> Iterator[tuple[str, bytes]]:
    """The files' texts; standard input for `-` and for nothing."""
    for path in paths or ["-"]:
        if path == "-":
            yield "stdin", sys.stdin.buffer.read()
        else:
            yield from files(Path(path))


def _settings(path: str | None) -> Mapping[str, Any] | None:
    if path is None:
        return None
    try:
        settings = json.loads(Path(path).read_text(encoding="utf-8"))
    except json.JSONDecodeError as error:
        raise ValueError(f"{path}: not JSON: {error}") from error
    if not isinstance(settings, dict):
        raise ValueError(f"{path}: settings are a JSON object")
    return settings


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="kubehop",
        description="What a Kubernetes network would do with a packet, and why.",
        epilog="Exit status: 0 good news, 1 bad news, 2 the question could not be asked.",
    )
    parser.add_argument("--version", action="version", version=f"kubehop {version('kubehop')}")
    commands = parser.add_subparsers(required=True, metavar="QUESTION")
    for ask, fields in questions.FIELDS.items():
        doc = " ".join((getattr(questions.Questions, _method(ask)).__doc__ or "").split("\n\n")[0].split())
        command = commands.add_parser(
            _kebab(ask),
            aliases=ALIASES.get(ask, []),
            help=doc.replace("%", "%%"),
            description=doc,
        )
        for field, (kind, required, meaning) in fields.items():
            _option(command, field, kind, required, meaning)
        _common(command, _from_options(ask, fields))
    command = commands.add_parser("ask", help="Any question, as JSON.")
    command.add_argument("json_question", metavar="JSON", help='`{"ask": "problems"}`')
    _common(command, _from_json)
    return parser


def _common(command: argparse.ArgumentParser, question: Callable[[dict[str, Any]], dict[str, Any]]) -> None:
    command.add_argument(
        "files", nargs="*", metavar="FILE", help="files and folders of manifests; `-` or nothing: stdin"
    )
    command.add_argument("--json", action="store_true", help="print the answer as JSON")
    command.add_argument("--settings", metavar="FILE", help="settings of the cluster, a JSON object")
    command.set_defaults(question=question)


def _option(command: argparse.ArgumentParser, field: str, kind: str, required: bool, meaning: str) -> None:
    kinds: dict[str, dict[str, Any]] = {
        "integer": {"type": int},
        "word": {"type": lambda text: int(text) if text.isdigit() else text},
        "truth": {"action": argparse.BooleanOptionalAction},
        "texts": {"action": "append"},
        "json": {"type": json.loads, "metavar": "JSON"},
    }
    how = kinds.get(kind, {})
    if kind not in ("truth", "json"):
        how = {**how, "metavar": _kebab(field).upper()}
    command.add_argument(
        f"--{_kebab(field)}",
        dest=f"field_{field}",
        required=required,
        help=meaning.replace("%", "%%") or None,
        **how,
    )


def _from_options(ask: str, fields: Mapping[str, Any]) -> Callable[[dict[str, Any]], dict[str, Any]]:
    def question(given: dict[str, Any]) -> dict[str, Any]:
        values = {field: given[f"field_{field}"] for field in fields}
        return {"ask": ask, **{field: value for field, value in values.items() if value is not None}}

    return question


def _from_json(given: dict[str, Any]) -> dict[str, Any]:
    question = json.loads(given["json_question"])
    if not isinstance(question, dict):
        raise ValueError("a question is a JSON object")
    return {"ask": None, **question}


def _kebab(name: str) -> str:
    return "".join(f"-{letter.lower()}" if letter.isupper() else letter for letter in name)


def _method(ask: str) -> str:
    name = _kebab(ask).replace("-", "_")
    return f"{name}_" if iskeyword(name) else name
