"""The facts of a loaded model: what pipelines, validation and listings go by."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from inference_svc.models.activations import latent_scale
from inference_svc.models.betas import alphas_cumprod
from inference_svc.models.digests import Digest
from inference_svc.models.folder import Config, ModelFolder, unusable
from inference_svc.models.networks import Limits
from inference_svc.sampling.denoiser import PREDICTION_TYPES
from inference_svc.work import ModelFacts

LARGEST_SIDE = 2048
"""No side is longer than this, in pixels: what clients of AUTOMATIC1111's API may send."""

_SMALLEST_SIDE = 64


@dataclass(frozen=True, slots=True)
class Family:
    """An architecture, and what suits it."""

    name: str
    guidance: float
    steps: int


_FAMILIES: Mapping[int, Family] = MappingProxyType({768: Family("sd1", 7.0, 20), 1024: Family("sd2", 7.0, 20)})
_SMALL = Family("flatland", 4.0, 20)


@dataclass(frozen=True, slots=True)
class _Sizes:
    multiple: int
    smallest: int
    largest: int
    pixels: int


def describe(
    folder: ModelFolder, limits: Limits, digest: Digest, runner: str, largest_side: Callable[[int, int], int]
) -> ModelFacts:
    """Returns the facts of a model.

    `largest_side(multiple, limit)`: the side of the largest square picture that memory allows. The folder's own
    latentwire.json may say native_size, recommended_guidance and recommended_steps. Raises FailedPrecondition for a
    model that no runner can run.
    """
    family = _family(folder.unet)
    scale = latent_scale(folder)
    sizes = _sizes(folder, limits, largest_side)
    return ModelFacts(
        name=folder.name,
        family=family.name,
        digest=digest.digest,
        sha256=digest.sha256,
        path=str(folder.path),
        runner=runner,
        prediction_type=_prediction_type(folder.scheduler),
        alphas_cumprod=alphas_cumprod(folder.scheduler),
        latent_channels=int(folder.unet["in_channels"]),
        latent_scale=scale,
        context_width=int(folder.unet["cross_attention_dim"]),
        hidden_layers=limits.hidden_layers,
        native_size=int(folder.advice.get("native_size", _side(folder.unet) * scale)),
        size_multiple=sizes.multiple,
        min_size=sizes.smallest,
        max_size=sizes.largest,
        max_pixels=sizes.pixels,
        per_row_timestep=limits.per_row_timestep,
        memory_bytes=sum(path.stat().st_size for path in folder.weight_files),
        recommended_guidance=float(folder.advice.get("recommended_guidance", family.guidance)),
        recommended_steps=int(folder.advice.get("recommended_steps", family.steps)),
        latent_to_rgb=folder.latent_rgb,
        tileable=limits.tileable,
        draws_latents=limits.spreading,
    )


def _family(unet: Config) -> Family:
    if int(unet["in_channels"]) != int(unet["out_channels"]):
        raise unusable(f"the UNet takes {unet['in_channels']} channels and gives {unet['out_channels']}: not supported")
    if unet.get("addition_embed_type"):
        raise unusable("the UNet needs more than a prompt's context (addition_embed_type): not supported")
    return _FAMILIES.get(int(unet["cross_attention_dim"]), _SMALL)


def _prediction_type(scheduler: Config) -> str:
    name = str(scheduler.get("prediction_type", "epsilon"))
    if name not in PREDICTION_TYPES:
        raise unusable(f"the model's prediction_type is {name!r}; known: {', '.join(PREDICTION_TYPES)}")
    return name


def _sizes(folder: ModelFolder, limits: Limits, largest_side: Callable[[int, int], int]) -> _Sizes:
    scale = latent_scale(folder)
    if limits.latent_size:
        height, width = (scale * side for side in limits.latent_size)
        return _Sizes(scale, min(height, width), max(height, width), height * width)
    multiple = scale if limits.odd_sizes else scale * 2 ** (len(folder.unet["down_block_types"]) - 1)
    smallest = -(-_SMALLEST_SIDE // multiple) * multiple
    return _Sizes(multiple, smallest, LARGEST_SIDE, max(largest_side(multiple, LARGEST_SIDE), smallest) ** 2)


def _side(unet: Config) -> int:
    size = unet.get("sample_size", 64)
    return int(max(size) if isinstance(size, list) else size)
