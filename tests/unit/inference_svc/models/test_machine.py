"""What of the machine this process may use."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from inference_svc.models.machine import usable_cores, usable_memory_bytes


def allow(monkeypatch: pytest.MonkeyPatch, cpus: set[int]) -> None:
    monkeypatch.setattr(os, "sched_getaffinity", lambda _pid: cpus)


def write_siblings(folder: Path, siblings: dict[int, str]) -> Path:
    for cpu, line in siblings.items():
        topology = folder / f"cpu{cpu}" / "topology"
        topology.mkdir(parents=True)
        (topology / "thread_siblings_list").write_text(line + "\n")
    return folder


def test_hardware_threads_of_a_core_count_once(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    allow(monkeypatch, {0, 1, 2, 3})
    cpus = write_siblings(tmp_path, {0: "0,2", 1: "1,3", 2: "0,2", 3: "1,3"})
    assert usable_cores(cpus, tmp_path / "none") == 2


@pytest.mark.parametrize(
    ("line", "expected"), [("max 100000", 4), ("150000 100000", 2), ("50000 100000", 1), ("800000 100000", 4)]
)
def test_a_container_share_is_a_limit(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, line: str, expected: int
) -> None:
    allow(monkeypatch, {0, 1, 2, 3})
    (tmp_path / "cpu.max").write_text(line + "\n")
    assert usable_cores(tmp_path / "none", tmp_path / "cpu.max") == expected


def test_a_system_without_affinity_counts_its_processors(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delattr(os, "sched_getaffinity")
    monkeypatch.setattr(os, "cpu_count", lambda: 3)
    assert usable_cores(tmp_path, tmp_path / "none") == 3


@pytest.mark.parametrize(("line", "expected"), [("1048576", 1048576), ("max", None), ("9" * 20, None)])
def test_a_container_limit_bounds_memory(tmp_path: Path, line: str, expected: int | None) -> None:
    (tmp_path / "memory.max").write_text(line + "\n")
    whole = usable_memory_bytes(tmp_path / "none")
    assert usable_memory_bytes(tmp_path / "memory.max") == (expected or whole)
