"""The message that a request of HTTP means."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl

from google.protobuf.message import Message
from google.protobuf.message_factory import GetMessageClass

from gateway_svc.transcoding.errors import Refused
from gateway_svc.transcoding.fields import canonical
from gateway_svc.transcoding.json_text import loads, merge
from gateway_svc.transcoding.rules import Binding
from gateway_svc.transcoding.table import Found
from gateway_svc.transcoding.values import place

_MOST_PARAMETERS = 1000


@dataclass(frozen=True, slots=True)
class Parts:
    """What of a request has values: the query as it came, and the body."""

    query: bytes = b""
    body: bytes = b""


def message_of(found: Found, parts: Parts) -> Message:
    """The method's request, from body, query and path. Raises Refused, which names the field that is wrong."""
    binding = found.binding
    message: Message = GetMessageClass(binding.method.input_type)()
    _read_body(message, binding, parts.body)
    for path, texts in _query(parts.query).items():
        _check_free(binding, path)
        place(message, path, texts)
    for path, value in found.variables.items():
        _read_path(message, path, value)
    return message


def _read_body(message: Message, binding: Binding, body: bytes) -> None:
    if not body.strip():
        return
    if not binding.body:
        raise Refused(f"{binding.verb} {binding.template.text} takes none", field="body")
    value: Any = loads(body)
    merge(message, value if binding.body == "*" else {binding.body: value})


def _query(query: bytes) -> dict[str, list[str]]:
    try:
        pairs = parse_qsl(
            query.decode("ascii"), keep_blank_values=True, errors="strict", max_num_fields=_MOST_PARAMETERS
        )
    except ValueError:  # also what is not UTF-8
        raise Refused(f"is not UTF-8, or has more than {_MOST_PARAMETERS} parameters", field="query") from None
    found: dict[str, list[str]] = {}
    for name, text in pairs:
        found.setdefault(name, []).append(text)
    return found


def _check_free(binding: Binding, path: str) -> None:
    """A parameter sets what neither the path nor the body does."""
    if binding.body == "*":
        raise Refused("is no query parameter here: all fields come in the body", field=path[:200])
    meant = canonical(binding.method.input_type, path)
    for variable in binding.template.variables:
        if meant == variable.field:
            raise Refused("comes in the path", field=path[:200])
    if binding.body and re.match(rf"{binding.body}(?:[.\[]|$)", meant):
        raise Refused("comes in the body", field=path[:200])


def _read_path(message: Message, path: str, value: str) -> None:
    """What a body says of a field of the path may only be the same."""
    alone = type(message)()
    place(alone, path, [value])
    said, meant = _at(message, path), _at(alone, path)
    if said is not None and said != meant:
        raise Refused(f"the body says {said!r:.80}, the path {meant!r:.80}", field=path)
    place(message, path, [value])


def _at(message: Message, path: str) -> Any:
    """The value at a path; None where it is not set, or by default."""
    for name in path.split("."):
        field = message.DESCRIPTOR.fields_by_name[name]
        if field.has_presence and not message.HasField(name):
            return None
        value = getattr(message, name)
        if not isinstance(value, Message):
            return value or None
        message = value
    return message
