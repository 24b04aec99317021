"""Loading a checkpoint."""

from __future__ import annotations

from gateway_svc.services import Services
from latentwire.v1 import model_service_pb2 as ms


async def load(name: str, services: Services) -> None:
    """Returns when the model is loaded and used by default. Raises LatentwireError."""
    inference = services.inference
    async with inference.stream(inference.models.LoadModel, ms.LoadModelRequest(name=name)) as answers:
        async for _ in answers:
            pass
    services.catalogue.forget()
