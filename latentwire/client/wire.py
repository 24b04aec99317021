"""Dataclasses as messages of the contract, and back, by the names of their fields.

A dataclass mirrors a message: the same names, durations as seconds (`eta` is `eta_s`), timestamps as aware datetimes,
enums as lower-case words ("png", "" for unspecified), tensors as arrays, repeated fields as tuples, seeds unsigned, a
resume point as opaque bytes, `pass` as `in_pass`. None is a field that is not set. What a dataclass leaves out stays
unset.
"""

from __future__ import annotations

import dataclasses
import keyword
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from functools import cache
from types import MappingProxyType, NoneType
from typing import Any, TypeVar, get_args, get_type_hints

from google.protobuf.descriptor import EnumDescriptor, FieldDescriptor
from google.protobuf.duration_pb2 import Duration
from google.protobuf.message import DecodeError, Message
from google.protobuf.message_factory import GetMessageClass
from google.protobuf.timestamp_pb2 import Timestamp

from latentwire.client.tensors import from_tensor, to_tensor
from latentwire.errors import InvalidArgument
from latentwire.v1 import types_pb2

T = TypeVar("T")
M = TypeVar("M", bound=Message)

_DURATION = "google.protobuf.Duration"
_SEEDS = frozenset({"seed", "seeds", "subseed", "subseeds"})
_SEED_COUNT = 2**64


def read(message: Message, into: type[T], **more: object) -> T:
    """Returns the dataclass that mirrors a message; `more`: its fields that the message has not."""
    hints = _hints(into)  # type: ignore[arg-type]  # a class is hashable
    values = {
        name: _read_field(message, field, hints[name])
        for field in message.DESCRIPTOR.fields
        if (name := python_name(field)) in hints
    }
    return into(**values, **more)


def write(value: object, kind: type[M], path: str = "") -> M:
    """Returns the message that a dataclass mirrors. Raises InvalidArgument, which names the field by its path."""
    message = kind()
    given = {field.name: getattr(value, field.name) for field in dataclasses.fields(value)}  # type: ignore[arg-type]
    for field in message.DESCRIPTOR.fields:
        one = given.get(python_name(field))
        if one is not None:
            _write_field(message, field, one, f"{path}.{field.name}".lstrip("."))
    return message


def python_name(field: Any) -> str:
    """The name in Python of a field of a message."""
    if keyword.iskeyword(field.name):
        return f"in_{field.name}"
    is_duration = field.message_type is not None and field.message_type.full_name == _DURATION
    return f"{field.name}_s" if is_duration else field.name


@cache
def words(enum: Any) -> Mapping[str, int]:
    """The words of an enum, given by its descriptor, with their numbers: {"": 0, "png": 1, …}."""
    prefix = enum.values[0].name.removesuffix("UNSPECIFIED")
    named = {value.name.removeprefix(prefix).lower(): value.number for value in enum.values}
    return MappingProxyType({"" if number == 0 else word: number for word, number in named.items()})


@cache
def _hints(kind: type) -> dict[str, Any]:
    return get_type_hints(kind)


def _read_field(message: Message, field: Any, hint: Any) -> Any:
    value = getattr(message, field.name)
    if _is_map(field):
        inner = _map_value(field)
        return MappingProxyType({key: _read_value(inner, one, hint) for key, one in value.items()})
    if field.is_repeated:
        return tuple(_read_value(field, one, hint) for one in value)
    if field.has_presence and not message.HasField(field.name) and NoneType in get_args(hint):
        return None
    return _read_value(field, value, hint)


def _read_value(field: FieldDescriptor, value: Any, hint: Any) -> Any:
    if field.enum_type is not None:
        return next((word for word, number in words(field.enum_type).items() if number == value), str(value))
    if field.message_type is None:
        return value % _SEED_COUNT if field.name in _SEEDS else value
    if special := _SPECIAL.get(field.message_type.full_name):
        return special[0](value)
    return read(value, _mirror(hint))


@cache
def _mirror(hint: Any) -> type:
    """The dataclass in a type such as `tuple[Image, ...]` or `Task | None`."""
    if dataclasses.is_dataclass(hint) and isinstance(hint, type):
        return hint
    return next(_mirrors(hint))


def _mirrors(hint: Any) -> Iterator[type]:
    for argument in get_args(hint):
        if dataclasses.is_dataclass(argument) and isinstance(argument, type):
            yield argument
        yield from _mirrors(argument)


