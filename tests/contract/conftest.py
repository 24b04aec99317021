"""pytest-grpc's fixtures over grpc.aio: the same names, a real server on a free port, the fake and the real engine.

Whatever asks for `engine`, in person or through another fixture, runs against both, and has the proof of which.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path

import grpc
import pytest
import pytest_asyncio

from inference_svc.engine import EngineSettings
from inference_svc.fake.backend import FakeOptions, fake_backend
from inference_svc.models import Device, LoadedModel, Loader
from inference_svc.rpc.backend import Backend
from inference_svc.rpc.server import Listening
from latentwire.v1 import generation_service_pb2_grpc as gg
from latentwire.v1 import model_service_pb2_grpc as mg
from tests.contract.engines import (
    SAYS,
    Around,
    MakeBackend,
    StartServer,
    bare,
    fake,
    real,
    require_answers_of,
    unchanged,
)
from tests.contract.gate import Gate
from tests.contract.serving import Serving, serving
from tests.upscalers import NAME, write_nearest


@pytest.fixture(scope="session")
def loaded_model(flatland_folder: Path) -> LoadedModel:
    """The model, loaded once for all tests."""
    return Loader(Device("cpu")).load(flatland_folder.name, flatland_folder)


@pytest.fixture(scope="session")
def models_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of models with an upscaler in it."""
    folder = tmp_path_factory.mktemp("models")
    write_nearest(folder / "upscalers" / f"{NAME}.onnx")
    return folder


@pytest.fixture(scope="module", params=list(SAYS))
def engine(request: pytest.FixtureRequest) -> str:
    """The engine under test: "fake", then "real"."""
    name: str = request.param
    return name


@pytest.fixture(scope="module")
def make_backend(engine: str, request: pytest.FixtureRequest, flatland_folder: Path, models_dir: Path) -> MakeBackend:
    """Makes backends of the engine under test."""
    if engine == "fake":
        return fake
    return partial(real, flatland_folder, request.getfixturevalue("loaded_model"), models_dir)


@pytest.fixture(scope="module")
def start_server(engine: str, make_backend: MakeBackend) -> StartServer:
    """Serves the engine under test, once it is proven to be the one that answers."""

    @asynccontextmanager
    async def started(
        settings: EngineSettings | None = None,
        *,
        around: Around = bare,
        change: Callable[[Backend], Backend] = unchanged,
        listening: Listening | None = None,
    ) -> AsyncIterator[Serving]:
        listening = listening or Listening()
        async with serving(change(make_backend(settings, around=around)), listening) as running:
            await require_answers_of(engine, running, listening.token)
            yield running

    return started


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def grpc_server(start_server: StartServer) -> AsyncIterator[Serving]:
    """The server of a module's tests."""
    async with start_server() as running:
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


@pytest_asyncio.fixture(loop_scope="module")
async def gate() -> AsyncIterator[Gate]:
    """Holds evaluations back, under the test's control."""
    gate = Gate()
    yield gate
    gate.open()


@pytest_asyncio.fixture(loop_scope="module")
async def gated(start_server: StartServer, gate: Gate) -> AsyncIterator[Serving]:
    """A server whose device is behind the gate."""
    async with start_server(around=gate.before) as running:
        yield running
        gate.open()


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def fake_server() -> AsyncIterator[Serving]:
    """The fake alone."""
    async with serving(fake_backend(FakeOptions())) as running:
        yield running
