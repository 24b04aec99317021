"""SD upscale: a picture made larger, then made anew tile for tile."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from typing import Any

from PIL import Image

from gateway_svc.sdapi.job import asked_size, floored
from gateway_svc.sdapi.scripts import titles
from gateway_svc.sdapi.scripts.arguments import Argument
from gateway_svc.sdapi.scripts.pixels import file_of, flattened
from gateway_svc.sdapi.scripts.script import MOST_TURNS, Album, Body, Call, Enlarge, Known, Script, Steps, Turn, each
from gateway_svc.sdapi.scripts.tiles import Tiling, cut, joined
from gateway_svc.sdapi.shots import Shot
from latentwire.errors import InvalidArgument

_OVERLAP, _SCALE = 1, 3


def _arguments(known: Known, _: str) -> tuple[Argument, ...]:
    upscalers = tuple(known.upscalers)
    return (
        Argument("", ""),
        Argument("Tile overlap", 64, 0, 256, 16),
        Argument("Upscaler", upscalers[0] if upscalers else "", choices=upscalers, by_index=True),
        Argument("Scale Factor", 2.0, 1.0, 4.0, 0.05, most=8.0),
    )


def run(call: Call) -> Steps:
    """As many large pictures as n_iter, each of tiles of the size asked for."""
    _, overlap, upscaler, scale = call.arguments
    request = call.fixed()
    width, height = map(floored, asked_size(request))
    if overlap >= min(width, height):
        raise InvalidArgument.of(f"script_args[{_OVERLAP}]", overlap, f"Tile overlap below {min(width, height)}")
    image = flattened(call.images[0], call.options.img2img_background_color)
    image = yield Enlarge(image, upscaler, scale)
    tiling = Tiling(image.size, (width, height), overlap)
    batches = _batches(cut(image, tiling), request.batch_size or 1)
    rounds = request.n_iter or 1
    if not 0 < rounds * len(batches) <= MOST_TURNS:
        said = f"{rounds * len(batches)} generations"
        raise InvalidArgument.of(f"script_args[{_SCALE}]", said, f"1 to {MOST_TURNS} generations")
    remarks = (("SD upscale overlap", str(overlap)), ("SD upscale upscaler", upscaler))
    shots: list[Shot] = []
    for number in range(rounds):
        made = yield from each(_turns(request, batches, number, rounds, remarks))
        tiles = [shot for batch in made for shot in batch]
        if tiles:
            shots.append(tiles[0].showing(joined([tile.image for tile in tiles], tiling)))
        if len(made) < len(batches):
            break
    return Album(tuple(shots), made=tuple(shots))


def _batches(tiles: Sequence[Image.Image], size: int) -> list[tuple[bytes, ...]]:
    files = [file_of(tile) for tile in tiles]
    return [tuple(files[first : first + size]) for first in range(0, len(files), size)]


def _turns(
    request: Body,
    batches: Sequence[tuple[bytes, ...]],
    number: int,
    rounds: int,
    remarks: tuple[tuple[str, str], ...],
) -> Generator[Turn, Any, None]:
    """One generation a batch; the seed goes on by one from batch to batch, as in A1111."""
    for index, images in enumerate(batches):
        update = {"seed": (request.seed or 0) + number + index, "batch_size": len(images), "n_iter": 1}
        place, count = number * len(batches) + index, rounds * len(batches)
        yield Turn(request.model_copy(update=update), place, count, images, remarks=remarks, keep=False)


SCRIPT = Script(titles.SD_UPSCALE, _arguments, run, kinds=("img2img",))
