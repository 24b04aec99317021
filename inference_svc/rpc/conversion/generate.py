"""GenerateImageRequest: every default filled in, everything wrong found at once."""

from __future__ import annotations

from google.protobuf.duration_pb2 import Duration

from inference_svc.rpc.conversion.beside import Beside
from inference_svc.rpc.conversion.hires import resolve_hires
from inference_svc.rpc.conversion.ids import checked_task, request_id_or_new
from inference_svc.rpc.conversion.inpaint import resolve_inpaint
from inference_svc.rpc.conversion.limits import LARGEST_SIDE, LONGEST_PROMPT
from inference_svc.rpc.conversion.output import resolve_events, resolve_output
from inference_svc.rpc.conversion.parts import checked_parts
from inference_svc.rpc.conversion.refiner import resolve_refiner
from inference_svc.rpc.conversion.settings import (
    checked_enum,
    resolve_guidance,
    resolve_noise,
    resolve_prompts,
    resolve_sampling,
)
from inference_svc.rpc.conversion.violations import Violations
from inference_svc.work import ModelFacts
from latentwire.v1 import generation_service_pb2 as g
from latentwire.v1 import types_pb2 as t

SMALLEST_SIDE = 64
MOST_PER_BATCH, MOST_BATCHES, MOST_PICTURES = 64, 1000, 1000
LONGEST_GRACE_S = 600
_MOST_REMARKS = 64
_LONGEST_KEY = 128
_DEFAULT_STRENGTH = 0.75
_WHITE = 0xFFFFFF


def resolve_request(
    request: g.GenerateImageRequest, facts: ModelFacts, beside: Beside | None = None
) -> g.GenerateImageRequest:
    """Returns the request with every default filled in, pictures left out.

    Resolving it again changes nothing. Raises InvalidArgument with a violation for each field that is wrong.
    """
    violations, beside = Violations(), beside or Beside()
    resolved = g.GenerateImageRequest(
        request_id=request_id_or_new(request.request_id, violations),
        model=facts.name,
        sampling=resolve_sampling(request.sampling, "sampling", violations),
        guidance=resolve_guidance(request.guidance, "guidance", violations),
        noise=resolve_noise(request.noise, "noise", violations),
        prompts=resolve_prompts(request.prompts, facts, "prompts", violations),
        output=resolve_output(request.output, "output", violations),
        events=resolve_events(request.events, "events", violations),
        priority=violations.whole("priority", request.priority, -100, 100),
        detach_grace=_grace(request.detach_grace, violations),
        tiling=request.tiling,
    )
    _resolve_size(request, facts, resolved, violations)
    _resolve_counts(request, resolved, violations)
    _resolve_words(request, resolved, violations)
    _resolve_task(request, resolved, violations)
    _resolve_init(request, resolved, beside, violations)
    resolve_inpaint(request, resolved, violations)
    resolve_hires(request, resolved, facts, beside, violations)
    resolve_refiner(request, resolved, facts, beside, violations)
    violations.check()
    return resolved


def _resolve_size(
    request: g.GenerateImageRequest, facts: ModelFacts, resolved: g.GenerateImageRequest, violations: Violations
) -> None:
    resolved.width = _side("width", request.width if request.HasField("width") else None, facts, violations)
    resolved.height = _side("height", request.height if request.HasField("height") else None, facts, violations)
    fits = max(resolved.width, resolved.height) <= min(LARGEST_SIDE, facts.max_size)
    if fits and resolved.width * resolved.height > facts.max_pixels:
        size = f"{resolved.width}x{resolved.height}"
        violations.add("width", size, f"at most {facts.max_pixels} pixels, the largest picture of {facts.name}")


def _side(field: str, given: int | None, facts: ModelFacts, violations: Violations) -> int:
    value = facts.native_size if given is None else given
    low, high, multiple = max(SMALLEST_SIDE, facts.min_size), min(LARGEST_SIDE, facts.max_size), facts.size_multiple
    if not low <= value <= high or value % multiple:
        violations.add(field, value, f"a multiple of {multiple} from {low} to {high}")
    return value


def _resolve_counts(request: g.GenerateImageRequest, resolved: g.GenerateImageRequest, violations: Violations) -> None:
    size = request.batch_size if request.HasField("batch_size") else 1
    count = request.batch_count if request.HasField("batch_count") else 1
    resolved.batch_size = violations.whole("batch_size", size, 1, MOST_PER_BATCH)
    resolved.batch_count = violations.whole("batch_count", count, 1, MOST_BATCHES)
    if size * count > MOST_PICTURES and size <= MOST_PER_BATCH and count <= MOST_BATCHES:
        violations.add("batch_count", count, f"batch_size * batch_count at most {MOST_PICTURES}")


