"""JSON of messages, read and written as protobuf's own mapping has it."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Iterator
from typing import Any, Final, NoReturn, cast

from google.protobuf.descriptor import Descriptor
from google.protobuf.json_format import MessageToDict, ParseDict, ParseError
from google.protobuf.message import Message
from google.rpc import status_pb2

from gateway_svc.transcoding.checks import check
from gateway_svc.transcoding.errors import Refused

UNREADABLE: Final = (ParseError, ValueError, TypeError, KeyError, AttributeError, OverflowError)
"""What ParseDict raises for values that do not fit: mostly ParseError."""
_LONGEST_PATH: Final = 200
_CHAIN: Final = re.compile(r"Failed to parse (\S+) field: ")
# No character can be matched in two ways: the words repeat the value, which may be long and written with intent.
_WHERE: Final = re.compile(r"^(?:Failed to parse \S+ field: )+|\sat [\w.\[\]]+$")


def loads(body: bytes) -> Any:
    """The value that a body holds. Raises Refused: bad JSON, a name that stands twice, NaN, nesting without end."""
    try:
        return json.loads(body.decode(), object_pairs_hook=_unique, parse_constant=_refuse_constant)
    except RecursionError:
        raise Refused("is nested too deeply", field="body") from None
    except ValueError as error:  # JSONDecodeError and UnicodeDecodeError are
        raise Refused(f"is not JSON: {error}", field="body") from None


def merge(message: Message, value: Any) -> None:
    """Fills a message from a JSON object. Raises Refused, which names the field."""
    try:
        check(cast("Descriptor", message.DESCRIPTOR), value)
        ParseDict(value, message)
    except RecursionError:
        raise Refused("is nested too deeply", field="body") from None
    except UNREADABLE as error:
        where = ".".join(_CHAIN.findall(str(error)))
        raise Refused(reason(error), field=where if 0 < len(where) <= _LONGEST_PATH else "body") from None


def reason(error: Exception) -> str:
    """What protobuf's parser says is wrong, without where."""
    return _WHERE.sub("", str(error)).rstrip(".")[:300]


def as_json(message: Message, response_body: str = "", *, keep_names: bool = False) -> Any:
    """What a message is in JSON: fields without presence always, others when set; int64 as text, bytes as base64.

    `response_body`: the one field to write in place of the whole.
    """
    whole = MessageToDict(message, always_print_fields_with_no_presence=True, preserving_proto_field_name=keep_names)
    if not response_body:
        return whole
    field = message.DESCRIPTOR.fields_by_name[response_body]
    return whole.get(field.name if keep_names else field.json_name)


def text(value: Any) -> bytes:
    """JSON on one line."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()


def status_json(status: status_pb2.Status) -> dict[str, Any]:
    """`{code, message, details}`; a detail of a type that is not known here is passed on as base64."""
    return {"code": status.code, "message": status.message, "details": list(_details(status))}


def _details(status: status_pb2.Status) -> Iterator[Any]:
    for detail in status.details:
        try:
            yield MessageToDict(detail)
        except (TypeError, ValueError):
            yield {"@type": detail.type_url, "value": base64.b64encode(detail.value).decode()}


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    made = dict(pairs)
    if len(made) < len(pairs):
        raise ValueError(f"{_twice(pairs)!r:.80} stands twice in one object")
    return made


def _twice(pairs: list[tuple[str, Any]]) -> str:
    seen: set[str] = set()
    for name, _ in pairs:
        if name in seen:
            break
        seen.add(name)
    return name


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is no JSON; write it as the text {name!r}")
