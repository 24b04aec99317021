"""pytest-grpc's fixtures over grpc.aio: the same names, a real server on a free port, the fake and the real engine."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import grpc
import pytest
import pytest_asyncio

from inference_svc.engine import Engine, EngineSettings
from inference_svc.fake.backend import FakeOptions, fake_backend
from inference_svc.models import Catalog, Device, LoadedModel, Loader, ModelRunner, Registry
from inference_svc.models.loading import Progress
from inference_svc.real_backend import RegistryCatalogue
from inference_svc.rpc.backend import Backend
from latentwire.v1 import generation_service_pb2_grpc as gg
from latentwire.v1 import model_service_pb2_grpc as mg
from tests.contract.serving import Serving, serving


@pytest.fixture(scope="session")
def loaded_model(flatland_folder: Path) -> LoadedModel:
    """The model, loaded once for all tests."""
    return Loader(Device("cpu")).load(flatland_folder.name, flatland_folder)


class Already:
    """Loads what is loaded."""

    def __init__(self, model: LoadedModel) -> None:
        self._model = model

    def load(self, name: str, path: Path, progress: Progress) -> LoadedModel:
        """Returns it."""
        progress(0.5, "taking it from the shelf")
        return self._model


def real(path: Path, model: LoadedModel) -> Backend:
    """The real engine on a model that is loaded."""
    runner = ModelRunner()
    registry = Registry(Catalog(str(path)), Already(model), runner)
    registry.load().result(10)
    engine = Engine(runner, EngineSettings())
    engine.start()
    return Backend("onnx", engine, RegistryCatalogue(registry, Device("cpu")))


@pytest_asyncio.fixture(scope="module", loop_scope="module", params=["fake", "real"])
async def grpc_server(request: pytest.FixtureRequest, flatland_folder: Path) -> AsyncIterator[Serving]:
    """The server: each module that asks for it runs against both engines."""
    if request.param == "fake":
        backend = fake_backend(FakeOptions())
    else:
        backend = real(flatland_folder, request.getfixturevalue("loaded_model"))
    async with serving(backend) as running:
        yield running


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def grpc_channel(grpc_server: Serving) -> grpc.aio.Channel:
    """A channel to it."""
    return grpc_server.channel


@pytest.fixture
def generation(grpc_channel: grpc.aio.Channel) -> gg.GenerationServiceAsyncStub:
    """A stub of GenerationService."""
    return gg.GenerationServiceStub(grpc_channel)


@pytest.fixture
def models(grpc_channel: grpc.aio.Channel) -> mg.ModelServiceAsyncStub:
    """A stub of ModelService."""
    return mg.ModelServiceStub(grpc_channel)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def fake_server() -> AsyncIterator[Serving]:
    """The fake alone."""
    async with serving(fake_backend(FakeOptions())) as running:
        yield running
