"""How pictures are made: one generator a picture, written top to bottom, that asks for work and is sent the results.

    plan = plan_of(spec)                       # raises InvalidArgument: call it before anything is accepted
    Request(id, batches=pictures(spec), evaluations=evaluations(spec), key=batch_key(spec), listener=...)

`spec` is a GenerationSpec. The engine's `Reported.event` is then a StepDone after each step of a picture, and one
PictureReady at its end, in any order among the pictures of a batch: `index` tells which. A picture that is stopped
before its first evaluation ends without one.
"""

from inference_svc.pipelines.factories import batch_key, evaluations, pictures, plan_of
from inference_svc.pipelines.images import encode_image
from inference_svc.pipelines.previews import preview
from inference_svc.pipelines.reports import PictureReady, Stage, StepDone
from inference_svc.pipelines.spec import (
    GenerationSpec,
    GuidanceSettings,
    ImageFormat,
    InitSettings,
    OutputOptions,
    PictureSpec,
    PromptSettings,
    ResizeMode,
    SamplingSettings,
)

__all__ = [
    "GenerationSpec",
    "GuidanceSettings",
    "ImageFormat",
    "InitSettings",
    "OutputOptions",
    "PictureReady",
    "PictureSpec",
    "PromptSettings",
    "ResizeMode",
    "SamplingSettings",
    "Stage",
    "StepDone",
    "batch_key",
    "encode_image",
    "evaluations",
    "pictures",
    "plan_of",
    "preview",
]
