"""What is too large to upscale, by what networks make on the way."""

from __future__ import annotations

import numpy as np
import pytest

from inference_svc.pipelines.upscaling import INTERPOLATING
from inference_svc.rpc.conversion.upscaling import Upscaling, resolve_upscaling
from inference_svc.work import UpscalerFacts
from latentwire.errors import InvalidArgument
from latentwire.v1 import postprocessing_service_pb2 as p

FOUR = UpscalerFacts("four", 4)
LARGE = np.broadcast_to(np.uint8(0), (4000, 5000, 3))


def upscaling(scale: float, upscaler: str = "four") -> Upscaling:
    return resolve_upscaling(p.UpscaleImageRequest(scale=scale, upscaler=upscaler), (*INTERPOLATING, FOUR))


def test_what_a_network_would_make_on_the_way_is_bounded() -> None:
    with pytest.raises(InvalidArgument, match="on the way; four would make 320000000"):
        upscaling(1.1).spec(LARGE, "")


@pytest.mark.parametrize(("scale", "upscaler"), [(0.5, "four"), (1.1, "Lanczos"), (4.0, "None")])
def test_what_needs_no_network_is_not(scale: float, upscaler: str) -> None:
    assert upscaling(scale, upscaler).spec(LARGE, "").tiles == 0


def test_what_is_held_are_the_pixels_that_came_and_those_on_the_way() -> None:
    pixels = np.zeros((16, 16, 3), np.uint8)
    held = [upscaling(2.0, name).spec(pixels, "").held_bytes for name in ("None", "Lanczos", "four")]
    assert held == [768, 768 + 9 * 32 * 32, 768 + 9 * 64 * 64]


def test_a_network_may_run_on_what_keeps_its_size() -> None:
    assert upscaling(1.0).spec(np.zeros((16, 16, 3), np.uint8), "").tiles == 1


@pytest.mark.parametrize(("fields", "tiles"), [({}, 9), ({"tile": 0}, 1), ({"tile": 256, "overlap": 0}, 4)])
def test_tiles_are_as_large_as_asked_for(fields: dict[str, int], tiles: int) -> None:
    request = p.UpscaleImageRequest(upscaler="four", **fields)  # type: ignore[arg-type]
    assert resolve_upscaling(request, (FOUR,)).spec(np.zeros((512, 512, 3), np.uint8), "").tiles == tiles


@pytest.mark.parametrize(("fields", "tile"), [({"tile": 0}, "2048x2048"), ({"tile": 512}, "512x512")])
def test_a_tile_that_memory_does_not_allow_is_refused(fields: dict[str, int], tile: str) -> None:
    request = p.UpscaleImageRequest(upscaler="small", scale=8.0, **fields)  # type: ignore[arg-type]
    small = UpscalerFacts("small", 4, most_tile_pixels=256 * 256)
    with pytest.raises(InvalidArgument, match=f"^tile: .* at most 65536 pixels with small; these are {tile}"):
        resolve_upscaling(request, (small,)).spec(np.zeros((512, 512, 3), np.uint8), "")


def test_a_tile_of_the_only_size_that_a_network_takes_is_not() -> None:
    fixed = UpscalerFacts("fixed", 4, tile=(512, 512), most_tile_pixels=1)
    spec = resolve_upscaling(p.UpscaleImageRequest(upscaler="fixed"), (fixed,)).spec(np.zeros((8, 8, 3), np.uint8), "")
    assert spec.tiles == 1


def test_resolving_again_changes_nothing() -> None:
    once = upscaling(2.0).resolved
    assert resolve_upscaling(once, (FOUR,)).resolved == once
