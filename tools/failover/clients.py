"""REST clients that ask for the same pictures again and again, and compare each with the one of an undisturbed run."""

from __future__ import annotations

import json
import random
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, Final

from tools.http_call import Answer, request

TXT2IMG: Final = "/sdapi/v1/txt2img"
PATIENCE_S: Final = 300.0
_SMALL: Final = {"prompt": "a red circle", "width": 64, "height": 64, "cfg_scale": 4}


def jobs(steps: int) -> Sequence[Mapping[str, Any]]:
    """Bodies of requests: solvers with and without memory, noise on the way, several pictures, a second pass."""
    several = {"batch_size": 2, "n_iter": 2}
    hires = {"enable_hr": True, "hr_scale": 1.5, "denoising_strength": 0.6, "hr_upscaler": "Latent"}
    kinds: Sequence[Mapping[str, Any]] = (
        {"sampler_name": "Euler a"},
        {"sampler_name": "DPM++ 2M"},
        {"sampler_name": "DPM++ 2M SDE"},
        {"sampler_name": "UniPC"},
        {"sampler_name": "Euler", **several},
        {"sampler_name": "DPM++ 2M", **hires},
        {"sampler_name": "Heun", "steps": max(2, steps // 2)},
    )
    return [MappingProxyType({**_SMALL, "steps": steps, "seed": 10 * n, **kind}) for n, kind in enumerate(kinds)]


def asked(port: int, body: Mapping[str, Any]) -> Answer:
    """The answer to a request for pictures."""
    return request(port, "POST", TXT2IMG, json.dumps(dict(body)).encode(), timeout_s=PATIENCE_S)


def pictures(answer: Answer) -> tuple[str, ...]:
    """The files in an answer, in base64."""
    return tuple(json.loads(answer.body)["images"])


def seed_of(answer: Answer) -> int:
    """The seed that an answer tells."""
    return int(json.loads(json.loads(answer.body)["info"])["seed"])


@dataclass(slots=True)
class Seen:
    """What all clients saw."""

    answers: int = 0
    random_seeds: list[tuple[int, tuple[str, ...]]] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)
    lock: threading.Lock = field(default_factory=threading.Lock)


@dataclass(frozen=True, slots=True)
class Client:
    """Asks for one thing after another. `expected`: the pictures of each job; None where its seed is left to chance."""

    port: int
    expected: Sequence[tuple[Mapping[str, Any], tuple[str, ...] | None]]
    dice: random.Random
    seen: Seen

    def run(self, goes_on: Callable[[], bool]) -> None:
        """Asks until it is told to end."""
        while goes_on():
            body, expected = self.dice.choice(self.expected)
            try:
                fault = self._compared(asked(self.port, body), expected)
            except OSError as error:
                fault = f"no answer: {error!r}"
            if fault:
                with self.seen.lock:
                    self.seen.faults.append(f"{dict(body)}: {fault}")

    def _compared(self, answer: Answer, expected: tuple[str, ...] | None) -> str:
        if answer.status != 200:
            return f"{answer.status} {answer.body[:300]!r}"
        with self.seen.lock:
            self.seen.answers += 1
            if expected is None:
                self.seen.random_seeds.append((seed_of(answer), pictures(answer)))
                return ""
        return "" if pictures(answer) == expected else "other pictures than undisturbed"
