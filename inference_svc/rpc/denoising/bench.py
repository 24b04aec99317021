"""What the RPCs of the denoising service work with."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import TypeVar

from inference_svc.rpc.aside import Aside
from inference_svc.rpc.backend import Backend
from inference_svc.rpc.catalogue import UsableModel
from inference_svc.rpc.generation.book import Book
from latentwire.errors import FieldViolation, InvalidArgument, NotFound

T = TypeVar("T")
_READ_AT_ONCE = 2**18
"""Elements, a megabyte of them: under a millisecond."""


@dataclass(frozen=True, slots=True)
class Bench:
    """The backend, the book of what can be cancelled by its id, and threads for what would hold up the event loop."""

    backend: Backend
    book: Book
    aside: Aside

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

    async def read(self, elements: int, function: Callable[[], T], at_once: int = _READ_AT_ONCE) -> T:
        """Calls a function that reads so many elements, or works as long: at once up to `at_once`, else beside.

        Raises QueueFull.
        """
        return function() if elements <= at_once else await self.aside.call(elements, function)

    def deadline(self, remaining_s: float | None) -> float | None:
        """Returns the moment on the engine's clock when a call's time is over."""
        return None if remaining_s is None else self.backend.engine.now() + remaining_s
