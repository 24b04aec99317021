"""OpenAPI 3.1 of bindings: paths, parameters, bodies, answers, streams and failures."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Any, Final

from google.protobuf.descriptor import Descriptor, FieldDescriptor
from google.rpc import status_pb2

from gateway_svc.transcoding.fields import find, is_scalar
from gateway_svc.transcoding.framing import EVENTS, LINES
from gateway_svc.transcoding.rules import Binding
from gateway_svc.transcoding.schemas import Comments, Schema, Schemas, described
from gateway_svc.transcoding.template import Variable

STATUS: Final = "google.rpc.Status"
_JSON: Final = "application/json"
_VERBS: Final = frozenset({"GET", "PUT", "POST", "DELETE", "OPTIONS", "HEAD", "PATCH", "TRACE"})
_DEEPEST: Final = 4
_COMMENTS: Final = {
    "google.rpc.Status": "How a call failed.",
    "google.rpc.Status.code": "The number of a gRPC status code.",
    "google.rpc.Status.message": "What is wrong, in words.",
    "google.rpc.Status.details": "Why, for programs: google.rpc.ErrorInfo, BadRequest, RetryInfo.",
}
_LAST_EVENT: Final[Schema] = {
    "name": "Last-Event-ID",
    "in": "header",
    "description": "The id of the last event that came, to go on after it. Only with `Accept: text/event-stream`.",
    "schema": {"type": "string"},
}


def document(bindings: Iterable[Binding], comments: Comments, *, resumable: Iterable[str] = ()) -> dict[str, Any]:
    """`paths` and `components.schemas` of OpenAPI. `resumable`: full names of the methods whose events have ids.

    What no verb of OpenAPI says (custom kinds) is left out.
    """
    schemas = Schemas({**_COMMENTS, **comments})
    schemas.of_message(status_pb2.Status.DESCRIPTOR)
    paths: dict[str, dict[str, Any]] = {}
    names: dict[str, int] = {}
    for binding in bindings:
        if binding.verb in _VERBS:
            operation = _operation(binding, schemas, comments, resumable=binding.method.full_name in set(resumable))
            count = names[operation["operationId"]] = names.get(operation["operationId"], 0) + 1
            operation["operationId"] += f"_{count}" if count > 1 else ""
            paths.setdefault(_path(binding), {})[binding.verb.lower()] = operation
    return {"paths": paths, "components": {"schemas": dict(sorted(schemas.found.items()))}}


def _path(binding: Binding) -> str:
    return re.sub(r"\{([^={}]+)[^{}]*\}", r"{\1}", binding.template.text)


def _operation(binding: Binding, schemas: Schemas, comments: Comments, *, resumable: bool) -> dict[str, Any]:
    method = binding.method
    summary, _, rest = comments.get(method.full_name, "").partition("\n\n")
    operation: dict[str, Any] = {
        "tags": [method.containing_service.name],
        "operationId": f"{method.containing_service.name}_{method.name}",
        "summary": " ".join(summary.split()) or method.name,
        **described(rest),
        "parameters": [*_path_parameters(binding, schemas), *_query_parameters(binding, schemas)],
        "responses": _responses(binding, schemas),
    }
    if resumable:
        operation["parameters"].append(_LAST_EVENT)
    if binding.body:
        operation["requestBody"] = {"content": {_JSON: {"schema": _body(binding, schemas)}}}
    return operation


def _path_parameters(binding: Binding, schemas: Schemas) -> Iterator[Schema]:
    for variable in binding.template.variables:
        field = find(binding.method.input_type, variable.field)
        assert field is not None
        schema = schemas.of_field(field)
        said = {"description": schema.pop("description")} if "description" in schema else {}
        yield {
            "name": variable.field,
            "in": "path",
            "required": True,
            "schema": {**schema, **_shape(variable)},
            **said,
        }


def _shape(variable: Variable) -> Schema:
    """What of a path a variable may be, where that is not any one segment."""
    if variable.segments == "*":
        return {}
    parts = (re.escape(part).replace(r"\*\*", ".*").replace(r"\*", "[^/]+") for part in variable.segments.split("/"))
    return {"pattern": f"^{'/'.join(parts)}$"}


def _query_parameters(binding: Binding, schemas: Schemas) -> Iterator[Schema]:
    if binding.body == "*":
        return
    taken = {variable.field for variable in binding.template.variables} | {binding.body}
    for path, field in _leaves(binding.method.input_type, "", taken, 1):
        schema = schemas.of_field(field)
        said = {"description": schema.pop("description")} if "description" in schema else {}
        yield {"name": path, "in": "query", "required": False, "schema": schema, **said}


def _leaves(message: Descriptor, prefix: str, taken: set[str], depth: int) -> Iterator[tuple[str, FieldDescriptor]]:
    """The fields that a query can set, by path; messages in messages end at a depth, as they may hold themselves."""
    for field in message.fields:
        path = prefix + field.name
        if path in taken:
            continue
        if is_scalar(field) or (field.is_repeated and field.message_type is None):
            yield path, field
        elif not field.is_repeated and field.message_type is not None and depth < _DEEPEST:
            yield from _leaves(field.message_type, f"{path}.", taken, depth + 1)


def _body(binding: Binding, schemas: Schemas) -> Schema:
    if binding.body == "*":
        return schemas.of_message(binding.method.input_type)
    return schemas.of_field(binding.method.input_type.fields_by_name[binding.body])


def _responses(binding: Binding, schemas: Schemas) -> dict[str, Any]:
    output = binding.method.output_type
    one = schemas.of_field(output.fields_by_name[binding.response_body]) if binding.response_body else None
    answer = one or schemas.of_message(output)
    failure = {"$ref": f"#/components/schemas/{STATUS}"}
    content: dict[str, Any] = {_JSON: {"schema": answer}}
    if binding.method.server_streaming:
        line = {"type": "object", "properties": {"result": answer, "error": failure}}
        content = {LINES: {"schema": line}, EVENTS: {"schema": {"type": "string", "contentMediaType": EVENTS}}}
    return {
        "200": {"description": "What was asked for.", "content": content},
        "default": {"description": "What went wrong.", "content": {_JSON: {"schema": failure}}},
    }
