"""The fake's one model, which is loaded at once or after the time it was told to take."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import contextmanager

from inference_svc.fake.facts import FAKE_UPSCALER, MODEL, fake_facts
from inference_svc.fake.tokenizer import FakeTokenizer
from inference_svc.pipelines.upscaling import INTERPOLATING
from inference_svc.rpc.catalogue import LoadProgress, Memory, ModelEntry, State, UsableModel
from inference_svc.work import UpscalerFacts
from latentwire.errors import FailedPrecondition, NotFound, Unavailable


class FakeCatalogue:
    """Lists the fake model; loading it is waiting."""

    def __init__(self, load_time_s: float = 0.0) -> None:
        self._load_time_s = load_time_s
        self._state: State = "loading" if load_time_s else "loaded"
        self._users, self._leaving = 0, False
        self._facts = fake_facts()

    def entries(self) -> Sequence[ModelEntry]:
        """Returns the model."""
        facts = None if self._state == "loading" else self._facts
        return [ModelEntry(MODEL, MODEL, "fake", self._state, is_default=True, facts=facts)]

    async def ready(self) -> None:
        """Returns once the model is loaded."""
        await asyncio.sleep(self._load_time_s if self._state == "loading" else 0)
        self._state = "loaded"

    async def refresh(self) -> None:
        """There is no disk to look at."""

    async def upscalers(self) -> Sequence[UpscalerFacts]:
        """Interpolation, and a network that is none."""
        return (*INTERPOLATING, FAKE_UPSCALER)

    @contextmanager
    def use(self, name: str) -> Iterator[UsableModel]:
        """Holds the model. Raises NotFound, Unavailable (MODEL_LOADING), FailedPrecondition (MODEL_NOT_LOADED)."""
        if name not in {"", MODEL}:
            raise NotFound(
                f"model: {name!r} is not here; there is {MODEL!r}", reason="MODEL_NOT_FOUND", metadata={"model": name}
            )
        self._check_loaded()
        self._users += 1
        try:
            yield UsableModel(self._facts, FakeTokenizer())
        finally:
            self._users -= 1
            self._free_if_unused()

    async def load(self, name: str, *, make_default: bool) -> AsyncIterator[LoadProgress]:
        """Tells three steps of nothing."""
        self._leaving = False
        for fraction in (0.0, 0.5):
            yield LoadProgress(fraction, "pretending")
        self._state = "loaded"
        yield LoadProgress(1.0, "pretending")

    async def unload(self, name: str) -> None:
        """Frees the model, once nothing uses it. Raises Unavailable (MODEL_LOADING)."""
        if self._state == "loading":
            self._check_loaded()
        self._leaving = True
        self._free_if_unused()

    def memory(self) -> Memory:
        """Nothing is known."""
        return Memory("fake")

    def _check_loaded(self) -> None:
        if self._state == "loading":
            raise Unavailable("the fake model is loading, as it was told", reason="MODEL_LOADING", retry_after_s=1.0)
        if self._state != "loaded":
            message = f"the model {MODEL!r} is not loaded"
            raise FailedPrecondition(message, reason="MODEL_NOT_LOADED", metadata={"model": MODEL})

    def _free_if_unused(self) -> None:
        if self._leaving and not self._users:
            self._state, self._leaving = "available", False
