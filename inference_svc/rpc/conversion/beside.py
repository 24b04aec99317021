"""What a request refers to beside its model."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from inference_svc.pipelines.upscaling import INTERPOLATING
from inference_svc.rpc.catalogue import UsableModel
from inference_svc.rpc.conversion.violations import Violations
from inference_svc.work import ModelFacts, UpscalerFacts


@dataclass(frozen=True, slots=True)
class Beside:
    """Models of the hires pass and of the refiner, None: none of its own; and the image upscalers that there are."""

    hires: UsableModel | None = None
    refiner: UsableModel | None = None
    upscalers: Sequence[UpscalerFacts] = INTERPOLATING

    def upscaler(self, name: str) -> UpscalerFacts | None:
        """Returns the image upscaler of that name, if there is one."""
        return next((upscaler for upscaler in self.upscalers if upscaler.name == name), None)


def check_latents(field: str, facts: ModelFacts, other: ModelFacts, violations: Violations) -> None:
    """Checks that a model takes over another one's latents."""
    layout, own = (other.latent_channels, other.latent_scale), (facts.latent_channels, facts.latent_scale)
    if own != layout:
        allowed = f"a model with {layout[0]} latent channels of {layout[1]} pixels, as {other.name} has"
        violations.add(field, facts.name, allowed)


def check_fits(field: str, size: tuple[int, int], facts: ModelFacts, violations: Violations) -> None:
    """Checks that a model can make pictures of a (width, height)."""
    width, height = size
    multiple = facts.size_multiple
    sides = facts.min_size <= min(size) and max(size) <= facts.max_size
    if not sides or width * height > facts.max_pixels or width % multiple or height % multiple:
        allowed = (
            f"sides of {facts.min_size} to {facts.max_size}, multiples of {multiple}, and at most {facts.max_pixels} "
            f"pixels with {facts.name}"
        )
        violations.add(field, f"{width}x{height}", allowed)
