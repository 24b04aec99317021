"""How much memory the services of a running pair hold."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

_RESIDENT = re.compile(r"^VmRSS:\s+(\d+) kB$", re.MULTILINE)
_SERVICES = ("gateway_svc", "inference_svc")


@dataclass(frozen=True, slots=True)
class Growth:
    """Resident memory of one service, in MiB, after the warm-up and at the end."""

    service: str
    warm_mib: float
    end_mib: float

    @property
    def mib(self) -> float:
        """How much it grew."""
        return self.end_mib - self.warm_mib


def services(pid: int) -> dict[str, int]:
    """The pid of each service that `latentwire serve`, running as `pid`, has started."""
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    commands = {int(child): Path(f"/proc/{child}/cmdline").read_bytes().split(b"\0") for child in children}
    return {name: child for name in _SERVICES for child, words in commands.items() if name.encode() in words}


def resident_mib(pid: int) -> float:
    """The resident memory of a process."""
    found = _RESIDENT.search(Path(f"/proc/{pid}/status").read_text())
    if found is None:
        raise ProcessLookupError(f"process {pid} has ended")
    return round(int(found[1]) / 1024, 1)


def growth(before: dict[str, float], after: dict[str, float]) -> list[Growth]:
    """What became of each service's memory."""
    return [Growth(service, before[service], after[service]) for service in sorted(before)]
