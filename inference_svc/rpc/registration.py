"""Makes gRPC handlers from service descriptors, so that no RPC of the contract can be forgotten."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, TypeAlias

import grpc
from google.protobuf.descriptor import MethodDescriptor, ServiceDescriptor
from google.protobuf.message_factory import GetMessageClass

from inference_svc.rpc.not_yet import NOT_YET
from latentwire.errors import Unimplemented

Behaviour: TypeAlias = Callable[[Any, Any], Any]
Fallback: TypeAlias = Callable[[MethodDescriptor], Behaviour]
"""Makes the behaviour of an RPC that no servicer implements."""


def method_name(method: MethodDescriptor) -> str:
    """Returns "package.Service/Method"."""
    return f"{method.containing_service.full_name}/{method.name}"


def refuse(method: MethodDescriptor) -> Behaviour:
    """The fallback of real engines: UNIMPLEMENTED, with the reason in the table."""
    message = f"{method_name(method)} is not implemented yet: {NOT_YET.get(method_name(method), 'it is new')}"

    async def behaviour(_: object, __: object) -> Any:
        raise Unimplemented(message)

    return behaviour


def service_handler(service: ServiceDescriptor, servicer: object | None, fallback: Fallback) -> grpc.GenericRpcHandler:
    """Returns the handler of a service: the servicer's own methods, the fallback for the rest."""
    handlers = {method.name: _handler(method, servicer, fallback) for method in service.methods}
    return grpc.method_handlers_generic_handler(service.full_name, handlers)


def implemented(service: ServiceDescriptor, servicer: object | None) -> Mapping[str, Behaviour]:
    """Returns what a servicer implements of a service, by method name."""
    found = {method.name: getattr(type(servicer), method.name, None) for method in service.methods}
    return {name: getattr(servicer, name) for name, behaviour in found.items() if behaviour is not None}


def _handler(method: MethodDescriptor, servicer: object | None, fallback: Fallback) -> grpc.RpcMethodHandler[Any, Any]:
    own = implemented(method.containing_service, servicer).get(method.name)
    behaviour = own or fallback(method)
    make: Callable[..., grpc.RpcMethodHandler[Any, Any]] = (
        grpc.unary_stream_rpc_method_handler if method.server_streaming else grpc.unary_unary_rpc_method_handler
    )
    return make(
        behaviour,
        request_deserializer=GetMessageClass(method.input_type).FromString,
        response_serializer=GetMessageClass(method.output_type).SerializeToString,
    )
