"""The Python clients by TLS: whom they trust, by what name, and who they say they are."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import grpc
import pytest

from inference_svc.rpc.server import Listening
from latentwire.client import Retries, Settings, Tls
from latentwire.errors import Unavailable
from latentwire.v1 import model_service_pb2 as m
from latentwire.v1 import types_pb2 as t
from tests.certificate import Authority, Certificate, authority
from tests.contract.client_ways import Way, connected
from tests.contract.engines import MakeBackend
from tests.contract.serving import serving

SERVER = "inference.test"
CALLER = "caller.test"
ONCE = Settings(retries=Retries(attempts=1))


@pytest.fixture(params=["sync", "async"])
def way(request: pytest.FixtureRequest) -> str:
    """Which client."""
    name: str = request.param
    return name


@pytest.fixture
def trusted(tmp_path: Path) -> Authority:
    """An authority of the test's own."""
    return authority(tmp_path)


def pem(made: Certificate) -> tuple[bytes, bytes]:
    """Key and certificate as a server takes them."""
    return made.key.read_bytes(), made.certificate.read_bytes()


async def caller(_: m.ListModelsRequest, context: Any) -> m.ListModelsResponse:
    """One model, of the caller's name."""
    return m.ListModelsResponse(models=[t.Model(name=name.decode()) for name in context.peer_identities()])


@asynccontextmanager
async def asking(by: Authority, folder: Path) -> AsyncIterator[str]:
    """The address of a server that takes nobody whose certificate is not the authority's."""
    server = grpc.aio.server()
    read, write = m.ListModelsRequest.FromString, m.ListModelsResponse.SerializeToString
    telling = grpc.unary_unary_rpc_method_handler(caller, read, write)
    handler = grpc.method_handlers_generic_handler("latentwire.v1.ModelService", {"ListModels": telling})
    server.add_generic_rpc_handlers((handler,))
    made = [pem(by.sign(folder, "127.0.0.1"))]
    credentials = grpc.ssl_server_credentials(made, by.certificate.read_bytes(), require_client_auth=True)
    port = server.add_secure_port("127.0.0.1:0", credentials)
    await server.start()
    try:
        yield f"127.0.0.1:{port}"
    finally:
        await server.stop(None)


async def refused(client: Way) -> bool:
    """Whether the client gets no connection."""
    with pytest.raises(Unavailable):
        await client.models()
    return True


async def test_a_server_goes_by_the_name_that_a_trusted_certificate_has(
    way: str, make_backend: MakeBackend, trusted: Authority, tmp_path: Path
) -> None:
    other = authority(tmp_path, "other").certificate
    async with serving(make_backend(), Listening(tls=pem(trusted.sign(tmp_path, SERVER)))) as running:
        address = f"127.0.0.1:{running.server.port}"
        async with (
            connected(way, address, tls=Tls(trusted.certificate, server_name=SERVER)) as knowing,
            connected(way, address, tls=Tls(trusted.certificate), settings=ONCE) as not_by_name,
            connected(way, address, tls=Tls(other, server_name=SERVER), settings=ONCE) as not_by_signature,
        ):
            assert len((await knowing.models()).models) == 1
            assert (await refused(not_by_name), await refused(not_by_signature)) == (True, True)


async def test_a_server_that_asks_who_calls_is_told(way: str, trusted: Authority, tmp_path: Path) -> None:
    own = trusted.sign(tmp_path, CALLER)
    async with asking(trusted, tmp_path) as address:
        tls = Tls(trusted.certificate, certificate=own.certificate, key=own.key)
        async with connected(way, address, tls=tls) as client:
            assert [model.name for model in (await client.models()).models] == [CALLER]


async def test_who_cannot_say_so_is_refused(way: str, trusted: Authority, tmp_path: Path) -> None:
    forged = authority(tmp_path, "other").sign(tmp_path, CALLER)
    async with asking(trusted, tmp_path) as address:
        as_other = Tls(trusted.certificate, certificate=forged.certificate, key=forged.key)
        async with (
            connected(way, address, tls=Tls(trusted.certificate), settings=ONCE) as nameless,
            connected(way, address, tls=as_other, settings=ONCE) as pretender,
        ):
            assert (await refused(nameless), await refused(pretender)) == (True, True)
