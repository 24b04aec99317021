"""Values from the text of paths and of query parameters, put where they belong in a message."""

from __future__ import annotations

import re
from typing import Any, Final

from google.protobuf.descriptor import FieldDescriptor
from google.protobuf.json_format import ParseDict
from google.protobuf.message import Message

from gateway_svc.transcoding.checks import check_scalar
from gateway_svc.transcoding.errors import Refused
from gateway_svc.transcoding.fields import TEXTS, WRAPPERS, is_map, is_scalar, member, member_type
from gateway_svc.transcoding.json_text import UNREADABLE, reason

_BOOLS: Final = {"true": True, "1": True, "false": False, "0": False}
_KEYED: Final = re.compile(r"(?P<path>[^\[\]]+)\[(?P<key>[^\[\]]*)\]")


def place(message: Message, path: str, texts: list[str]) -> None:
    """Sets the field at a path such as `a.b`, or `labels[key]` of a map. Raises Refused, which names the path."""
    keyed = _KEYED.fullmatch(path)
    *outer, last = (keyed["path"] if keyed else path).split(".")
    holder = _holder(message, path, outer)
    field = _field(holder, path, last)
    if is_map(field) != bool(keyed):
        raise Refused("is a map: write name[key]=value" if is_map(field) else "is not a map", field=path)
    if keyed:
        _put_keyed(holder, field, path, key=keyed["key"], text=_one(path, texts))
    else:
        _put(holder, field, path, texts)


def _holder(message: Message, path: str, outer: list[str]) -> Message:
    for name in outer:
        field = _field(message, path, name)
        if field.message_type is None or field.is_repeated or is_scalar(field):
            raise Refused(f"{name} has no fields of its own", field=path)
        _claim(message, field, path)
        message = getattr(message, field.name)
        message.SetInParent()
    return message


def _field(message: Message, path: str, name: str) -> FieldDescriptor:
    descriptor: Any = message.DESCRIPTOR
    found = member(descriptor, name)
    if found is None:
        known = ", ".join(field.name for field in descriptor.fields) or "none"
        raise Refused(f"there is no field {name!r:.80}; the fields are: {known}", field=path[:200])
    return found


def _put(holder: Message, field: FieldDescriptor, path: str, texts: list[str]) -> None:
    if field.is_repeated:
        _parse(holder, {field.name: [_value(field, path, text) for text in texts]}, path)
        return
    value = _value(field, path, _one(path, texts))
    _claim(holder, field, path)
    _parse(holder, {field.name: value}, path)


def _put_keyed(holder: Message, field: FieldDescriptor, path: str, *, key: str, text: str) -> None:
    fresh = type(holder)()
    _parse(fresh, {field.name: {key: _value(member_type(field, "value"), path, text)}}, path)
    holder.MergeFrom(fresh)


def _claim(holder: Message, field: FieldDescriptor, path: str) -> None:
    """A oneof has one member: a second one is refused, and does not replace the first in silence."""
    oneof = field.containing_oneof
    held = holder.WhichOneof(oneof.name) if oneof else None
    if oneof and held not in (None, field.name):
        raise Refused(f"goes with {held} in no request: both are {oneof.name}", field=path)


def _one(path: str, texts: list[str]) -> str:
    if len(texts) > 1:
        raise Refused(f"stands {len(texts)} times, and takes one value", field=path)
    return texts[0]


def _value(field: FieldDescriptor, path: str, text: str) -> Any:
    if field.message_type is not None:
        if field.message_type.full_name in WRAPPERS:
            return _value(member_type(field, "value"), path, text)
        if field.message_type.full_name not in TEXTS:
            raise Refused("is a message: name one of its fields", field=path)
        return text
    value = _BOOLS.get(text.lower(), text) if field.type == FieldDescriptor.TYPE_BOOL else text
    check_scalar(field, value, path)
    return value


def _parse(holder: Message, values: dict[str, Any], path: str) -> None:
    try:
        ParseDict(values, holder)
    except UNREADABLE as error:
        raise Refused(reason(error), field=path) from None
