"""How many threads are worth having: the cores that this process may use."""

from __future__ import annotations

import os
from pathlib import Path

_CPU = Path("/sys/devices/system/cpu")
_QUOTA = Path("/sys/fs/cgroup/cpu.max")


def usable_cores(cpus: Path = _CPU, quota: Path = _QUOTA) -> int:
    """Returns physical cores that this process may run on, within its container's share; at least 1.

    Two hardware threads of a core count once: computing keeps a core busy with one.
    """
    allowed = os.sched_getaffinity(0) if hasattr(os, "sched_getaffinity") else range(os.cpu_count() or 1)
    cores = {_read(cpus / f"cpu{cpu}" / "topology" / "thread_siblings_list") or str(cpu) for cpu in allowed}
    return max(1, min(len(cores), _share(_read(quota))))


def _share(line: str) -> int:
    """Cores of a line such as "150000 100000", rounded up; a large number for "max" or none."""
    share, _, period = line.partition(" ")
    return -(-int(share) // int(period)) if share.isdecimal() and period.isdecimal() else 1 << 16


def _read(path: Path) -> str:
    try:
        return path.read_text().strip()
    except OSError:
        return ""
