"""Servers under test, each in a process of its own on a free loopback port, ended by pid."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import grpc
import httpx
from grpc_health.v1 import health_pb2, health_pb2_grpc

from tools.server import free_ports

START_LIMIT_S = 60.0


@contextmanager
def process(arguments: Sequence[str]) -> Iterator[subprocess.Popen[bytes]]:
    """Runs `python -m …` and ends it with SIGTERM, then, after 20 s, with SIGKILL."""
    child = subprocess.Popen([sys.executable, "-m", *arguments], stdout=subprocess.DEVNULL)
    try:
        yield child
    finally:
        child.terminate()
        try:
            child.wait(20)
        except subprocess.TimeoutExpired:
            child.kill()
            child.wait()


@contextmanager
def process_apart(arguments: Sequence[str]) -> Iterator[subprocess.Popen[bytes]]:
    """Runs `python -m …` on a core of its own, where there are two, and its caller meanwhile on another."""
    cores = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {min(cores)})  # what is begun here stays there
    try:
        with process(arguments) as child:
            os.sched_setaffinity(0, {max(cores)})
            yield child
    finally:
        os.sched_setaffinity(0, cores)


@contextmanager
def inference(*flags: str) -> Iterator[str]:
    """An inference server that serves; yields its address."""
    (port,) = free_ports(1)
    address = f"127.0.0.1:{port}"
    with process(["inference_svc", "--port", str(port), *flags]) as child:
        wait_for_health(address, child)
        yield address


@contextmanager
def gateway(inference_address: str, data_dir: str) -> Iterator[str]:
    """A gateway that is ready; yields its URL."""
    (port,) = free_ports(1)
    flags = ["--port", str(port), "--inference", inference_address, "--data-dir", data_dir]
    with process(["gateway_svc", *flags]) as child:
        url = f"http://127.0.0.1:{port}"
        wait_for_url(url + "/readyz", child)
        yield url


def wait_for_health(address: str, child: subprocess.Popen[bytes]) -> None:
    with grpc.insecure_channel(address) as channel:
        stub = health_pb2_grpc.HealthStub(channel)
        for _ in _until(child):
            try:
                if stub.Check(health_pb2.HealthCheckRequest(), timeout=1).status == 1:
                    return
            except grpc.RpcError:
                continue


def wait_for_url(url: str, child: subprocess.Popen[bytes]) -> None:
    with httpx.Client(trust_env=False) as client:
        for _ in _until(child):
            try:
                if client.get(url, timeout=1).status_code == 200:
                    return
            except httpx.TransportError:
                continue


def load(target: str, *flags: str) -> dict[str, Any]:
    """Runs the load generator in a second process and returns what it measured."""
    command = [sys.executable, "-m", "tools.bench.load", "--target", target, *flags]
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE, timeout=480)
    result: dict[str, Any] = json.loads(done.stdout)
    return result


def _until(child: subprocess.Popen[bytes]) -> Iterator[None]:
    deadline = time.monotonic() + START_LIMIT_S
    while time.monotonic() < deadline:
        if child.poll() is not None:
            raise RuntimeError(f"the server under test ended with status {child.returncode} while starting")
        yield
        time.sleep(0.01)
    raise TimeoutError("the server under test did not become ready")
