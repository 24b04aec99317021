"""An inference service that does as it is told: real grpc.aio, no engine behind it."""

from __future__ import annotations

import asyncio
import io
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import grpc
from google.protobuf.timestamp_pb2 import Timestamp
from grpc_health.v1 import health, health_pb2, health_pb2_grpc
from grpc_status import rpc_status
from PIL import Image

from latentwire import infotext, status
from latentwire.errors import Aborted, FailedPrecondition, LatentwireError, NotFound, Unavailable
from latentwire.v1 import generation_service_pb2 as gs
from latentwire.v1 import generation_service_pb2_grpc as gs_grpc
from latentwire.v1 import model_service_pb2 as ms
from latentwire.v1 import model_service_pb2_grpc as ms_grpc
from latentwire.v1 import postprocessing_service_pb2 as ps
from latentwire.v1 import postprocessing_service_pb2_grpc as ps_grpc
from latentwire.v1 import types_pb2 as types

Context = grpc.aio.ServicerContext[Any, Any]
SAMPLERS: tuple[tuple[str, dict[str, str]], ...] = (
    ("DPM++ 2M", {"scheduler": "karras"}),
    ("Euler a", {"uses_ensd": "True"}),
    ("Euler", {}),
    ("DPM2 a", {"scheduler": "karras", "second_order": "True"}),
    ("DDIM", {}),
    ("UniPC", {}),
)
SCHEDULERS = (
    ("automatic", "Automatic"),
    ("karras", "Karras"),
    ("exponential", "Exponential"),
    ("sgm_uniform", "SGM Uniform"),
    ("beta", "Beta"),
)
SHA256 = "ab" * 32


@dataclass
class Script:
    """What the service does next, and what it has seen."""

    error: LatentwireError | None = None
    hold: bool = False
    infotext: str = ""
    warnings: tuple[str, ...] = ()
    chunk_bytes: int = 1000
    seed: int = 1234
    stopped_from: int | None = None
    caption: str = ""
    upscales: list[ps.UpscaleImageRequest] = field(default_factory=list)
    requests: list[gs.GenerateImageRequest] = field(default_factory=list)
    metadata: dict[str, str] = field(default_factory=dict)
    stops: list[gs.StopGenerationRequest] = field(default_factory=list)
    loads: list[str] = field(default_factory=list)
    unloads: list[str] = field(default_factory=list)
    memory: ms.DeviceMemory = field(default_factory=ms.DeviceMemory)
    listed: list[gs.ListGenerationsRequest] = field(default_factory=list)
    records: list[gs.Generation] = field(default_factory=list)
    preview: gs.Preview | None = None
    forgotten: bool = False
    truncated: bool = False
    backwards: bool = False
    short: bool = False
    lora_metadata: dict[str, str] = field(default_factory=lambda: {"a": "b"})
    loading: bool = False
    unloaded: set[str] = field(default_factory=set)
    models: list[types.Model] = field(default_factory=lambda: [model("flatland", default=True), model("other")])
    held: asyncio.Event = field(default_factory=asyncio.Event)
    release: asyncio.Event = field(default_factory=asyncio.Event)
    cancelled: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def request(self) -> gs.GenerateImageRequest:
        """The newest."""
        return self.requests[-1]


def model(name: str, *, default: bool = False) -> types.Model:
    """A loaded model."""
    return types.Model(
        name=name,
        sha256=SHA256 if default else "cd" * 32,
        path=f"/models/{name}.safetensors",
        family="fake",
        state=types.MODEL_STATE_LOADED,
        is_default=default,
        capabilities=types.ModelCapabilities(
            native_size=128, size_multiple=8, min_size=64, max_size=1024, recommended_guidance=5.0, recommended_steps=20
        ),
    )


def pixels(seed: int, width: int, height: int) -> bytes:
    """A picture that its seed and size determine."""
    return bytes((seed + position) % 251 for position in range(width * height * 3))