def _write_field(message: Message, field: Any, value: Any, path: str) -> None:
    target = getattr(message, field.name)
    try:
        if _is_map(field):
            _write_map(target, _map_value(field), value, path)
        elif field.is_repeated:
            target.extend(_write_value(field, one, f"{path}[{index}]") for index, one in enumerate(value))
        elif field.message_type is not None:
            target.CopyFrom(_write_value(field, value, path))
        else:
            setattr(message, field.name, _write_value(field, value, path))
    except InvalidArgument:
        raise
    except (TypeError, ValueError) as error:
        raise InvalidArgument.of(path, value, _allowed(field)) from error


def _write_map(target: Any, inner: FieldDescriptor, value: Mapping[str, Any], path: str) -> None:
    for key, one in value.items():
        written = _write_value(inner, one, f"{path}[{key}]")
        if inner.message_type is not None:
            target[key].CopyFrom(written)
        else:
            target[key] = written


def _write_value(field: FieldDescriptor, value: Any, path: str) -> Any:
    if field.enum_type is not None:
        return _number(field.enum_type, value, path)
    if field.message_type is None:
        return _signed(value, path) if field.name in _SEEDS else value
    if special := _SPECIAL.get(field.message_type.full_name):
        return special[1](value, path)
    return write(value, GetMessageClass(field.message_type), path)


def _number(enum: EnumDescriptor, word: str, path: str) -> int:
    known = words(enum)
    if word not in known:
        raise InvalidArgument.of(path, word, ", ".join(repr(one) for one in known if one))
    return known[word]


def _signed(seed: int, path: str) -> int:
    if not 0 <= seed < _SEED_COUNT:
        raise InvalidArgument.of(path, seed, "0 to 2**64 - 1; left out: a random one")
    return seed - _SEED_COUNT if seed >= _SEED_COUNT // 2 else seed


def _is_map(field: FieldDescriptor) -> bool:
    return field.message_type is not None and field.message_type.GetOptions().map_entry


def _map_value(field: FieldDescriptor) -> FieldDescriptor:
    assert field.message_type is not None
    return field.message_type.fields_by_name["value"]


_WORDS: Mapping[int, str] = MappingProxyType(
    {
        FieldDescriptor.TYPE_STRING: "text",
        FieldDescriptor.TYPE_BYTES: "bytes",
        FieldDescriptor.TYPE_BOOL: "True or False",
        FieldDescriptor.TYPE_DOUBLE: "a number",
        FieldDescriptor.TYPE_INT32: "a whole number of 32 bits",
        FieldDescriptor.TYPE_INT64: "a whole number of 64 bits",
    }
)


def _allowed(field: FieldDescriptor) -> str:
    word = _WORDS.get(field.type, field.name)
    return f"a sequence, each {word}" if field.is_repeated else word


def _read_duration(message: Any) -> float:
    return float(message.seconds + message.nanos / 1e9)


def _write_duration(seconds: float, path: str) -> Message:
    try:
        message = Duration()
        message.FromNanoseconds(round(seconds * 1e9))
    except (OverflowError, TypeError, ValueError) as error:
        raise InvalidArgument.of(path, seconds, "seconds") from error
    return message


def _read_timestamp(message: Any) -> datetime:
    at: datetime = message.ToDatetime(UTC)
    return at


def _write_timestamp(at: datetime, path: str) -> Message:
    if at.tzinfo is None:
        raise InvalidArgument.of(path, at, "a time with a time zone")
    message = Timestamp()
    message.FromDatetime(at)
    return message


def _read_resume_point(message: Any) -> bytes:
    data: bytes = message.SerializeToString(deterministic=True)
    return data


def _write_resume_point(data: bytes, path: str) -> Message:
    try:
        return types_pb2.ResumePoint.FromString(data)
    except (DecodeError, TypeError) as error:
        raise InvalidArgument.of(path, data, "bytes of a progress event's resume_point") from error


_SPECIAL: Mapping[str, tuple[Callable[[Any], Any], Callable[[Any, str], Message]]] = MappingProxyType(
    {
        _DURATION: (_read_duration, _write_duration),
        "google.protobuf.Timestamp": (_read_timestamp, _write_timestamp),
        "latentwire.v1.Tensor": (from_tensor, to_tensor),
        "latentwire.v1.ResumePoint": (_read_resume_point, _write_resume_point),
    }
)
