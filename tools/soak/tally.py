"""What the clients have seen so far, together."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Hashable
from dataclasses import dataclass, field

_FAULTS_KEPT = 20


@dataclass(slots=True)
class Tally:
    """Counts by what was done, the first faults, and the picture of each job; threads may share it."""

    counts: Counter[str] = field(default_factory=Counter)
    faults: list[str] = field(default_factory=list)
    pictures: dict[Hashable, str] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def did(self, what: str) -> None:
        """One more of these."""
        with self._lock:
            self.counts[what] += 1

    def fault(self, what: str) -> None:
        """Something that must not be; the first twenty are kept in words, all are counted."""
        with self._lock:
            self.counts["fault"] += 1
            if len(self.faults) < _FAULTS_KEPT:
                self.faults.append(what)

    def made(self, job: Hashable, sha256: str) -> None:
        """A picture: the same job has to give the same one each time."""
        with self._lock:
            first = self.pictures.setdefault(job, sha256)
        self.did("picture")
        if first != sha256:
            self.fault(f"{job} gave {sha256} after {first}")