def _resolve_words(request: g.GenerateImageRequest, resolved: g.GenerateImageRequest, violations: Violations) -> None:
    resolved.prompt = violations.text("prompt", request.prompt, LONGEST_PROMPT)
    checked_parts("prompt", request.prompt, violations)
    checked_parts("hires.prompt", request.hires.prompt, violations)
    resolved.negative_prompt = violations.text("negative_prompt", request.negative_prompt, LONGEST_PROMPT)
    _resolve_picture_prompts(request, resolved, violations)
    violations.whole("infotext_extra.length", len(request.infotext_extra), 0, _MOST_REMARKS)
    violations.whole("infotext_omit.length", len(request.infotext_omit), 0, _MOST_REMARKS)
    for index, remark in enumerate(request.infotext_extra[:_MOST_REMARKS]):
        violations.text(f"infotext_extra[{index}].key", remark.key, _LONGEST_KEY)
        violations.text(f"infotext_extra[{index}].value", remark.value, LONGEST_PROMPT)
    resolved.infotext_extra.extend(request.infotext_extra)
    resolved.infotext_omit.extend(
        violations.text(f"infotext_omit[{index}]", key, _LONGEST_KEY)
        for index, key in enumerate(request.infotext_omit[:_MOST_REMARKS])
    )


def _resolve_picture_prompts(
    request: g.GenerateImageRequest, resolved: g.GenerateImageRequest, violations: Violations
) -> None:
    """Looks at none of them where their number is wrong: a message may hold millions."""
    count = resolved.batch_size * resolved.batch_count
    for field in ("picture_prompts", "picture_negative_prompts"):
        prompts = getattr(request, field)
        if len(prompts) not in {0, count}:
            violations.add(field, f"{len(prompts)} prompts", f"none, or as many as pictures, {count}")
            continue
        for index, prompt in enumerate(prompts):
            violations.text(f"{field}[{index}]", prompt, LONGEST_PROMPT)
        getattr(resolved, field).extend(prompts)
    for index, prompt in enumerate(resolved.picture_prompts):
        checked_parts(f"picture_prompts[{index}]", prompt, violations)


def _resolve_task(request: g.GenerateImageRequest, resolved: g.GenerateImageRequest, violations: Violations) -> None:
    if request.HasField("task"):
        resolved.task.CopyFrom(checked_task(request.task, violations))


def _resolve_init(
    request: g.GenerateImageRequest, resolved: g.GenerateImageRequest, beside: Beside, violations: Violations
) -> None:
    if not request.HasField("init"):
        return
    given = request.init
    if len(given.images) not in {1, resolved.batch_size}:
        violations.add("init.images", f"{len(given.images)} images", f"1, or batch_size, {resolved.batch_size}")
    resize_mode = checked_enum(given.resize_mode, t.ResizeMode, "init.resize_mode", violations)
    strength = given.strength if given.HasField("strength") else _DEFAULT_STRENGTH
    background = given.background_rgb if given.HasField("background_rgb") else _WHITE
    multiplier = given.noise_multiplier if given.HasField("noise_multiplier") else 1.0
    resolved.init.CopyFrom(
        g.InitImage(
            strength=violations.number("init.strength", strength, 0, 1),
            resize_mode=resize_mode or t.RESIZE_MODE_STRETCH,
            exact_steps=given.exact_steps,
            background_rgb=violations.whole("init.background_rgb", background, 0, _WHITE),
            noise_multiplier=violations.number("init.noise_multiplier", multiplier, 0, 1.5),
            extra_noise=violations.number("init.extra_noise", given.extra_noise, 0, 1),
            color_correction=given.color_correction,
            upscaler=_upscaler(given.upscaler, beside, violations),
        )
    )


def _upscaler(name: str, beside: Beside, violations: Violations) -> str:
    known = [upscaler.name for upscaler in beside.upscalers]
    return violations.one_of("init.upscaler", name, known) if name else ""


def _grace(given: Duration, violations: Violations) -> Duration:
    seconds = given.seconds + given.nanos / 1e9
    violations.number("detach_grace", seconds, 0, LONGEST_GRACE_S)
    return given
