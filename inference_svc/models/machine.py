"""What of the machine this process may use: cores and memory, within the limits of its container."""

from __future__ import annotations

import os
from pathlib import Path

_CPU = Path("/sys/devices/system/cpu")
_QUOTA = Path("/sys/fs/cgroup/cpu.max")
_MEMORY = Path("/sys/fs/cgroup/memory.max")


def usable_cores(cpus: Path = _CPU, quota: Path = _QUOTA) -> int:
    """Returns physical cores that this process may run on, within its container's share; at least 1.

    Two hardware threads of a core count once: computing keeps a core busy with one.
    """
    allowed = os.sched_getaffinity(0) if hasattr(os, "sched_getaffinity") else range(os.cpu_count() or 1)
    cores = {_read(cpus / f"cpu{cpu}" / "topology" / "thread_siblings_list") or str(cpu) for cpu in allowed}
    return max(1, min(len(cores), _share(_read(quota))))


def usable_memory_bytes(limit: Path = _MEMORY) -> int:
    """Returns bytes of main memory, in use or not, that this process may have at most."""
    machine = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    line = _read(limit)
    return min(machine, int(line)) if line.isdecimal() else machine


def _share(line: str) -> int:
    """Cores of a line such as "150000 100000", rounded up; a large number for "max" or none."""
    share, _, period = line.partition(" ")
    return -(-int(share) // int(period)) if share.isdecimal() and period.isdecimal() else 1 << 16


def _read(path: Path) -> str:
    try:
        return path.read_text().strip()
    except OSError:
        return ""
