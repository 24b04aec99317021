"""What `latentwire` makes of its arguments."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator

import pytest
from click.testing import CliRunner

from latentwire import __version__, ports, serve
from latentwire.cli import main


@pytest.fixture
def started(monkeypatch: pytest.MonkeyPatch) -> list[serve.Pair]:
    """The pairs that would have been started."""
    pairs: list[serve.Pair] = []

    async def record(pair: serve.Pair, announce: Callable[[str], None], where: str) -> int:
        pairs.append(pair)
        announce(where)
        return 0

    monkeypatch.setattr(serve, "serve", record)
    return pairs


@pytest.fixture
def taken_port() -> Iterator[int]:
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server.getsockname()[1]


def run(*arguments: str, **environment: str) -> tuple[int, str]:
    result = CliRunner().invoke(main, ["serve", "--port=0", "--inference-port=0", *arguments], env=environment)
    return result.exit_code, result.output


def test_the_services_get_what_the_user_gave_and_no_more(started: list[serve.Pair]) -> None:
    status, _ = run("--engine", "fake", "--model", "a b", "--cors-allow-origins", "*", "--drain-timeout", "4")
    (pair,) = started
    assert status == 0
    assert pair.inference[:5] == (sys.executable, "-m", "inference_svc", "--host", "127.0.0.1")
    assert pair.inference[7:] == ("--drain-timeout", "4.0", "--engine=fake", "--model=a b")
    assert pair.gateway[:5] == (sys.executable, "-m", "gateway_svc", "--host", "127.0.0.1")
    inference = f"127.0.0.1:{pair.inference[6]}"
    assert pair.gateway[7:] == ("--inference", inference, "--supervised", "--cors-allow-origins=*")


def test_a1111s_flags_go_to_the_gateway(started: list[serve.Pair]) -> None:
    flags = ("--api-log", "--api-server-stop", "--keep-on-disconnect", "--freeze-settings", "--hide-ui-dir-config")
    _, output = run("--server-name=127.0.0.1", "--subpath=/sd/", "--timeout-keep-alive=5", *flags)
    (pair,) = started
    assert pair.gateway[10:] == ("--subpath=/sd/", "--timeout-keep-alive=5", *flags)
    assert output.startswith(f"http://127.0.0.1:{pair.ready_port}/sd ")


def test_with_a_certificate_it_is_https_and_asked_by_https(started: list[serve.Pair]) -> None:
    _, output = run("--tls-keyfile=k.pem", "--tls-certfile=c.pem")
    (pair,) = started
    assert pair.ready_tls
    assert pair.gateway[10:] == ("--tls-keyfile=k.pem", "--tls-certfile=c.pem")
    assert output.startswith(f"https://127.0.0.1:{pair.ready_port} ")


def test_listen_opens_rest_to_everybody_and_is_asked_on_loopback(started: list[serve.Pair]) -> None:
    _, output = run("--listen")
    (pair,) = started
    assert pair.gateway[3:5] == ("--host", "0.0.0.0")
    assert pair.inference[3:5] == ("--host", "127.0.0.1")
    assert output.startswith(f"http://127.0.0.1:{pair.ready_port} ")


def test_the_environment_of_the_services_sets_the_ports_too(started: list[serve.Pair]) -> None:
    CliRunner().invoke(main, ["serve"], env={"LATENTWIRE_GATEWAY_PORT": "0", "LATENTWIRE_INFERENCE_PORT": "0"})
    (pair,) = started
    assert pair.ready_port not in {0, 7860}
    assert pair.inference[6] not in {"0", "50051"}


def test_a_token_of_the_inference_service_is_given_to_the_gateway(
    started: list[serve.Pair], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LATENTWIRE_INFERENCE_TOKEN", "secret")
    monkeypatch.setenv("LATENTWIRE_GATEWAY_INFERENCE_TOKEN", "")
    monkeypatch.delenv("LATENTWIRE_GATEWAY_INFERENCE_TOKEN")
    run()
    assert os.environ["LATENTWIRE_GATEWAY_INFERENCE_TOKEN"] == "secret"
    assert "secret" not in str(started)


@pytest.mark.parametrize("flag", ["--api", "--nowebui"])
@pytest.mark.usefixtures("started")
def test_flags_of_other_servers_are_accepted_with_a_note(flag: str) -> None:
    status, output = run(flag)
    assert status == 0
    assert output.startswith(f"{flag} is accepted and changes nothing here.\n")


@pytest.mark.parametrize("option", ["--port", "--inference-port"])
def test_a_port_that_is_taken_is_one_sentence(option: str, taken_port: int, started: list[serve.Pair]) -> None:
    status, output = run(f"{option}={taken_port}")
    assert (status, started) == (2, [])
    assert output == (
        f"latentwire: Cannot listen on 127.0.0.1:{taken_port}: Address already in use. "
        f"Stop what is there, or choose another port with {option}.\n"
    )


def test_one_port_for_both_services_is_one_sentence(started: list[serve.Pair]) -> None:
    with ports.held("127.0.0.1", 0, "--port") as free:
        told = run(f"--port={free}", f"--inference-port={free}")
    sentence = f"latentwire: Port {free} can't be both services' own: choose another with --inference-port.\n"
    assert (told, started) == ((2, sentence), [])


def test_a_host_that_is_not_known_is_one_sentence(started: list[serve.Pair]) -> None:
    status, output = run("--host=::1%nowhere")  # an interface that is not there: known without asking anybody
    assert (status, started) == (2, [])
    assert output.startswith("latentwire: Cannot listen on ::1%nowhere:0: ")


@pytest.mark.parametrize(("command", "module"), [("inference", "inference_svc"), ("gateway", "gateway_svc")])
def test_one_service_alone_takes_the_place_of_the_command(
    command: str, module: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    became: list[tuple[str, ...]] = []
    monkeypatch.setattr(os, "execv", lambda path, command: became.append((path, *command)))
    CliRunner().invoke(main, [command, "--port", "1", "--help", "--unknown=x"])
    assert became == [(sys.executable, sys.executable, "-m", module, "--port", "1", "--help", "--unknown=x")]


def test_starting_services_does_without_the_client() -> None:
    heavy = {"grpc", "google.protobuf", "numpy", "PIL", "rich", "latentwire.client"}
    program = f"import sys, latentwire.cli; print(*sorted(set(sys.modules) & {heavy!r}))"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout == "\n"


def test_the_version_is_the_packages() -> None:
    assert CliRunner().invoke(main, ["--version"]).output == f"latentwire, version {__version__}\n"
