"""What the RPCs of the denoising service work with."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from concurrent.futures import Executor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import TypeVar

from inference_svc.rpc.backend import Backend
from inference_svc.rpc.catalogue import UsableModel
from inference_svc.rpc.generation.book import Book
from latentwire.errors import FieldViolation, InvalidArgument, NotFound

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Bench:
    """The backend, the book of what can be cancelled by its id, and threads for what would hold up the event loop."""

    backend: Backend
    book: Book
    executor: Executor

    @contextmanager
    def model(self, name: str) -> Iterator[UsableModel]:
        """Holds the model that a request names; one that is not there is an invalid field of the request."""
        with ExitStack() as held:
            try:
                model = held.enter_context(self.backend.catalogue.use(name))
            except NotFound as error:
                violations = (FieldViolation("model", error.message),)
                raise InvalidArgument(error.message, reason=error.reason, violations=violations) from error
            yield model

    async def beside(self, function: Callable[[], T]) -> T:
        """Calls a function on another thread than the event loop's."""
        return await asyncio.get_running_loop().run_in_executor(self.executor, function)

    async def read(self, elements: int, function: Callable[[], T]) -> T:
        """Calls a function that reads a message of so many elements: at once where they are few."""
        return function() if elements <= _READ_AT_ONCE else await self.beside(function)

    def deadline(self, remaining_s: float | None) -> float | None:
        """Returns the moment on the engine's clock when a call's time is over."""
        return None if remaining_s is None else self.backend.engine.now() + remaining_s


_READ_AT_ONCE = 2**18
"""Elements, a megabyte of them: under a millisecond."""
