"""What most callers say, in flat words, made into a whole request."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from types import MappingProxyType
from typing import Any, TypedDict
from uuid import uuid4

from latentwire.client.pictures import Source, image_of
from latentwire.client.requests import Format, HiresPass, ImageRequest, InitImage, Inpaint, Refiner, Task
from latentwire.errors import InvalidArgument

_MOST_AT_A_TIME = 64
_MOST_PICTURES = 1000


class GenerateOptions(TypedDict, total=False):
    """The words that `generate` takes beside the prompt; what is left out is the server's default.

    `count`: pictures, 1 to 1000, with consecutive seeds from `seed` on. `cfg_scale`: guidance, 0 to 100. `strength`:
    how much of `init_image` is made anew, 0 to 1; white of `mask` is repainted, its edge blurred by `mask_blur` pixels.
    `preview_every`, `resume_every`: events every so many steps. `request_id`: the client makes one when left out.
    `detach_grace_s`: how long it lives with nobody attached; left out: `Settings.reattach_s`.
    """

    negative_prompt: str
    model: str
    width: int
    height: int
    count: int
    steps: int
    sampler: str
    scheduler: str
    eta: float
    seed: int | None
    subseed: int
    subseed_strength: float
    cfg_scale: float
    clip_skip: int
    init_image: Source
    strength: float
    mask: Source
    mask_blur: int
    hires: HiresPass
    refiner: Refiner
    tiling: bool
    format: Format
    quality: int
    preview_every: int
    resume_every: int
    resume_from: bytes
    priority: int
    task: Task
    request_id: str
    detach_grace_s: float


_WHERE: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        "steps": ("sampling", "steps"),
        "sampler": ("sampling", "sampler"),
        "scheduler": ("sampling", "scheduler"),
        "eta": ("sampling", "eta"),
        "seed": ("noise", "seed"),
        "subseed": ("noise", "subseed"),
        "subseed_strength": ("noise", "subseed_strength"),
        "cfg_scale": ("guidance", "scale"),
        "clip_skip": ("prompts", "clip_skip"),
        "format": ("output", "format"),
        "quality": ("output", "quality"),
        "preview_every": ("events", "preview_every"),
        "resume_every": ("events", "resume_every"),
    }
)
"""Words that are fields of a part of the request."""
_PICTURES = frozenset({"init_image", "strength", "mask", "mask_blur"})


def request_of(prompt: str | ImageRequest, options: Mapping[str, Any], *, reattach_s: float = 0.0) -> ImageRequest:
    """Returns the whole request: a prompt, or a request whose fields the options replace.

    It has an id, and lives for `reattach_s` with nobody attached unless it says otherwise. Raises InvalidArgument, and
    TypeError for an option that there is not.
    """
    if unknown := sorted(set(options) - set(GenerateOptions.__annotations__)):
        raise TypeError(
            f"unknown option {unknown[0]!r}; there are {', '.join(sorted(GenerateOptions.__annotations__))}"
        )
    request = prompt if isinstance(prompt, ImageRequest) else ImageRequest(prompt)
    request = _with_pictures(_with_count(_with_words(request, options), options), options)
    grace_s = request.detach_grace_s if request.detach_grace_s is not None else reattach_s
    return replace(request, request_id=request.request_id or uuid4().hex, detach_grace_s=grace_s)


def _with_words(request: ImageRequest, options: Mapping[str, Any]) -> ImageRequest:
    for name, value in options.items():
        if name in _WHERE:
            part, field = _WHERE[name]
            # The part is a dataclass, whatever its kind.
            request = replace(request, **{part: replace(vars_of(request)[part], **{field: value})})
        elif name not in _PICTURES | {"count"}:
            request = replace(request, **{name: value})
    return request


def vars_of(request: ImageRequest) -> dict[str, Any]:
    """The fields of a request, shallowly."""
    return {name: getattr(request, name) for name in ImageRequest.__dataclass_fields__}


def _with_count(request: ImageRequest, options: Mapping[str, Any]) -> ImageRequest:
    """As many pictures at a time as the service takes, where they come out even."""
    if "count" not in options:
        return request
    count = options["count"]
    if not isinstance(count, int) or not 1 <= count <= _MOST_PICTURES:
        raise InvalidArgument.of("count", count, f"1 to {_MOST_PICTURES}")
    size = max(size for size in range(1, _MOST_AT_A_TIME + 1) if count % size == 0)
    return replace(request, batch_size=size, batch_count=count // size)


def _with_pictures(request: ImageRequest, options: Mapping[str, Any]) -> ImageRequest:
    if "init_image" in options:
        images = (image_of(options["init_image"], "init_image"),)
        init = replace(request.init, images=images) if request.init else InitImage(images)
        request = replace(request, init=init)
    if "strength" in options:
        _needs(request.init, "strength", options, "with init_image only")
        request = replace(request, init=replace(request.init, strength=options["strength"]))  # type: ignore[type-var]
    if "mask" in options:
        mask = image_of(options["mask"], "mask")
        request = replace(request, inpaint=replace(request.inpaint, mask=mask) if request.inpaint else Inpaint(mask))
    if "mask_blur" in options:
        _needs(request.inpaint, "mask_blur", options, "with mask only")
        blur = options["mask_blur"]
        request = replace(request, inpaint=replace(request.inpaint, blur_x=blur, blur_y=blur))  # type: ignore[type-var]
    return request


def _needs(part: object, name: str, options: Mapping[str, Any], allowed: str) -> None:
    if part is None:
        raise InvalidArgument.of(name, options[name], allowed)
