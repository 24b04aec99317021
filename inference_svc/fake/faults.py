"""Misbehaviour on demand, by flags and by words in a prompt, so that clients can test their own error paths.

In a prompt, anywhere:

    fake:step_time=0.05   every evaluation of this request takes so many seconds longer
    fake:fail=3           evaluation 3 of each picture fails, INTERNAL; alone: the first
    fake:oom=3            evaluation 3 finds no memory, OUT_OF_MEMORY; alone: the first
    fake:loading          UNAVAILABLE, MODEL_LOADING, at once
    fake:slow=0.1         so many seconds pass before each event of the stream
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

from inference_svc.engine.request import PipelineFactory
from inference_svc.rpc.backend import Batches
from inference_svc.work import Ask, Compute, DenoiseRow, Evaluate, Pipeline
from latentwire.errors import OutOfMemory, Unavailable
from latentwire.v1 import generation_service_pb2 as g

_TRIGGER = re.compile(r"\bfake:(step_time|fail|oom|loading|slow)(?:=(\d+(?:\.\d+)?))?")
_LONGEST_S = 60.0


class FakeFailure(Exception):
    """A defect, as asked for."""


@dataclass(frozen=True, slots=True)
class Faults:
    """What goes wrong. Evaluations count from 1; 0: never."""

    step_time_s: float = 0.0
    fail_at_step: int = 0
    out_of_memory_at_step: int = 0
    loading: bool = False
    event_delay_s: float = 0.0

    @property
    def touches_pipelines(self) -> bool:
        """True where a pipeline must be wrapped."""
        return bool(self.step_time_s or self.fail_at_step or self.out_of_memory_at_step)


def faults_of(prompt: str, usual: Faults) -> Faults:
    """Returns what a prompt asks for, on top of the usual."""
    faults = usual
    for name, value in _TRIGGER.findall(prompt):
        faults = replace(faults, **_change(name, min(float(value or 1), _LONGEST_S)))
    return faults


def dressed(request: g.GenerateImageRequest, batches: Batches, usual: Faults) -> Batches:
    """Returns pipelines that misbehave as the flags and the prompt say. Raises Unavailable where it says loading."""
    faults = faults_of(request.prompt, usual)
    if faults.loading:
        raise Unavailable("the prompt says that the model is loading", reason="MODEL_LOADING", retry_after_s=1.0)
    if not faults.touches_pipelines:
        return batches
    return tuple(tuple(partial(_faulty, factory, faults) for factory in batch) for batch in batches)


def event_delay_s(request: g.GenerateImageRequest, usual: Faults) -> float:
    """Returns the seconds before each event of a request's stream."""
    return faults_of(request.prompt, usual).event_delay_s


def _change(name: str, value: float) -> dict[str, Any]:
    match name:
        case "step_time":
            return {"step_time_s": value}
        case "fail":
            return {"fail_at_step": int(value)}
        case "oom":
            return {"out_of_memory_at_step": int(value)}
        case "slow":
            return {"event_delay_s": value}
        case _:
            return {"loading": True}


def _faulty(factory: PipelineFactory, faults: Faults, sleep: Callable[[float], None] = time.sleep) -> Pipeline:
    """Runs a pipeline and gets in its way before each evaluation; what is thrown at it goes to the pipeline inside."""
    pipeline, evaluation = factory(), 0
    step: Callable[[Pipeline], Ask] = next
    while True:
        try:
            ask = step(pipeline)
        except StopIteration:
            return
        try:
            if _is_denoising(ask):
                evaluation += 1
                yield Compute(_misbehave, (faults, evaluation, sleep))
            step = partial(_send, (yield ask))
        except Exception as thrown:  # noqa: BLE001 - Stopped and failures alike
            step = partial(_throw, thrown)


def _is_denoising(ask: Ask) -> bool:
    return isinstance(ask, Evaluate) and bool(ask.rows) and isinstance(ask.rows[0], DenoiseRow)


def _send(answer: object, pipeline: Pipeline) -> Ask:
    return pipeline.send(answer)


def _throw(error: Exception, pipeline: Pipeline) -> Ask:
    return pipeline.throw(error)


def _misbehave(faults: Faults, evaluation: int, sleep: Callable[[float], None]) -> None:
    if evaluation == faults.out_of_memory_at_step:
        raise OutOfMemory("the fake has no memory for this, as it was told")
    if evaluation == faults.fail_at_step:
        raise FakeFailure("the fake failed, as it was told")
    if faults.step_time_s:
        sleep(faults.step_time_s)
