"""The services of the contract."""

from __future__ import annotations

from google.protobuf.descriptor import MethodDescriptor, ServiceDescriptor

from latentwire.v1 import (
    denoising_service_pb2,
    generation_service_pb2,
    model_service_pb2,
    postprocessing_service_pb2,
)

SERVICES: tuple[ServiceDescriptor, ...] = tuple(
    service
    for module in (generation_service_pb2, denoising_service_pb2, model_service_pb2, postprocessing_service_pb2)
    for service in module.DESCRIPTOR.services_by_name.values()
)
"""Every service, from its descriptor."""

METHODS: tuple[MethodDescriptor, ...] = tuple(method for service in SERVICES for method in service.methods)
"""Every RPC."""
