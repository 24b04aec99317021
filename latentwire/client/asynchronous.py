"""The client for code on an event loop."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from contextlib import aclosing
from types import TracebackType
from typing import Self, Unpack

from latentwire.client import denoising as d
from latentwire.client import listings, loop, operations
from latentwire.client.asking import GenerateOptions, request_of
from latentwire.client.channel import DEFAULT_ADDRESS, Settings, Target, Tls
from latentwire.client.concurrent import ConcurrentCalls
from latentwire.client.course import Request, course_of
from latentwire.client.events import AnyEvent, Progress
from latentwire.client.pictures import GeneratedImage, Source
from latentwire.client.requests import Format, ImageRequest
from latentwire.client.results import Collector, Result
from latentwire.client.retrying import Deadline
from latentwire.client.tensors import Array
from latentwire.client.wire import write
from latentwire.v1 import generation_service_pb2 as g


class AsyncClient:
    """A connection to an inference service, in one event loop; close it, or use it as a context manager.

    Every method raises the errors of `latentwire.errors`, never gRPC's. `timeout_s` is the time for all that a method
    does, repetitions and new connections included; None: `Settings.timeout_s` for calls that answer at once, no limit
    for streams. A generation whose iterator is left before its end is cancelled on the server.
    """

    def __init__(
        self,
        address: str = DEFAULT_ADDRESS,
        *,
        token: str = "",
        tls: Tls | None = None,
        settings: Settings | None = None,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._settings = settings or Settings()
        self._calls = ConcurrentCalls(Target(address, token, tls, self._settings), sleep)

    async def __aenter__(self) -> Self:
        """Nothing is sent yet."""
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Closes it."""
        await self.close()

    async def close(self) -> None:
        """Ends every call and the connection."""
        await self._calls.close()

    async def wait_ready(self, timeout_s: float | None = None) -> None:
        """Returns once the server takes generations. Raises Unavailable, which says why not, after the timeout."""
        await self._calls.wait_ready(timeout_s)

    # Generations

    async def generate(
        self,
        prompt: str | ImageRequest,
        *,
        on_progress: Callable[[Progress], None] | None = None,
        timeout_s: float | None = None,
        **options: Unpack[GenerateOptions],
    ) -> Result:
        """Makes pictures and returns them once all are done. `on_progress` is called on the event loop."""
        collector = Collector()
        async with aclosing(self.generate_iter(prompt, timeout_s=timeout_s, **options)) as events:
            async for event in events:
                collector.take(event)
                if on_progress is not None and isinstance(event, Progress):
                    on_progress(event)
        return collector.result()

    def generate_iter(
        self, prompt: str | ImageRequest, *, timeout_s: float | None = None, **options: Unpack[GenerateOptions]
    ) -> AsyncGenerator[AnyEvent, None]:
        """Makes pictures and yields what happens. What is wrong with an option is raised before anything is sent."""
        request = request_of(prompt, options, reattach_s=self._settings.reattach_s)
        return self._follow(write(request, g.GenerateImageRequest), timeout_s, owned=True)

    def watch(
        self, request_id: str, *, after_sequence: int = 0, timeout_s: float | None = None
    ) -> AsyncGenerator[AnyEvent, None]:
        """Attaches to a running or remembered generation and repeats its events after a sequence number."""
        request = operations.watch(request_id, after_sequence)
        return self._follow(request, timeout_s, owned=False)

    async def get(
        self, request_id: str, *, preview: bool = False, timeout_s: float | None = None
    ) -> listings.Generation:
        """Where a generation stands."""
        return await self._calls.ask(operations.get(request_id, preview=preview), timeout_s)

    async def list_generations(
        self, *, timeout_s: float | None = None, **options: Unpack[operations.ListOptions]
    ) -> listings.Generations:
        """The generations that wait and run, or those asked for, oldest first. `timeout_s`: for each page."""
        pages = operations.Pages()
        while not pages.complete:
            pages.take(*await self._calls.ask(operations.page(options, pages.token), timeout_s))
        return pages.generations()

    async def cancel(
        self, request_id: str = "", *, task_id: str = "", reason: str = "", timeout_s: float | None = None
    ) -> tuple[str, ...]:
        """Ends a generation, or a whole task, and discards what it made. Returns the ids that this call ended."""
        return await self._calls.ask(operations.cancel(request_id, task_id, reason), timeout_s)

    async def stop(
        self,
        request_id: str = "",
        *,
        task_id: str = "",
        scope: operations.StopScope = "all",
        timeout_s: float | None = None,
    ) -> tuple[str, ...]:
        """Ends a generation, or a whole task, early: its stream goes on with the pictures as they are."""
        return await self._calls.ask(operations.stop(request_id, task_id, scope), timeout_s)

    async def upscale(
        self,
        image: Source,
        *,
        on_progress: Callable[[float], None] | None = None,
        timeout_s: float | None = None,
        **options: Unpack[operations.UpscaleOptions],
    ) -> GeneratedImage:
        """Makes a picture larger. `on_progress` is told how far it is, 0 to 1."""
        answer: float | GeneratedImage | None = None
        async with aclosing(self._calls.stream(operations.upscale(image, options), timeout_s)) as answers:
            async for answer in answers:
                if on_progress is not None and isinstance(answer, float):
                    on_progress(answer)
        return operations.upscaled(answer)

    # Models, and what can be named

    async def models(self, *, refresh: bool = False, timeout_s: float | None = None) -> listings.Models:
        """The checkpoints that the server knows; `refresh`: it looks at its disk again first."""
        return await self._calls.ask(operations.models(refresh=refresh), timeout_s)

    async def model(self, name: str, *, timeout_s: float | None = None) -> listings.Model:
        """One checkpoint."""
        return await self._calls.ask(operations.model(name), timeout_s)

    async def load_model(
        self,
        name: str,
        *,
        make_default: bool = True,
        on_progress: Callable[[listings.LoadProgress], None] | None = None,
        timeout_s: float | None = None,
    ) -> listings.Model:
        """Brings a checkpoint into memory and returns it."""
        progress: listings.LoadProgress | None = None
        call = operations.load_model(name, make_default=make_default)
        async with aclosing(self._calls.stream(call, timeout_s)) as told:
            async for progress in told:
                if on_progress is not None:
                    on_progress(progress)
        return operations.loaded(progress)

    async def unload_model(self, name: str, *, timeout_s: float | None = None) -> listings.Model:
        """Frees a checkpoint, once what runs on it has ended."""
        return await self._calls.ask(operations.unload_model(name), timeout_s)

    async def samplers(self, *, timeout_s: float | None = None) -> tuple[listings.Sampler, ...]:
        """The solvers."""
        return await self._calls.ask(operations.samplers(), timeout_s)

    async def schedulers(self, *, timeout_s: float | None = None) -> tuple[listings.NoiseScheduler, ...]:
        """The noise schedules."""
        return await self._calls.ask(operations.schedulers(), timeout_s)

    async def upscalers(self, *, timeout_s: float | None = None) -> tuple[listings.Upscaler, ...]:
        """What makes pictures or latents larger."""
        return await self._calls.ask(operations.upscalers(), timeout_s)

    async def loras(self, *, refresh: bool = False, timeout_s: float | None = None) -> tuple[listings.Lora, ...]:
        """The LoRA networks."""
        return await self._calls.ask(operations.loras(refresh=refresh), timeout_s)

    async def embeddings(
        self, *, refresh: bool = False, timeout_s: float | None = None
    ) -> tuple[listings.Embedding, ...]:
        """The textual inversion embeddings."""
        return await self._calls.ask(operations.embeddings(refresh=refresh), timeout_s)

    # The denoising loop

    async def encode_prompt(
        self, prompt: str, *, timeout_s: float | None = None, **options: Unpack[loop.EncodeOptions]
    ) -> d.Conditioning:
        """Reads one prompt into the form that a model takes."""
        encoded = await self.encode_prompts([prompt], timeout_s=timeout_s, **options)
        return encoded.conditionings[0]

    async def encode_prompts(
        self, prompts: Sequence[str], *, timeout_s: float | None = None, **options: Unpack[loop.EncodeOptions]
    ) -> d.EncodedPrompts:
        """Reads prompts, and says how long they are and what of them was not found."""
        return await self._calls.ask(loop.encode_prompts(prompts, options), timeout_s)

    async def prepare(self, *, timeout_s: float | None = None, **options: Unpack[loop.PrepareOptions]) -> d.Prepared:
        """Makes plans, and the states before the first step."""
        return await self._calls.ask(loop.prepare(options), timeout_s)

    async def denoise(
        self,
        plans: Sequence[d.SamplingPlan],
        states: Sequence[d.SamplerState],
        *,
        timeout_s: float | None = None,
        **options: Unpack[loop.DenoiseOptions],
    ) -> tuple[d.SamplerState, ...]:
        """Takes states further and returns the last one of each picture."""
        call = loop.denoise(plans, states, options, every_step=False)
        return loop.last_states([answer async for answer in self._calls.stream(call, timeout_s)])

    def denoise_iter(
        self,
        plans: Sequence[d.SamplingPlan],
        states: Sequence[d.SamplerState],
        *,
        timeout_s: float | None = None,
        **options: Unpack[loop.DenoiseOptions],
    ) -> AsyncGenerator[d.Denoised, None]:
        """Takes states further and yields the state of each picture after each step. Closing it ends the work."""
        return self._calls.stream(loop.denoise(plans, states, options, every_step=True), timeout_s)

    async def predict_denoised(
        self,
        x: Array,
        sigmas: float | Sequence[float],
        *,
        timeout_s: float | None = None,
        **options: Unpack[loop.PredictOptions],
    ) -> d.Prediction:
        """One guided model evaluation: bring your own sampler. x: (B, C, H, W); sigmas: one for all rows, or B."""
        return await self._calls.ask(loop.predict_denoised(x, sigmas, options), timeout_s)

    async def decode(
        self, latents: Array, *, model: str = "", format: Format = "", timeout_s: float | None = None
    ) -> tuple[GeneratedImage, ...]:
        """Turns latents (B, C, H, W) into pictures."""
        call = loop.decode(latents, model=model, format=format)
        return tuple([picture async for picture in self._calls.stream(call, timeout_s)])

    async def encode_image(
        self, image: Source, *, timeout_s: float | None = None, **options: Unpack[loop.EncodeImageOptions]
    ) -> Array:
        """Turns a picture into latents (1, C, H/8, W/8)."""
        return await self._calls.ask(loop.encode_image(image, options), timeout_s)

    def _follow(self, request: Request, timeout_s: float | None, *, owned: bool) -> AsyncGenerator[AnyEvent, None]:
        deadline = Deadline(timeout_s)
        return self._calls.follow(course_of(request, self._settings, deadline), deadline, owned=owned)
