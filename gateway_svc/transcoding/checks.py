"""Whether JSON fits a message, said by field, value and what is allowed, before protobuf's own parser has a word."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from typing import Any, Final

from google.protobuf.descriptor import Descriptor, FieldDescriptor

from gateway_svc.transcoding.errors import Refused
from gateway_svc.transcoding.fields import TEXTS, WRAPPERS, is_map, member, member_type

_INTEGER: Final = re.compile(r"-?[0-9]{1,20}")
_NUMBER: Final = re.compile(r"-?[0-9]+(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?|NaN|-?Infinity")
_BASE64: Final = re.compile(r"[A-Za-z0-9+/_-]*={0,2}")
_BITS: Final[Mapping[int, tuple[int, int]]] = {
    FieldDescriptor.CPPTYPE_INT32: (-(2**31), 2**31 - 1),
    FieldDescriptor.CPPTYPE_INT64: (-(2**63), 2**63 - 1),
    FieldDescriptor.CPPTYPE_UINT32: (0, 2**32 - 1),
    FieldDescriptor.CPPTYPE_UINT64: (0, 2**64 - 1),
}
_FREE: Final = "google.protobuf."


def check(message: Descriptor, value: Any, path: str = "") -> None:
    """Raises Refused where a value is not the message in JSON: another shape, an unknown field, a number too large."""
    if message.full_name in WRAPPERS:
        check_scalar(message.fields_by_name["value"], value, path)
    elif message.full_name in TEXTS:
        _require(isinstance(value, str), value, "a text", path)
    elif not message.full_name.startswith(_FREE):  # structs and Any hold what they like
        _require(isinstance(value, dict), value, "a JSON object", path or "body")
        _check_fields(message, value, f"{path}." if path else "")


def check_scalar(field: FieldDescriptor, value: Any, path: str) -> None:
    """Raises Refused where a value is none of a scalar field."""
    if field.cpp_type in _BITS:
        least, most = _BITS[field.cpp_type]
        _require(_whole(value) and least <= int(value) <= most, value, f"a whole number, {least} to {most}", path)
        return
    if field.enum_type is not None:
        names = [one.name for one in field.enum_type.values]
        _require(value in names if isinstance(value, str) and not _whole(value) else _whole(value), value,
                 ", ".join(names), path)  # fmt: skip
        return
    fits, allowed = _KINDS[field.type]
    _require(fits(value), value, allowed, path)


def _check_fields(message: Descriptor, value: Mapping[str, Any], prefix: str) -> None:
    seen: dict[str, str] = {}
    for name, item in value.items():
        field = member(message, name)
        if field is None:
            raise Refused("there is no such field", field=(prefix + name)[:200])
        path = prefix + field.name
        if field.name in seen:
            raise Refused(f"stands twice, as {seen[field.name]} and as {name}", field=path)
        seen[field.name] = name
        if item is not None:
            _claim(field, seen, path)
            _check_field(field, item, path)


def _claim(field: FieldDescriptor, seen: dict[str, str], path: str) -> None:
    oneof = field.containing_oneof
    if oneof is None:
        return
    if (taken := seen.get(f"oneof {oneof.name}")) is not None:
        raise Refused(f"does not go with {taken}: of {oneof.name} there is one", field=path)
    seen[f"oneof {oneof.name}"] = field.name


def _check_field(field: FieldDescriptor, value: Any, path: str) -> None:
    if is_map(field):
        _require(isinstance(value, dict), value, "a JSON object", path)
        for key, item in value.items():
            _check_one(member_type(field, "value"), item, f"{path}[{key}]"[:200])
    elif field.is_repeated:
        _require(isinstance(value, list), value, "a list", path)
        for position, item in enumerate(value):
            _check_one(field, item, f"{path}[{position}]")
    else:
        _check_one(field, value, path)


def _check_one(field: FieldDescriptor, value: Any, path: str) -> None:
    if field.message_type is not None:
        check(field.message_type, value, path)
    else:
        check_scalar(field, value, path)


def _require(fits: bool, value: Any, allowed: str, path: str) -> None:
    if not fits:
        raise Refused(f"{_short(value)} is not allowed; allowed: {allowed}", field=path)


def _short(value: Any) -> str:
    text = repr(value[:100]) if isinstance(value, str) else json.dumps(value)[:100]
    return text if len(text) <= 80 else text[:79] + "…"


def _whole(value: Any) -> bool:
    if isinstance(value, str):
        return bool(_INTEGER.fullmatch(value))
    return isinstance(value, int | float) and not isinstance(value, bool) and value == value // 1


def _number(value: Any) -> bool:
    if isinstance(value, str):
        return bool(_NUMBER.fullmatch(value))
    return isinstance(value, int | float) and not isinstance(value, bool)


def _base64(value: Any) -> bool:
    return isinstance(value, str) and bool(_BASE64.fullmatch(value)) and len(value.rstrip("=")) % 4 != 1


def _text(value: Any) -> bool:
    """Text that UTF-8 has bytes for: no half of a surrogate pair."""
    return isinstance(value, str) and not any("\ud800" <= letter <= "\udfff" for letter in value)


_KINDS: Final[Mapping[int, tuple[Callable[[Any], bool], str]]] = {
    FieldDescriptor.TYPE_BOOL: (lambda value: isinstance(value, bool), "true, false"),
    FieldDescriptor.TYPE_STRING: (_text, "a text"),
    FieldDescriptor.TYPE_BYTES: (_base64, "base64"),
    FieldDescriptor.TYPE_FLOAT: (_number, "a number"),
    FieldDescriptor.TYPE_DOUBLE: (_number, "a number"),
}
