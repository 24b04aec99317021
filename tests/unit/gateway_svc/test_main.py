from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from gateway_svc.main import listen, main
from gateway_svc.settings import BadSettings


def test_the_configuration_can_be_printed() -> None:
    result = CliRunner().invoke(main, ["--print-config", "--port", "1234", "--keep-on-disconnect"])
    printed = json.loads(result.output)
    assert (result.exit_code, printed["port"], printed["keep_on_disconnect"]) == (0, 1234, True)


@pytest.mark.parametrize(
    ("flag", "host"), [("--listen", "0.0.0.0"), ("--server-name=::1", "::1"), ("--api", "127.0.0.1")]
)
def test_a1111s_ways_to_say_where_it_listens(flag: str, host: str) -> None:
    result = CliRunner().invoke(main, ["--print-config", "--nowebui", flag])
    assert (result.exit_code, json.loads(result.output)["host"]) == (0, host)


def test_a_bad_value_is_one_sentence_and_exit_status_2() -> None:
    result = CliRunner().invoke(main, ["--port", "99999"])
    assert (result.exit_code, result.stderr.count("\n")) == (2, 1)
    assert result.stderr.startswith("latentwire gateway: port: ")


def test_a_taken_port_is_one_sentence_and_exit_status_2(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        result = CliRunner().invoke(main, ["--port", port, "--data-dir", str(tmp_path)])
    assert (result.exit_code, result.stderr.count("\n")) == (2, 1)
    assert "can't be used: address already in use." in result.stderr


def test_a_data_folder_that_can_not_be_written_is_one_sentence_and_exit_status_2(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    result = CliRunner().invoke(main, ["--port", "0", "--data-dir", str(tmp_path / "file" / "data")])
    assert (result.exit_code, result.stderr.count("\n")) == (2, 1)
    assert result.stderr.startswith("latentwire gateway: data_dir: ")


def test_answers_are_not_held_back_by_the_network_stack() -> None:
    with listen("127.0.0.1", 0) as listener:
        assert listener.proto == socket.IPPROTO_TCP


def test_ipv6_addresses_are_listened_on_too() -> None:
    with listen("::1", 0) as listener:
        assert listener.family == socket.AF_INET6


def test_an_address_of_another_machine_is_refused() -> None:
    with pytest.raises(BadSettings, match=r"^port 0 on 192\.0\.2\.1 can't be used"):
        listen("192.0.2.1", 0)


def test_the_gateway_starts_alone_and_stops_when_it_is_told(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "gateway_svc", "--port", "0", "--data-dir", str(tmp_path)]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True, env={**os.environ}) as process:
        assert process.stderr is not None
        assert "Gateway on http://127.0.0.1:" in process.stderr.readline()
        process.send_signal(signal.SIGTERM)
        assert process.wait(timeout=30) == 0


STOPPED_IN_A_CALLBACK = """
import os, signal, sys, types, weakref
from gateway_svc.main import main

class Watched: pass

def serve(*_, **__):
    watched = Watched()
    told = weakref.ref(watched, lambda _: os.kill(os.getpid(), signal.SIGTERM))
    del watched
    print("goes on", flush=True)

"""
BEFORE_THE_SERVER = """
sys.modules["gateway_svc.server"] = types.ModuleType("gateway_svc.server")
sys.modules["gateway_svc.server"].serve = serve
main()
"""
AS_IT_STARTS = """
import uvicorn
uvicorn.Server.run = serve
main()
"""


@pytest.mark.parametrize("when", [BEFORE_THE_SERVER, AS_IT_STARTS], ids=["before the server", "as it starts"])
def test_told_to_stop_where_exceptions_are_dropped_it_ends_all_the_same(tmp_path: Path, when: str) -> None:
    command = [sys.executable, "-c", STOPPED_IN_A_CALLBACK + when, "--port=0", f"--data-dir={tmp_path}"]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=50)
    assert (done.returncode, done.stdout, "Exception ignored" in done.stderr) == (0, "", False)