class Generations(gs_grpc.GenerationServiceServicer):
    """Answers from the script."""

    def __init__(self, script: Callable[[], Script]) -> None:
        self._script = script

    async def GenerateImage(
        self, request: gs.GenerateImageRequest, context: Context
    ) -> AsyncIterator[gs.GenerateImageResponse]:
        script = self._script()
        script.requests.append(request)
        script.metadata = {key: str(value) for key, value in context.invocation_metadata() or ()}
        if error := script.error or stopped(request, script) or missing(request.model or "flatland", script):
            await context.abort_with_status(rpc_status.to_status(status.to_status(error)))
        await context.send_initial_metadata((("x-latentwire-engine", "fake"),))
        accepted = accept(request, script)
        yield gs.GenerateImageResponse(sequence=1, accepted=accepted)
        yield gs.GenerateImageResponse(sequence=2, progress=gs.Progress(step=1, step_count=4))
        await self._wait(script)
        order = sorted(enumerate(accepted.seeds), reverse=script.backwards)
        for index, seed in order:
            for chunk in [*chunks(index, seed, accepted.resolved, script), *beside(index, accepted.resolved)]:
                yield gs.GenerateImageResponse(image=chunk)
        if script.truncated:
            return
        yield gs.GenerateImageResponse(completed=gs.Completed(image_count=len(accepted.seeds)))

    async def _wait(self, script: Script) -> None:
        if not script.hold:
            return
        script.held.set()
        try:
            await script.release.wait()
        except asyncio.CancelledError:
            script.cancelled.set()
            raise

    async def ListGenerations(self, request: gs.ListGenerationsRequest, context: Context) -> gs.ListGenerationsResponse:
        self._script().listed.append(request)
        return gs.ListGenerationsResponse(generations=[r for r in self._script().records if _matches(r, request)])

    async def GetGeneration(self, request: gs.GetGenerationRequest, context: Context) -> gs.GetGenerationResponse:
        if self._script().forgotten:
            await context.abort_with_status(rpc_status.to_status(status.to_status(NotFound("forgotten"))))
        record = next(r for r in self._script().records if r.request_id == request.request_id)
        answer = gs.GetGenerationResponse(generation=record)
        preview = self._script().preview
        if preview and preview.preview_id != request.known_preview_id:
            answer.generation.preview.CopyFrom(preview)
        return answer

    async def StopGeneration(self, request: gs.StopGenerationRequest, context: Context) -> gs.StopGenerationResponse:
        script = self._script()
        script.stops.append(request)
        if script.error:
            await context.abort_with_status(rpc_status.to_status(status.to_status(script.error)))
        script.release.set()
        return gs.StopGenerationResponse(request_ids=[request.request_id])


class Models(ms_grpc.ModelServiceServicer):
    """Names from the script."""

    def __init__(self, script: Callable[[], Script]) -> None:
        self._script = script

    async def ListModels(self, request: ms.ListModelsRequest, context: Context) -> ms.ListModelsResponse:
        return ms.ListModelsResponse(models=self._script().models, memory=self._script().memory)

    async def LoadModel(self, request: ms.LoadModelRequest, context: Context) -> AsyncIterator[ms.LoadModelResponse]:
        self._script().loads.append(request.name)
        if request.name not in {known.name for known in self._script().models}:
            await context.abort_with_status(rpc_status.to_status(status.to_status(NotFound("no such model"))))
        yield ms.LoadModelResponse(fraction=0.5)
        self._script().unloaded.discard(request.name)
        yield ms.LoadModelResponse(fraction=1, model=model(request.name))

    async def UnloadModel(self, request: ms.UnloadModelRequest, context: Context) -> ms.UnloadModelResponse:
        self._script().unloads.append(request.name)
        self._script().unloaded.add(request.name)
        return ms.UnloadModelResponse(model=model(request.name))

    async def ListUpscalers(self, request: ms.ListUpscalersRequest, context: Context) -> ms.ListUpscalersResponse:
        images = [ms.Upscaler(name=name, kind=ms.UPSCALER_KIND_IMAGE, scale=4) for name in ("Lanczos", "Photo 2x")]
        return ms.ListUpscalersResponse(upscalers=[*images, ms.Upscaler(name="Latent", kind=ms.UPSCALER_KIND_LATENT)])

    async def ListLoras(self, request: ms.ListLorasRequest, context: Context) -> ms.ListLorasResponse:
        return ms.ListLorasResponse(
            loras=[ms.Lora(name="soft", alias="softer", path="/soft", metadata=self._script().lora_metadata)]
        )

    async def ListEmbeddings(self, request: ms.ListEmbeddingsRequest, context: Context) -> ms.ListEmbeddingsResponse:
        one = ms.Embedding(name="one", step=3, width=768, vector_count=2, loaded=True)
        return ms.ListEmbeddingsResponse(embeddings=[one, ms.Embedding(name="two", width=768, vector_count=2)])

    async def ListSamplers(self, request: ms.ListSamplersRequest, context: Context) -> ms.ListSamplersResponse:
        return ms.ListSamplersResponse(samplers=[ms.Sampler(name=name, options=options) for name, options in SAMPLERS])

    async def ListSchedulers(self, request: ms.ListSchedulersRequest, context: Context) -> ms.ListSchedulersResponse:
        return ms.ListSchedulersResponse(
            schedulers=[
                ms.NoiseScheduler(name=name, label=label, default_rho=7.0 if name == "karras" else -1.0)
                for name, label in SCHEDULERS
            ]
        )


