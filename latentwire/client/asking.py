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
_ELSEWHERE = frozenset({"count", "init_image", "strength", "mask", "mask_blur"})
"""Words that have a rule of their own."""


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
    for change in (_with_words, _with_count, _with_init, _with_mask):
        request = change(request, options)
    grace_s = request.detach_grace_s if request.detach_grace_s is not None else reattach_s
    return replace(request, request_id=request.request_id or uuid4().hex, detach_grace_s=grace_s)


def _with_words(request: ImageRequest, options: Mapping[str, Any]) -> ImageRequest:
    plain = {name: value for name, value in options.items() if name not in _WHERE.keys() | _ELSEWHERE}
    parts: dict[str, dict[str, Any]] = {}
    for name in _WHERE.keys() & options.keys():
        part, field = _WHERE[name]
        parts.setdefault(part, {})[field] = options[name]
    changed = {part: replace(getattr(request, part), **fields) for part, fields in parts.items()}
    return replace(request, **plain, **changed)


def _with_count(request: ImageRequest, options: Mapping[str, Any]) -> ImageRequest:
    """As many pictures at a time as the service takes, where they come out even."""
    if "count" not in options:
        return request
    count = options["count"]
    if not isinstance(count, int) or not 1 <= count <= _MOST_PICTURES:
        raise InvalidArgument.of("count", count, f"1 to {_MOST_PICTURES}")
    size = max(size for size in range(1, _MOST_AT_A_TIME + 1) if count % size == 0)
    return replace(request, batch_size=size, batch_count=count // size)


def _with_init(request: ImageRequest, options: Mapping[str, Any]) -> ImageRequest:
    init = request.init
    if "init_image" in options:
        images = (image_of(options["init_image"], "init_image"),)
        init = replace(init, images=images) if init else InitImage(images)
    if "strength" in options:
        if init is None:
            raise InvalidArgument.of("strength", options["strength"], "with init_image only")
        init = replace(init, strength=options["strength"])
    return replace(request, init=init)


def _with_mask(request: ImageRequest, options: Mapping[str, Any]) -> ImageRequest:
    inpaint = request.inpaint
    if "mask" in options:
        mask = image_of(options["mask"], "mask")
        inpaint = replace(inpaint, mask=mask) if inpaint else Inpaint(mask)
    if "mask_blur" in options:
        if inpaint is None:
            raise InvalidArgument.of("mask_blur", options["mask_blur"], "with mask only")
        inpaint = replace(inpaint, blur_x=options["mask_blur"], blur_y=options["mask_blur"])
    return replace(request, inpaint=inpaint)
