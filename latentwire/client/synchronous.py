"""The client for code that waits."""

from __future__ import annotations

import time
from collections.abc import Callable, Generator, Sequence
from contextlib import closing
from types import TracebackType
from typing import Self, Unpack

from latentwire.client import denoising as d
from latentwire.client import listings, loop, operations
from latentwire.client.asking import GenerateOptions, request_of
from latentwire.client.blocking import BlockingCalls
from latentwire.client.channel import DEFAULT_ADDRESS, Settings, Target, Tls
from latentwire.client.course import Request, course_of
from latentwire.client.events import AnyEvent, Progress
from latentwire.client.pictures import GeneratedImage, Source
from latentwire.client.requests import Format, ImageRequest
from latentwire.client.results import Collector, Result
from latentwire.client.retrying import Deadline
from latentwire.client.tensors import Array
from latentwire.client.wire import write
from latentwire.v1 import generation_service_pb2 as g


class Client:
    """A connection to an inference service, for any number of threads; close it, or use it as a context manager.

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
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._settings = settings or Settings()
        self._calls = BlockingCalls(Target(address, token, tls, self._settings), sleep)

    def __enter__(self) -> Self:
        """Nothing is sent yet."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Closes it."""
        self.close()

    def close(self) -> None:
        """Ends every call and the connection."""
        self._calls.close()

    def wait_ready(self, timeout_s: float | None = None) -> None:
        """Returns once the server takes generations. Raises Unavailable, which says why not, after the timeout."""
        self._calls.wait_ready(timeout_s)

    # Generations

    def generate(
        self,
        prompt: str | ImageRequest,
        *,
        on_progress: Callable[[Progress], None] | None = None,
        timeout_s: float | None = None,
        **options: Unpack[GenerateOptions],
    ) -> Result:
        """Makes pictures and returns them once all are done. `on_progress` is called in this thread."""
        collector = Collector()
        with closing(self.generate_iter(prompt, timeout_s=timeout_s, **options)) as events:
            for event in events:
                collector.take(event)
                if on_progress is not None and isinstance(event, Progress):
                    on_progress(event)
        return collector.result()

    def generate_iter(
        self, prompt: str | ImageRequest, *, timeout_s: float | None = None, **options: Unpack[GenerateOptions]
    ) -> Generator[AnyEvent, None, None]:
        """Makes pictures and yields what happens. What is wrong with an option is raised before anything is sent."""
        request = request_of(prompt, options, reattach_s=self._settings.reattach_s)
        return self._follow(write(request, g.GenerateImageRequest), timeout_s, owned=True)

    def watch(
        self, request_id: str, *, after_sequence: int = 0, timeout_s: float | None = None
    ) -> Generator[AnyEvent, None, None]:
        """Attaches to a running or remembered generation and repeats its events after a sequence number."""
        request = operations.watch(request_id, after_sequence)
        return self._follow(request, timeout_s, owned=False)

    def get(self, request_id: str, *, preview: bool = False, timeout_s: float | None = None) -> listings.Generation:
        """Where a generation stands."""
        return self._calls.ask(operations.get(request_id, preview=preview), timeout_s)

    def list_generations(
        self, *, timeout_s: float | None = None, **options: Unpack[operations.ListOptions]
    ) -> listings.Generations:
        """The generations that wait and run, or those asked for, oldest first. `timeout_s`: for each page."""
        pages = operations.Pages()
        while not pages.complete:
            pages.take(*self._calls.ask(operations.page(options, pages.token), timeout_s))
        return pages.generations()

    def cancel(
        self, request_id: str = "", *, task_id: str = "", reason: str = "", timeout_s: float | None = None
    ) -> tuple[str, ...]:
        """Ends a generation, or a whole task, and discards what it made. Returns the ids that this call ended."""
        return self._calls.ask(operations.cancel(request_id, task_id, reason), timeout_s)

    def stop(
        self,
        request_id: str = "",
        *,
        task_id: str = "",
        scope: operations.StopScope = "all",
        timeout_s: float | None = None,
    ) -> tuple[str, ...]:
        """Ends a generation, or a whole task, early: its stream goes on with the pictures as they are."""
        return self._calls.ask(operations.stop(request_id, task_id, scope), timeout_s)

    def upscale(
        self,
        image: Source,
        *,
        on_progress: Callable[[float], None] | None = None,
        timeout_s: float | None = None,
        **options: Unpack[operations.UpscaleOptions],
    ) -> GeneratedImage:
        """Makes a picture larger. `on_progress` is told how far it is, 0 to 1."""
        answer: float | GeneratedImage | None = None
        with closing(self._calls.stream(operations.upscale(image, options), timeout_s)) as answers:
            for answer in answers:
                if on_progress is not None and isinstance(answer, float):
                    on_progress(answer)
        return operations.upscaled(answer)

    # Models, and what can be named

    def models(self, *, refresh: bool = False, timeout_s: float | None = None) -> listings.Models:
        """The checkpoints that the server knows; `refresh`: it looks at its disk again first."""
        return self._calls.ask(operations.models(refresh=refresh), timeout_s)

    def model(self, name: str, *, timeout_s: float | None = None) -> listings.Model:
        """One checkpoint."""
        return self._calls.ask(operations.model(name), timeout_s)

    def load_model(
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
        with closing(self._calls.stream(call, timeout_s)) as told:
            for progress in told:
                if on_progress is not None:
                    on_progress(progress)
        return operations.loaded(progress)

    def unload_model(self, name: str, *, timeout_s: float | None = None) -> listings.Model:
        """Frees a checkpoint, once what runs on it has ended."""
        return self._calls.ask(operations.unload_model(name), timeout_s)

    def samplers(self, *, timeout_s: float | None = None) -> tuple[listings.Sampler, ...]:
        """The solvers."""
        return self._calls.ask(operations.samplers(), timeout_s)

    def schedulers(self, *, timeout_s: float | None = None) -> tuple[listings.NoiseScheduler, ...]:
        """The noise schedules."""
        return self._calls.ask(operations.schedulers(), timeout_s)

    def upscalers(self, *, timeout_s: float | None = None) -> tuple[listings.Upscaler, ...]:
        """What makes pictures or latents larger."""
        return self._calls.ask(operations.upscalers(), timeout_s)

    def loras(self, *, refresh: bool = False, timeout_s: float | None = None) -> tuple[listings.Lora, ...]:
        """The LoRA networks."""
        return self._calls.ask(operations.loras(refresh=refresh), timeout_s)

    def embeddings(self, *, refresh: bool = False, timeout_s: float | None = None) -> tuple[listings.Embedding, ...]:
        """The textual inversion embeddings."""
        return self._calls.ask(operations.embeddings(refresh=refresh), timeout_s)

    # The denoising loop

    def encode_prompt(
        self, prompt: str, *, timeout_s: float | None = None, **options: Unpack[loop.EncodeOptions]
    ) -> d.Conditioning:
        """Reads one prompt into the form that a model takes."""
        return self.encode_prompts([prompt], timeout_s=timeout_s, **options).conditionings[0]

    def encode_prompts(
        self, prompts: Sequence[str], *, timeout_s: float | None = None, **options: Unpack[loop.EncodeOptions]
    ) -> d.EncodedPrompts:
        """Reads prompts, and says how long they are and what of them was not found."""
        return self._calls.ask(loop.encode_prompts(prompts, options), timeout_s)

    def prepare(self, *, timeout_s: float | None = None, **options: Unpack[loop.PrepareOptions]) -> d.Prepared:
        """Makes plans, and the states before the first step."""
        return self._calls.ask(loop.prepare(options), timeout_s)

    def denoise(
        self,
        plans: Sequence[d.SamplingPlan],
        states: Sequence[d.SamplerState],
        *,
        timeout_s: float | None = None,
        **options: Unpack[loop.DenoiseOptions],
    ) -> tuple[d.SamplerState, ...]:
        """Takes states further and returns the last one of each picture."""
        call = loop.denoise(plans, states, options, every_step=False)
        return loop.last_states(tuple(self._calls.stream(call, timeout_s)))

    def denoise_iter(
        self,
        plans: Sequence[d.SamplingPlan],
        states: Sequence[d.SamplerState],
        *,
        timeout_s: float | None = None,
        **options: Unpack[loop.DenoiseOptions],
    ) -> Generator[d.Denoised, None, None]:
        """Takes states further and yields the state of each picture after each step. Closing it ends the work."""
        return self._calls.stream(loop.denoise(plans, states, options, every_step=True), timeout_s)

    def predict_denoised(
        self,
        x: Array,
        sigmas: float | Sequence[float],
        *,
        timeout_s: float | None = None,
        **options: Unpack[loop.PredictOptions],
    ) -> d.Prediction:
        """One guided model evaluation: bring your own sampler. x: (B, C, H, W); sigmas: one for all rows, or B."""
        return self._calls.ask(loop.predict_denoised(x, sigmas, options), timeout_s)

    def decode(
        self, latents: Array, *, model: str = "", format: Format = "", timeout_s: float | None = None
    ) -> tuple[GeneratedImage, ...]:
        """Turns latents (B, C, H, W) into pictures."""
        return tuple(self._calls.stream(loop.decode(latents, model=model, format=format), timeout_s))

    def encode_image(
        self, image: Source, *, timeout_s: float | None = None, **options: Unpack[loop.EncodeImageOptions]
    ) -> Array:
        """Turns a picture into latents (1, C, H/8, W/8)."""
        return self._calls.ask(loop.encode_image(image, options), timeout_s)

    def _follow(self, request: Request, timeout_s: float | None, *, owned: bool) -> Generator[AnyEvent, None, None]:
        deadline = Deadline(timeout_s)
        return self._calls.follow(course_of(request, self._settings, deadline), deadline, owned=owned)
