"""Between JSON and records: reads and writes the dataclasses of `kubehop.answers` by their types."""

from __future__ import annotations

import dataclasses
import json
import types
import typing
from collections.abc import Callable, Mapping
from functools import cache
from html import escape
from typing import Any, TypeVar, cast

from ._native import Given

_T = TypeVar("_T")
_Read = Callable[[Any], Any]


def names(**keys: str) -> Callable[[type[_T]], type[_T]]:
    """Names the keys that the attributes' own names do not tell."""

    def keep(cls: type[_T]) -> type[_T]:
        cls._names = keys  # type: ignore[attr-defined]
        return cls

    return keep


class Answer:
    """What a question answers, or a part of it. Immutable; `str()` is the text for a terminal."""

    __slots__ = ("_given",)
    _given: Given | None

    def to_dict(self) -> dict[str, Any]:
        """Plain dictionaries and lists, with the keys of the JSON."""
        return cast("dict[str, Any]", _write(self))

    def to_json(self) -> str:
        """Canonical JSON: the same bytes in Rust, in JavaScript and here."""
        return json.dumps(self.to_dict(), ensure_ascii=False, separators=(",", ":"))

    def __str__(self) -> str:
        given: Given | None = getattr(self, "_given", None)
        return repr(self) if given is None else given.text()

    def _repr_html_(self) -> str:
        return f"<pre>{escape(str(self))}</pre>"


class Several(tuple[_T, ...]):
    """An answer that is a list of records."""

    _given: Given | None = None

    def to_list(self) -> list[Any]:
        """Plain dictionaries and lists, with the keys of the JSON."""
        return cast("list[Any]", _write(self))

    to_dict = to_list

    def to_json(self) -> str:
        """Canonical JSON: the same bytes in Rust, in JavaScript and here."""
        return json.dumps(self.to_list(), ensure_ascii=False, separators=(",", ":"))

    def __str__(self) -> str:
        return repr(self) if self._given is None else self._given.text()

    def _repr_html_(self) -> str:
        return f"<pre>{escape(str(self))}</pre>"


def read(kind: Any, given: Given) -> Any:
    """The record of type `kind` that `given` holds; it remembers its text."""
    record = _reader(kind)(json.loads(given.json()))
    if isinstance(record, Several):
        record._given = given
    if isinstance(record, Answer):
        object.__setattr__(record, "_given", given)
    return record


def from_dict(kind: type[_T], data: Any) -> _T:
    """The record of type `kind` that `data` describes."""
    return cast("_T", _reader(kind)(data))


def _key(cls: type, attribute: str) -> str:
    own: Mapping[str, str] = getattr(cls, "_names", {})
    first, *rest = attribute.split("_")
    return own.get(attribute) or first + "".join(part[:1].upper() + part[1:] for part in rest)


@cache
def _fields(cls: type) -> tuple[tuple[str, str, _Read, Any], ...]:
    """Attribute, key, reader and value when absent, of each field."""
    hints = typing.get_type_hints(cls)
    return tuple(
        (field.name, _key(cls, field.name), _reader(hints[field.name]), field.default)
        for field in dataclasses.fields(cls)
    )


def _reader(kind: Any) -> _Read:
    return _made(kind)


@cache
def _made(kind: Any) -> _Read:
    if dataclasses.is_dataclass(kind):
        return lambda data: _record(cast("type", kind), data)
    origin, args = typing.get_origin(kind), typing.get_args(kind)
    if origin is Several:
        each = _reader(args[0])
        return lambda data: Several([each(item) for item in data])
    if origin is tuple and args[-1] is Ellipsis:
        inner = _reader(args[0])
        return lambda data: tuple([inner(item) for item in data])
    if origin is tuple:
        readers = [_reader(arg) for arg in args]
        return lambda data: tuple([read(item) for read, item in zip(readers, data, strict=True)])
    if isinstance(origin, type) and issubclass(origin, Mapping):
        inner = _reader(args[1])
        return lambda data: {key: inner(item) for key, item in data.items()}
    if origin is typing.Union or origin is types.UnionType:
        return _choice(args)
    if origin is typing.Literal:
        return lambda data: data if data in args else _refuse(kind, data)
    return lambda data: data if type(data) is kind else _refuse(kind, data)


def _choice(args: tuple[Any, ...]) -> _Read:
    """One of several: null, or told apart by a literal, or the first that fits."""
    some = tuple(arg for arg in args if arg is not types.NoneType)
    inner = _reader(some[0]) if len(some) == 1 else _tagged(some)
    if len(some) == len(args):
        return inner
    return lambda data: None if data is None else inner(data)


def _tagged(kinds: tuple[Any, ...]) -> _Read:
    resolved = [_named(kind) for kind in kinds]
    tags = [_tag(kind) for kind in resolved]
    if all(tag is not None and tag[0] == (tags[0] or ("",))[0] for tag in tags):
        key = (tags[0] or ("",))[0]
        table = {(tag or ("", ""))[1]: kind for tag, kind in zip(tags, resolved, strict=True)}
        return lambda data: _record(table[data[key]], data)

    def first(data: Any) -> Any:
        for kind in resolved:
            try:
                return _reader(kind)(data)
            except (TypeError, KeyError):
                continue
        return _refuse(kinds, data)

    return first


def _named(kind: Any) -> Any:
    if isinstance(kind, typing.ForwardRef):
        from . import answers

        return getattr(answers, kind.__forward_arg__)
    return kind


def _tag(kind: Any) -> tuple[str, str] | None:
    """Key and value of the literal that opens a record."""
    if not dataclasses.is_dataclass(kind):
        return None
    first = dataclasses.fields(kind)[0]
    hint = typing.get_type_hints(kind)[first.name]
    if typing.get_origin(hint) is not typing.Literal or first.default is dataclasses.MISSING:
        return None
    return _key(cast("type", kind), first.name), str(first.default)


def _record(cls: type, data: Any) -> Any:
    values = {}
    seen = 0
    for attribute, key, reader, absent in _fields(cls):
        if key in data:
            values[attribute] = reader(data[key])
            seen += 1
        elif absent is dataclasses.MISSING:
            raise TypeError(f"{cls.__name__} without {key}")
    if seen != len(data):
        known = {key for _, key, _, _ in _fields(cls)}
        raise TypeError(f"{cls.__name__} knows no {sorted(set(data) - known)}")
    return cls(**values)


def _refuse(kind: Any, data: Any) -> Any:
    raise TypeError(f"{data!r} is not {kind}")


def _write(value: Any) -> Any:
    if isinstance(value, Answer):
        out = {}
        tag = _tag(type(value))
        for attribute, key, _, absent in _fields(cast("Any", type(value))):
            item = getattr(value, attribute)
            if absent is dataclasses.MISSING or item != absent or (tag and tag[0] == key):
                out[key] = _write(item)
        return out
    if isinstance(value, tuple):
        return [_write(item) for item in value]
    if isinstance(value, Mapping):
        return {key: _write(item) for key, item in value.items()}
    return value
