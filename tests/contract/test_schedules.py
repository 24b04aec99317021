"""Every schedule, UniPC's settings and both sources of noise through GenerateImage, on both engines."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

import pytest
from PIL import Image

from inference_svc.sampling import SCHEDULERS
from latentwire.v1 import types_pb2 as t
from tests.contract.serving import asked, make

if TYPE_CHECKING:
    from latentwire.v1.generation_service_pb2_grpc import GenerationServiceAsyncStub as Stub

SEEDED = t.NoiseSpec(seed=4)


async def pixels(generation: Stub, sampling: t.SamplerSettings, noise: t.NoiseSpec = SEEDED) -> bytes:
    made = await make(generation, asked(sampling=sampling, noise=noise))
    return Image.open(io.BytesIO(made.pictures[0].data)).tobytes()


async def test_each_schedule_makes_a_picture_of_its_own(generation: Stub) -> None:
    names = SCHEDULERS.keys() - {"automatic", "uniform", "normal", "polyexponential", "simple"}  # these are as others
    settings = [t.SamplerSettings(sampler="Euler", steps=4, scheduler=name) for name in names]
    assert len({await pixels(generation, sampling) for sampling in settings}) == len(names)


async def test_with_euler_automatic_uniform_and_normal_are_one(generation: Stub) -> None:
    settings = [t.SamplerSettings(sampler="Euler", steps=4, scheduler=name) for name in ("", "Uniform", "Normal")]
    assert len({await pixels(generation, sampling) for sampling in settings}) == 1


@pytest.mark.parametrize(
    "changed",
    [
        t.SamplerSettings(uni_pc=t.UniPcSettings(variant="bh2")),
        t.SamplerSettings(uni_pc=t.UniPcSettings(skip_type="time_quadratic")),
        t.SamplerSettings(uni_pc=t.UniPcSettings(order=1)),
        t.SamplerSettings(uni_pc=t.UniPcSettings(lower_order_final=False)),
    ],
)
async def test_each_setting_of_uni_pc_changes_the_picture(generation: Stub, changed: t.SamplerSettings) -> None:
    plain = t.SamplerSettings(sampler="UniPC", steps=4)
    changed.MergeFrom(plain)
    assert await pixels(generation, changed) != await pixels(generation, plain)


async def test_the_shapes_and_the_old_range_change_the_picture(generation: Stub) -> None:
    plain = t.SamplerSettings(sampler="Euler", steps=4, scheduler="beta")
    settings = [plain, t.SamplerSettings(beta_alpha=2), t.SamplerSettings(beta_beta=2)]
    settings.append(t.SamplerSettings(old_karras_range=True))
    for changed in settings[1:]:
        changed.MergeFrom(plain)
    assert len({await pixels(generation, sampling) for sampling in settings}) == len(settings)


async def test_the_sources_of_noise_make_different_pictures_and_each_again_the_same(generation: Stub) -> None:
    sampling = t.SamplerSettings(sampler="Euler a", steps=2)
    made = [await pixels(generation, sampling, t.NoiseSpec(source=source, seed=4)) for source in ("nv", "cpu") * 2]
    assert (made[:2], len(set(made))) == (made[2:], 2)
