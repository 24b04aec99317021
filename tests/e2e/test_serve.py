"""The pair as `latentwire serve` starts it: ready, pictures, and every way to end."""

from __future__ import annotations

import os
import re
import signal
import socket
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import grpc
import pytest

from latentwire.v1 import generation_service_pb2 as v1
from latentwire.v1.generation_service_pb2_grpc import GenerationServiceStub
from latentwire.v1.types_pb2 import GENERATION_STATE_RUNNING, GENERATION_STATE_SUCCEEDED
from tests.e2e.pair import Pair, ask, opened, picture, served, status
from tests.e2e.processes import PATIENCE_S, command, eventually, is_gone

SLOW = {"LATENTWIRE_INFERENCE_FAKE_STEP_TIME": "0.1"}


def has_begun(grpc_address: str) -> bool:
    """Whether a generation is being computed, or was before anybody could look."""
    begun = v1.ListGenerationsRequest(states=[GENERATION_STATE_RUNNING, GENERATION_STATE_SUCCEEDED])
    with grpc.insecure_channel(grpc_address) as channel:
        return len(GenerationServiceStub(channel).ListGenerations(begun, timeout=PATIENCE_S).generations) > 0


def test_it_says_where_to_look_once_it_is_ready(pair: Pair) -> None:
    assert status(pair.url, "/readyz") == 200
    assert pair.ready_after_s > 0


def test_a_picture_has_the_size_that_was_asked_for(pair: Pair) -> None:
    image = opened(picture(ask(pair.url, width=128, height=64)))
    assert (image.format, image.size) == ("PNG", (128, 64))


def test_the_same_seed_gives_the_same_bytes_and_another_does_not(pair: Pair) -> None:
    first, again, other = (picture(ask(pair.url, seed=seed)) for seed in (7, 7, 8))
    assert first == again
    assert opened(first).tobytes() != opened(other).tobytes()


def test_the_page_and_the_documentation_are_there(pair: Pair) -> None:
    assert [status(pair.url, path) for path in ("/", "/docs", "/metrics")] == [200, 200, 200]


def test_grpc_streams_from_accepted_to_completed(pair: Pair) -> None:
    request = v1.GenerateImageRequest(prompt="a red circle", width=128, height=64)
    request.sampling.steps, request.noise.seed = 4, 7
    with grpc.insecure_channel(pair.grpc_address) as channel:
        events = [event.WhichOneof("event") for event in GenerationServiceStub(channel).GenerateImage(request)]
    assert (events[0], events[-1]) == ("accepted", "completed")
    assert "image" in events


@pytest.mark.usefixtures("heeded_signals")
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_running_request_finishes_before_the_pair_ends(tmp_path: Path, number: signal.Signals) -> None:
    with served(tmp_path, "--engine=fake", **SLOW) as pair, ThreadPoolExecutor() as pool:
        answer = pool.submit(ask, pair.url, steps=10)
        eventually(lambda: has_begun(pair.grpc_address), "the request runs")
        assert pair.serve.end(number) == 0
        assert opened(picture(answer.result())).size == (128, 64)


@pytest.mark.parametrize(
    ("victim", "survivor", "name"),
    [("inference_svc", "gateway_svc", "inference"), ("gateway_svc", "inference_svc", "gateway")],
)
def test_when_one_half_is_killed_the_other_ends_too(tmp_path: Path, victim: str, survivor: str, name: str) -> None:
    with served(tmp_path, "--engine=fake") as pair:
        left = pair.serve.child(survivor)
        os.kill(pair.serve.child(victim), signal.SIGKILL)
        assert pair.serve.ended() == 1
        said = f"The {name} service was killed by SIGKILL; the other one is stopped too."
        assert pair.serve.output.count(said) == 1
        assert is_gone(left)


def test_the_services_do_not_outlive_a_command_that_is_killed(tmp_path: Path) -> None:
    with served(tmp_path, "--engine=fake") as pair:
        services = [pair.serve.child(module) for module in ("inference_svc", "gateway_svc")]
        assert pair.serve.end(signal.SIGKILL) == -signal.SIGKILL
        assert eventually(lambda: all(map(is_gone, services)), "the services end")


def test_a_port_that_is_taken_is_one_sentence(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        with command(tmp_path, "serve", f"--port={port}", "--inference-port=0", "--engine=fake") as serve:
            assert serve.ended() == 2
            assert re.fullmatch(rf"latentwire: Cannot listen on 127\.0\.0\.1:{port}: .*\n", serve.output)


def test_an_engine_that_cannot_start_ends_the_pair_with_a_sentence(tmp_path: Path) -> None:
    nowhere = tmp_path / "nowhere"
    with command(tmp_path, "serve", "--port=0", "--inference-port=0", f"--model={nowhere}") as serve:
        assert serve.ended() == 1
        assert str(nowhere) in serve.output
        assert "Traceback" not in serve.output
