"""The fake, put together."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from inference_svc.engine import Engine, EngineMetrics, EngineSettings, Runner
from inference_svc.fake.answers import answering
from inference_svc.fake.catalogue import FakeCatalogue
from inference_svc.fake.facts import fake_facts
from inference_svc.fake.faults import Faults, dressed, event_delay_s
from inference_svc.fake.runner import FakeRunner, Misbehaviour
from inference_svc.rpc.backend import Backend
from latentwire.errors import LatentwireError


@dataclass(frozen=True, slots=True)
class FakeOptions:
    """How it misbehaves: its device, its pictures, its model."""

    device: Misbehaviour = field(default_factory=Misbehaviour)
    usual: Faults = field(default_factory=Faults)
    load_time_s: float = 0.0


def fake_runner(options: FakeOptions) -> FakeRunner:
    """Returns the runner."""
    return FakeRunner(fake_facts(), options.device)


def fake_backend(
    options: FakeOptions,
    settings: EngineSettings | None = None,
    *,
    runner: Runner | None = None,
    metrics: EngineMetrics | None = None,
    on_lost: Callable[[LatentwireError], None] = lambda _: None,
) -> Backend:
    """Returns a backend whose engine is started."""
    engine = Engine(runner or fake_runner(options), settings, metrics=metrics, on_lost=on_lost)
    engine.start()
    return Backend(
        engine_name="fake",
        engine=engine,
        catalogue=FakeCatalogue(options.load_time_s),
        fallback=answering,
        dress=lambda request, batches: dressed(request, batches, options.usual),
        event_delay_s=lambda request: event_delay_s(request, options.usual),
    )
