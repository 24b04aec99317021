"""What a client can do, one function an RPC: arguments in, a call as data out. Both clients are made of these."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any, Literal, TypedDict, TypeVar

from google.protobuf.message import Message
from grpc_health.v1 import health_pb2

from latentwire.client import listings
from latentwire.client.calls import GENERATION, HEALTH, MODEL, POSTPROCESSING, Stream, Unary
from latentwire.client.pictures import GeneratedImage, PictureReader, Source, image_of
from latentwire.client.requests import Format, ImageOptions, Task
from latentwire.client.wire import read, words, write
from latentwire.errors import Internal, InvalidArgument, Unavailable
from latentwire.v1 import generation_service_pb2 as g
from latentwire.v1 import model_service_pb2 as m
from latentwire.v1 import postprocessing_service_pb2 as p
from latentwire.v1 import types_pb2 as t

GENERATION_SERVICE = "latentwire.v1.GenerationService"
StopScope = Literal["", "all", "current_batch"]

T = TypeVar("T")


class ListOptions(TypedDict, total=False):
    """Which generations to list: those in one of these states (left out: waiting and running), of a task, an owner."""

    states: Sequence[listings.GenerationState]
    task_id: str
    owner: str
    task_kinds: Sequence[str]


class UpscaleOptions(TypedDict, total=False):
    """How to enlarge: by `scale` (default 2), or to cover width and height in pixels."""

    upscaler: str
    scale: float
    width: int
    height: int
    crop: bool
    second_upscaler: str
    second_visibility: float
    tile: int
    overlap: int
    format: Format
    request_id: str
    task: Task


def health() -> Unary[None]:
    """Whether generations are taken. The answer raises Unavailable when not."""
    return Unary(HEALTH["Check"], health_pb2.HealthCheckRequest(service=GENERATION_SERVICE), _serving)


def watch(request_id: str, after_sequence: int) -> g.WatchGenerationRequest:
    """The request to attach to a generation."""
    return filled(g.WatchGenerationRequest, request_id=request_id, after_sequence=after_sequence)


def get(request_id: str, *, preview: bool) -> Unary[listings.Generation]:
    """Where a generation stands."""
    request = filled(g.GetGenerationRequest, request_id=request_id, skip_preview=not preview)
    return Unary(GENERATION["GetGeneration"], request, lambda a: read(a.generation, listings.Generation))


def page(options: ListOptions, token: str) -> Unary[tuple[listings.Generations, str]]:
    """A page of the list of generations, and what to ask for the next one with ("": there is none)."""
    states = [_number(t.GenerationState.DESCRIPTOR, "states", word) for word in options.get("states", ())]
    request = filled(g.ListGenerationsRequest, **{**options, "states": states, "page_token": token})
    return Unary(GENERATION["ListGenerations"], request, _page)


class Pages:
    """A list of generations, put together from its pages."""

    def __init__(self) -> None:
        self.token = ""
        self.complete = False
        self._found: list[listings.Generation] = []
        self._counts = (0, 0)

    def take(self, page: listings.Generations, next_token: str) -> None:
        """Takes the next page."""
        self._found += page.generations
        self._counts = (page.waiting_count, page.running_count)
        self.token, self.complete = next_token, not next_token

    def generations(self) -> listings.Generations:
        """All of it; the counts are the newest."""
        return listings.Generations(tuple(self._found), *self._counts)


def cancel(request_id: str, task_id: str, reason: str) -> Unary[tuple[str, ...]]:
    """Ends a generation or a task and discards what it made; the ids of those that this call ended."""
    request = filled(g.CancelGenerationRequest, **_target(request_id, task_id), reason=reason)
    return Unary(GENERATION["CancelGeneration"], request, lambda answer: tuple(answer.request_ids))


def stop(request_id: str, task_id: str, scope: StopScope) -> Unary[tuple[str, ...]]:
    """Ends a generation or a task early; the ids of those that this call stopped. A batch is stopped once only."""
    number = _number(g.StopScope.DESCRIPTOR, "scope", scope)
    request = filled(g.StopGenerationRequest, **_target(request_id, task_id), scope=number)
    safe = number != g.STOP_SCOPE_CURRENT_BATCH
    return Unary(GENERATION["StopGeneration"], request, lambda answer: tuple(answer.request_ids), safe=safe)


def models(*, refresh: bool) -> Unary[listings.Models]:
    """The checkpoints that the server knows."""
    request = m.ListModelsRequest(refresh=refresh)
    return Unary(MODEL["ListModels"], request, lambda answer: read(answer, listings.Models))


def model(name: str) -> Unary[listings.Model]:
    """One checkpoint."""
    return Unary(MODEL["GetModel"], filled(m.GetModelRequest, name=name), lambda a: read(a.model, listings.Model))


def load_model(name: str, *, make_default: bool) -> Stream[listings.LoadProgress]:
    """Loads a checkpoint; loading one that is loaded changes nothing."""
    request = filled(m.LoadModelRequest, name=name, make_default=make_default)
    return Stream(MODEL["LoadModel"], request, lambda answer: [read(answer, listings.LoadProgress)])


def loaded(last: listings.LoadProgress | None) -> listings.Model:
    """The model, which comes with the last progress. Raises Internal where it did not."""
    if last is None or last.model is None:
        raise Internal("the server loaded a model and did not say which")
    return last.model


def upscaled(last: float | GeneratedImage | None) -> GeneratedImage:
    """The picture, which comes last. Raises Internal where it did not."""
    if not isinstance(last, GeneratedImage):
        raise Internal("the server enlarged a picture and did not send it")
    return last


def unload_model(name: str) -> Unary[listings.Model]:
    """Frees a checkpoint."""
    request = filled(m.UnloadModelRequest, name=name)
    return Unary(MODEL["UnloadModel"], request, lambda answer: read(answer.model, listings.Model))


def samplers() -> Unary[tuple[listings.Sampler, ...]]:
    """The solvers."""
    return Unary(MODEL["ListSamplers"], m.ListSamplersRequest(), lambda a: _all(a.samplers, listings.Sampler))


def schedulers() -> Unary[tuple[listings.NoiseScheduler, ...]]:
    """The noise schedules."""
    request = m.ListSchedulersRequest()
    return Unary(MODEL["ListSchedulers"], request, lambda a: _all(a.schedulers, listings.NoiseScheduler))


def upscalers() -> Unary[tuple[listings.Upscaler, ...]]:
    """What makes pictures or latents larger."""
    return Unary(MODEL["ListUpscalers"], m.ListUpscalersRequest(), lambda a: _all(a.upscalers, listings.Upscaler))


def loras(*, refresh: bool) -> Unary[tuple[listings.Lora, ...]]:
    """The LoRA networks."""
    return Unary(MODEL["ListLoras"], m.ListLorasRequest(refresh=refresh), lambda a: _all(a.loras, listings.Lora))


def embeddings(*, refresh: bool) -> Unary[tuple[listings.Embedding, ...]]:
    """The textual inversion embeddings."""
    request = m.ListEmbeddingsRequest(refresh=refresh)
    return Unary(MODEL["ListEmbeddings"], request, lambda answer: _all(answer.embeddings, listings.Embedding))


def upscale(image: Source, options: UpscaleOptions) -> Stream[float | GeneratedImage]:
    """Makes a picture larger: how far it is, 0 to 1, and at last the picture."""
    given: dict[str, Any] = {**options}
    messages: dict[str, Message] = {
        "image": write(image_of(image, "image"), t.Image, "image"),
        "output": write(ImageOptions(given.pop("format", "")), t.ImageOptions, "output"),
    }
    if (task := given.pop("task", None)) is not None:
        messages["task"] = write(task, t.Task, "task")
    request, reader = filled(p.UpscaleImageRequest, **given, **messages), PictureReader()

    def take(answer: p.UpscaleImageResponse) -> Iterator[float | GeneratedImage]:
        if answer.WhichOneof("event") == "fraction":
            yield answer.fraction
        elif picture := reader.take(answer.image):
            yield picture

    return Stream(POSTPROCESSING["UpscaleImage"], request, take)


def filled(kind: type[T], **fields: Any) -> T:
    """Returns a message. Raises InvalidArgument for a value that its field can't hold."""
    for name, value in fields.items():
        try:
            kind(**{name: value})
        except (TypeError, ValueError) as error:
            raise InvalidArgument.of(name, value, "what the contract has for it") from error
    return kind(**fields)


def _target(request_id: str, task_id: str) -> dict[str, str]:
    if bool(request_id) == bool(task_id):
        raise InvalidArgument.of("request_id", request_id, "request_id or task_id, and one of them only")
    return {"request_id": request_id} if request_id else {"task_id": task_id}


def _page(answer: g.ListGenerationsResponse) -> tuple[listings.Generations, str]:
    return read(answer, listings.Generations), answer.next_page_token


def _all(messages: Iterable[Message], into: type[T]) -> tuple[T, ...]:
    return tuple(read(message, into) for message in messages)


def _number(enum: Any, field: str, word: str) -> int:
    known = words(enum)
    if word not in known:
        raise InvalidArgument.of(field, word, ", ".join(repr(one) for one in known if one))
    return known[word]


def _serving(answer: health_pb2.HealthCheckResponse) -> None:
    if answer.status != health_pb2.HealthCheckResponse.SERVING:
        name = health_pb2.HealthCheckResponse.ServingStatus.Name(answer.status)
        raise Unavailable(f"the server says {name}", reason="NOT_SERVING", retry_after_s=0.2)
