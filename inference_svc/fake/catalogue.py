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
from latentwire.errors import NotFound, Unavailable


class FakeCatalogue:
    """Lists the fake model; loading it is waiting."""

    def __init__(self, load_time_s: float = 0.0) -> None:
        self._load_time_s = load_time_s
        self._loaded = load_time_s == 0
        self._facts = fake_facts()

    def entries(self) -> Sequence[ModelEntry]:
        """Returns the model."""
        state: State = "loaded" if self._loaded else "loading"
        facts = self._facts if self._loaded else None
        return [ModelEntry(MODEL, MODEL, "fake", state, is_default=True, facts=facts)]

    async def ready(self) -> None:
        """Returns once the model is loaded."""
        await asyncio.sleep(0 if self._loaded else self._load_time_s)
        self._loaded = True

    async def refresh(self) -> None:
        """There is no disk to look at."""

    async def upscalers(self) -> Sequence[UpscalerFacts]:
        """Interpolation, and a network that is none."""
        return (*INTERPOLATING, FAKE_UPSCALER)

    @contextmanager
    def use(self, name: str) -> Iterator[UsableModel]:
        """Holds the model. Raises NotFound, Unavailable (MODEL_LOADING)."""
        if name not in {"", MODEL}:
            raise NotFound(
                f"model: {name!r} is not here; there is {MODEL!r}", reason="MODEL_NOT_FOUND", metadata={"model": name}
            )
        if not self._loaded:
            raise Unavailable("the fake model is loading, as it was told", reason="MODEL_LOADING", retry_after_s=1.0)
        yield UsableModel(self._facts, FakeTokenizer())

    async def load(self, name: str, *, make_default: bool) -> AsyncIterator[LoadProgress]:
        """Tells three steps of nothing."""
        for fraction in (0.0, 0.5, 1.0):
            yield LoadProgress(fraction, "pretending")

    async def unload(self, name: str) -> None:
        """The fake model stays."""

    def memory(self) -> Memory:
        """Nothing is known."""
        return Memory("fake")
