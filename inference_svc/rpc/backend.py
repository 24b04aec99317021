"""What stands behind the servicers: an engine, its models, and how it differs from others."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TypeAlias

from inference_svc.engine import Engine
from inference_svc.engine.request import PipelineFactory
from inference_svc.rpc.captioning import Captioner
from inference_svc.rpc.catalogue import Catalogue
from inference_svc.rpc.interceptors.streaming import STALL_S
from inference_svc.rpc.registration import Fallback, refuse
from latentwire.v1 import generation_service_pb2 as g

Batches: TypeAlias = tuple[tuple[PipelineFactory, ...], ...]
Dress: TypeAlias = Callable[[g.GenerateImageRequest, Batches], Batches]
"""Wraps the pipelines of a resolved request, to make them misbehave; may refuse the request by raising."""

EventDelay: TypeAlias = Callable[[g.GenerateImageRequest], float]
"""Seconds to wait before each event of a request's stream."""


@dataclass(frozen=True, slots=True)
class Backend:
    """`engine_name` is "onnx", "torch" or "fake". `captioner`: None where no model says what pictures show."""

    engine_name: str
    engine: Engine
    catalogue: Catalogue
    fallback: Fallback = refuse
    dress: Dress = field(default=lambda _, batches: batches)
    event_delay_s: EventDelay = field(default=lambda _: 0.0)
    stall_s: float = STALL_S
    captioner: Captioner | None = None
