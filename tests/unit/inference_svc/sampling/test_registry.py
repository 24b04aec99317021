"""The samplers as they are listed."""

from __future__ import annotations

import pytest

from inference_svc.sampling import SAMPLERS, find_sampler, resolve_scheduler
from latentwire.errors import InvalidArgument

KARRAS, EXPONENTIAL = {"scheduler": "karras"}, {"scheduler": "exponential"}
SECOND_ORDER, BROWNIAN, ENSD, DISCARD = (
    {option: "True"} for option in ("second_order", "brownian_noise", "uses_ensd", "discard_next_to_last_sigma")
)


def test_samplers_are_listed_as_a1111_lists_them() -> None:
    listed = [(spec.name, spec.aliases, dict(spec.options), spec.evaluations_per_step) for spec in SAMPLERS.values()]
    assert listed == [
        ("DPM++ 2M", ("k_dpmpp_2m",), {"scheduler": "karras"}, 1),
        ("DPM++ SDE", ("k_dpmpp_sde",), {**KARRAS, **SECOND_ORDER, **BROWNIAN}, 2),
        ("DPM++ 2M SDE", ("k_dpmpp_2m_sde",), {**EXPONENTIAL, **BROWNIAN}, 1),
        ("DPM++ 2M SDE Heun", ("k_dpmpp_2m_sde_heun",), {**EXPONENTIAL, **BROWNIAN, "solver_type": "heun"}, 1),
        ("DPM++ 2S a", ("k_dpmpp_2s_a",), {**KARRAS, **ENSD, **SECOND_ORDER}, 2),
        ("DPM++ 3M SDE", ("k_dpmpp_3m_sde",), {**EXPONENTIAL, **DISCARD, **BROWNIAN}, 1),
        ("Euler a", ("k_euler_a", "k_euler_ancestral"), ENSD, 1),
        ("Euler", ("k_euler",), {}, 1),
        ("LMS", ("k_lms",), {}, 1),
        ("Heun", ("k_heun",), SECOND_ORDER, 2),
        ("DPM2", ("k_dpm_2",), {**KARRAS, **DISCARD, **SECOND_ORDER}, 2),
        ("DPM2 a", ("k_dpm_2_a",), {**KARRAS, **DISCARD, **ENSD, **SECOND_ORDER}, 2),
        ("DPM fast", ("k_dpm_fast",), ENSD, SAMPLERS["DPM fast"].evaluations_per_step),
        ("DPM adaptive", ("k_dpm_ad",), ENSD, SAMPLERS["DPM adaptive"].evaluations_per_step),
        ("Restart", ("restart",), {**KARRAS, **SECOND_ORDER}, 2),
        ("DDIM", ("ddim",), {}, 1),
        ("DDIM CFG++", ("ddim_cfgpp",), {}, 1),
        ("PLMS", ("plms",), {}, 1),
        ("UniPC", ("unipc",), {}, 1),
        ("LCM", ("k_lcm",), {}, 1),
    ]


def test_a_sampler_is_found_by_its_exact_name_alone() -> None:
    assert find_sampler("Euler a") is SAMPLERS["Euler a"]
    with pytest.raises(InvalidArgument, match="sampler: 'k_euler_a' is not allowed; allowed: DPM"):
        find_sampler("k_euler_a")


def test_automatic_resolves_to_the_samplers_own_schedule() -> None:
    resolved = {name: resolve_scheduler("Automatic", spec) for name, spec in SAMPLERS.items()}
    assert {name for name, schedule in resolved.items() if schedule == "exponential"} == {
        "DPM++ 2M SDE",
        "DPM++ 2M SDE Heun",
        "DPM++ 3M SDE",
    }
    assert (resolved["DPM++ 2M"], resolved["DPM2 a"], resolved["Euler a"]) == ("karras", "karras", "uniform")
    assert resolve_scheduler("Exponential", SAMPLERS["DPM++ 2M"]) == "exponential"


def test_three_samplers_discard_a_level_by_themselves() -> None:
    discarding = [name for name, spec in SAMPLERS.items() if spec.discard_next_to_last_sigma]
    assert discarding == ["DPM++ 3M SDE", "DPM2", "DPM2 a"]


def test_cfgpp_alone_divides_its_guidance() -> None:
    assert {name: spec.guidance_divisor for name, spec in SAMPLERS.items() if spec.guidance_divisor != 1} == {
        "DDIM CFG++": 12.5
    }


def test_the_samplers_of_timesteps_alone_put_kept_parts_into_their_input() -> None:
    blending = [name for name, spec in SAMPLERS.items() if spec.blends_input]
    assert blending == ["DDIM", "DDIM CFG++", "PLMS", "UniPC"]
