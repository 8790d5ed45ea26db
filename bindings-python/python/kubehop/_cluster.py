"""A settled cluster, and how manifests get into it."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, TypeAlias

from . import _native, questions
from ._record import read
from .questions import Questions

Source: TypeAlias = "tuple[str, str | bytes]"
"""A name and a text: a file, an editor buffer, a cell of a notebook."""

Sources: TypeAlias = "str | Path | Mapping[str, str | bytes] | Iterable[Source | str | Path]"
"""Manifests: a text, a path, several of either, or texts by name."""

_MANIFESTS = (".yaml", ".yml", ".json")


class Cluster(Questions):
    """What the control plane would make of the manifests. An immutable value.

    >>> cluster = Cluster.load("kind: Namespace\\napiVersion: v1\\nmetadata: {name: web}")
    >>> cluster.problems().problems
    ()
    """

    __slots__ = ("_native",)

    def __init__(self, native: _native.Cluster) -> None:
        """Use :meth:`load`."""
        self._native = native

    @classmethod
    def load(
        cls, sources: Sources, settings: questions.Settings | Mapping[str, Any] | None = None
    ) -> Cluster:
        """Load manifests. Never fails over what they hold: see :meth:`problems`.

        `sources` is a text of YAML or JSON, a path of a file or a folder (all manifests below it), a
        list of those, or texts by name. A string is a text when it has a line break or a `:` in it,
        a path otherwise; `pathlib.Path` is always a path.
        """
        return cls(_native.Cluster(_named(sources), json.dumps(dict(settings or {}))))

    def with_(self, sources: Sources) -> Cluster:
        """A new cluster where each source takes the place of the one with its name, or is added behind."""
        return Cluster(self._native.with_(_named(sources)))

    def _put(self, question: Mapping[str, Any]) -> Any:
        given = {key: value for key, value in question.items() if value is not None}
        kind = questions.ANSWERS.get(str(given.get("ask")))
        return read(kind, self._native.ask(json.dumps(given)))


def _named(sources: Sources) -> list[tuple[str, bytes]]:
    """Names and texts, in the order given."""
    pairs: list[tuple[str, bytes]] = []
    if isinstance(sources, (str, Path)):
        pairs.extend(_one(sources))
    elif isinstance(sources, Mapping):
        pairs.extend((str(name), _bytes(text)) for name, text in sources.items())
    else:
        for source in sources:
            if isinstance(source, tuple):
                name, text = source
                pairs.append((name, _bytes(text)))
            else:
                pairs.extend(_one(source))
    return pairs


def _bytes(text: str | bytes) -> bytes:
    return text.encode("utf-8", "surrogatepass") if isinstance(text, str) else text


def _one(source: str | Path) -> Iterable[tuple[str, bytes]]:
    if isinstance(source, str) and ("\n" in source or ":" in source or not source.strip()):
        return [("input.yaml", _bytes(source))]
    return files(Path(source))


def files(path: Path) -> list[tuple[str, bytes]]:
    """A file, or all manifests below a folder in the order of their paths."""
    if not path.is_dir():
        return [(str(path), path.read_bytes())]
    found: list[Path] = []
    for folder, folders, names in os.walk(path):
        folders.sort()
        found.extend(Path(folder, name) for name in names if name.endswith(_MANIFESTS))
    return [(str(path), path.read_bytes()) for path in sorted(found)]
