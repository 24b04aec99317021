from __future__ import annotations

import os
import platform
import subprocess
import sys
from collections.abc import Mapping

import pytest

# Pictures of 512x512, four at once, a hundred times: pages that the kernel had to clear, and what the function said.
SCRIPT = """
import resource, sys
from latentwire.heap import keep_freed_memory

said = keep_freed_memory() if sys.argv[1] == "kept" else None
def pass_pictures():
    for _ in range(100):
        pictures = [b"x" * 786_432 for _ in range(4)]
        del pictures
pass_pictures()
before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
pass_pictures()
print(resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before, said)
"""
GLIBC = platform.libc_ver()[0] == "glibc"


def faults(how: str, **environment: str) -> tuple[int, str]:
    clean: Mapping[str, str] = {k: v for k, v in os.environ.items() if not k.startswith(("MALLOC_", "GLIBC_"))}
    run = subprocess.run(
        [sys.executable, "-c", SCRIPT, how], env={**clean, **environment}, capture_output=True, text=True, check=True
    )
    count, said = run.stdout.split()
    return int(count), said


def test_pages_of_pictures_that_have_gone_out_serve_the_next() -> None:
    (kept, said), (left, _) = faults("kept"), faults("left")
    assert said == str(GLIBC)
    assert kept * 10 < left or not GLIBC


@pytest.mark.parametrize(
    "environment",
    [
        {"MALLOC_TRIM_THRESHOLD_": "100000"},
        {"MALLOC_MMAP_THRESHOLD_": "100000"},
        {"GLIBC_TUNABLES": "glibc.malloc.trim_threshold=100000"},
    ],
)
def test_what_the_operator_has_set_stays(environment: Mapping[str, str]) -> None:
    assert faults("kept", **environment)[1] == "False"
