"""ModelService: what there is, by name."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from typing import Any

from inference_svc.pipelines import LATENT_MODES
from inference_svc.rpc.catalogue import Catalogue, ModelEntry
from inference_svc.rpc.conversion.models import model_message, sampler_message, scheduler_message, upscaler_message
from inference_svc.sampling import SAMPLERS, SCHEDULERS
from latentwire.errors import NotFound
from latentwire.v1 import model_service_pb2 as m
from latentwire.v1 import types_pb2 as t


class ModelServicer:
    """Lists come from the registries; loading and freeing is the catalogue's."""

    def __init__(self, catalogue: Catalogue, rpcs: Sequence[str]) -> None:
        self._catalogue = catalogue
        self._rpcs = tuple(rpcs)

    async def ListModels(self, request: m.ListModelsRequest, _: Any) -> m.ListModelsResponse:
        """Lists the models, and the memory of their device."""
        if request.refresh:
            await self._catalogue.refresh()
        memory = self._catalogue.memory()
        return m.ListModelsResponse(
            models=[model_message(entry, self._rpcs) for entry in self._catalogue.entries()],
            memory=m.DeviceMemory(
                device=memory.device,
                total_bytes=memory.total_bytes,
                free_bytes=memory.free_bytes,
                process_bytes=memory.process_bytes,
            ),
        )

    async def GetModel(self, request: m.GetModelRequest, _: Any) -> m.GetModelResponse:
        """Tells one model."""
        return m.GetModelResponse(model=self._message(request.name))

    async def LoadModel(self, request: m.LoadModelRequest, _: Any) -> AsyncIterator[m.LoadModelResponse]:
        """Loads a model; the last answer has it."""
        self._entry(request.name)
        make_default = request.make_default if request.HasField("make_default") else True
        async for progress in self._catalogue.load(request.name, make_default=make_default):
            yield m.LoadModelResponse(fraction=progress.fraction, stage=progress.stage)
        yield m.LoadModelResponse(fraction=1.0, stage="loaded", model=self._message(request.name))

    async def UnloadModel(self, request: m.UnloadModelRequest, _: Any) -> m.UnloadModelResponse:
        """Frees a model."""
        self._entry(request.name)
        await self._catalogue.unload(request.name)
        return m.UnloadModelResponse(model=self._message(request.name))

    async def ListSamplers(self, _: m.ListSamplersRequest, __: Any) -> m.ListSamplersResponse:
        """Lists the solvers."""
        return m.ListSamplersResponse(samplers=map(sampler_message, SAMPLERS.values()))

    async def ListSchedulers(self, _: m.ListSchedulersRequest, __: Any) -> m.ListSchedulersResponse:
        """Lists the noise schedules."""
        return m.ListSchedulersResponse(schedulers=map(scheduler_message, SCHEDULERS.values()))

    async def ListUpscalers(self, _: m.ListUpscalersRequest, __: Any) -> m.ListUpscalersResponse:
        """Lists what makes pictures or latents larger."""
        return m.ListUpscalersResponse(
            upscalers=[
                *map(upscaler_message, await self._catalogue.upscalers()),
                *(m.Upscaler(name=name, kind=m.UPSCALER_KIND_LATENT, scale=1.0) for name in LATENT_MODES),
            ]
        )

    async def ListLoras(self, _: m.ListLorasRequest, __: Any) -> m.ListLorasResponse:
        """Lists the LoRA networks: none yet."""
        return m.ListLorasResponse()

    async def ListEmbeddings(self, _: m.ListEmbeddingsRequest, __: Any) -> m.ListEmbeddingsResponse:
        """Lists the embeddings: none yet."""
        return m.ListEmbeddingsResponse()

    def _message(self, name: str) -> t.Model:
        return model_message(self._entry(name), self._rpcs)

    def _entry(self, name: str) -> ModelEntry:
        for entry in self._catalogue.entries():
            if entry.name == name:
                return entry
        raise NotFound(f"no model {name!r} is here", reason="MODEL_NOT_FOUND", metadata={"model": name})
