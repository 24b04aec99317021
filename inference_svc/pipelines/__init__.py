"""How pictures are made: one generator a picture, written top to bottom, that asks for work and is sent the results.

    plan = plan_of(spec)                       # raises InvalidArgument: call it before anything is accepted
    Request(id, batches=pictures(spec), evaluations=evaluations(spec), key=batch_key(spec), listener=...)

`spec` is a GenerationSpec. The engine's `Reported.event` is then a StepDone after each step of a picture, and one
PictureReady at its end, in any order among the pictures of a batch: `index` tells which. A picture that is stopped
before its first evaluation ends without one.

A StepDone holds all that a picture can be gone on from: `standing_after(done)`, given to `pictures(spec, standings)` of
an equal spec by the picture's index, makes the same bytes as if nothing had come between.
"""

from inference_svc.pipelines.factories import batch_key, evaluations, pictures, plan_of, step_count
from inference_svc.pipelines.images import encode_image
from inference_svc.pipelines.inpaint_settings import InpaintSettings, MaskFill
from inference_svc.pipelines.latent_scaling import LATENT_MODES
from inference_svc.pipelines.previews import preview
from inference_svc.pipelines.reports import ImageKind, PictureReady, Remark, Stage, StepDone
from inference_svc.pipelines.resume import DELIVERED, NOWHERE, Standing, Standings, pass_number, standing_after
from inference_svc.pipelines.spec import (
    GenerationSpec,
    GuidanceSettings,
    HiresSettings,
    ImageFormat,
    InitSettings,
    OutputOptions,
    PictureSpec,
    PromptedModel,
    PromptSettings,
    RefinerSettings,
    ResizeMode,
    SamplingSettings,
)

__all__ = [
    "DELIVERED",
    "LATENT_MODES",
    "NOWHERE",
    "GenerationSpec",
    "GuidanceSettings",
    "HiresSettings",
    "ImageFormat",
    "ImageKind",
    "InitSettings",
    "InpaintSettings",
    "MaskFill",
    "OutputOptions",
    "PictureReady",
    "PictureSpec",
    "PromptSettings",
    "PromptedModel",
    "RefinerSettings",
    "Remark",
    "ResizeMode",
    "SamplingSettings",
    "Stage",
    "Standing",
    "Standings",
    "StepDone",
    "batch_key",
    "encode_image",
    "evaluations",
    "pass_number",
    "pictures",
    "plan_of",
    "preview",
    "standing_after",
    "step_count",
]
