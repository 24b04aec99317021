"""The two engines that every case runs against, and the proof of which of them answers."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from types import MappingProxyType
from typing import Protocol

from inference_svc.engine import Engine, EngineSettings, Runner
from inference_svc.fake.backend import FakeOptions, fake_backend, fake_runner
from inference_svc.models import Catalog, Device, LoadedModel, ModelRunner, Registry, Upscalers
from inference_svc.models.loading import Progress
from inference_svc.real_backend import RegistryCatalogue
from inference_svc.rpc.backend import Backend
from inference_svc.rpc.server import Listening
from latentwire.v1 import model_service_pb2 as m
from latentwire.v1 import model_service_pb2_grpc as mg
from tests.contract.serving import PATIENCE_S, Serving

SAYS = MappingProxyType({"fake": "fake", "real": "onnx"})
"""What answers must say of who made them, by the parameter of the `engine` fixture."""

Around = Callable[[Runner], Runner]


def bare(runner: Runner) -> Runner:
    """Nothing around the runner."""
    return runner


def unchanged(backend: Backend) -> Backend:
    """The backend as it is."""
    return backend


class MakeBackend(Protocol):
    """Makes a backend of the engine under test, started. `around`: what stands between its engine and its runner."""

    def __call__(self, settings: EngineSettings | None = None, *, around: Around = bare) -> Backend: ...


class StartServer(Protocol):
    """Serves the engine under test until the end of the block. `change`: what is done to its backend before."""

    def __call__(
        self,
        settings: EngineSettings | None = None,
        *,
        around: Around = bare,
        change: Callable[[Backend], Backend] = unchanged,
        listening: Listening | None = None,
    ) -> AbstractAsyncContextManager[Serving]: ...


def fake(settings: EngineSettings | None = None, *, around: Around = bare) -> Backend:
    """The fake, well behaved."""
    options = FakeOptions()
    return fake_backend(options, settings, runner=around(fake_runner(options)))


class _Already:
    """Loads what is loaded."""

    def __init__(self, model: LoadedModel) -> None:
        self._model = model

    def load(self, name: str, path: Path, progress: Progress) -> LoadedModel:
        progress(0.5, "taking it from the shelf")
        return self._model


def real(
    path: Path, model: LoadedModel, models_dir: Path, settings: EngineSettings | None = None, *, around: Around = bare
) -> Backend:
    """The real engine on a model that is loaded, with what lies in `models_dir` beside it."""
    upscalers = Upscalers(models_dir, Device("cpu"))
    runner = ModelRunner(upscalers)
    registry = Registry(Catalog(str(path)), _Already(model), runner)
    registry.load().result(PATIENCE_S)
    engine = Engine(around(runner), settings)
    engine.start()
    return Backend("onnx", engine, RegistryCatalogue(registry, upscalers, Device("cpu")))


async def require_answers_of(name: str, running: Serving, token: str = "") -> None:
    """Fails unless a server's own words, in metadata and in the family of its model, say that it is this engine."""
    metadata = (("authorization", f"Bearer {token}"),) if token else ()
    call = mg.ModelServiceStub(running.channel).ListModels(m.ListModelsRequest(), metadata=metadata)
    families = {model.family for model in (await call).models}
    told = {str(value) for key, value in await call.initial_metadata() or () if key == "x-latentwire-engine"}
    assert told == {SAYS[name]}, f"{told} answers where the {name} engine was asked for"
    assert ("fake" in families) == (name == "fake"), f"models of {families} where the {name} engine was asked for"
