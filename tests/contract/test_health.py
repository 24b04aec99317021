"""Health follows the engine; draining lets work end; a lost device ends the service."""

from __future__ import annotations

import asyncio

import grpc
import pytest
from google.protobuf.descriptor_pb2 import FileDescriptorProto
from grpc_health.v1 import health_pb2, health_pb2_grpc
from grpc_reflection.v1alpha import reflection_pb2, reflection_pb2_grpc

from inference_svc.rpc.contract import SERVICES
from inference_svc.rpc.server import CannotListen, Listening, Server
from latentwire.errors import Unavailable
from tests.contract.engines import MakeBackend, StartServer
from tests.contract.gate import Gate
from tests.contract.serving import PATIENCE_S, Serving, asked, failure, make, until

_NAMES = ["", *(service.full_name for service in SERVICES)]
_SERVING = health_pb2.HealthCheckResponse.SERVING
_NOT_SERVING = health_pb2.HealthCheckResponse.NOT_SERVING


async def test_a_server_serves_only_once_it_says_so(make_backend: MakeBackend) -> None:
    server = Server(make_backend(), Listening())
    port = await server.start()
    async with grpc.aio.insecure_channel(f"127.0.0.1:{port}") as channel:
        before = await _statuses(channel)
        await server.serving()
        assert (before, await _statuses(channel)) == ([_NOT_SERVING] * 5, [_SERVING] * 5)
    await server.drain(0.0)


async def test_health_checks_need_no_token(start_server: StartServer) -> None:
    async with start_server(listening=Listening(token="s3cret")) as running:
        assert await _statuses(running.channel) == [_SERVING] * 5


async def test_draining_lets_running_work_end_and_refuses_new_work(make_backend: MakeBackend, gate: Gate) -> None:
    backend = make_backend(around=gate.before)
    server = Server(backend, Listening())
    port = await server.start()
    await server.serving()
    async with grpc.aio.insecure_channel(f"127.0.0.1:{port}") as channel:
        running = Serving(server, backend, channel)
        call = running.generation.GenerateImage(asked("in-time"))
        watch = health_pb2_grpc.HealthStub(channel).Watch(health_pb2.HealthCheckRequest())
        told = aiter(watch)
        assert (await anext(told)).status == _SERVING
        await until(lambda: gate.begun == 1)
        draining = asyncio.create_task(server.drain(PATIENCE_S))
        assert (await anext(told)).status == _NOT_SERVING
        assert (await failure(running.generation.GenerateImage(asked()))).reason == "DRAINING"
        gate.open()
        assert [event async for event in call][-1].HasField("completed")
        await draining


async def test_work_that_outlasts_the_grace_is_cancelled_with_a_status(make_backend: MakeBackend, gate: Gate) -> None:
    backend = make_backend(around=gate.before)
    server = Server(backend, Listening())
    port = await server.start()
    async with grpc.aio.insecure_channel(f"127.0.0.1:{port}") as channel:
        call = Serving(server, backend, channel).generation.GenerateImage(asked("too-long", steps=150))
        await until(lambda: gate.begun == 1)
        draining = asyncio.create_task(server.drain(0.0))
        while not server.book.get("too-long").ended:
            gate.let()
            await asyncio.sleep(0.002)
        error = await failure(call)
        assert (type(error), error.reason) == (Unavailable, "DRAINING")
        await draining


async def test_reflection_lists_every_service(grpc_server: Serving) -> None:
    stub = reflection_pb2_grpc.ServerReflectionStub(grpc_server.channel)
    asking = reflection_pb2.ServerReflectionRequest
    requests = [asking(list_services=""), asking(file_containing_symbol=SERVICES[0].full_name)]
    answers = [answer async for answer in stub.ServerReflectionInfo(iter(requests))]
    listed = {service.name for service in answers[0].list_services_response.service}
    file = FileDescriptorProto.FromString(answers[1].file_descriptor_response.file_descriptor_proto[0])
    assert {*_NAMES[1:], "grpc.health.v1.Health"} <= listed
    assert file.package == "latentwire.v1"


async def test_many_calls_at_once_are_answered(grpc_server: Serving) -> None:
    made = await asyncio.gather(*(make(grpc_server.generation, asked(steps=1)) for _ in range(40)))
    assert {each.kinds[-1] for each in made} == {"completed"}


async def _statuses(channel: grpc.aio.Channel) -> list[int]:
    stub = health_pb2_grpc.HealthStub(channel)
    return [(await stub.Check(health_pb2.HealthCheckRequest(service=name))).status for name in _NAMES]


async def test_a_service_that_does_not_exist_has_no_health(grpc_server: Serving) -> None:
    call = health_pb2_grpc.HealthStub(grpc_server.channel).Check(health_pb2.HealthCheckRequest(service="nobody"))
    assert (await failure(call)).code == "NOT_FOUND"


async def test_two_servers_cannot_share_a_port(grpc_server: Serving) -> None:
    server = Server(grpc_server.backend, Listening(port=grpc_server.server.port))
    with pytest.raises(CannotListen, match="the address is taken"):
        await server.start()
