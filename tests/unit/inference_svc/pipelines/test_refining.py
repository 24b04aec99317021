"""Another model for the last part of the steps."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from inference_svc.pipelines import GenerationSpec, PromptedModel, RefinerSettings, SamplingSettings, pictures
from inference_svc.pipelines.refining import completed
from inference_svc.sampling import ModelSigmas
from inference_svc.work import DecodeRow, DenoiseRow, EncodePromptRow, Evaluate, Row
from tests.unit.inference_svc.pipelines.toys import FACTS, OTHER_FACTS, Run, Words, run, spec

OTHER = PromptedModel(OTHER_FACTS, Words())
SIGMAS = ModelSigmas.from_alphas_cumprod(FACTS.alphas_cumprod)


def job(switch_at: float, sampler: str = "Euler", model: PromptedModel = OTHER, steps: int = 10) -> GenerationSpec:
    made = spec(sampling=SamplingSettings(sampler, steps=steps))
    return replace(made, refiner=RefinerSettings(model, switch_at))


def rows(seen: Run, kind: type[Any]) -> list[Any]:
    found: list[Row] = [row for ask in seen.asks if isinstance(ask, Evaluate) for row in ask.rows]
    return [row for row in found if isinstance(row, kind)]


def evaluated(made: GenerationSpec) -> list[DenoiseRow]:
    """The first row of every evaluation."""
    return rows(run(pictures(made)[0][0]()), DenoiseRow)[::2]


@pytest.mark.parametrize(("timestep", "fraction"), [(999, 0.0), (499, 0.5), (200, 0.799), (0, 0.999)])
def test_the_time_gone_by_is_counted_from_the_last_timestep(timestep: int, fraction: float) -> None:
    assert completed(SIGMAS, SIGMAS.sigmas[timestep]) == pytest.approx(fraction)


def test_between_two_timesteps_the_nearest_in_sigma_counts() -> None:
    between = [SIGMAS.sigmas[500] * (1 - share) + SIGMAS.sigmas[501] * share for share in (0.4, 0.6)]
    assert [completed(SIGMAS, sigma) for sigma in between] == pytest.approx([0.499, 0.498])


@pytest.mark.parametrize("sampler", ["Euler", "Heun", "DPM++ 2M", "DDIM", "Euler a"])
@pytest.mark.parametrize("switch_at", [0.3, 0.8])
def test_from_a_fraction_of_the_time_on_the_refiner_evaluates(sampler: str, switch_at: float) -> None:
    asked = evaluated(job(switch_at, sampler))
    expected = ["other" if completed(SIGMAS, row.sigma) >= switch_at else "toy" for row in asked]
    assert [row.model for row in asked] == expected
    assert set(expected) == {"toy", "other"}


def test_a_refiner_that_has_taken_over_does_not_hand_back() -> None:
    asked = evaluated(job(0.8, "Restart", steps=20))
    models, sigmas = [row.model for row in asked], [row.sigma for row in asked]
    assert max(np.diff(sigmas)) > 0
    assert models == sorted(models, reverse=True)


def test_at_0_it_evaluates_all_and_at_1_nothing() -> None:
    assert {row.model for row in evaluated(job(0.0))} == {"other"}
    assert {row.model for row in evaluated(job(1.0))} == {"toy"}


def test_it_reads_the_words_by_itself_and_decodes_what_it_has_made() -> None:
    seen = run(pictures(job(0.5))[0][0]())
    assert {row.model for row in rows(seen, EncodePromptRow)} == {"toy", "other"}
    assert [row.model for row in rows(seen, DecodeRow)] == ["other"]


def test_a_model_that_refines_itself_changes_nothing() -> None:
    made = job(0.5, model=PromptedModel(FACTS, Words()))
    seen, plain = (run(pictures(job_)[0][0]()) for job_ in (made, replace(made, refiner=None)))
    assert seen.picture.data == plain.picture.data
    assert len(seen.asks) == len(plain.asks)
