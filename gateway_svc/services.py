"""What the routes work with: made when the application starts, closed when it ends."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Annotated, ParamSpec, TypeVar, cast

from fastapi import Depends, Request

from gateway_svc.authentication import USER_KEY
from gateway_svc.inference.catalogue import Catalogue
from gateway_svc.inference.client import Inference
from gateway_svc.inference.loads import Loads
from gateway_svc.metrics import Metrics
from gateway_svc.sdapi.options import DIRECTORIES, READ_ONLY
from gateway_svc.sdapi.options_file import OptionsFile
from gateway_svc.settings import Settings
from gateway_svc.shared_answers import SharedAnswers

P = ParamSpec("P")
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Services:
    """One application's."""

    settings: Settings
    inference: Inference
    catalogue: Catalogue
    loads: Loads
    options: OptionsFile
    threads: ThreadPoolExecutor
    metrics: Metrics
    startup_s: float
    shared: SharedAnswers

    @classmethod
    async def start(cls, settings: Settings, metrics: Metrics, began_s: float) -> Services:
        """Connects. `began_s`: when the start began, by `time.perf_counter`."""
        token = settings.inference_token
        inference = Inference(
            settings.inference,
            tally=metrics,
            token=token.get_secret_value() if token else None,
            resume_every=settings.resume_every,
        )
        await inference.open()
        catalogue = Catalogue(inference)
        return cls(
            settings=settings,
            inference=inference,
            catalogue=catalogue,
            loads=Loads(inference, catalogue),
            options=OptionsFile(
                settings.data_dir,
                frozen=settings.freeze_settings,
                untouchable=READ_ONLY | DIRECTORIES if settings.hide_ui_dir_config else READ_ONLY,
            ),
            threads=ThreadPoolExecutor(settings.encoder_threads, thread_name_prefix="encode"),
            metrics=metrics,
            startup_s=time.perf_counter() - began_s,
            shared=SharedAnswers(),
        )

    async def close(self) -> None:
        """Ends calls, connection and threads."""
        await self.loads.close()
        await self.inference.close()
        self.threads.shutdown(wait=False, cancel_futures=True)

    async def in_thread(self, function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """The result of something that takes more than a moment, off the event loop."""
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self.threads, lambda: function(*args, **kwargs))


# Coroutines, though they wait for nothing: FastAPI would call plain functions in threads, for each request anew.
async def _of_request(request: Request) -> Services:
    return cast("Services", request.app.state.services)


async def user_of(request: Request) -> str:
    """Who asks; empty where nobody has to say."""
    return str(request.scope.get(USER_KEY, ""))


ServicesOf = Annotated[Services, Depends(_of_request)]
User = Annotated[str, Depends(user_of)]
