# Generated from core/src by `make surface`. Do not edit.
"""What questions answer: frozen records, compared by value."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, Union

from ._record import Answer, names


@dataclass(frozen=True, kw_only=True, slots=True)
class ProblemList(Answer):
    """What is wrong in the input, and what was taken for granted."""

    problems: tuple[Problem, ...]
    """Problems in source order."""
    assumptions: tuple[Assumption, ...]
    """Assumptions in order of the objects."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Problem(Answer):
    """Something wrong in the input. Loading never fails as a whole: it returns these."""

    severity: Severity
    """How bad it is."""
    code: str
    """Stable code, `manifest/unknown-field`. A code never changes its meaning."""
    message: str
    """One sentence, in the words of kubectl or the API server where they have some."""
    object: ObjectRef | None = None
    """The object it belongs to, as far as it could be told."""
    field: str = ""
    """Kubernetes field path, empty for the whole object or document."""
    place: Place | None = None
    """Where it stands."""
    help: str | None = None
    """What to do about it, when that is known."""


@dataclass(frozen=True, kw_only=True, slots=True)
class ObjectRef(Answer):
    """Which Kubernetes object is meant."""

    kind: str
    """`Pod`, `Service`, `NetworkPolicy` …"""
    namespace: str | None = None
    """Absent for cluster-scoped kinds."""
    name: str
    """`metadata.name`."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Place(Answer):
    """A position a person can go to: file, lines and columns, counted from 1.

    Columns count Unicode scalar values, as editors do. The end is exclusive.
    """

    file: str
    """Name of the `Source`."""
    line: int
    """Line of the first character, from 1."""
    column: int
    """Column of the first character, from 1."""
    end_line: int
    """Line of the end, from 1."""
    end_column: int
    """Column after the last character, from 1."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Assumption(Answer):
    """Something the library took for granted."""

    code: str
    """Stable code, `model/pod-without-status`."""
    message: str
    """One sentence."""
    object: ObjectRef | None = None
    """About which object."""


@dataclass(frozen=True, kw_only=True, slots=True)
class AskErrorNotFound(Answer):
    """No such object."""

    code: Literal["notFound"] = "notFound"
    kind: str
    """`pod`, `service`, `node` …"""
    name: str
    """What was asked for."""
    near: str | None
    """The nearest name that exists."""


@dataclass(frozen=True, kw_only=True, slots=True)
class AskErrorUnreadable(Answer):
    """The notation cannot be read."""

    code: Literal["unreadable"] = "unreadable"
    what: str
    """`destination`, `port` …"""
    text: str
    """What was given."""
    reason: str
    """Why, and what would be right."""

Severity = Literal["error", "warning", "advice"]
"""How bad a `Problem` is."""

AskError = Union["AskErrorNotFound", "AskErrorUnreadable"]
"""The question names something that does not exist, or cannot be read. The only `Err` of a question."""
