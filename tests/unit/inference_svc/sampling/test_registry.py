"""The samplers as they are listed."""

from __future__ import annotations

import pytest

from inference_svc.sampling import SAMPLERS, find_sampler, resolve_scheduler
from latentwire.errors import InvalidArgument


def test_samplers_are_listed_as_a1111_lists_them() -> None:
    listed = [(spec.name, spec.aliases, dict(spec.options), spec.evaluations_per_step) for spec in SAMPLERS.values()]
    assert listed == [
        ("DPM++ 2M", ("k_dpmpp_2m",), {"scheduler": "karras"}, 1),
        ("Euler a", ("k_euler_a", "k_euler_ancestral"), {"uses_ensd": "True"}, 1),
        ("Euler", ("k_euler",), {}, 1),
        ("LMS", ("k_lms",), {}, 1),
        ("Heun", ("k_heun",), {"second_order": "True"}, 2),
        ("DDIM", ("ddim",), {}, 1),
    ]


def test_a_sampler_is_found_by_its_exact_name_alone() -> None:
    assert find_sampler("Euler a") is SAMPLERS["Euler a"]
    with pytest.raises(InvalidArgument, match="sampler: 'k_euler_a' is not allowed; allowed: DPM"):
        find_sampler("k_euler_a")


def test_automatic_resolves_to_the_samplers_own_schedule() -> None:
    assert [resolve_scheduler("Automatic", spec) for spec in SAMPLERS.values()] == ["karras", *["uniform"] * 5]
    assert resolve_scheduler("Exponential", SAMPLERS["DPM++ 2M"]) == "exponential"


def test_no_sampler_discards_a_level_by_itself_yet() -> None:
    assert not any(spec.discard_next_to_last_sigma for spec in SAMPLERS.values())
