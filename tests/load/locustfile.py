"""Users of both faces, for locust: `make load` starts it with where the services are and what is to be counted.

Half of those who make something speak REST, half gRPC; a third of all users only look, four times a second.
"""

from __future__ import annotations

import itertools
import json
import random
import resource
import time
from collections.abc import Callable
from http.client import HTTPException
from pathlib import Path
from typing import Any, ClassVar, Protocol

# First: locust makes the standard library cooperative, which what follows has to find so.
from locust import User, constant, constant_pacing, events
from locust.exception import StopUser

# isort: split
import gevent
import gevent.event
import grpc.experimental.gevent

from tests.load.grpc_face import GrpcUser
from tests.load.http_face import HttpUser
from tools.load.outcome import Outcome, Result, failed
from tools.load.tally import Tally

grpc.experimental.gevent.init_gevent()

_LONGEST_WAIT_S = 2.0
_LOOK_EVERY_S = 0.25


class Acts(Protocol):
    """Somebody who does things: each returns its name and what came of it."""

    face: ClassVar[str]

    def deeds(self) -> dict[Callable[[], tuple[str, Result]], int]: ...

    def looks(self) -> dict[Callable[[], tuple[str, Result]], int]: ...

    def close(self) -> None: ...


def _act(user: Any) -> None:
    """One thing, by the dice; its result goes to the tally, and a refused user comes back when told to."""
    if not user.environment.tally.begin():
        user.environment.over.set()
        raise StopUser
    (deed,) = user.dice.choices([*user.choices], [*user.choices.values()])
    began = time.perf_counter()
    try:
        name, result = deed()
    except (OSError, HTTPException) as error:
        name, result = deed.__name__.replace("_", " "), failed(type(error).__name__, error)
    _tell(user, name, time.perf_counter() - began, result)
    gevent.sleep(min(result.retry_after_s, _LONGEST_WAIT_S))


def _tell(user: Any, name: str, seconds: float, result: Result) -> None:
    user.environment.tally.ended((user.acts.face, name), seconds, result)
    user.environment.events.request.fire(
        request_type=user.acts.face,
        name=name,
        response_time=seconds * 1000,
        response_length=0,
        exception=RuntimeError(result.kind) if result.outcome is Outcome.FAILED else None,
        context={},
    )


class _Somebody(User):  # type: ignore[misc]  # locust is read as untyped
    abstract = True
    tasks = [_act]  # noqa: RUF012  # as locust wants it

    def on_start(self) -> None:
        options = self.environment.parsed_options
        self.dice = random.Random(options.seed * 1000 + next(self.environment.numbers))
        self.acts = self.made(options)
        self.choices = self.acts.deeds()

    def on_stop(self) -> None:
        self.acts.close()

    def made(self, options: Any) -> Acts:
        raise NotImplementedError


class RestMaker(_Somebody):
    """Asks for pictures over REST, one after the other."""

    weight = 2
    wait_time = constant(0)

    def made(self, options: Any) -> Acts:
        return HttpUser(options.host, self.dice)


class RestLooker(RestMaker):
    """Looks how far it is over REST."""

    weight = 1
    wait_time = constant_pacing(_LOOK_EVERY_S)

    def on_start(self) -> None:
        super().on_start()
        self.choices = self.acts.looks()


class GrpcMaker(_Somebody):
    """Asks for pictures over gRPC, one after the other."""

    weight = 2
    wait_time = constant(0)

    def made(self, options: Any) -> Acts:
        return GrpcUser(options.inference, self.dice)


class GrpcLooker(GrpcMaker):
    """Lists what is under way over gRPC."""

    weight = 1
    wait_time = constant_pacing(_LOOK_EVERY_S)

    def on_start(self) -> None:
        super().on_start()
        self.choices = self.acts.looks()


def _arguments(parser: Any) -> None:
    parser.add_argument("--inference", default="", help="where the inference service is: host:port")
    parser.add_argument("--requests", type=int, default=1_000_000, help="most requests")
    parser.add_argument("--seconds", type=float, default=60.0, help="how long new requests are begun")
    parser.add_argument("--seed", type=int, default=0, help="of the users' dice")
    parser.add_argument("--counted", default="", help="file for what was counted, as JSON")


def _begin(environment: Any, **_: Any) -> None:
    if environment.parsed_options is not None:
        environment.tally = Tally(environment.parsed_options.requests, environment.parsed_options.seconds)
        environment.numbers = itertools.count()
        environment.over = gevent.event.Event()
        gevent.spawn(_end, environment)


def _end(environment: Any) -> None:
    """Ends the run once a user may not begin another request; what is under way is waited for."""
    environment.over.wait()
    environment.runner.quit()


def _broken(user_instance: Any, exception: Exception, **_: Any) -> None:
    """What a user does not expect of a service, such as chunks that don't fit together, is a failure too."""
    deed = (user_instance.acts.face, "what it did")
    user_instance.environment.tally.ended(deed, 0.0, failed(type(exception).__name__, exception))


def _write(environment: Any, **_: Any) -> None:
    used = resource.getrusage(resource.RUSAGE_SELF)
    facts = {**environment.tally.facts(), "cpu_s": round(used.ru_utime + used.ru_stime, 2)}
    if environment.parsed_options.counted:
        Path(environment.parsed_options.counted).write_text(json.dumps(facts))


events.init_command_line_parser.add_listener(_arguments)
events.init.add_listener(_begin)
events.user_error.add_listener(_broken)
events.quitting.add_listener(_write)
