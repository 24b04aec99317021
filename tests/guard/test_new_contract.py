"""What is added to the contract is answered by the fake without code, and refused by the real engine by name."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.guard.scratch import PACKAGES, copied, plant, run

DENOISING = "proto/latentwire/v1/denoising_service.proto"
RPCS = """\
service DenoisingService {
  // Rates latents.
  rpc RateLatents(RateLatentsRequest) returns (RateLatentsResponse) {}
  // Rates latents again and again.
  rpc WatchLatents(RateLatentsRequest) returns (stream RateLatentsResponse) {}
"""
MESSAGES = """
// What is rated.
message RateLatentsRequest {
  // The name.
  string request_id = 1;
}

// How it is rated.
message RateLatentsResponse {
  // The name.
  string request_id = 1;
  // From 0 to 1.
  double rating = 2;
  // One for each.
  repeated Tensor latents = 3;
}
"""
CALLS = """\
import asyncio, json
from dataclasses import replace
import grpc
from inference_svc.fake.backend import FakeOptions, fake_backend
from inference_svc.rpc.registration import refuse
from inference_svc.rpc.server import Listening, Server
from latentwire.v1 import denoising_service_pb2 as d, denoising_service_pb2_grpc as dg

async def answers(backend):
    server = Server(backend, Listening())
    async with grpc.aio.insecure_channel(f"127.0.0.1:{await server.start()}") as channel:
        stub, request = dg.DenoisingServiceStub(channel), d.RateLatentsRequest(request_id="mine")
        try:
            one = await stub.RateLatents(request)
            many = [answer async for answer in stub.WatchLatents(request)]
            old = await stub.PrepareLatents(d.PrepareLatentsRequest(wish="bright", noises=[{}]))
            found = {"one": [one.request_id, one.rating, len(one.latents)], "many": len(many)}
            found["old"] = [len(old.states), old.mood]
        except grpc.aio.AioRpcError as error:
            found = {"code": error.code().name, "details": error.details()}
    await server.drain(0.0)
    return found

async def main():
    fake = await answers(fake_backend(FakeOptions()))
    real = await answers(replace(fake_backend(FakeOptions()), fallback=refuse))
    print(json.dumps([fake, real]))

asyncio.run(main())
"""


@pytest.fixture(scope="module")
def answers(tmp_path_factory: pytest.TempPathFactory) -> list[dict[str, Any]]:
    """What the fake, and what an engine without a fallback, answer to a copy of the contract with two new RPCs.

    Both are in a process that has never seen the contract as it is.
    """
    scratch = copied(
        tmp_path_factory.mktemp("contract"), *PACKAGES, "proto", "third_party", "tools/__init__.py", "tools/proto.py"
    )
    plant(scratch / DENOISING, "service DenoisingService {\n", RPCS)
    for name, field in (("PrepareLatentsRequest", "wish"), ("PrepareLatentsResponse", "mood")):
        plant(scratch / DENOISING, f"message {name} {{\n", f"message {name} {{\n  string {field} = 90;\n")
    (scratch / DENOISING).write_text((scratch / DENOISING).read_text() + MESSAGES)
    generated = run(scratch, "tools.proto")
    assert generated.returncode == 0, generated.stderr
    (scratch / "calls.py").write_text(CALLS)
    done = run(scratch, "calls")
    assert done.returncode == 0, done.stderr
    found: list[dict[str, Any]] = json.loads(done.stdout)
    return found


def test_a_new_rpc_is_answered_and_echoes_what_it_was_given(answers: list[dict[str, Any]]) -> None:
    assert answers[0]["one"] == ["mine", 0.5, 1]


def test_a_new_stream_is_answered(answers: list[dict[str, Any]]) -> None:
    assert answers[0]["many"] == 3


def test_a_new_field_is_taken_in_an_old_request_and_empty_in_an_old_answer(answers: list[dict[str, Any]]) -> None:
    assert answers[0]["old"] == [1, ""]


def test_a_real_engine_says_that_it_does_not_have_it(answers: list[dict[str, Any]]) -> None:
    said = "latentwire.v1.DenoisingService/RateLatents is not implemented yet: it is new"
    assert answers[1] == {"code": "UNIMPLEMENTED", "details": said}
