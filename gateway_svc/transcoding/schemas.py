"""JSON Schemas of messages and enums, as their JSON looks."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, Final, TypeAlias

from google.protobuf.descriptor import Descriptor, EnumDescriptor, FieldDescriptor

from gateway_svc.transcoding.fields import WRAPPERS, is_map, member_type

Schema: TypeAlias = dict[str, Any]
Comments: TypeAlias = Mapping[str, str]
"""What the contract says of a name, by its full name."""

_WHOLE: Final = "^-?[0-9]+$"
_NUMBER: Final = {"anyOf": [{"type": "number"}, {"enum": ["NaN", "Infinity", "-Infinity"]}]}
_SCALARS: Final[Mapping[int, Schema]] = MappingProxyType(
    {
        FieldDescriptor.CPPTYPE_INT32: {"type": "integer", "format": "int32"},
        FieldDescriptor.CPPTYPE_UINT32: {"type": "integer", "format": "uint32", "minimum": 0},
        FieldDescriptor.CPPTYPE_INT64: {"type": ["string", "integer"], "format": "int64", "pattern": _WHOLE},
        FieldDescriptor.CPPTYPE_UINT64: {"type": ["string", "integer"], "format": "uint64", "pattern": _WHOLE},
        FieldDescriptor.CPPTYPE_DOUBLE: _NUMBER,
        FieldDescriptor.CPPTYPE_FLOAT: _NUMBER,
        FieldDescriptor.CPPTYPE_BOOL: {"type": "boolean"},
        FieldDescriptor.CPPTYPE_STRING: {"type": "string"},
    }
)
_BYTES: Final = {"type": "string", "contentEncoding": "base64", "pattern": "^[A-Za-z0-9+/_-]*={0,2}$"}
_KNOWN: Final[Mapping[str, Schema]] = MappingProxyType(
    {
        "google.protobuf.Timestamp": {"type": "string", "format": "date-time"},
        "google.protobuf.Duration": {"type": "string", "pattern": r"^-?[0-9]+(\.[0-9]{1,9})?s$"},
        "google.protobuf.FieldMask": {"type": "string"},
        "google.protobuf.Struct": {"type": "object"},
        "google.protobuf.ListValue": {"type": "array"},
        "google.protobuf.Value": {},
        "google.protobuf.Any": {"type": "object", "properties": {"@type": {"type": "string"}}, "required": ["@type"]},
        "google.protobuf.Empty": {"type": "object", "additionalProperties": False},
    }
)


class Schemas:
    """Collects the schema of every message that is referred to."""

    def __init__(self, comments: Comments, *, keep_names: bool = False) -> None:
        self._comments, self._keep_names = comments, keep_names
        self.found: dict[str, Schema] = {}

    def of_message(self, message: Descriptor) -> Schema:
        """A reference to a message's schema, or the schema itself of one that JSON writes in its own way."""
        if message.full_name in WRAPPERS:
            return self._scalar(message.fields_by_name["value"])
        if message.full_name in _KNOWN:
            return dict(_KNOWN[message.full_name])
        if message.full_name not in self.found:
            self.found[message.full_name] = {}  # before its fields, which may hold another one
            self.found[message.full_name] = self._message(message)
        return {"$ref": f"#/components/schemas/{message.full_name}"}

    def of_field(self, field: FieldDescriptor) -> Schema:
        """What a field holds, with what is said of it."""
        said = described(self._comments.get(field.full_name, ""))
        if is_map(field):
            return {"type": "object", "additionalProperties": self._one(member_type(field, "value")), **said}
        one = self._one(field)
        return {"type": "array", "items": one, **said} if field.is_repeated else {**one, **said}

    def name_of(self, field: FieldDescriptor) -> str:
        """How answers spell a field."""
        return field.name if self._keep_names else field.json_name

    def _message(self, message: Descriptor) -> Schema:
        properties = {self.name_of(field): self.of_field(field) for field in message.fields}
        said = described(self._comments.get(message.full_name, ""))
        return {
            "type": "object",
            "title": message.name,
            "properties": properties,
            "additionalProperties": False,
            **said,
        }

    def _one(self, field: FieldDescriptor) -> Schema:
        return self.of_message(field.message_type) if field.message_type is not None else self._scalar(field)

    def _scalar(self, field: FieldDescriptor) -> Schema:
        if field.enum_type is not None:
            return self._enum(field.enum_type)
        return dict(_BYTES if field.type == FieldDescriptor.TYPE_BYTES else _SCALARS[field.cpp_type])

    def _enum(self, enum: EnumDescriptor) -> Schema:
        if enum.full_name not in self.found:
            values = [(value.name, self._comments.get(f"{enum.full_name}.{value.name}", "")) for value in enum.values]
            lines = [self._comments.get(enum.full_name, ""), *(f"- `{name}`: {said}" for name, said in values if said)]
            names = [name for name, _ in values]
            said = described("\n".join(line for line in lines if line))
            self.found[enum.full_name] = {"type": "string", "title": enum.name, "enum": names, **said}
        return {"$ref": f"#/components/schemas/{enum.full_name}"}


def described(comment: str) -> Schema:
    """A comment as a schema has it; nothing where there is none."""
    return {"description": comment} if comment else {}
