"""Models brought into memory: each once, however many requests wait for it."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Final, TypeVar

from gateway_svc.inference.catalogue import Catalogue
from gateway_svc.inference.client import Inference
from latentwire.errors import LatentwireError
from latentwire.v1 import model_service_pb2 as ms

T = TypeVar("T")
_CURABLE: Final = frozenset({"MODEL_NOT_LOADED", "MODEL_LOADING"})
# A generation uses a model, one for its second pass and a refiner.
_MOST_MODELS: Final = 3


class Loads:
    """The loads under way."""

    def __init__(self, inference: Inference, catalogue: Catalogue) -> None:
        self._inference, self._catalogue = inference, catalogue
        self._under_way: dict[tuple[str, bool], asyncio.Task[None]] = {}

    async def load(self, name: str, *, make_default: bool) -> None:
        """Returns when the model is in memory, and with `make_default` used by default. Raises LatentwireError.

        Whoever waits may go away; the others' load goes on.
        """
        key = (name, make_default)
        task = self._under_way.get(key)
        if task is None:
            task = self._under_way[key] = asyncio.create_task(self._load(name, make_default=make_default))
            task.add_done_callback(lambda _: self._under_way.pop(key))
        await asyncio.shield(task)

    async def with_models(self, work: Callable[[], Awaitable[T]]) -> T:
        """The work's result. A model that it finds not in memory is loaded first, as A1111 does after an unload.

        Raises LatentwireError.
        """
        for _ in range(_MOST_MODELS):
            try:
                return await work()
            except LatentwireError as error:
                if error.reason not in _CURABLE or not (name := error.metadata.get("model")):
                    raise
            await self.load(name, make_default=False)
        return await work()

    async def close(self) -> None:
        """Waits for nobody's load any longer."""
        for task in tuple(self._under_way.values()):
            task.cancel()
        await asyncio.gather(*self._under_way.values(), return_exceptions=True)

    async def _load(self, name: str, *, make_default: bool) -> None:
        request = ms.LoadModelRequest(name=name, make_default=make_default)
        async with self._inference.stream(self._inference.models.LoadModel, request) as answers:
            async for _ in answers:
                pass
        self._catalogue.forget()
