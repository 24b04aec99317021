"""What the users have seen so far, together."""

from __future__ import annotations

import time
from array import array
from collections import Counter, defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from tools.bench.statistics import percentile
from tools.load.outcome import Outcome, Result

Deed: TypeAlias = tuple[str, str]
"""Face and name."""


@dataclass(slots=True)
class Tally:
    """Latencies by deed and outcome, pictures by face, failures by kind.

    At most `most` requests are begun, none later than `within_s` after the first.
    """

    most: int
    within_s: float
    clock: Callable[[], float] = time.monotonic
    begun: int = 0
    _first_s: float | None = None
    _last_s: float = 0.0
    _milliseconds: defaultdict[tuple[Deed, Outcome], array[float]] = field(
        default_factory=lambda: defaultdict(lambda: array("d"))
    )
    _pictures: Counter[str] = field(default_factory=Counter)
    _failures: Counter[tuple[Deed, str]] = field(default_factory=Counter)
    _first_words: dict[tuple[Deed, str], str] = field(default_factory=dict)

    def begin(self) -> bool:
        """Whether one more request may be sent."""
        now_s = self.clock()
        self._first_s = now_s if self._first_s is None else self._first_s
        if self.begun >= self.most or now_s - self._first_s > self.within_s:
            return False
        self.begun += 1
        return True

    def ended(self, deed: Deed, seconds: float, result: Result) -> None:
        """A request that is over, and how long it took."""
        self._last_s = self.clock()
        self._milliseconds[deed, result.outcome].append(seconds * 1000)
        self._pictures[deed[0]] += result.pictures
        if result.outcome is Outcome.FAILED:
            self._failures[deed, result.kind] += 1
            self._first_words.setdefault((deed, result.kind), result.words)

    def facts(self) -> dict[str, Any]:
        """All of it, to be written as JSON; times in seconds where no other unit is named."""
        return {
            "seconds": round(self._seconds(), 3),
            "requests": sum(map(len, self._milliseconds.values())),
            "outcomes": {outcome.value: self._count(outcome) for outcome in Outcome},
            "pictures": dict(sorted(self._pictures.items())),
            "deeds": [self._deed(*key) for key in sorted(self._milliseconds)],
            "errors": [self._error(*key, count) for key, count in self._failures.most_common()],
        }

    def _seconds(self) -> float:
        return 0.0 if self._first_s is None else max(0.0, self._last_s - self._first_s)

    def _count(self, outcome: Outcome) -> int:
        return sum(len(values) for (_, one), values in self._milliseconds.items() if one is outcome)

    def _deed(self, deed: Deed, outcome: Outcome) -> dict[str, Any]:
        values = self._milliseconds[deed, outcome]
        shares = {f"p{share}_ms": round(percentile(values, share / 100), 1) for share in (50, 95, 99, 100)}
        return {"face": deed[0], "what": deed[1], "outcome": outcome.value, "count": len(values), **shares}

    def _error(self, deed: Deed, kind: str, count: int) -> dict[str, Any]:
        words = self._first_words[deed, kind]
        return {"face": deed[0], "what": deed[1], "kind": kind, "count": count, "words": words}
