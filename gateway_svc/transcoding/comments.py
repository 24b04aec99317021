"""What a contract says of its own parts, out of files that protoc described with their source."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from google.protobuf.descriptor_pb2 import FileDescriptorProto

_MESSAGES, _ENUMS, _SERVICES = 4, 5, 6
_MEMBERS = {_MESSAGES: {2: "field", 3: "nested_type", 4: "enum_type"}, _ENUMS: {2: "value"}, _SERVICES: {2: "method"}}
_ROOTS = {_MESSAGES: "message_type", _ENUMS: "enum_type", _SERVICES: "service"}
_KIND_OF = {"nested_type": _MESSAGES, "enum_type": _ENUMS, "field": 0, "value": 0, "method": 0}


def comments(files: Iterable[FileDescriptorProto]) -> dict[str, str]:
    """The comment before each message, field, enum, value, service and method, by full name; sorted."""
    return dict(sorted(pair for file in files for pair in _of_file(file)))


def _of_file(file: FileDescriptorProto) -> Iterator[tuple[str, str]]:
    for location in file.source_code_info.location:
        said = "\n".join(line.removeprefix(" ").rstrip() for line in location.leading_comments.splitlines()).strip()
        name = _name(file, list(location.path)) if said else ""
        if name:
            yield name, said


def _name(file: FileDescriptorProto, path: list[int]) -> str:
    """The full name of what a path of source info leads to; empty where that has none, as options have."""
    if len(path) < 2 or len(path) % 2 or path[0] not in _ROOTS:
        return ""
    kind, holder = path[0], getattr(file, _ROOTS[path[0]])[path[1]]
    names: list[str] = [file.package, holder.name]
    for number, index in zip(path[2::2], path[3::2], strict=True):
        member: str | None = _MEMBERS.get(kind, {}).get(number)
        if member is None:
            return ""
        holder = _at(holder, member, index)
        kind = _KIND_OF[member]
        names.append(holder.name)
    return ".".join(name for name in names if name)


def _at(holder: Any, member: str, index: int) -> Any:
    return getattr(holder, member)[index]
