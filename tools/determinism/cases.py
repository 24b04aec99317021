"""The requests whose pictures are compared: every sampler and schedule, shapes, batches, prompts, seeds, both faces."""

from __future__ import annotations

import base64
import io
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

from PIL import Image

from inference_svc.sampling import SAMPLERS, SCHEDULERS
from latentwire.v1 import generation_service_pb2 as g
from latentwire.v1 import types_pb2 as t

SIDE = 64
MOST_SEED = 2**32 - 1


@dataclass(frozen=True, slots=True)
class RpcCase:
    """A call of GenerateImage. The request names no id, so that it can be made any number of times."""

    name: str
    request: g.GenerateImageRequest


@dataclass(frozen=True, slots=True)
class RestCase:
    """A POST of the REST interface."""

    name: str
    path: str
    body: Mapping[str, Any]


Case: TypeAlias = RpcCase | RestCase


def cases() -> list[Case]:
    """Returns every case; names are unique."""
    made = [*_samplers(), *_schedules(), *_shapes(), *_prompts(), *_noises()]
    return [*made, *_starts(), *_repaints(), *_enlarged(), *_outputs(), *_rest()]


def _rpc(name: str, *, steps: int = 4, sampler: str = "", scheduler: str = "", **fields: Any) -> RpcCase:
    usual = {
        "prompt": "a red circle on a blue square",
        "width": SIDE,
        "height": SIDE,
        "sampling": t.SamplerSettings(sampler=sampler, scheduler=scheduler, steps=steps),
        "noise": t.NoiseSpec(seed=7),
    }
    return RpcCase(name, g.GenerateImageRequest(**{**usual, **fields}))


def _samplers() -> list[RpcCase]:
    return [_rpc(f"sampler {name}", sampler=name) for name in SAMPLERS]


def _schedules() -> list[RpcCase]:
    return [_rpc(f"schedule {name}", sampler="DPM++ 2M", scheduler=name) for name in SCHEDULERS]


def _shapes() -> list[RpcCase]:
    return [
        _rpc("size 64x128", width=64, height=128),
        _rpc("size 104x72", width=104, height=72),
        _rpc("one step", steps=1),
        _rpc("batch of three", batch_size=3, sampler="Euler a"),
        _rpc("two batches of two", batch_size=2, batch_count=2),
        _rpc("prompts of their own", batch_size=2, picture_prompts=["a green star", "a yellow moon"]),
    ]


def _prompts() -> list[RpcCase]:
    long = "BREAK ".join(f"a (small:1.{n}) [circle] above a ((square)) " for n in range(3))
    return [
        _rpc("no prompt", prompt=""),
        _rpc("weights and BREAK", prompt=long, negative_prompt="(blurry:1.4), [grey]"),
        _rpc("prompt editing", prompt="a [red:blue:0.5] [circle|square]"),
        _rpc("several chunks", prompt=", ".join(["a red circle"] * 60)),
        _rpc("another alphabet", prompt="красный круг 赤い円 🔴"),
        _rpc("no guidance", guidance=t.GuidanceSettings(scale=1.0)),
    ]


def _noises() -> list[RpcCase]:
    return [
        _rpc("seed 0", noise=t.NoiseSpec(seed=0)),
        _rpc("the last seed", noise=t.NoiseSpec(seed=MOST_SEED), batch_size=2),
        _rpc("a variation", noise=t.NoiseSpec(seed=7, subseed=8, subseed_strength=0.4)),
        _rpc("noise of another size", noise=t.NoiseSpec(seed=7, resize_from_width=128, resize_from_height=72)),
        _rpc(
            "a seed delta",
            noise=t.NoiseSpec(seed=7, eta_noise_seed_delta=31337),
            sampling=t.SamplerSettings(sampler="Euler a", steps=4, eta=0.7, s_noise=1.01),
        ),
    ]


def _starts() -> list[RpcCase]:
    return [
        _rpc("from a picture", init=_init(0.6)),
        _rpc("from two pictures", batch_size=2, init=_init(0.4, count=2), sampler="Euler a"),
        _rpc("from a picture, resized", width=96, init=_init(0.5, resize_mode=t.RESIZE_MODE_CROP)),
        _rpc("from a picture, colours kept", init=_init(0.7, color_correction=True)),
    ]


def _repaints() -> list[RpcCase]:
    mask = t.Image(data=_picture(1))
    files = g.Inpaint(mask=mask, blur_x=2, blur_y=5, round=False, return_mask=True, return_composite=True)
    noise = g.Inpaint(mask=mask, fill=g.MASK_FILL_LATENT_NOISE)
    return [
        _rpc("repainted", init=_init(0.6), inpaint=files, sampler="Euler a"),
        _rpc("repainted, only masked", init=_init(0.6), inpaint=g.Inpaint(mask=mask, invert=True, only_masked=True)),
        _rpc("repainted, from noise", batch_size=2, init=_init(0.8), inpaint=noise, sampler="DDIM"),
    ]


def _enlarged() -> list[RpcCase]:
    own = g.HiresPass(scale=1.5, steps=2, upscaler="Lanczos", sampling=t.SamplerSettings(sampler="DPM++ 2M SDE"))
    editing = g.HiresPass(scale=1.5, prompt="a [red:blue:1.5] star AND a moon:0.5")
    return [
        _rpc("a hires pass", hires=g.HiresPass(), sampler="Euler a"),
        _rpc("a hires pass of its own", batch_size=2, hires=own),
        _rpc("a hires pass, cut", hires=g.HiresPass(width=96, height=128, upscaler="Latent (bicubic antialiased)")),
        _rpc("a hires pass, other words", hires=editing, prompt="a green [circle|square]"),
    ]


def _init(strength: float, *, count: int = 1, **fields: Any) -> g.InitImage:
    images = [t.Image(data=_picture(number)) for number in range(count)]
    return g.InitImage(images=images, strength=strength, **fields)


def _outputs() -> list[RpcCase]:
    often = g.EventOptions(preview_every=1, preview=t.ImageOptions(format=t.IMAGE_FORMAT_PNG))
    return [
        _rpc("looked at while it is made", steps=8, events=often),
        _rpc("jpeg", output=t.ImageOptions(format=t.IMAGE_FORMAT_JPEG, quality=90)),
        _rpc("webp", output=t.ImageOptions(format=t.IMAGE_FORMAT_WEBP, lossless=True)),
        _rpc("raw, in small chunks", output=t.ImageOptions(format=t.IMAGE_FORMAT_RAW_RGB, chunk_bytes=1024)),
    ]


def _rest() -> list[RestCase]:
    usual = {"prompt": "a (red:1.2) circle", "width": SIDE, "height": SIDE, "steps": 4, "seed": 7}
    start = base64.b64encode(_picture(0)).decode()
    return [
        RestCase("REST txt2img", "/sdapi/v1/txt2img", usual),
        RestCase("REST seed 0", "/sdapi/v1/txt2img", {**usual, "seed": 0, "sampler_name": "Euler a"}),
        RestCase("REST the last seed", "/sdapi/v1/txt2img", {**usual, "seed": MOST_SEED}),
        RestCase("REST batches", "/sdapi/v1/txt2img", {**usual, "batch_size": 2, "n_iter": 2, "height": 96}),
        RestCase("REST img2img", "/sdapi/v1/img2img", {**usual, "init_images": [start], "denoising_strength": 0.5}),
    ]


def _picture(number: int) -> bytes:
    """A PNG of a gradient."""
    file = io.BytesIO()
    Image.radial_gradient("L").rotate(90 * number).resize((80, 72)).convert("RGB").save(file, "PNG")
    return file.getvalue()
