"""One client: pictures of several sizes and lengths, some given up half-way, and requests that must be refused."""

from __future__ import annotations

import http.client
import itertools
import json
import random
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass

from tools.http_call import BadAnswer, request, txt2img
from tools.soak.tally import Tally

TXT2IMG = "/sdapi/v1/txt2img"
_JSON = {"Content-Type": "application/json"}
# Each is somebody's mistake, with the status that says so.
BAD = (
    (TXT2IMG, b'{"prompt": ', 422),
    (TXT2IMG, b'{"width": 7}', 422),
    (TXT2IMG, b'{"steps": "many"}', 422),
    (TXT2IMG, b'{"script_name": "no such script"}', 422),
    ("/sdapi/v1/img2img", b"{}", 404),
    ("/sdapi/v1/nowhere", b"{}", 404),
)
_LONGEST_PATIENCE_S = 0.1
# A pace that machines keep: what is remembered of a minute is then the same amount early and late.
PACE_S = 0.4


@dataclass(frozen=True, slots=True)
class Job:
    """What decides a picture."""

    seed: int
    width: int
    height: int
    steps: int
    sampler_name: str


JOBS = tuple(
    Job(seed, width, height, steps, sampler)
    for seed, (width, height), steps, sampler in itertools.product(
        (1, 2), ((64, 64), (128, 64), (96, 128)), (4, 20), ("Euler", "Euler a", "DPM++ 2M")
    )
)


@dataclass(frozen=True, slots=True)
class Client:
    """Does one thing after another on a port, by its own dice, and tells the tally."""

    port: int
    tally: Tally
    dice: random.Random

    def run(self, goes_on: Callable[[], bool]) -> None:
        """Does one thing, and works on at its pace until it is told to end."""
        while True:
            next_at = time.monotonic() + PACE_S
            act = self.dice.choices((self.picture, self.give_up, self.mistake), weights=(7, 2, 1))[0]
            try:
                act()
            except (BadAnswer, OSError) as error:
                self.tally.fault(f"{act.__name__}: {error}")
            if not goes_on():
                return
            time.sleep(max(0.0, next_at - time.monotonic()))

    def picture(self) -> None:
        """A picture, waited for."""
        job = self.dice.choice(JOBS)
        self.tally.made(job, txt2img(self.port, **asdict(job)).sha256)

    def give_up(self) -> None:
        """A picture that is not waited for: the connection closes while it is made."""
        body = json.dumps({"prompt": "never seen", **asdict(self.dice.choice(JOBS)), "steps": 50})
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        connection.request("POST", TXT2IMG, body, _JSON)
        time.sleep(self.dice.uniform(0, _LONGEST_PATIENCE_S))
        connection.close()
        self.tally.did("given up")

    def mistake(self) -> None:
        """A request that has to be refused as the client's fault."""
        path, body, expected = self.dice.choice(BAD)
        status = request(self.port, "POST", path, body).status
        self.tally.did(f"answered with {status}")
        if status != expected:
            self.tally.fault(f"{path} {body!r} was answered with {status}, not {expected}")
