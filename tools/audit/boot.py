"""Server boot: the pair starts on its real port, answers, and stops."""

from __future__ import annotations

from tools.audit.facts import Facts
from tools.audit.score import Category, Evidence, Point, Rule, Shown
from tools.audit.shapes import Smoke
from tools.audit.withheld import Kind, demand

PORT = 7860
FILE = "smoke.json"
REAL = "onnx"
ORDER = ("started", "port open", "ready", "picture", "stopped")


def port_is_bound(facts: Facts) -> Shown:
    """The port that users have."""
    smoke = facts.smoke()
    demand(smoke.port == PORT, Kind.REFUTED, FILE, f"port {smoke.port} was bound, not {PORT}")
    return (Evidence(f"seconds until port {PORT} was open", FILE, _since_start(smoke, "port open")),)


def becomes_ready(facts: Facts) -> Shown:
    """The time from start to ready."""
    return (Evidence("seconds until ready", FILE, _since_start(facts.smoke(), "ready")),)


def makes_a_picture(facts: Facts) -> Shown:
    """A picture over REST."""
    smoke = facts.smoke()
    picture = f"{smoke.picture.width}x{smoke.picture.height}, sha256 {smoke.picture.sha256}"
    return (
        Evidence("seconds until the first picture", FILE, _since_start(smoke, "picture")),
        Evidence("the picture", FILE, picture),
    )


def engine_is_the_fake(facts: Facts) -> Shown:
    """The engine that answered was the one that was asked for."""
    engine = facts.smoke().engine
    demand(engine == "fake", Kind.REFUTED, FILE, f"the fake engine was asked for, {engine} answered")
    return (Evidence("the engine that answered", FILE, engine),)


def stops_cleanly(facts: Facts) -> Shown:
    """SIGTERM, then exit status 0."""
    smoke = facts.smoke()
    demand(smoke.exit_status == 0, Kind.REFUTED, FILE, f"the pair ended with {smoke.exit_status}")
    demand(not smoke.error, Kind.REFUTED, FILE, smoke.error)
    return (
        Evidence("exit status after SIGTERM", FILE, smoke.exit_status),
        Evidence("seconds until stopped", FILE, _since_start(smoke, "stopped")),
    )


def real_model_boots(facts: Facts) -> Shown:
    """e2e tests that start both processes with the embedded model."""
    tests = facts.tests("e2e")
    real = sum(case.suite == "e2e" and REAL in case.parameters for case in tests.cases)
    demand(real > 0, Kind.MISSING, tests.file, f"no e2e test ran on the {REAL} engine")
    return (Evidence("e2e tests of the pair with the embedded model", tests.file, real),)


def wheel_boots(facts: Facts) -> Shown:
    """The pair from the installed wheel."""
    wheel = facts.wheel()
    demand(wheel.engine == REAL, Kind.REFUTED, "wheel.json", f"{REAL} was asked for, {wheel.engine} answered")
    return (Evidence(f"seconds until the wheel's pair was ready, on {REAL}", "wheel.json", wheel.ready_s),)


def _since_start(smoke: Smoke, what: str) -> float:
    """Seconds from the start to an event, of a boot in which all happened once, in the only possible order."""
    happened = tuple(event.what for event in smoke.events)
    demand(happened == ORDER, Kind.CONTRADICTORY, FILE, f"happened: {', '.join(happened)}; not: {', '.join(ORDER)}")
    at_s = {event.what: event.at_s for event in smoke.events}
    return round(at_s[what] - at_s["started"], 3)


CATEGORY = Category(
    "Server boot",
    (
        Point("The pair binds its real port", (Rule("port 7860 was open", port_is_bound),)),
        Point(
            "It becomes ready, in a time that is measured",
            (Rule("the time from start to ready, after the port opened", becomes_ready),),
        ),
        Point(
            "It makes a picture",
            (
                Rule("a picture came over REST after that, with size and digest", makes_a_picture),
                Rule("the engine that was asked for, the fake, is the one that answered", engine_is_the_fake),
            ),
        ),
        Point("It stops cleanly", (Rule("told to stop, it ended with exit status 0", stops_cleanly),)),
        Point(
            "It boots with the real model",
            (
                Rule("e2e tests of both processes passed on the embedded model", real_model_boots),
                Rule("the pair from the installed wheel became ready, in a time that is measured", wheel_boots),
            ),
        ),
    ),
)