def missing(name: str, script: Script) -> LatentwireError | None:
    """What a generation is told where its model is not in memory."""
    if name not in script.unloaded:
        return None
    if script.loading:
        return Unavailable(f"{name} is being loaded", reason="MODEL_LOADING", metadata={"model": name})
    return FailedPrecondition(f"{name} is not loaded", reason="MODEL_NOT_LOADED", metadata={"model": name})


def stopped(request: gs.GenerateImageRequest, script: Script) -> LatentwireError | None:
    """Why a later member of a stopped task is refused; None where it is not."""
    if script.stopped_from is None or request.task.index < script.stopped_from:
        return None
    return Aborted("the task was stopped", reason="TASK_STOPPED")


class Postprocessing(ps_grpc.PostprocessingServiceServicer):
    """Makes pictures larger."""

    def __init__(self, script: Callable[[], Script]) -> None:
        self._script = script

    async def UpscaleImage(
        self, request: ps.UpscaleImageRequest, context: Context
    ) -> AsyncIterator[ps.UpscaleImageResponse]:
        self._script().upscales.append(request)
        yield ps.UpscaleImageResponse(fraction=0.5)
        image, file = Image.open(io.BytesIO(request.image.data)), io.BytesIO()
        image.resize((int(image.width * request.scale), int(image.height * request.scale))).save(file, "PNG")
        data = file.getvalue()
        chunk = types.ImageChunk(last=True, data=data, format=types.IMAGE_FORMAT_PNG, total_bytes=len(data))
        yield ps.UpscaleImageResponse(image=chunk)

    async def DescribeImage(self, request: ps.DescribeImageRequest, context: Context) -> ps.DescribeImageResponse:
        if not self._script().caption:
            error = FailedPrecondition("no captioner is installed", reason="MODEL_NOT_INSTALLED")
            await context.abort_with_status(rpc_status.to_status(status.to_status(error)))
        return ps.DescribeImageResponse(caption=self._script().caption)


def accept(request: gs.GenerateImageRequest, script: Script) -> gs.Accepted:
    """The request as it stands, with seeds."""
    resolved = gs.GenerateImageRequest()
    resolved.CopyFrom(request)
    resolved.ClearField("init")
    resolved.model = request.model or "flatland"
    if request.HasField("init"):
        resolved.init.strength = request.init.strength
    seed = request.noise.seed if request.noise.HasField("seed") else script.seed
    subseed = request.noise.subseed if request.noise.HasField("subseed") else script.seed + 1
    count = request.batch_size * request.batch_count
    varied = request.noise.subseed_strength != 0
    return gs.Accepted(
        resolved=resolved,
        seeds=[seed if varied else seed + number for number in range(count)],
        subseeds=[subseed + number for number in range(count)],
        warnings=script.warnings,
        accept_time=Timestamp(seconds=1_700_000_000),
    )


def chunks(index: int, seed: int, resolved: gs.GenerateImageRequest, script: Script) -> list[types.ImageChunk]:
    """A picture in parts."""
    data = pixels(seed, resolved.width, resolved.height - script.short)
    offsets = range(0, len(data), script.chunk_bytes)
    return [
        types.ImageChunk(
            index=index,
            offset=offset,
            last=offset + script.chunk_bytes >= len(data),
            data=data[offset : offset + script.chunk_bytes],
            format=types.IMAGE_FORMAT_RAW_RGB,
            width=resolved.width,
            height=resolved.height,
            seed=seed,
            infotext=script.infotext or written(resolved, seed),
            total_bytes=len(data),
        )
        for offset in offsets
    ]


