"""Scripts that always run: those whose arguments say what fields of the request say, too, and those without effect."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Final, TypeVar

from gateway_svc.sdapi.errors import Refused
from gateway_svc.sdapi.schemas import GenerationRequest
from gateway_svc.sdapi.scripts import titles
from gateway_svc.sdapi.scripts.arguments import Argument, read
from latentwire.errors import InvalidArgument

B = TypeVar("B", bound=GenerationRequest)
Fields = Mapping[str, Any]


def _refiner(values: Sequence[Any]) -> Fields:
    enabled, checkpoint, switch_at = values
    return {"refiner_checkpoint": checkpoint, "refiner_switch_at": switch_at} if enabled else {}


def _seed(values: Sequence[Any]) -> Fields:
    seed, extra, subseed, strength, width, height = values
    varied = {"subseed": subseed, "subseed_strength": strength}
    resized = {"seed_resize_from_w": width, "seed_resize_from_h": height}
    return {"seed": seed, **(varied | resized if extra else {})}


def _sampler(values: Sequence[Any]) -> Fields:
    steps, sampler, scheduler = values
    return {"steps": steps, "sampler_name": sampler, "scheduler": scheduler}


def _nothing(_: Sequence[Any]) -> Fields:
    return {}


@dataclass(frozen=True, slots=True)
class AlwaysOn:
    """One script. `fields`: what its arguments say. `without_effect`: it has none, where its first argument is true."""

    title: str
    arguments: tuple[Argument, ...] = ()
    fields: Callable[[Sequence[Any]], Fields] = _nothing
    without_effect: bool = False
    kinds: tuple[str, ...] = ("txt2img", "img2img")


_SOFT_INPAINTING: Final = (
    Argument("Soft inpainting", value=False),
    Argument("Schedule bias", 1.0, 0, 8, 0.1),
    Argument("Preservation strength", 0.5, 0, 8, 0.05),
    Argument("Transition contrast boost", 4.0, 1, 32, 0.5),
    Argument("Mask influence", 0.0, 0, 1, 0.05),
    Argument("Difference threshold", 0.5, 0, 8, 0.25),
    Argument("Difference contrast", 2.0, 0, 8, 0.25),
)
ALWAYS_ON: Final = (
    AlwaysOn("Soft Inpainting", _SOFT_INPAINTING, without_effect=True, kinds=("img2img",)),
    AlwaysOn("Comments"),
    AlwaysOn("Extra options"),
    AlwaysOn("Hypertile"),
    AlwaysOn(
        "Refiner",
        (
            Argument("Refiner", value=False),
            Argument("Checkpoint", ""),
            Argument("Switch at", 0.8, 0.01, 1.0, 0.01),
        ),
        _refiner,
    ),
    AlwaysOn(
        "Sampler",
        (
            Argument("Sampling steps", 20, 1, 150, 1),
            Argument("Sampling method", ""),
            Argument("Schedule type", "Automatic"),
        ),
        _sampler,
    ),
    AlwaysOn(
        "Seed",
        (
            Argument("Seed", -1),
            Argument("Extra", value=False),
            Argument("Variation seed", -1),
            Argument("Variation strength", 0.0, 0, 1, 0.01),
            Argument("Resize seed from width", 0, 0, 2048, 8),
            Argument("Resize seed from height", 0, 0, 2048, 8),
        ),
        _seed,
    ),
)
_BY_TITLE: Final = MappingProxyType({script.title.lower(): script for script in ALWAYS_ON})


def of_kind(kind: str) -> Iterator[AlwaysOn]:
    """Those of txt2img, or of img2img."""
    return (script for script in ALWAYS_ON if kind in script.kinds)


def applied(request: B, kind: str) -> B:
    """The request with what arguments of such scripts say wherever it says nothing itself. Raises Refused."""
    told: dict[str, Any] = {}
    for script, values in _asked(request, kind):
        told |= script.fields(values)
    given = request.model_fields_set
    return request.model_copy(update={name: value for name, value in told.items() if name not in given})


def remarks(request: GenerationRequest, kind: str) -> Iterator[str]:
    """What of them has no effect, in words."""
    for script, values in _asked(request, kind):
        if script.without_effect and values[0]:
            yield f"always on script {script.title} has no effect here"


def _asked(request: GenerationRequest, kind: str) -> Iterator[tuple[AlwaysOn, Sequence[Any]]]:
    """Scripts with arguments, read. An entry without arguments asks for nothing."""
    for title, entry in request.alwayson_scripts.items():
        script = _found(title, kind)
        where = f"alwayson_scripts.{title}"
        if entry is not None and not isinstance(entry, dict):
            raise InvalidArgument.of(where, entry, 'an object such as {"args": []}')
        given = (entry or {}).get("args")
        if given is not None and not isinstance(given, list):
            raise InvalidArgument.of(f"{where}.args", given, "a list")
        if given:
            yield script, read(script.arguments, given, f"{where}.args")


def _found(title: str, kind: str) -> AlwaysOn:
    script = _BY_TITLE.get(title.lower())
    if script is not None and kind in script.kinds:
        return script
    if title.lower() in titles.SELECTABLE:
        raise Refused(422, "Cannot have a selectable script in the always on scripts params")
    raise Refused(422, f"always on script {title} not found")
