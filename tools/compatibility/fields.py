"""Every field of txt2img and img2img: a value for it, and what that value changes.

Each case is tried against a scripted inference service, once with the value and once without.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum, auto
from types import MappingProxyType
from typing import Any, Final

from tools.compatibility.rows import Verdict


class Effect(Enum):
    """Where the value is found again; the first that fits."""

    REFUSED = auto()
    ENGINE = auto()
    LATER = auto()
    ANSWER = auto()
    FILES = auto()
    SAID = auto()
    NOTHING = auto()


VERDICTS: Final = MappingProxyType(
    {
        Effect.REFUSED: Verdict.REFUSED,
        Effect.ENGINE: Verdict.WORKS,
        Effect.LATER: Verdict.WORKS,
        Effect.ANSWER: Verdict.WORKS,
        Effect.FILES: Verdict.WORKS,
        Effect.SAID: Verdict.SAID,
        Effect.NOTHING: Verdict.KEPT,
    }
)
NOTES: Final = MappingProxyType(
    {
        Effect.REFUSED: "refused",
        Effect.ENGINE: "in what the inference service is asked for",
        Effect.LATER: "in later requests",
        Effect.ANSWER: "in the answer",
        Effect.FILES: "in the files that are kept",
        Effect.SAID: "in a warning alone",
        Effect.NOTHING: "nowhere",
    }
)


@dataclass(frozen=True, slots=True)
class Case:
    """A field, a value, and where it shows. `base`: what the body has besides; `without`: what it lacks."""

    name: str
    value: Any
    effect: Effect = Effect.ENGINE
    base: Mapping[str, Any] = field(default_factory=dict)
    without: tuple[str, ...] = ()
    note: str = ""


BASE: Final[Mapping[str, Any]] = MappingProxyType(
    {
        "prompt": "a",
        "seed": 7,
        "subseed": 8,
        "steps": 4,
        "width": 64,
        "height": 64,
        "sampler_name": "Euler a",
        "force_task_id": "task(a)",
    }
)
_TEXT: Final = "b\nSteps: 9, Sampler: Euler a, CFG scale: 3.0, Seed: 5, Size: 64x64"
_IGNORED: Final = "as in A1111, where save_images alone decides"
_HR: Final = MappingProxyType({"enable_hr": True, "denoising_strength": 0.5})

COMMON: Final = (
    Case("prompt", "b"),
    Case("negative_prompt", "b"),
    Case("styles", ["warm"]),
    Case("seed", 9),
    Case("subseed", 9, base={"subseed_strength": 0.5}),
    Case("subseed_strength", 0.5),
    Case("seed_resize_from_h", 128, base={"seed_resize_from_w": 96}),
    Case("seed_resize_from_w", 128, base={"seed_resize_from_h": 96}),
    Case("sampler_name", "DDIM"),
    Case("scheduler", "Karras"),
    Case("batch_size", 2),
    Case("n_iter", 2),
    Case("steps", 5),
    Case("cfg_scale", 3.5),
    Case("width", 128),
    Case("height", 128),
    Case("restore_faces", True, Effect.SAID, note="no face restorer is installed"),
    Case("tiling", True),
    Case("do_not_save_samples", True, Effect.NOTHING, base={"save_images": True}, note=_IGNORED),
    Case("do_not_save_grid", True, Effect.NOTHING, base={"save_images": True, "n_iter": 2}, note=_IGNORED),
    Case("eta", 0.5),
    Case("s_min_uncond", 0.5),
    Case("s_churn", 0.5),
    Case("s_tmax", 5.0),
    Case("s_tmin", 0.5),
    Case("s_noise", 0.5),
    Case("override_settings", {"CLIP_stop_at_last_layers": 2}),
    Case(
        "override_settings_restore_afterwards",
        False,
        Effect.LATER,
        base={"override_settings": {"CLIP_stop_at_last_layers": 2}},
    ),
    Case("refiner_checkpoint", "other", base={"refiner_switch_at": 0.5}),
    Case("refiner_switch_at", 0.5, base={"refiner_checkpoint": "other", "refiner_switch_at": 0.75}),
    Case("disable_extra_networks", True, base={"prompt": "a <lora:soft:1>"}),
    Case("firstpass_image", "a", Effect.REFUSED, note="501: A1111 can't be sent one either"),
    Case("comments", {"a": "b"}, Effect.NOTHING, note="as in A1111, which overwrites it"),
    Case("sampler_index", "DDIM", without=("sampler_name",)),
    Case("script_name", "prompts from file or textbox", base={"script_args": [False, False, "start", "b\nc"]}),
    Case(
        "script_args",
        [False, False, "start", "b\nc"],
        base={"script_name": "prompts from file or textbox", "script_args": [False, False, "start", "b"]},
    ),
    Case("send_images", False, Effect.ANSWER),
    Case("save_images", True, Effect.FILES),
    Case("alwayson_scripts", {"sampler": {"args": [9]}}, without=("steps",)),
    Case("force_task_id", "task(b)"),
    Case("infotext", _TEXT, without=("steps", "prompt")),
)
"""What both routes take."""

TXT2IMG: Final = (
    Case("denoising_strength", 0.25, base=_HR),
    Case("enable_hr", True, base={"denoising_strength": 0.5}),
    Case("firstphase_width", 128, base={"firstphase_height": 96}),
    Case("firstphase_height", 128, base={"firstphase_width": 96}),
    Case("hr_scale", 1.5, base=_HR),
    Case("hr_upscaler", "Lanczos", base=_HR),
    Case("hr_second_pass_steps", 9, base=_HR),
    Case("hr_resize_x", 128, base=_HR),
    Case("hr_resize_y", 128, base=_HR),
    Case("hr_checkpoint_name", "other", base=_HR),
    Case("hr_sampler_name", "DDIM", base=_HR),
    Case("hr_scheduler", "Karras", base=_HR),
    Case("hr_prompt", "b", base=_HR),
    Case("hr_negative_prompt", "b", base=_HR),
)
"""What txt2img takes besides."""
