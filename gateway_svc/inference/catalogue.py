"""What the inference service can be asked for by name, remembered for a moment."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable, Sequence
from typing import Generic, TypeVar

from gateway_svc.inference.client import Inference
from latentwire.v1 import model_service_pb2 as ms
from latentwire.v1 import types_pb2

T = TypeVar("T")


class Remembered(Generic[T]):
    """A value that is asked for anew once it is older than `for_s`."""

    def __init__(self, ask: Callable[[], Awaitable[T]], for_s: float, clock: Callable[[], float]) -> None:
        self._ask, self._for_s, self._clock = ask, for_s, clock
        self._kept: tuple[float, T] | None = None

    async def get(self) -> T:
        """The value, at most `for_s` old."""
        if self._kept is None or self._clock() - self._kept[0] > self._for_s:
            self._kept = (self._clock(), await self._ask())
        return self._kept[1]

    def forget(self) -> None:
        """The next `get` asks."""
        self._kept = None


class Catalogue:
    """Models, samplers, schedules and upscalers of the inference service."""

    def __init__(
        self, inference: Inference, *, for_s: float = 5.0, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._inference = inference
        self._models = Remembered(self._ask_models, for_s, clock)
        self._samplers = Remembered(self._ask_samplers, for_s, clock)
        self._schedulers = Remembered(self._ask_schedulers, for_s, clock)
        self._upscalers = Remembered(self._ask_upscalers, for_s, clock)

    async def models(self) -> Sequence[types_pb2.Model]:
        """The checkpoints. Raises LatentwireError."""
        return await self._models.get()

    async def samplers(self) -> Sequence[ms.Sampler]:
        """The solvers, in the order in which they are shown. Raises LatentwireError."""
        return await self._samplers.get()

    async def schedulers(self) -> Sequence[ms.NoiseScheduler]:
        """The noise schedules, in the order in which they are shown. Raises LatentwireError."""
        return await self._schedulers.get()

    async def upscalers(self) -> Sequence[ms.Upscaler]:
        """What makes pictures and latents larger, in the order in which they are shown. Raises LatentwireError."""
        return await self._upscalers.get()

    def forget(self) -> None:
        """Ask for everything anew: something was loaded, refreshed or restarted."""
        for kept in (self._models, self._samplers, self._schedulers, self._upscalers):
            kept.forget()

    async def _ask_models(self) -> Sequence[types_pb2.Model]:
        return (await self._inference.ask(self._inference.models.ListModels, ms.ListModelsRequest())).models

    async def _ask_samplers(self) -> Sequence[ms.Sampler]:
        return (await self._inference.ask(self._inference.models.ListSamplers, ms.ListSamplersRequest())).samplers

    async def _ask_schedulers(self) -> Sequence[ms.NoiseScheduler]:
        answer = await self._inference.ask(self._inference.models.ListSchedulers, ms.ListSchedulersRequest())
        return answer.schedulers

    async def _ask_upscalers(self) -> Sequence[ms.Upscaler]:
        answer = await self._inference.ask(self._inference.models.ListUpscalers, ms.ListUpscalersRequest())
        return answer.upscalers
