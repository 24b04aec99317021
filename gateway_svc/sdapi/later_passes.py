"""The second, larger pass and the model that takes over, in the words of the contract. Pure."""

from __future__ import annotations

from typing import Final

from gateway_svc.sdapi.job import Job, Refiner, SecondPass, floored
from gateway_svc.sdapi.schemas import Txt2ImgRequest
from gateway_svc.sdapi.solver_settings import sampling
from latentwire.v1 import generation_service_pb2 as gs

REFINER_PASSES: Final = {
    "first pass": gs.REFINER_PASS_FIRST,
    "second pass": gs.REFINER_PASS_SECOND,
    "both passes": gs.REFINER_PASS_BOTH,
}


def hires(job: Job, request: Txt2ImgRequest, second: SecondPass) -> gs.HiresPass:
    """The second pass. Without a strength the service takes its own."""
    width, height = request.hr_resize_x or 0, request.hr_resize_y or 0
    message = gs.HiresPass(
        width=floored(width),
        height=floored(height),
        upscaler=second.upscaler,
        steps=request.hr_second_pass_steps or 0,
        model=second.model,
        prompt=second.prompt,
        negative_prompt=second.negative_prompt,
    )
    if not (width or height) and request.hr_scale is not None:
        message.scale = request.hr_scale
    if request.denoising_strength is not None:
        message.strength = request.denoising_strength
    if second.solver != job.solver:
        message.sampling.CopyFrom(sampling(request, job.options, second.solver))
    return message


def refiner(job: Job, asked: Refiner) -> gs.Refiner:
    """The model that takes over, and when."""
    acting = REFINER_PASSES.get(job.options.hires_fix_refiner_pass, gs.REFINER_PASS_SECOND)
    return gs.Refiner(model=asked.model, switch_at=asked.switch_at, **{"pass": acting})
