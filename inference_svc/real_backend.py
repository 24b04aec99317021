"""The real engine, put together: models of `inference_svc.models` behind the servicers."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from types import MappingProxyType

from inference_svc.engine import Engine, EngineMetrics, EngineSettings
from inference_svc.models import (
    Catalog,
    Device,
    Entry,
    Loader,
    ModelRunner,
    ModelState,
    OnnxSettings,
    Registry,
    Upscalers,
    choose_device,
    device_memory,
)
from inference_svc.pipelines.upscaling import INTERPOLATING
from inference_svc.real_captioners import find_captioners
from inference_svc.rpc.backend import Backend
from inference_svc.rpc.catalogue import LoadProgress, Memory, ModelEntry, State, UsableModel
from inference_svc.settings import Settings
from inference_svc.work import UpscalerFacts
from latentwire.errors import LatentwireError

log = logging.getLogger(__name__)

_STATES: Mapping[ModelState, State] = MappingProxyType(
    {
        ModelState.AVAILABLE: "available",
        ModelState.LOADING: "loading",
        ModelState.LOADED: "loaded",
        ModelState.FAILED: "failed",
    }
)


class RegistryCatalogue:
    """The registry of models as servicers need it."""

    def __init__(self, registry: Registry, upscalers: Upscalers, device: Device) -> None:
        self._registry, self._upscalers, self._device = registry, upscalers, device

    def entries(self) -> Sequence[ModelEntry]:
        """Returns every model, by name."""
        return [_listed(entry) for entry in self._registry.entries()]

    async def ready(self) -> None:
        """Returns once the default model is loaded, and the upscalers have been tried."""
        loading = asyncio.wrap_future(self._registry.load())
        await asyncio.gather(loading, asyncio.to_thread(self._upscalers.look))

    async def refresh(self) -> None:
        """Looks at the disk again."""
        await asyncio.to_thread(self._registry.entries, refresh=True)

    async def upscalers(self) -> Sequence[UpscalerFacts]:
        """Interpolation first, then networks by name."""
        return (*INTERPOLATING, *await asyncio.to_thread(self._upscalers.look))

    @contextmanager
    def use(self, name: str) -> Iterator[UsableModel]:
        """Holds a loaded model."""
        with self._registry.use(name) as model:
            yield UsableModel(model.facts, model.tokenizer)

    async def load(self, name: str, *, make_default: bool) -> AsyncIterator[LoadProgress]:
        """Loads a model and tells how far it is."""
        loop, told = asyncio.get_running_loop(), asyncio.Queue[LoadProgress | None]()

        def tell(progress: LoadProgress | None) -> None:
            loop.call_soon_threadsafe(told.put_nowait, progress)

        future = self._registry.load(
            name, lambda fraction, stage: tell(LoadProgress(fraction, stage)), make_default=make_default
        )
        future.add_done_callback(lambda _: tell(None))
        while (progress := await told.get()) is not None:
            yield progress
        await asyncio.wrap_future(future)

    async def unload(self, name: str) -> None:
        """Frees a model, once nothing uses it."""
        self._registry.unload(name)

    def memory(self) -> Memory:
        """Returns what is known of the device's memory."""
        memory = device_memory(self._device)
        return Memory(memory.device, memory.total_bytes, memory.free_bytes, memory.process_bytes)


def real_backend(
    settings: Settings,
    engine_settings: EngineSettings,
    *,
    metrics: EngineMetrics | None = None,
    on_lost: Callable[[LatentwireError], None] = lambda _: None,
) -> Backend:
    """Returns a backend whose engine is started. Raises FailedPrecondition, NotFound."""
    device = choose_device(settings.device)
    log.info("device %s: %s", device.kind, device.reason)
    onnx = OnnxSettings(threads=settings.threads, spinning=settings.spinning)
    upscalers = Upscalers(settings.models_dir, device, onnx)
    runner = ModelRunner(upscalers)
    loader = Loader(device, onnx, prefer_torch=settings.engine == "torch")
    catalog = Catalog(settings.model, settings.models_dir)
    registry = Registry(catalog, loader, runner)
    captioners = find_captioners(catalog, device, onnx)
    engine = Engine(runner, engine_settings, metrics=metrics, on_lost=on_lost)
    engine.start()
    catalogue = RegistryCatalogue(registry, upscalers, device)
    return Backend(settings.engine, engine, catalogue, captioner=captioners)


def _listed(entry: Entry) -> ModelEntry:
    return ModelEntry(
        name=entry.name,
        path=str(entry.path),
        family=entry.facts.family if entry.facts else "",
        state=_STATES[entry.state],
        is_default=entry.is_default,
        facts=entry.facts,
        error=entry.error,
    )
