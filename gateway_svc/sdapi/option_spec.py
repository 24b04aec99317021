"""Every option as data: its group, its default, and what it does here."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

from pydantic import BaseModel

from gateway_svc.sdapi.option_groups import diffusion, networks, page, saving, server, upscaling


class Effect(StrEnum):
    """What an option does here."""

    WORKS = "works"
    KEPT = "accepted without effect"
    UNSERVED = "accepted without effect, and an answer says so"
    REFUSED = "not set over the API"


@dataclass(frozen=True, slots=True)
class OptionSpec:
    """One option."""

    name: str
    group: str
    default: Any
    effect: Effect


@dataclass(frozen=True, slots=True)
class Group:
    """One group: what is read, what would change pictures in A1111, and what is only kept."""

    title: str
    read: type[BaseModel] | None = None
    unserved: Mapping[str, Any] | None = None
    kept: Mapping[str, Any] | None = None


READ_ONLY: Final = frozenset({"sd_checkpoint_hash", *server.Api.model_fields})
"""Options that no client sets: what follows from others, and what guards the server."""

GROUPS: Final = (
    Group("Saving images/grids", saving.Saving, kept=saving.SAVING_KEPT),
    Group("Paths for saving", saving.Paths, kept=saving.PATHS_KEPT),
    Group("Upscaling", upscaling.Upscaling, kept=upscaling.UPSCALING_KEPT),
    Group("Face restoration", upscaling.Faces, kept=upscaling.FACES_KEPT),
    Group("System", kept=server.SYSTEM_KEPT),
    Group("API", server.Api),
    Group("Training", kept=server.TRAINING_KEPT),
    Group(
        "Stable Diffusion",
        diffusion.StableDiffusion,
        diffusion.STABLE_DIFFUSION_UNSERVED,
        diffusion.STABLE_DIFFUSION_KEPT,
    ),
    Group("VAE", diffusion.Vae, diffusion.VAE_UNSERVED, diffusion.VAE_KEPT),
    Group("img2img", diffusion.Img2Img, kept=diffusion.IMG2IMG_KEPT),
    Group("Optimizations", diffusion.Optimizations, diffusion.OPTIMIZATIONS_UNSERVED, diffusion.OPTIMIZATIONS_KEPT),
    Group("Compatibility", diffusion.Compatibility, diffusion.COMPATIBILITY_UNSERVED, diffusion.COMPATIBILITY_KEPT),
    Group("Interrogate", kept=server.INTERROGATE_KEPT),
    Group("Extra Networks", None, networks.EXTRA_NETWORKS_UNSERVED, networks.EXTRA_NETWORKS_KEPT),
    Group("Prompt editing", kept=page.PROMPT_EDITING_KEPT),
    Group("Gallery", kept=page.GALLERY_KEPT),
    Group("User interface", page.Page, kept=page.PAGE_KEPT),
    Group("Infotext", page.Infotext, kept=page.INFOTEXT_KEPT),
    Group("Live previews", page.LivePreviews, kept=page.LIVE_PREVIEWS_KEPT),
    Group("Sampler parameters", diffusion.SamplerParameters, diffusion.SAMPLER_UNSERVED, diffusion.SAMPLER_KEPT),
    Group("Postprocessing", kept=upscaling.POSTPROCESSING_KEPT),
    Group("Canvas Hotkeys", kept=page.CANVAS_KEPT),
)


def specs() -> Iterator[OptionSpec]:
    """Every option, group by group."""
    for group in GROUPS:
        for name, field in (group.read.model_fields if group.read else {}).items():
            yield OptionSpec(name, group.title, field.default, Effect.REFUSED if name in READ_ONLY else Effect.WORKS)
        for name, default in (group.unserved or {}).items():
            yield OptionSpec(name, group.title, default, Effect.UNSERVED)
        for name, default in (group.kept or {}).items():
            yield OptionSpec(name, group.title, default, Effect.KEPT)


OPTION_SPECS: Final = tuple(specs())
"""Every option that there is."""
