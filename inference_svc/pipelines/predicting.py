"""One guided evaluation of a model for each of some rows: a sampler elsewhere asks, and goes on by itself."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from dataclasses import dataclass
from typing import Any

import array_api_compat

from inference_svc.pipelines.conditioning import Conditioning
from inference_svc.pipelines.reading import PromptRun
from inference_svc.pipelines.sources import Source, encoded, rows_of
from inference_svc.pipelines.spec import GuidanceSettings
from inference_svc.sampling.guidance import combine
from inference_svc.work import Array, Ask, BatchKey, DenoiseRow, Evaluate, Kind, Pipeline, Report


@dataclass(frozen=True, slots=True, eq=False)
class Question:
    """One row: x (1, C, h, w) at noise level sigma, and its prompts; `negative` None: not evaluated."""

    x: Array
    sigma: float
    prompt: Source
    negative: Source | None


@dataclass(frozen=True, slots=True, eq=False)
class Questions:
    """Rows of one shape. `evaluation`: its index, from 0, as prompt editing counts. `uncond`: is to be told, too."""

    run: PromptRun
    rows: tuple[Question, ...]
    guidance: GuidanceSettings
    evaluation: int = 0
    uncond: bool = False

    @property
    def key(self) -> BatchKey:
        """What its evaluation is measured by."""
        return BatchKey(Kind.DENOISE, self.run.model, tuple(self.rows[0].x.shape[1:]))

    @property
    def row_count(self) -> int:
        """Rows that are evaluated, at most."""
        return sum(rows_of(row.prompt) + (row.negative is not None) for row in self.rows)

    def guides(self, row: Question) -> bool:
        """Whether the negative prompt acts on a row; the scale and the noise level decide, as in a whole run."""
        left_out = self.evaluation % 2 == 1 and row.sigma < self.guidance.min_uncond_sigma
        return self.guidance.scale != 1 and not left_out


@dataclass(frozen=True, slots=True, eq=False)
class Predicted:
    """The answers (B, C, h, w), guided, and without the prompt where that was asked for."""

    denoised: Array
    uncond: Array | None


def predict(questions: Questions) -> Pipeline:
    """Asks for all rows at once and reports Predicted."""
    rows = questions.rows
    conds = yield from encoded(questions.run, [row.prompt for row in rows])
    unconds = yield from _negatives(questions)
    asked = [_asked(questions, row, cond, uncond) for row, cond, uncond in zip(rows, conds, unconds, strict=True)]
    results = yield Evaluate(tuple(row for rows in asked for row in rows))
    answers, begin = [], 0
    for row, cond, own in zip(rows, conds, asked, strict=True):
        answers.append(_answer(questions, row, cond, results[begin : begin + len(own)]))
        begin += len(own)
    yield Report(Predicted(_joined([guided for guided, _ in answers]), _uncond(questions, answers)))


def _negatives(questions: Questions) -> Generator[Ask, Any, list[Conditioning | None]]:
    """The negative prompt of each row that needs its prediction."""
    needed = [row.negative if questions.uncond or questions.guides(row) else None for row in questions.rows]
    made = iter((yield from encoded(questions.run, [source for source in needed if source is not None])))
    return [None if source is None else next(made) for source in needed]


def _asked(questions: Questions, row: Question, cond: Conditioning, uncond: Conditioning | None) -> list[DenoiseRow]:
    contexts = cond.at(questions.evaluation) + ([] if uncond is None else uncond.at(questions.evaluation))
    return [DenoiseRow(questions.run.model, row.x, row.sigma, context) for context, _ in contexts]


def _answer(questions: Questions, row: Question, cond: Conditioning, results: Sequence[Array]) -> tuple[Array, Array]:
    """The guided prediction, and the last one: that of the negative prompt, where it was asked for."""
    weighted = [(result, weight) for result, (_, weight) in zip(results, cond.at(questions.evaluation), strict=False)]
    scale, first = questions.guidance.scale, weighted[0][0]
    if questions.guides(row):
        return combine(weighted, results[-1], scale), results[-1]
    return (first if len(weighted) == 1 else combine(weighted, first, scale)), results[-1]


def _uncond(questions: Questions, answers: Sequence[tuple[Array, Array]]) -> Array | None:
    return _joined([uncond for _, uncond in answers]) if questions.uncond else None


def _joined(rows: Sequence[Array]) -> Array:
    return array_api_compat.array_namespace(*rows).concat(list(rows), axis=0)
