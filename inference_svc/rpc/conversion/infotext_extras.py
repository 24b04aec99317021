"""The generation parameters that A1111 writes after the usual ones, where they differ from what is usual."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import TypeAlias

from inference_svc.rpc.catalogue import UsableModel
from inference_svc.rpc.conversion.beside import Beside
from inference_svc.rpc.conversion.refiner import refiner_pass
from inference_svc.sampling import SAMPLERS, SCHEDULERS
from latentwire.v1 import generation_service_pb2 as g
from latentwire.v1 import types_pb2 as t

Pairs: TypeAlias = list[tuple[str, object | None]]

_EMPHASES: Mapping[int, str] = MappingProxyType(
    {g.EMPHASIS_MODE_NO_NORM: "No norm", g.EMPHASIS_MODE_IGNORE: "Ignore", g.EMPHASIS_MODE_NONE: "None"}
)
_CONTENTS: Mapping[int, str] = MappingProxyType(
    {
        g.MASK_FILL_FILL: "fill",
        g.MASK_FILL_LATENT_NOISE: "latent noise",
        g.MASK_FILL_LATENT_NOTHING: "latent nothing",
    }
)
_REFINER_PASSES: Mapping[int, str] = MappingProxyType(
    {g.REFINER_PASS_FIRST: "first pass", g.REFINER_PASS_BOTH: "both passes"}
)
_TIMESTEP_SAMPLERS = ("DDIM", "DDIM CFG++", "PLMS", "UniPC")


def extras(resolved: g.GenerateImageRequest, beside: Beside) -> Pairs:
    """Returns the pairs in order; a value of None is left out by the writer."""
    return [
        *(_hires(resolved, beside) if resolved.HasField("hires") else ()),
        *(_inpaint(resolved.inpaint) if resolved.HasField("inpaint") else ()),
        *(_init(resolved.init) if resolved.HasField("init") else ()),
        *_solver(resolved.sampling),
        ("NGMS", resolved.guidance.min_uncond_sigma or None),
        ("Skip Early CFG", resolved.guidance.skip_early or None),
        ("Pad conds", resolved.prompts.pad_uncond or None),
        *(_refiner(resolved, beside) if resolved.HasField("refiner") else ()),
        ("Emphasis", _EMPHASES.get(resolved.prompts.emphasis)),
        ("Old prompt editing timelines", resolved.prompts.old_editing or None),
    ]


def schedule_label(sampling: t.SamplerSettings) -> str:
    """Returns the schedule's label as users see it; "automatic" with a sampler that has its own means that one."""
    own = SAMPLERS[sampling.sampler].options.get("scheduler", "automatic")
    name = own if sampling.scheduler == "automatic" else sampling.scheduler
    return SCHEDULERS[name].label


def _hires(resolved: g.GenerateImageRequest, beside: Beside) -> Pairs:
    hires, first = resolved.hires, resolved.sampling
    second = hires.sampling if hires.HasField("sampling") else first
    sized = bool(hires.width or hires.height)
    label = schedule_label(second)
    same_schedule = (second.scheduler, label) == (first.scheduler, schedule_label(first))
    return [
        ("Hires prompt", _unless(hires.prompt, resolved.prompt) or None),
        ("Hires negative prompt", _unless(hires.negative_prompt, resolved.negative_prompt) or None),
        ("Hires schedule type", None if same_schedule else label),
        ("Hires upscale", None if sized else hires.scale),
        ("Hires resize", f"{hires.width}x{hires.height}" if sized else None),
        ("Hires steps", hires.steps or None),
        ("Hires upscaler", hires.upscaler),
        ("Hires sampler", _unless(second.sampler, first.sampler)),
        ("Hires checkpoint", _title(hires.model, beside.hires) if hires.model else None),
    ]


def _inpaint(inpaint: g.Inpaint) -> Pairs:
    even = inpaint.blur_x == inpaint.blur_y
    return [
        ("Mask mode", "Inpaint not masked" if inpaint.invert else None),
        ("Mask blur", inpaint.blur_x or None if even else None),
        ("Inpaint area", "Only masked" if inpaint.only_masked else None),
        ("Masked area padding", inpaint.only_masked_padding if inpaint.only_masked else None),
        ("Masked content", _CONTENTS.get(inpaint.fill)),
    ]


def _init(init: g.InitImage) -> Pairs:
    return [("Noise multiplier", _unless(init.noise_multiplier, 1.0)), ("Extra noise", init.extra_noise or None)]


def _solver(sampling: t.SamplerSettings) -> Pairs:
    eta_key = "Eta DDIM" if sampling.sampler in _TIMESTEP_SAMPLERS else "Eta"
    usual_eta = SAMPLERS[sampling.sampler].default_eta
    return [
        (eta_key, _unless(sampling.eta, usual_eta)),
        ("Sigma churn", sampling.s_churn or None),
        ("Sigma tmin", sampling.s_tmin or None),
        ("Sigma tmax", sampling.s_tmax or None),
        ("Sigma noise", _unless(sampling.s_noise, 1.0)),
        ("Schedule max sigma", sampling.sigma_max or None),
        ("Schedule min sigma", sampling.sigma_min or None),
        ("Schedule rho", sampling.rho or None),
        *(_beta(sampling) if sampling.scheduler == "beta" else ()),
        ("Old karras scheduler sigmas", sampling.old_karras_range or None),
        ("Discard penultimate sigma", True if sampling.discard_next_to_last_sigma else None),
        ("SGM noise multiplier", True if sampling.sgm_noise_multiplier else None),
        *(_uni_pc(sampling.uni_pc) if sampling.sampler == "UniPC" else ()),
    ]


def _beta(sampling: t.SamplerSettings) -> Pairs:
    return [("Beta schedule alpha", sampling.beta_alpha), ("Beta schedule beta", sampling.beta_beta)]


def _uni_pc(settings: t.UniPcSettings) -> Pairs:
    lowers = settings.HasField("lower_order_final")
    return [
        ("UniPC variant", _unless(settings.variant, "bh1") or None),
        ("UniPC skip type", _unless(settings.skip_type, "time_uniform") or None),
        ("UniPC order", _unless(settings.order, 3) if settings.HasField("order") else None),
        ("UniPC lower order final", _unless(settings.lower_order_final, True) if lowers else None),
    ]


def _refiner(resolved: g.GenerateImageRequest, beside: Beside) -> Pairs:
    refiner = resolved.refiner
    acting = _REFINER_PASSES.get(refiner_pass(refiner)) if resolved.HasField("hires") else None
    return [
        ("Hires refiner", acting),
        ("Refiner", _title(refiner.model, beside.refiner)),
        ("Refiner switch at", refiner.switch_at),
    ]


def _title(name: str, model: UsableModel | None) -> str:
    """A model's name with the short hash that A1111 puts behind it."""
    short = model.facts.sha256[:10] if model else ""
    return f"{name} [{short}]" if short else name


def _unless(value: object, usual: object) -> object | None:
    return None if value == usual else value
