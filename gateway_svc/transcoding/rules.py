"""The `google.api.http` annotations of services, as bindings of a verb and a path to a method."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from google.api import annotations_pb2, http_pb2
from google.protobuf.descriptor import Descriptor, FieldDescriptor, MethodDescriptor, ServiceDescriptor

from gateway_svc.transcoding.fields import find, is_scalar
from gateway_svc.transcoding.template import Template, parse


class BadRule(ValueError):
    """An annotation that no call can follow."""


@dataclass(frozen=True, slots=True)
class Binding:
    """One way to call a method. `body`: "", "*" or a field of the request; `response_body`: "" or one of the answer."""

    method: MethodDescriptor
    verb: str
    template: Template
    body: str
    response_body: str


def bindings(services: Iterable[ServiceDescriptor]) -> tuple[Binding, ...]:
    """Every binding of every annotated method, additional ones too. Raises BadRule, BadTemplate."""
    found = tuple(
        _binding(method, rule) for service in services for method in service.methods for rule in _rules(method)
    )
    seen: set[tuple[str, str]] = set()
    for one in found:
        if (one.verb, one.template.text) in seen:
            raise BadRule(f"{one.verb} {one.template.text} stands for two methods, {one.method.full_name} the second")
        seen.add((one.verb, one.template.text))
    return found


def _rules(method: MethodDescriptor) -> Iterator[http_pb2.HttpRule]:
    options = method.GetOptions()
    if options.HasExtension(annotations_pb2.http):
        rule = options.Extensions[annotations_pb2.http]
        yield rule
        yield from rule.additional_bindings


def _binding(method: MethodDescriptor, rule: http_pb2.HttpRule) -> Binding:
    if method.client_streaming:
        raise BadRule(f"{method.full_name} takes a stream of requests: HTTP has no place for one")
    kind = rule.WhichOneof("pattern")
    if kind is None:
        raise BadRule(f"{method.full_name}: a rule without a path")
    verb, path = (rule.custom.kind, rule.custom.path) if kind == "custom" else (kind.upper(), getattr(rule, kind))
    template = parse(path)
    _check(method, template, rule)
    return Binding(method, verb, template, rule.body, rule.response_body)


def _check(method: MethodDescriptor, template: Template, rule: http_pb2.HttpRule) -> None:
    for variable in template.variables:
        field = find(method.input_type, variable.field)
        if field is None or not is_scalar(field):
            raise BadRule(f"{method.full_name}: {variable.field} of its path is no single value of {_name(method)}")
    for name, message in ((rule.body.replace("*", ""), method.input_type), (rule.response_body, method.output_type)):
        if name and _named(message, name) is None:
            raise BadRule(f"{method.full_name}: {message.full_name} has no field {name}")


def _named(message: Descriptor, name: str) -> FieldDescriptor | None:
    return message.fields_by_name.get(name)


def _name(method: MethodDescriptor) -> str:
    return str(method.input_type.full_name)
