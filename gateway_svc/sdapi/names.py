"""Names of what acts beside the first pass: resolved, or refused in A1111's words."""

from __future__ import annotations

from collections.abc import Sequence

from gateway_svc.sdapi import checkpoint
from gateway_svc.sdapi.errors import Raised
from gateway_svc.sdapi.job import Refiner, SecondPass
from gateway_svc.sdapi.schemas import GenerationRequest, Txt2ImgRequest
from gateway_svc.sdapi.solver import Solver, UnknownSampler, second
from gateway_svc.sdapi.words import Words
from gateway_svc.services import Services
from latentwire.v1 import model_service_pb2 as ms
from latentwire.v1.types_pb2 import Model

_LATENT = "Latent"
_SAME_MODEL = "Use same checkpoint"
_NO_MODEL = ("", "None", "none")


async def second_pass_of(
    request: GenerationRequest, solver: Solver, words: Words, services: Services
) -> SecondPass | None:
    """The second pass, where one is asked for. Raises Raised for a name that is not there."""
    if not (isinstance(request, Txt2ImgRequest) and request.enable_hr):
        return None
    return SecondPass(
        upscaler=await _hires_upscaler(request.hr_upscaler or _LATENT, services),
        solver=await _second_solver(request, solver, services),
        model=await _second_model(request.hr_checkpoint_name or _SAME_MODEL, services),
        prompt=words.second_prompt,
        negative_prompt=words.second_negative_prompt,
    )


async def refiner_of(request: GenerationRequest, services: Services) -> Refiner | None:
    """The model that takes over, where one is asked for before the end. Raises Raised when it is not there."""
    name, switch_at = request.refiner_checkpoint or "", request.refiner_switch_at
    if name in _NO_MODEL or (switch_at is not None and switch_at >= 1):
        return None
    return Refiner(_found(await services.catalogue.models(), name).name, switch_at or 0.0)


async def img2img_upscaler_of(name: str | None, services: Services) -> tuple[str, tuple[str, ...]]:
    """The upscaler that fits input pictures, empty for Lanczos; and what was changed, in words."""
    if not name or name in ("None", "Lanczos"):
        return "", ()
    if name in _images(await services.catalogue.upscalers()):
        return name, ()
    return "", (f'upscaler_for_img2img "{name}" is not known: Lanczos was used',)


def own_schedules(samplers: Sequence[ms.Sampler]) -> dict[str, str]:
    """Samplers' names, each with the schedule that it has of its own, empty for none."""
    return {sampler.name: dict(sampler.options).get("scheduler", "") for sampler in samplers}


async def _hires_upscaler(name: str, services: Services) -> str:
    if name not in {upscaler.name for upscaler in await services.catalogue.upscalers()}:
        raise Raised("Exception", f"could not find upscaler named {name}")
    return name


async def _second_solver(request: Txt2ImgRequest, first: Solver, services: Services) -> Solver:
    samplers = own_schedules(await services.catalogue.samplers())
    try:
        return second(
            first, request.hr_sampler_name, request.hr_scheduler, samplers, await services.catalogue.schedulers()
        )
    except UnknownSampler as error:
        raise Raised("AssertionError", f"bad sampler name: {error}") from None


async def _second_model(name: str, services: Services) -> str:
    return "" if name == _SAME_MODEL else _found(await services.catalogue.models(), name).name


def _found(models: Sequence[Model], name: str) -> Model:
    found = checkpoint.find(models, name) or _closest(models, name)
    if found is None:
        raise Raised("Exception", f"Could not find checkpoint with name {name}")
    return found


def _closest(models: Sequence[Model], part: str) -> Model | None:
    """The model with the shortest title that a part of a name is found in."""
    fitting = [model for model in models if part in checkpoint.title(model)]
    return min(fitting, key=lambda model: len(checkpoint.title(model)), default=None)


def _images(upscalers: Sequence[ms.Upscaler]) -> set[str]:
    return {upscaler.name for upscaler in upscalers if upscaler.kind == ms.UPSCALER_KIND_IMAGE}
