"""The second, larger pass."""

from __future__ import annotations

from dataclasses import dataclass

from inference_svc.pipelines import LATENT_MODES
from inference_svc.rpc.conversion.beside import Beside, check_fits, check_latents
from inference_svc.rpc.conversion.limits import LARGEST_SIDE, LONGEST_PROMPT
from inference_svc.rpc.conversion.settings import MOST_STEPS, resolve_guidance, resolve_sampling
from inference_svc.rpc.conversion.violations import Violations
from inference_svc.work import ModelFacts
from latentwire.v1 import generation_service_pb2 as g
from latentwire.v1 import types_pb2 as t

DEFAULT_SCALE, MOST_SCALE = 2.0, 8.0
DEFAULT_STRENGTH = 0.7
DEFAULT_UPSCALER = "Latent"


@dataclass(frozen=True, slots=True)
class HiresSizes:
    """Sizes (width, height) in pixels: `asked` for, what the first result is enlarged to, what is cut out of that."""

    asked: tuple[int, int]
    cover: tuple[int, int]
    size: tuple[int, int]


def resolve_hires(
    request: g.GenerateImageRequest,
    resolved: g.GenerateImageRequest,
    facts: ModelFacts,
    beside: Beside,
    violations: Violations,
) -> None:
    """Fills in the pass' defaults, from `resolved` where it takes after the first pass, and checks every value."""
    if not request.HasField("hires"):
        return
    if request.HasField("init"):
        violations.add("hires", "hires with init", "hires without init: image-to-image has one pass")
    given, hires = request.hires, resolved.hires
    hires.CopyFrom(
        g.HiresPass(
            upscaler=_upscaler(given.upscaler or DEFAULT_UPSCALER, beside, violations),
            steps=_steps(given, resolved.sampling, violations),
            strength=violations.number(
                "hires.strength", given.strength if given.HasField("strength") else DEFAULT_STRENGTH, 0, 1
            ),
            model=beside.hires.facts.name if beside.hires else "",
            prompt=violations.text("hires.prompt", given.prompt, LONGEST_PROMPT),
            negative_prompt=violations.text("hires.negative_prompt", given.negative_prompt, LONGEST_PROMPT),
        )
    )
    _resolve_solver(given, resolved, violations)
    _resolve_size(given, resolved, facts, beside, violations)


def hires_sizes(resolved: g.GenerateImageRequest, facts: ModelFacts) -> HiresSizes:
    """Returns the sizes of a resolved request's second pass, by A1111's rules; sides go down to whole multiples.

    One side keeps the proportions; both cover the target first, and what hangs over is cut off.
    """
    hires, (width, height) = resolved.hires, (resolved.width, resolved.height)
    if not (hires.width or hires.height):
        asked = cover = (int(width * hires.scale), int(height * hires.scale))
    elif not hires.height:
        asked = cover = (hires.width, hires.width * height // width)
    elif not hires.width:
        asked = cover = (hires.height * width // height, hires.height)
    else:
        asked = (hires.width, hires.height)
        wider = hires.width * height > hires.height * width
        cover = (asked[0], asked[0] * height // width) if wider else (asked[1] * width // height, asked[1])
    multiple = facts.size_multiple
    return HiresSizes(asked, _whole(cover, multiple), _whole(asked, multiple))


def _whole(size: tuple[int, int], multiple: int) -> tuple[int, int]:
    return size[0] // multiple * multiple, size[1] // multiple * multiple


def _upscaler(name: str, beside: Beside, violations: Violations) -> str:
    known = [*LATENT_MODES, *(upscaler.name for upscaler in beside.upscalers)]
    return violations.one_of("hires.upscaler", name, known)


def _steps(given: g.HiresPass, first: t.SamplerSettings, violations: Violations) -> int:
    """How many there are may be said in two places, but not twice; 0: as many as in the first pass."""
    steps, own = given.steps, given.sampling.steps
    if steps and own and steps != own:
        violations.add("hires.sampling.steps", own, f"hires.steps, {steps}, or none")
    return violations.whole("hires.steps", steps, 0, MOST_STEPS) or (0 if own == first.steps else own)


def _resolve_solver(given: g.HiresPass, resolved: g.GenerateImageRequest, violations: Violations) -> None:
    """What is not said is as in the first pass; of a solver that is given, its name and its schedule."""
    first, hires = resolved.sampling, resolved.hires
    if given.HasField("sampling"):
        solver = t.SamplerSettings()
        solver.CopyFrom(given.sampling)
        solver.sampler = solver.sampler or first.sampler
        solver.scheduler = solver.scheduler or first.scheduler
        solver.steps = hires.steps or first.steps
        hires.sampling.CopyFrom(resolve_sampling(solver, "hires.sampling", violations))
    if given.HasField("guidance"):
        hires.guidance.CopyFrom(resolve_guidance(given.guidance, "hires.guidance", violations))


def _resolve_size(
    given: g.HiresPass, resolved: g.GenerateImageRequest, facts: ModelFacts, beside: Beside, violations: Violations
) -> None:
    hires = resolved.hires
    hires.width = violations.whole("hires.width", given.width, 0, LARGEST_SIDE)
    hires.height = violations.whole("hires.height", given.height, 0, LARGEST_SIDE)
    if given.width or given.height:
        if given.HasField("scale"):
            violations.add("hires.scale", given.scale, "none beside width or height")
    else:
        scale = given.scale if given.HasField("scale") else DEFAULT_SCALE
        hires.scale = violations.number("hires.scale", scale, 1, MOST_SCALE)
    if not violations:
        _check_target(resolved, facts, beside, violations)


def _check_target(resolved: g.GenerateImageRequest, facts: ModelFacts, beside: Beside, violations: Violations) -> None:
    own, hires = beside.hires.facts if beside.hires else facts, resolved.hires
    check_latents("hires.model", own, facts, violations)
    sizes = hires_sizes(resolved, own)
    field = "hires.width" if hires.width else "hires.height" if hires.height else "hires.scale"
    for size in dict.fromkeys((sizes.size, sizes.cover)):
        check_fits(field, size, own, violations)
        if violations:
            return
