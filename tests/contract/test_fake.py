"""What only the fake does: answer anything, misbehave on demand, need no runtime."""

from __future__ import annotations

import io
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import grpc
import pytest
from google.protobuf.descriptor import ServiceDescriptor
from google.protobuf.message import Message
from google.protobuf.message_factory import GetMessageClass
from PIL import Image

from inference_svc.fake.answers import answering
from inference_svc.fake.backend import FakeOptions, fake_backend, fake_runner
from inference_svc.fake.faults import Faults
from inference_svc.fake.runner import Misbehaviour
from inference_svc.rpc.registration import service_handler
from latentwire.errors import Internal, OutOfMemory, Unavailable
from latentwire.v1 import denoising_service_pb2 as d
from latentwire.v1 import denoising_service_pb2_grpc as dg
from latentwire.v1 import generation_service_pb2 as g
from latentwire.v1 import postprocessing_service_pb2 as p
from latentwire.v1 import postprocessing_service_pb2_grpc as pg
from tests.contract.gate import Gate
from tests.contract.new_service import new_service
from tests.contract.serving import Serving, asked, failure, make, serving, until


async def test_what_nobody_has_written_is_answered_with_a_valid_message() -> None:
    async with _only(d.DESCRIPTOR.services_by_name["DenoisingService"]) as channel:
        answer = await dg.DenoisingServiceStub(channel).EncodeImage(d.EncodeImageRequest())
    assert len(answer.latents.data) == 4 * 4 * 8 * 8
    assert list(answer.latents.shape) == [1, 4, 8, 8]


async def test_streams_that_nobody_has_written_tell_each_event_once() -> None:
    async with _only(p.DESCRIPTOR.services_by_name["PostprocessingService"]) as channel:
        stub = pg.PostprocessingServiceStub(channel)
        answers = [answer async for answer in stub.UpscaleImage(p.UpscaleImageRequest())]
    assert [answer.WhichOneof("event") for answer in answers] == ["fraction", "image"]
    assert Image.open(io.BytesIO(answers[-1].image.data)).size == (1, 1)


async def test_answers_are_deterministic_and_echo_what_they_can() -> None:
    request = d.DenoiseLatentsRequest(request_id="mine")
    async with _only(d.DESCRIPTOR.services_by_name["DenoisingService"]) as channel:
        stub = dg.DenoisingServiceStub(channel)
        first, again = [[answer async for answer in stub.DenoiseLatents(request)] for _ in range(2)]
    assert first == again
    assert {answer.request_id for answer in first} == {"mine"}


async def test_an_rpc_that_is_new_is_answered_without_code() -> None:
    service = new_service()
    request, response = map(GetMessageClass, (service.methods[0].input_type, service.methods[0].output_type))
    codec = request.SerializeToString, response.FromString
    async with _only(service) as channel:
        answer: Message = await channel.unary_unary("/test.New/Do", *codec)(request(name="n"))
        answers = [each async for each in channel.unary_stream("/test.New/Watch", *codec)(request(name="n"))]
    assert {field.name for field, _ in answer.ListFields()} == {"name", "count", "choice", "many", "table", "inner"}
    assert answers == [answer] * 3


def test_the_fake_imports_no_runtime() -> None:
    code = (
        "import sys, inference_svc.service, inference_svc.fake.backend as b; b.fake_backend(b.FakeOptions());"
        "sys.exit(bool({'torch', 'onnxruntime', 'diffusers', 'transformers'} & set(sys.modules)))"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


async def test_its_pictures_can_be_a_single_pixel() -> None:
    async with serving(fake_backend(FakeOptions(device=Misbehaviour(tiny=True)))) as running:
        picture = (await make(running.generation, asked(width=512, height=512))).pictures[0]
        assert (picture.width, picture.height) == (1, 1)
        assert Image.open(io.BytesIO(picture.data)).size == (1, 1)


async def test_its_pictures_depend_on_prompt_size_and_seed(fake_server: Serving) -> None:
    requests = [asked(), asked(prompt="other"), asked(width=72), asked(steps=3)]
    pictures = {(await make(fake_server.generation, request)).pictures[0].data for request in requests}
    assert len(pictures) == 4


@pytest.mark.parametrize(
    ("words", "kind"),
    [("a fake:fail=2 hat", Internal), ("fake:oom", OutOfMemory), ("fake:loading", Unavailable)],
)
async def test_words_in_the_prompt_make_it_fail(fake_server: Serving, words: str, kind: type[Exception]) -> None:
    assert isinstance(await failure(fake_server.generation.GenerateImage(asked(prompt=words, steps=3))), kind)


async def test_it_can_be_slow_on_demand(fake_server: Serving) -> None:
    made = await make(fake_server.generation, asked(prompt="fake:step_time=0.01 fake:slow=0.005"))
    assert made.completed.timings.total.ToMilliseconds() >= 20


async def test_flags_make_every_picture_fail() -> None:
    async with serving(fake_backend(FakeOptions(usual=Faults(fail_at_step=1)))) as running:
        assert isinstance(await failure(running.generation.GenerateImage(asked())), Internal)


async def test_a_picture_that_misbehaves_can_be_stopped(gate: Gate) -> None:
    options = FakeOptions()
    async with serving(fake_backend(options, runner=gate.before(fake_runner(options)))) as running:
        call = running.generation.GenerateImage(asked("dawdling", prompt="fake:step_time=0.01", steps=150))
        gate.let(2)
        await until(lambda: gate.begun == 3)
        await running.generation.StopGeneration(g.StopGenerationRequest(request_id="dawdling"))
        gate.open()
        completed = [event async for event in call][-1].completed
    assert (completed.stopped, completed.image_count) == (True, 1)


@asynccontextmanager
async def _only(service: ServiceDescriptor) -> AsyncIterator[grpc.aio.Channel]:
    """A server of one service that nobody implements."""
    server = grpc.aio.server()
    server.add_generic_rpc_handlers((service_handler(service, None, answering),))
    port = server.add_insecure_port("127.0.0.1:0")
    await server.start()
    async with grpc.aio.insecure_channel(f"127.0.0.1:{port}") as channel:
        yield channel
    await server.stop(None)
