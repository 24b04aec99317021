"""UniPC's settings and the schedules' shapes: defaults, ranges, and the way to the sampler."""

from __future__ import annotations

import math

import pytest

from inference_svc.rpc.conversion.settings import resolve_noise, resolve_sampling
from inference_svc.rpc.conversion.spec import sampling_settings
from inference_svc.rpc.conversion.violations import Violations
from inference_svc.sampling import SamplerOptions, ScheduleOptions
from latentwire.errors import InvalidArgument
from latentwire.v1 import types_pb2 as t


def resolved(settings: t.SamplerSettings) -> t.SamplerSettings:
    violations = Violations()
    found = resolve_sampling(settings, "sampling", violations)
    violations.check()
    return found


def test_defaults_are_the_samplers_own() -> None:
    found = sampling_settings(resolved(t.SamplerSettings()))
    assert (found.options, found.schedule) == (SamplerOptions(eta=0.0), ScheduleOptions())


def test_an_empty_uni_pc_is_as_none() -> None:
    assert resolved(t.SamplerSettings(uni_pc=t.UniPcSettings())) == resolved(t.SamplerSettings())


def test_what_is_given_reaches_the_sampler() -> None:
    uni_pc = t.UniPcSettings(variant="bh2", skip_type="time_quadratic", order=1, lower_order_final=False)
    given = t.SamplerSettings(uni_pc=uni_pc, beta_alpha=0.25, beta_beta=4, old_karras_range=True)
    found = sampling_settings(resolved(given))
    assert found.options == SamplerOptions(0.0, 0.0, 0.0, 0.0, 1.0, False, "bh2", "time_quadratic", 1, False)
    assert found.schedule == ScheduleOptions(beta_alpha=0.25, beta_beta=4.0, old_karras_range=True)


@pytest.mark.parametrize(
    ("field", "settings", "allowed"),
    [
        ("uni_pc.variant", t.SamplerSettings(uni_pc=t.UniPcSettings(variant="vary_coeff")), "bh1, bh2"),
        (
            "uni_pc.skip_type",
            t.SamplerSettings(uni_pc=t.UniPcSettings(skip_type="logsnr")),
            "time_uniform, time_quadratic, logSNR",
        ),
        ("uni_pc.order", t.SamplerSettings(uni_pc=t.UniPcSettings(order=0)), "1 to 3"),
        ("uni_pc.order", t.SamplerSettings(uni_pc=t.UniPcSettings(order=4)), "1 to 3"),
        ("beta_alpha", t.SamplerSettings(beta_alpha=0), "more than 0, to 100"),
        ("beta_alpha", t.SamplerSettings(beta_alpha=math.nan), "more than 0, to 100"),
        ("beta_beta", t.SamplerSettings(beta_beta=100.5), "more than 0, to 100"),
    ],
)
def test_a_value_out_of_range_is_refused_by_its_field(field: str, settings: t.SamplerSettings, allowed: str) -> None:
    with pytest.raises(InvalidArgument) as caught:
        resolved(settings)
    (violation,) = caught.value.violations
    assert (violation.field, violation.description.endswith(f"allowed: {allowed}")) == (f"sampling.{field}", True)


def test_noise_comes_from_nv_or_cpu() -> None:
    violations = Violations()
    sources = [resolve_noise(t.NoiseSpec(source=source), "noise", violations).source for source in ("", "nv", "cpu")]
    violations.check()
    assert sources == ["nv", "nv", "cpu"]