def beside(index: int, resolved: gs.GenerateImageRequest) -> list[types.ImageChunk]:
    """The mask as raw pixels, the repainted part as a file: each in one chunk."""
    size, found = {"width": resolved.width, "height": resolved.height}, []
    if resolved.inpaint.return_mask:
        found.append(
            (types.IMAGE_KIND_MASK, types.IMAGE_FORMAT_RAW_RGB, b"\xff" * (resolved.width * resolved.height * 3))
        )
    if resolved.inpaint.return_composite:
        found.append((types.IMAGE_KIND_MASK_COMPOSITE, types.IMAGE_FORMAT_PNG, transparent(**size)))
    return [
        types.ImageChunk(
            index=index, last=True, data=data, format=form, total_bytes=len(data), kind=kind, infotext="beside", **size
        )
        for kind, form, data in found
    ]


def transparent(width: int, height: int) -> bytes:
    """A PNG file that nothing is on."""
    file = io.BytesIO()
    Image.new("RGBA", (width, height)).save(file, "PNG")
    return file.getvalue()


def written(resolved: gs.GenerateImageRequest, seed: int) -> str:
    """An infotext of a few pairs."""
    sampling, size = resolved.sampling, f"{resolved.width}x{resolved.height}"
    strength = resolved.init.strength if resolved.HasField("init") else None
    pairs = [("Steps", sampling.steps), ("Sampler", sampling.sampler), ("CFG scale", resolved.guidance.scale)]
    rest = [("Seed", seed), ("Size", size), ("Model", resolved.model), ("Denoising strength", strength)]
    return infotext.write(resolved.prompt, resolved.negative_prompt, [*pairs, *rest])


def _matches(record: gs.Generation, request: gs.ListGenerationsRequest) -> bool:
    states = request.states or (types.GENERATION_STATE_WAITING, types.GENERATION_STATE_RUNNING)
    return (
        record.state in states
        and (not request.task_id or record.task.task_id == request.task_id)
        and (not request.HasField("owner") or record.task.owner == request.owner)
        and (not request.task_kinds or record.task.kind in request.task_kinds)
    )


class Service:
    """The scripted service on a port that is held for it, or on any; can be stopped and started again.

    `generations`: what makes its pictures; `interceptors`: what stands around every call.
    """

    def __init__(
        self,
        port: int,
        generations: Callable[[Callable[[], Script]], gs_grpc.GenerationServiceServicer] | None = None,
        interceptors: Sequence[grpc.aio.ServerInterceptor] = (),
    ) -> None:
        self.script = Script()
        self.port = port
        self.health = health.aio.HealthServicer()
        self._generations = (generations or Generations)(lambda: self.script)
        self._interceptors = interceptors
        self._server: grpc.aio.Server | None = None

    async def start(self) -> None:
        """Listens, on the port that it had before."""
        self._server = server = grpc.aio.server(interceptors=self._interceptors)
        gs_grpc.add_GenerationServiceServicer_to_server(self._generations, server)
        ms_grpc.add_ModelServiceServicer_to_server(Models(lambda: self.script), server)  # type: ignore[abstract]
        postprocessing = Postprocessing(lambda: self.script)  # type: ignore[abstract]
        ps_grpc.add_PostprocessingServiceServicer_to_server(postprocessing, server)
        health_pb2_grpc.add_HealthServicer_to_server(self.health, server)
        self.port = server.add_insecure_port(f"127.0.0.1:{self.port}")
        await self.serving(True)
        await server.start()

    async def stop(self) -> None:
        """Gone at once."""
        if self._server:
            await self._server.stop(None)

    async def serving(self, yes: bool) -> None:
        """What the health service says."""
        state = health_pb2.HealthCheckResponse.SERVING if yes else health_pb2.HealthCheckResponse.NOT_SERVING
        await self.health.set("latentwire.v1.GenerationService", state)
