"""The axes of an X/Y/Z plot: A1111's labels, in its order, and what a value changes in a request."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final

from gateway_svc.sdapi.errors import Raised
from gateway_svc.sdapi.scripts.plot_values import BadValue, listed, numbers, orders
from gateway_svc.sdapi.scripts.script import Body, Known

Read = Callable[[Sequence[str]], list[Any]]
Apply = Callable[[Body, Any, Sequence[Any]], Body]
_TRUE: Final = ("true", "yes", "1")


@dataclass(frozen=True, slots=True)
class Axis:
    """One kind of axis.

    `choices`: what a value is chosen from. `shows_label`: legends say what it is. `cost`: of changing it; dear ones
    change least often. `kind`: of the route that has it alone, empty: both.
    """

    label: str
    read: Read
    apply: Apply
    choices: Callable[[Known], Sequence[str]] | None = None
    check: Callable[[Known, Any], None] = lambda _, __: None
    shows_label: bool = True
    cost: float = 0.0
    kind: str = ""

    def values(self, text: str, chosen: Sequence[str], *, as_text: bool) -> list[Any]:
        """Values from a text, or from those chosen in a list. Raises BadValue."""
        from_list = self.choices is not None and not as_text and bool(chosen)
        return self.read(list(chosen) if from_list else listed(text))

    def legend(self, value: Any) -> str:
        """How a value is written beside the pictures."""
        if self.label == "Nothing":
            return ""
        if isinstance(value, tuple):
            return ", ".join(value)
        text = str(round(value, 8) if isinstance(value, float) else value)
        return f"{self.label}: {text}" if self.shows_label else text


def axes(kind: str) -> tuple[Axis, ...]:
    """Those of txt2img, or of img2img."""
    return tuple(axis for axis in _AXES if axis.kind in ("", kind))


def _texts(parts: Sequence[str]) -> list[str]:
    return list(parts)


def _whole(parts: Sequence[str]) -> list[int]:
    return numbers(parts, int)


def _decimal(parts: Sequence[str]) -> list[float]:
    return numbers(parts, float)


def _field(name: str) -> Apply:
    return lambda request, value, _: request.model_copy(update={name: value})


def _option(name: str, convert: Callable[[Any], Any] = lambda value: value) -> Apply:
    def apply(request: Body, value: Any, _: Sequence[Any]) -> Body:
        return _with_option(request, name, convert(value))

    return apply


def _with_option(request: Body, name: str, value: Any) -> Body:
    return request.model_copy(update={"override_settings": {**(request.override_settings or {}), name: value}})


def _nothing(request: Body, _: Any, __: Sequence[Any]) -> Body:
    return request


def _replaced(request: Body, value: str, values: Sequence[Any]) -> Body:
    """The first value is looked for, and replaced by the others."""
    prompt, negative, sought = request.prompt or "", request.negative_prompt or "", str(values[0])
    if sought not in prompt and sought not in negative:
        raise Raised("RuntimeError", f"Prompt S/R did not find {sought} in prompt or negative prompt.")
    return request.model_copy(
        update={"prompt": prompt.replace(sought, value), "negative_prompt": negative.replace(sought, value)}
    )


def _ordered(request: Body, order: tuple[str, ...], _: Sequence[Any]) -> Body:
    """The parts change places: where one of them stood stands the one whose turn it is."""
    prompt = request.prompt or ""
    places = sorted((prompt.find(part), part) for part in order)
    if any(place < 0 for place, _ in places):
        missing = [part for place, part in places if place < 0]
        raise Raised("RuntimeError", f"Prompt order did not find {missing[0]} in the prompt.")
    text, end = "", 0
    for (place, stood), part in zip(places, order, strict=True):
        text += prompt[end : max(end, place)] + part
        end = max(end, place + len(stood))
    return request.model_copy(update={"prompt": text + prompt[end:]})


def _styled(request: Body, value: str, _: Sequence[Any]) -> Body:
    more = [name.strip() for name in value.split(",")]
    return request.model_copy(update={"styles": [*(request.styles or []), *more]})


def _sized(request: Body, value: str, _: Sequence[Any]) -> Body:
    width, _, height = value.partition("x")
    try:
        return request.model_copy(update={"width": int(width), "height": int(height)})
    except ValueError:
        raise BadValue(f"{value!r:.80} is no size such as 512x768") from None


def _faces(request: Body, value: str, _: Sequence[Any]) -> Body:
    wanted = value.lower() in (*_TRUE, "codeformer", "gfpgan")
    return request.model_copy(update={"restore_faces": wanted})


def _resampled(request: Body, value: str, _: Sequence[Any]) -> Body:
    """A sampler by its exact name."""
    return request.model_copy(update={"sampler_name": value})


def _known_sampler(known: Known, value: Any) -> None:
    if known.samplers and value not in known.samplers:
        raise Raised("RuntimeError", f"Unknown sampler: {value}")


def _known_model(known: Known, value: Any) -> None:
    if not any(value in title for title in known.models):
        raise Raised("RuntimeError", f"Unknown checkpoint: {value}")


def _known_model_or_none(known: Known, value: Any) -> None:
    if value not in ("None", "none", ""):
        _known_model(known, value)


def _samplers(known: Known) -> Sequence[str]:
    return known.samplers


def _models(known: Known) -> Sequence[str]:
    return known.models


def _fixed(*choices: str) -> Callable[[Known], Sequence[str]]:
    return lambda _: choices


_TXT, _IMG = "txt2img", "img2img"
_BOOLEAN: Final = _fixed("True", "False")


def _true(value: Any) -> bool:
    return str(value).lower() in _TRUE


def _plain(label: str, field: str, read: Read = _decimal, kind: str = "") -> Axis:
    return Axis(label, read, _field(field), kind=kind)


def _setting(label: str, option: str, read: Read = _decimal) -> Axis:
    return Axis(label, read, _option(option))


_AXES: Final = (
    Axis("Nothing", _texts, _nothing),
    _plain("Seed", "seed", _whole),
    _plain("Var. seed", "subseed", _whole),
    _plain("Var. strength", "subseed_strength"),
    _plain("Steps", "steps", _whole),
    _plain("Hires steps", "hr_second_pass_steps", _whole, _TXT),
    _plain("CFG Scale", "cfg_scale"),
    _plain("Image CFG Scale", "image_cfg_scale", _decimal, _IMG),
    Axis("Prompt S/R", _texts, _replaced, shows_label=False),
    Axis("Prompt order", orders, _ordered),
    Axis("Sampler", _texts, _resampled, _samplers, _known_sampler, shows_label=False, kind=_TXT),
    Axis("Hires sampler", _texts, _field("hr_sampler_name"), _samplers, _known_sampler, kind=_TXT),
    Axis("Sampler", _texts, _resampled, _samplers, _known_sampler, shows_label=False, kind=_IMG),
    Axis(
        "Checkpoint name",
        _texts,
        _option("sd_model_checkpoint"),
        _models,
        _known_model,
        shows_label=False,
        cost=1.0,
    ),
    _plain("Negative Guidance minimum sigma", "s_min_uncond"),
    _plain("Sigma Churn", "s_churn"),
    _plain("Sigma min", "s_tmin"),
    _plain("Sigma max", "s_tmax"),
    _plain("Sigma noise", "s_noise"),
    Axis("Schedule type", _texts, _field("scheduler"), lambda known: known.schedulers),
    _setting("Schedule min sigma", "sigma_min"),
    _setting("Schedule max sigma", "sigma_max"),
    _setting("Schedule rho", "rho"),
    _setting("Beta schedule alpha", "beta_dist_alpha"),
    _setting("Beta schedule beta", "beta_dist_beta"),
    _plain("Eta", "eta"),
    _setting("Clip skip", "CLIP_stop_at_last_layers", _whole),
    _plain("Denoising", "denoising_strength"),
    Axis("Initial noise multiplier", _decimal, _option("initial_noise_multiplier")),
    _setting("Extra noise", "img2img_extra_noise"),
    Axis("Hires upscaler", _texts, _field("hr_upscaler"), lambda k: [*k.latent_modes, *k.upscalers], kind=_TXT),
    Axis("Cond. Image Mask Weight", _decimal, _option("inpainting_mask_weight"), kind=_IMG),
    Axis("VAE", _texts, _option("sd_vae"), _fixed("Automatic", "None"), cost=0.7),
    Axis("Styles", _texts, _styled, lambda known: known.styles),
    Axis("UniPC Order", _whole, _option("uni_pc_order"), cost=0.5),
    Axis("Face restore", _texts, _faces, shows_label=False),
    _setting("Token merging ratio", "token_merging_ratio"),
    _setting("Token merging ratio high-res", "token_merging_ratio_hr"),
    Axis("Always discard next-to-last sigma", _texts, _option("always_discard_next_to_last_sigma", _true), _BOOLEAN),
    Axis("SGM noise multiplier", _texts, _option("sgm_noise_multiplier", _true), _BOOLEAN),
    Axis(
        "Refiner checkpoint",
        _texts,
        _field("refiner_checkpoint"),
        lambda known: ["None", *known.models],
        _known_model_or_none,
        shows_label=False,
        cost=1.0,
    ),
    _plain("Refiner switch at", "refiner_switch_at"),
    Axis("RNG source", _texts, _option("randn_source"), _fixed("GPU", "CPU", "NV")),
    Axis("FP8 mode", _texts, _option("fp8_storage"), _fixed("Disable", "Enable for SDXL", "Enable"), cost=0.9),
    Axis("Size", _texts, _sized),
)
