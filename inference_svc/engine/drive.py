"""Runs a pipeline from one ask to the next."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

from inference_svc.engine.job import Picture
from inference_svc.work import Ask, BatchInfo, Compute, Evaluate, Pipeline, Report, Stopped

Step: TypeAlias = Callable[[Pipeline], Ask]
"""How it goes on: by being begun, sent an answer, or thrown an exception."""


def advance(picture: Picture, step: Step, report: Callable[[object], None]) -> Compute | Evaluate | None:
    """Returns the next ask that takes time; None: the pipeline has ended. Raises what the pipeline raises.

    Reports are answered on the spot, and so is an ask for no rows. A pipeline that lets `Stopped` through has ended.
    """
    try:
        ask = step(picture.pipeline)
        while True:
            if isinstance(ask, Report):
                report(ask.event)
                ask = picture.pipeline.send(BatchInfo(picture.batch_rows))
            elif isinstance(ask, Evaluate) and not ask.rows:
                ask = picture.pipeline.send(())
            else:
                return ask
    except (StopIteration, Stopped):
        return None
