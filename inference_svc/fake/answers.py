"""Answers made from descriptors alone: valid, deterministic, for any message type."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, TypeAlias

from google.protobuf.descriptor import Descriptor, FieldDescriptor, MethodDescriptor, OneofDescriptor
from google.protobuf.message import Message
from google.protobuf.message_factory import GetMessageClass

from inference_svc.fake.known import KNOWN

_DEPTH = 6
_STREAM_LENGTH = 3

Choices: TypeAlias = dict[str, str]


def answering(method: MethodDescriptor) -> Callable[[Any, Any], Any]:
    """Returns a handler for an RPC that nobody has written: one message, or for a stream a few."""
    return _streaming(method) if method.server_streaming else _unary(method)


def answers(method: MethodDescriptor, request: Message) -> Iterator[Message]:
    """Yields the answers to a request; where the response is a oneof, one for each of its members, in order.

    Fields that request and response have in common, by name and type, are echoed.
    """
    for choices in _choices(method):
        response = example(method.output_type, choices)
        _echo(request, response)
        yield response


def example(descriptor: Descriptor, choices: Choices | None = None, depth: int = _DEPTH) -> Message:
    """Returns a valid message of a type. `choices` names the member to set of each oneof; default: its first."""
    if descriptor.full_name in KNOWN:
        return KNOWN[descriptor.full_name]()
    message = GetMessageClass(descriptor)()
    for field in descriptor.fields:
        if depth > 0 and _chosen(field, choices or {}):
            _fill(message, field, depth)
    return message


def _streaming(method: MethodDescriptor) -> Callable[[Any, Any], Any]:
    async def behaviour(request: Message, _: object) -> Any:
        for response in answers(method, request):
            yield response

    return behaviour


def _unary(method: MethodDescriptor) -> Callable[[Any, Any], Any]:
    async def behaviour(request: Message, _: object) -> Message:
        return next(answers(method, request))

    return behaviour


def _choices(method: MethodDescriptor) -> list[Choices]:
    oneof = next(iter(_oneofs(method.output_type)), None)
    if oneof is None:
        return [{} for _ in range(_STREAM_LENGTH)]
    return [{oneof.full_name: field.name} for field in oneof.fields]


def _oneofs(descriptor: Descriptor) -> list[OneofDescriptor]:
    """Returns the oneofs that the file declares, without those behind `optional`."""
    return [oneof for oneof in descriptor.oneofs if not oneof.name.startswith("_")]


def _chosen(field: FieldDescriptor, choices: Choices) -> bool:
    oneof = field.containing_oneof
    if oneof is None or len(oneof.fields) == 1:
        return True
    return field.name == choices.get(oneof.full_name, oneof.fields[0].name)


def _fill(message: Message, field: FieldDescriptor, depth: int) -> None:
    target = getattr(message, field.name)
    if _is_map(field):
        _fill_map(target, field, depth)
    elif field.message_type is not None:
        (target.add() if field.is_repeated else target).CopyFrom(example(field.message_type, depth=depth - 1))
    elif field.is_repeated:
        target.append(_scalar(field))
    else:
        setattr(message, field.name, _scalar(field))


def _is_map(field: FieldDescriptor) -> bool:
    return field.message_type is not None and field.message_type.GetOptions().map_entry


def _fill_map(target: Any, field: FieldDescriptor, depth: int) -> None:
    assert field.message_type is not None
    key, value = (field.message_type.fields_by_name[name] for name in ("key", "value"))
    if value.message_type is None:
        target[_scalar(key)] = _scalar(value)
    else:
        target[_scalar(key)].CopyFrom(example(value.message_type, depth=depth - 1))


def _scalar(field: FieldDescriptor) -> Any:
    if field.enum_type is not None:
        return _enum_value(field)
    match field.cpp_type:
        case FieldDescriptor.CPPTYPE_STRING:
            return _text(field)
        case FieldDescriptor.CPPTYPE_BOOL:
            return True
        case FieldDescriptor.CPPTYPE_FLOAT | FieldDescriptor.CPPTYPE_DOUBLE:
            return 0.5
        case _:
            return field.number


def _enum_value(field: FieldDescriptor) -> int:
    """The first value that is not the unspecified zero."""
    assert field.enum_type is not None
    return next((value.number for value in field.enum_type.values if value.number), 0)


def _text(field: FieldDescriptor) -> str | bytes:
    text = f"fake {field.name}"
    return text.encode() if field.type == FieldDescriptor.TYPE_BYTES else text


def _echo(request: Message, response: Message) -> None:
    """Copies what both have, such as request_id."""
    for field, value in request.ListFields():
        twin = response.DESCRIPTOR.fields_by_name.get(field.name)
        if twin is not None and twin.type == field.type and _is_single(field) and _is_single(twin):
            setattr(response, field.name, value)


def _is_single(field: Any) -> bool:
    return field.message_type is None and not field.is_repeated
