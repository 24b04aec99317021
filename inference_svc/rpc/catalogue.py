"""What the servicers need of whoever holds the models."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Literal, Protocol, TypeAlias

from inference_svc.prompts import Tokenizer
from inference_svc.work import ModelFacts, UpscalerFacts

State: TypeAlias = Literal["available", "loading", "loaded", "failed"]


@dataclass(frozen=True, slots=True)
class ModelEntry:
    """A model as it is listed; `facts` are there once it is loaded, `error` where loading failed."""

    name: str
    path: str
    family: str
    state: State
    is_default: bool
    facts: ModelFacts | None = None
    error: str = ""


@dataclass(frozen=True, slots=True)
class LoadProgress:
    """How far loading is: 0 to 1, and in words what is being done."""

    fraction: float
    stage: str


@dataclass(frozen=True, slots=True)
class Memory:
    """Bytes of the device that models run on; 0: not known."""

    device: str
    total_bytes: int = 0
    free_bytes: int = 0
    process_bytes: int = 0


@dataclass(frozen=True, slots=True)
class UsableModel:
    """A loaded model."""

    facts: ModelFacts
    tokenizer: Tokenizer


class Catalogue(Protocol):
    """The models of the server. Called on the event loop's thread; must not block it."""

    def entries(self) -> Sequence[ModelEntry]:
        """Returns every model, by name."""
        ...

    async def ready(self) -> None:
        """Returns once the default model is loaded. Raises what loading it raises."""
        ...

    async def refresh(self) -> None:
        """Looks at the disk again."""
        ...

    async def upscalers(self) -> Sequence[UpscalerFacts]:
        """Looks at the disk, and returns what makes pictures larger, in the order in which it is shown."""
        ...

    def use(self, name: str) -> AbstractContextManager[UsableModel]:
        """Holds a loaded model, so that it is not freed meanwhile; empty: the default one.

        Raises NotFound (MODEL_NOT_FOUND), Unavailable (MODEL_LOADING) while it is being loaded, FailedPrecondition.
        """
        ...

    def load(self, name: str, *, make_default: bool) -> AsyncIterator[LoadProgress]:
        """Loads a model. Raises NotFound, OutOfMemory, FailedPrecondition."""
        ...

    async def unload(self, name: str) -> None:
        """Frees a model, once nothing uses it. Raises NotFound."""
        ...

    def memory(self) -> Memory:
        """Returns the memory of the device."""
        ...
