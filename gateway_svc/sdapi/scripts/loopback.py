"""Loopback: every result is the next picture to start from."""

from __future__ import annotations

import math
from collections.abc import Generator, Sequence
from dataclasses import dataclass
from typing import Any

from gateway_svc.sdapi.scripts import titles
from gateway_svc.sdapi.scripts.arguments import Argument
from gateway_svc.sdapi.scripts.pixels import file_of
from gateway_svc.sdapi.scripts.script import (
    Album,
    Ask,
    Body,
    Call,
    Describe,
    Known,
    Script,
    Shots,
    Steps,
    Stopped,
    Turn,
)
from gateway_svc.sdapi.scripts.sheet import sheet
from gateway_svc.sdapi.shots import Shot
from latentwire.errors import InvalidArgument

_ORIGINAL = 1
_MOST_LOOPS = 1000
_ARGUMENTS = (
    Argument("Loops", 4, 1, 32, 1, most=_MOST_LOOPS),
    Argument("Final denoising strength", 0.5, 0, 1, 0.01),
    Argument("Denoising strength curve", "Linear", choices=("Aggressive", "Linear", "Lazy")),
    Argument("Append interrogated prompt at each iteration", "None", choices=("None", "CLIP", "DeepBooru")),
)


def _arguments(_: Known, __: str) -> tuple[Argument, ...]:
    return _ARGUMENTS


def run(call: Call) -> Steps:
    """Chains of generations: as many as n_iter, each of so many loops."""
    loops, final, curve, interrogation = call.arguments
    request, chains = call.fixed(), call.request.n_iter or 1
    if chains < 1 or loops * chains > _MOST_LOOPS:
        raise InvalidArgument.of("n_iter", chains, f"1 to {_MOST_LOOPS // loops} with {loops} loops")
    strengths = [strength(request.denoising_strength or 0.0, final, curve, loop, loops) for loop in range(loops)]
    request = request.model_copy(update={"batch_size": 1, "n_iter": 1})
    shots: list[Shot] = []
    for number in range(chains):
        made = yield from _chain(call, request, _Loops(strengths, interrogation, number * loops, loops * chains))
        shots += made if chains == 1 else made[-1:] if len(made) == loops else ()
        if len(made) < loops:
            break
        request = request.model_copy(update={"seed": (request.seed or 0) + loops})
    return _album(shots, with_sheet=call.options.return_grid)


def strength(first: float, final: float, curve: str, loop: int, loops: int) -> float:
    """How much is made anew in a loop: from the first strength to the final one, along a curve."""
    if loops == 1:
        return first
    way = loop / (loops - 1)
    if curve == "Aggressive":
        way = math.sin(way * math.pi / 2)
    elif curve == "Lazy":
        way = 1 - math.cos(way * math.pi / 2)
    return first + (final - first) * way


@dataclass(frozen=True, slots=True)
class _Loops:
    """One chain: strengths of its loops, who describes its pictures, the number of its first of how many turns."""

    strengths: Sequence[float]
    interrogation: str
    first: int
    count: int


def _chain(call: Call, request: Body, loops: _Loops) -> Generator[Ask, Any, list[Shot]]:
    """One chain's pictures, fewer when the task was stopped. What was masked is repainted from what was made of it."""
    made: list[Shot] = []
    images, seed = call.images[:1], request.seed or 0
    for loop, value in enumerate(loops.strengths):
        update: dict[str, Any] = {"denoising_strength": value, "seed": seed + loop}
        if loop:
            update["inpainting_fill"] = _ORIGINAL
        try:
            if loops.interrogation != "None":
                words: str = yield Describe(images[0], loops.interrogation)
                update["prompt"] = ", ".join(part for part in (request.prompt, words) if part)
            shots: Shots = yield Turn(request.model_copy(update=update), loops.first + loop, loops.count, images)
        except Stopped:
            break
        if not shots:
            break
        made += shots[:1]
        images = (file_of(shots[0].image),)
    return made


def _album(shots: list[Shot], *, with_sheet: bool) -> Album:
    if len(shots) < 2:
        return Album(tuple(shots))
    grid = shots[0].showing(sheet([shot.image for shot in shots], 1))
    return Album(tuple(shots), (grid,) if with_sheet else ())


SCRIPT = Script(titles.LOOPBACK, _arguments, run, kinds=("img2img",))
