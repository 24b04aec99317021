"""What pipelines report, as rpc needs it."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from inference_svc.engine import Reported
from inference_svc.pipelines import ImageFormat, ImageKind, PictureReady, StepDone
from inference_svc.rpc.conversion.events import EncodedPicture
from inference_svc.rpc.conversion.stages import STAGES
from inference_svc.rpc.generation.progress import Step
from latentwire.v1 import types_pb2 as t

FORMATS: Mapping[t.ImageFormat.ValueType, ImageFormat] = MappingProxyType(
    {
        t.IMAGE_FORMAT_PNG: ImageFormat.PNG,
        t.IMAGE_FORMAT_JPEG: ImageFormat.JPEG,
        t.IMAGE_FORMAT_WEBP: ImageFormat.WEBP,
        t.IMAGE_FORMAT_RAW_RGB: ImageFormat.RAW_RGB,
    }
)
"""Formats on the wire, and inside."""

_WIRE_FORMATS = MappingProxyType({inside: wire for wire, inside in FORMATS.items()})
_KINDS: Mapping[ImageKind, t.ImageKind.ValueType] = MappingProxyType(
    {
        ImageKind.RESULT: t.IMAGE_KIND_RESULT,
        ImageKind.MASK: t.IMAGE_KIND_MASK,
        ImageKind.MASK_COMPOSITE: t.IMAGE_KIND_MASK_COMPOSITE,
    }
)


def encoded_picture(ready: PictureReady) -> EncodedPicture:
    """Returns a finished picture as it is sent."""
    return EncodedPicture(
        index=ready.index,
        data=ready.data,
        format=_WIRE_FORMATS[ready.format],
        width=ready.width,
        height=ready.height,
        seed=ready.seed,
        subseed=ready.subseed,
        infotext=ready.infotext,
        kind=_KINDS[ready.kind],
    )


def step_of(reported: Reported, done: StepDone) -> Step:
    """Returns a step as progress counts it."""
    return Step(
        batch=reported.batch,
        picture=done.index,
        step=done.step,
        step_count=done.step_count,
        sigma=done.sigma,
        batch_rows=reported.batch_rows,
        stage=STAGES[done.stage],
        steps_before=done.steps_before,
        steps_in_all=done.steps_in_all,
        pass_count=done.pass_count,
    )
