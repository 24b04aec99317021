"""From latents to files."""

from __future__ import annotations

from collections.abc import Generator, Iterator
from dataclasses import dataclass, replace
from typing import Any

from inference_svc.pipelines.beside import encodes_at_once
from inference_svc.pipelines.colors import match_colors
from inference_svc.pipelines.images import encode_image
from inference_svc.pipelines.inpaint_settings import InpaintSettings
from inference_svc.pipelines.inpainting import Repaint, composite_picture, mask_picture, put_back
from inference_svc.pipelines.passes import Sampled
from inference_svc.pipelines.pixels import Pixels
from inference_svc.pipelines.reports import ImageKind, PictureReady
from inference_svc.pipelines.spec import GenerationSpec, ImageFormat, OutputOptions, PictureSpec
from inference_svc.work import Ask, Compute, DecodeRow, Evaluate, Report, Stopped


@dataclass(frozen=True, slots=True, eq=False)
class Retouch:
    """What is done to a decoded picture: its colours matched to `colors` (H, W, 3), then put back where it belongs."""

    colors: Pixels | None = None
    repaint: Repaint | None = None
    inpaint: InpaintSettings | None = None


@dataclass(frozen=True, slots=True, eq=False)
class _File:
    kind: ImageKind
    pixels: Pixels
    data: bytes
    format: ImageFormat


def deliver(
    spec: GenerationSpec, picture: PictureSpec, index: int, sampled: Sampled, retouch: Retouch | None = None
) -> Generator[Ask, Any, None]:
    """Decodes, retouches, encodes the files, and reports them: the picture, then what was asked for beside it.

    Goes through with it when stopped: there is no less to do.
    """
    (pixels,) = yield from _persist(Evaluate((DecodeRow(sampled.model, sampled.latents, sampled.tiling),)))
    if retouch is None and encodes_at_once(pixels, spec.output):
        files = files_of(pixels, spec.output, picture.infotext)
    else:
        files = yield from _persist(Compute(files_of, (pixels, spec.output, picture.infotext, retouch)))
    noise = picture.noise
    for file in files:
        yield Report(
            PictureReady(
                index, noise.seed, noise.subseed, file.pixels, file.data, file.format, picture.infotext, file.kind
            )
        )


def files_of(pixels: Pixels, output: OutputOptions, infotext: str, retouch: Retouch | None = None) -> tuple[_File, ...]:
    """Returns the file of a decoded picture (H, W, 3), retouched, and of what goes with it."""
    return tuple(_file(kind, shown, output, infotext) for kind, shown in _shown(pixels, retouch or Retouch()))


def _shown(pixels: Pixels, retouch: Retouch) -> Iterator[tuple[ImageKind, Pixels]]:
    if retouch.colors is not None:
        pixels = match_colors(pixels, retouch.colors)
    repaint, inpaint = retouch.repaint, retouch.inpaint
    if repaint is None or inpaint is None:
        yield ImageKind.RESULT, pixels
        return
    whole, alone = put_back(repaint, inpaint, pixels)
    yield ImageKind.RESULT, whole
    if inpaint.return_mask:
        yield ImageKind.MASK, mask_picture(repaint)
    if inpaint.return_composite:
        yield ImageKind.MASK_COMPOSITE, composite_picture(repaint, alone)


def _file(kind: ImageKind, pixels: Pixels, output: OutputOptions, infotext: str) -> _File:
    """A composite is transparent, which PNG and WebP alone can be: it is one of those."""
    if kind is ImageKind.MASK_COMPOSITE and output.format is not ImageFormat.WEBP:
        output = replace(output, format=ImageFormat.PNG)
    return _File(kind, pixels, encode_image(pixels, output, infotext), output.format)


def _persist(ask: Ask) -> Generator[Ask, Any, Any]:
    """Asks, and when stopped meanwhile asks again."""
    try:
        return (yield ask)
    except Stopped:
        return (yield ask)
