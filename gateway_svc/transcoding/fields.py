"""Fields found by the path that a caller writes, and what kind of value they hold."""

from __future__ import annotations

from typing import Final

from google.protobuf.descriptor import Descriptor, FieldDescriptor

WRAPPERS: Final = frozenset(
    f"google.protobuf.{name}Value"
    for name in ("Double", "Float", "Int64", "UInt64", "Int32", "UInt32", "Bool", "String", "Bytes")
)
TEXTS: Final = frozenset(f"google.protobuf.{name}" for name in ("Timestamp", "Duration", "FieldMask"))
"""Messages that JSON writes as one string."""


def member(message: Descriptor, name: str) -> FieldDescriptor | None:
    """The field of that name, as the contract or as JSON spells it."""
    found = message.fields_by_name.get(name)
    return found or next((field for field in message.fields if field.json_name == name), None)


def find(message: Descriptor, path: str) -> FieldDescriptor | None:
    """The field at the end of a path such as `a.b`, through single messages only."""
    *outer, last = path.split(".")
    for name in outer:
        field = member(message, name)
        if field is None or field.message_type is None or field.is_repeated or is_scalar(field):
            return None
        message = field.message_type
    return member(message, last)


def canonical(message: Descriptor, path: str) -> str:
    """The path with every field as the contract spells it; as it is from the first name on that is unknown."""
    name, _, rest = path.partition(".")
    field = member(message, name)
    if field is None or not rest:
        return f"{field.name if field else name}{rest and '.' + rest}"
    return f"{field.name}.{canonical(field.message_type, rest) if field.message_type else rest}"


def is_scalar(field: FieldDescriptor) -> bool:
    """Whether it is one value that text can hold: a scalar, an enum, or a message that JSON writes as one."""
    if field.is_repeated:
        return False
    return field.message_type is None or field.message_type.full_name in WRAPPERS | TEXTS


def is_map(field: FieldDescriptor) -> bool:
    """Whether it is a map."""
    return bool(field.is_repeated and field.message_type and field.message_type.GetOptions().map_entry)


def member_type(field: FieldDescriptor, name: str) -> FieldDescriptor:
    """A field of the message that a field holds: `value` of a wrapper or of a map's entry."""
    assert field.message_type is not None
    return field.message_type.fields_by_name[name]
