"""From a picture and words to a picture: all of it, or what is masked."""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from PIL import Image

from inference_svc.pipelines.delivery import Retouch, deliver
from inference_svc.pipelines.inpaint_settings import InpaintSettings, MaskFill
from inference_svc.pipelines.inpainting import Region, begun, filled, region_of, worked_on
from inference_svc.pipelines.latent_scaling import bilinear, rescaled
from inference_svc.pipelines.masks import latent_mask
from inference_svc.pipelines.noising import noised_state
from inference_svc.pipelines.passes import Pass, Sampled, pass_of, reached, sample
from inference_svc.pipelines.pixels import Pixels
from inference_svc.pipelines.reports import Remark
from inference_svc.pipelines.resizing import encodable, fitted, flattened, grown_size
from inference_svc.pipelines.resume import Standing, finishing
from inference_svc.pipelines.spec import GenerationSpec, InitSettings, PictureSpec, ResizeMode
from inference_svc.pipelines.upscaling import UpscaleSpec, upscale
from inference_svc.sampling.noise import NoiseSpec, draw
from inference_svc.work import Array, Ask, Compute, EncodeImageRow, Evaluate, Pipeline, Report

_BLANK = "inpaint.only_masked has no effect: the mask is blank, so that the whole picture is made anew"


@dataclass(frozen=True, slots=True, eq=False)
class Source:
    """What a picture starts from. `values`: for the encoder; `mask`: (1, 1, h, w) for the latents, 1 is repainted."""

    values: Array
    mask: Array | None
    retouch: Retouch | None


def image_to_image(spec: GenerationSpec, picture: PictureSpec, index: int, since: Standing | None = None) -> Pipeline:
    """Makes one picture from `picture.init`, or goes on with it; a plan of no steps gives back what was encoded."""
    run, init = pass_of(spec, picture, index), spec.init or InitSettings()
    if since is None:
        run, retouch = yield from _prepared(run, init)
        sampled = yield from first_pass(run, init)
    else:
        (run, retouch), stopped = yield from finishing(_prepared(run, init, again=True))
        sampled = reached(run, since, stopped=True) if stopped else (yield from sample(run, since))
    yield from deliver(spec, picture, index, sampled, retouch)


def _prepared(
    run: Pass, init: InitSettings, *, again: bool = False
) -> Generator[Ask, Any, tuple[Pass, Retouch | None]]:
    """Puts into the plan what it starts from; `again`, only if that acts on later steps too, which takes a mask."""
    source = yield from read_source(run.spec, init, run.picture)
    if again and source.mask is None:
        return run, source.retouch
    latents = yield from encode_source(run.spec, init, run.picture, source)
    return replace(run, plan=replace(run.plan, init_latents=latents, mask=source.mask)), source.retouch


def first_pass(run: Pass, init: InitSettings) -> Generator[Ask, Any, Sampled]:
    """Samples from the plan's init latents."""
    state = yield Compute(noised_state, (run.plan, init, run.plan.init_latents))
    return (yield from sample(run, Standing(run.stage, state)))


def read_source(spec: GenerationSpec, init: InitSettings, picture: PictureSpec) -> Generator[Ask, Any, Source]:
    """Finds what is worked on, makes it larger where it is too small, and fits it to the size asked for."""
    found = yield Compute(_read, (spec, init, picture.init))
    if isinstance(found, Region):
        pixels = yield from _upscaled(spec, init, found)
        found = yield Compute(_source, (spec, init, found, pixels))
    source: Source = found
    if spec.inpaint is not None and source.mask is None:
        yield Report(Remark(_BLANK))
    return source


def encode_source(
    spec: GenerationSpec, init: InitSettings, picture: PictureSpec, source: Source
) -> Generator[Ask, Any, Array]:
    """Returns the latents (1, C, h, w) to start from."""
    (latents,) = yield Evaluate((EncodeImageRow(spec.facts.name, source.values, spec.tiles),))
    if init.resize_mode is ResizeMode.LATENT and latents.shape[1:] != spec.latent_shape:
        latents = yield Compute(rescaled, (latents, *spec.latent_shape[1:], bilinear))
    if source.mask is not None and spec.inpaint is not None:
        latents = yield Compute(_begun, (spec.inpaint, picture.noise, latents, source.mask))
    return latents


def _read(spec: GenerationSpec, init: InitSettings, pixels: Pixels) -> Source | Region:
    """Returns the source, or the region that an upscaler must make larger first."""
    region = region_of(spec, flattened(pixels, init.background))
    if _growth(spec, init, region) is None:
        return _source(spec, init, region, region.image)
    return region


def _growth(spec: GenerationSpec, init: InitSettings, region: Region) -> tuple[int, int] | None:
    """The (width, height) that an upscaler brings the region to: what it is fitted to, if that is larger."""
    image, size = region.image, (spec.width, spec.height)
    mode = init.resize_mode if region.box is None else ResizeMode.FILL
    if init.upscaler is None or mode is ResizeMode.LATENT:
        return None
    width, height = grown_size(image.size, size, mode)
    return None if width <= image.width and height <= image.height else (width, height)


def _upscaled(spec: GenerationSpec, init: InitSettings, region: Region) -> Generator[Ask, Any, Image.Image]:
    size = _growth(spec, init, region)
    if init.upscaler is None or size is None:
        return region.image
    pixels = yield from upscale(UpscaleSpec(init.upscaler, *size), np.asarray(region.image, np.uint8))
    return Image.fromarray(pixels)


def _source(spec: GenerationSpec, init: InitSettings, region: Region, image: Image.Image) -> Source:
    inpaint = spec.inpaint
    if inpaint is None or region.mask is None:
        image = fitted(spec, init, image)
        retouch = Retouch(colors=np.asarray(image, np.uint8)) if init.color_correction else None
        return Source(encodable(image), None, retouch)
    image, mask, repaint = worked_on(spec, init, region, image)
    if inpaint.fill is not MaskFill.ORIGINAL:
        image = filled(image, mask)
    colors = np.asarray(image, np.uint8) if init.color_correction else None
    _, height, width = spec.latent_shape
    return Source(
        encodable(image),
        latent_mask(mask, (width, height), rounded=inpaint.rounded),
        Retouch(colors, repaint, inpaint),
    )


def _begun(inpaint: InpaintSettings, noise: NoiseSpec, latents: Array, mask: Array) -> Array:
    """Noise to start from is the seed's own, without variation."""
    plain = NoiseSpec(source=noise.source, seed=noise.seed)
    noisy = inpaint.fill is MaskFill.LATENT_NOISE
    values = draw(plain, 0, tuple(latents.shape[1:]))[None] if noisy else None
    return begun(latents, mask, inpaint.fill, values)
