from __future__ import annotations

import os
import platform
import subprocess
import sys
from collections.abc import Mapping

import pytest

GLIBC = platform.libc_ver()[0] == "glibc"

# Pictures as they pass through a service, time and again: how many pages does the kernel clear for them?
PASSING = """
import resource, sys, threading, types
from latentwire.heap import keep_freed_memory

def pass_pictures(size, count):
    for _ in range(50):
        pictures = [b"x" * size for _ in range(count)]
        del pictures

def cleared(size, count):
    pass_pictures(size, count)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
    pass_pictures(size, count)
    return resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before

def tell():
    told = [cleared(512 * 512 * 3, 4)]
    beside = threading.Thread(target=lambda: told.append(cleared(1024 * 1024 * 12, 2)))
    beside.start()
    beside.join()
    print(*told)
"""
LEFT = "tell()"
KEPT = "print(keep_freed_memory()); tell()"
GATEWAY = """
sys.modules["gateway_svc.server"] = types.ModuleType("gateway_svc.server")
sys.modules["gateway_svc.server"].serve = lambda *_: tell()
from gateway_svc.main import main
main()
"""
INFERENCE = """
async def serve(*_):
    tell()
sys.modules["inference_svc.service"] = types.ModuleType("inference_svc.service")
sys.modules["inference_svc.service"].serve = serve
sys.modules["inference_svc.service"].CannotStart = OSError
from inference_svc.main import main
main()
"""


def told(what: str, *flags: str, environment: Mapping[str, str] | None = None) -> list[str]:
    """What a process of its own printed."""
    clean = {name: value for name, value in os.environ.items() if not name.startswith(("MALLOC_", "GLIBC_"))}
    command = [sys.executable, "-c", PASSING + what, *flags]
    run = subprocess.run(
        command, env={**clean, **(environment or {})}, capture_output=True, text=True, check=True, timeout=50
    )
    return run.stdout.split()


def test_pages_of_pictures_that_have_gone_out_serve_the_next() -> None:
    said, *cleared = told(KEPT)
    assert said == str(GLIBC)
    assert all(int(count) < 1_000 for count in cleared) or not GLIBC


def test_left_as_it_comes_the_heap_is_handed_back_time_and_again() -> None:
    assert int(told(LEFT)[0]) > 10_000 or not GLIBC


def test_the_gateway_keeps_what_it_frees(tmp_path_factory: pytest.TempPathFactory) -> None:
    cleared = told(GATEWAY, "--port=0", f"--data-dir={tmp_path_factory.mktemp('data')}")
    assert all(int(count) < 1_000 for count in cleared) or not GLIBC


def test_the_inference_service_keeps_what_it_frees() -> None:
    cleared = told(INFERENCE, "--engine=fake", "--port=0")
    assert all(int(count) < 1_000 for count in cleared) or not GLIBC


@pytest.mark.parametrize(
    "environment",
    [
        {"MALLOC_TRIM_THRESHOLD_": "100000"},
        {"MALLOC_MMAP_THRESHOLD_": "100000"},
        {"MALLOC_ARENA_MAX": "2"},
        {"GLIBC_TUNABLES": "glibc.malloc.trim_threshold=100000"},
    ],
)
def test_what_the_operator_has_set_stays(environment: Mapping[str, str]) -> None:
    assert told("print(keep_freed_memory())", environment=environment) == ["False"]
