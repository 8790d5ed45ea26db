"""A consumer as strict as they come: checked by mypy and pyright, and run."""

from __future__ import annotations

from typing import Literal

from kubehop import Cluster, KubehopError, answers, questions

settings: questions.Settings = {"kubernetes": "1.36", "proxy": {"mode": "nftables"}}


def ways(cluster: Cluster, from_: str, to: str) -> list[str]:
    try:
        journey: answers.Journey = cluster.trace(from_, to, port=80)
    except KubehopError as error:
        return [error.near or str(error)]
    found: list[str] = []
    for trace in journey.traces:
        disposition = trace.disposition
        if disposition.kind == "connected":
            address: str = disposition.address
            found.append(f"{trace.share} connects to {address}")
        else:
            found.append(f"{trace.share} {disposition.kind}")
    return found


def severities(cluster: Cluster) -> list[Literal["error", "warning", "advice"]]:
    answer: answers.ProblemList = cluster.ask({"ask": "problems"})
    return [problem.severity for problem in answer.problems]


def wrong(cluster: Cluster) -> None:
    cluster.trace("a/b")  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]
    cluster.problems().problems[0].message = ""  # type: ignore[misc]  # pyright: ignore[reportAttributeAccessIssue]
    cluster.trace("a/b", "c/d").outcom  # type: ignore[attr-defined]  # pyright: ignore
