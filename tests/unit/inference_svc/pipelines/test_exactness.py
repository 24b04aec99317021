"""The same request gives the same bytes, whatever it was batched with."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest

from inference_svc.engine import EngineSettings, Outcome, Request
from inference_svc.pipelines import PictureReady, batch_key, evaluations, pictures
from tests.unit.inference_svc.engine.by_hand import ByHand
from tests.unit.inference_svc.engine.toys import Recorder
from tests.unit.inference_svc.pipelines.jobs import JOBS
from tests.unit.inference_svc.pipelines.toys import ToyModel


def together(names: Sequence[str], **settings: Any) -> dict[str, list[bytes]]:
    """Runs jobs through one engine; returns the files of each by picture."""
    engine, listeners = ByHand(ToyModel(), EngineSettings(**settings)), {name: Recorder() for name in names}
    for name, listener in listeners.items():
        job = JOBS[name]
        engine.submit(Request(name, pictures(job), evaluations(job), listener, batch_key(job)))
        engine.tick()  # so that they stand at different steps
    engine.finish()
    return {name: files(listener) for name, listener in listeners.items()}


def files(listener: Recorder) -> list[bytes]:
    assert listener.wait().outcome is Outcome.SUCCEEDED
    ready = [report for report in listener.reports if isinstance(report, PictureReady)]
    return [picture.data for picture in sorted(ready, key=lambda picture: picture.index)]


@pytest.fixture(scope="module")
def alone() -> dict[str, list[bytes]]:
    return {name: together([name])[name] for name in JOBS}


@pytest.mark.parametrize("settings", [{}, {"max_batch_rows": 1}, {"max_batch_rows": 3}, {"max_batch_rows": 64}])
def test_alone_and_among_unlike_others_gives_the_same_bytes(
    alone: dict[str, list[bytes]], settings: dict[str, Any]
) -> None:
    assert together(list(JOBS), **settings) == alone


@pytest.mark.parametrize("share", [0.0, 0.75])
def test_the_order_and_the_policy_make_no_difference(alone: dict[str, list[bytes]], share: float) -> None:
    backwards = together(list(JOBS)[::-1], shortest_share=share, max_running=4, max_batch_rows=5)
    assert backwards == alone
