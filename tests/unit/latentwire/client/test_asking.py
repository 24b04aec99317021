"""Flat words become a whole request."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from latentwire.client.asking import GenerateOptions, request_of
from latentwire.client.requests import HiresPass, ImageRequest, InitImage, Inpaint, SamplerSettings
from latentwire.client.requests import Image as Sent
from latentwire.errors import InvalidArgument


def test_words_find_their_place() -> None:
    options: GenerateOptions = {
        "negative_prompt": "blue", "width": 64, "steps": 7, "sampler": "Heun", "scheduler": "karras", "seed": 3,
        "cfg_scale": 2.0, "clip_skip": 2, "format": "webp", "quality": 9, "preview_every": 4, "resume_every": 5,
        "subseed": 1, "subseed_strength": 0.5, "eta": 0.1, "hires": HiresPass(scale=2.0), "priority": 1,
    }  # fmt: skip
    request = request_of("red", options)
    assert (request.prompt, request.negative_prompt, request.width, request.priority) == ("red", "blue", 64, 1)
    assert request.sampling == SamplerSettings("Heun", "karras", 7, eta=0.1)
    assert (request.noise.seed, request.noise.subseed, request.noise.subseed_strength) == (3, 1, 0.5)
    assert (request.guidance.scale, request.prompts.clip_skip, request.hires) == (2.0, 2, HiresPass(scale=2.0))
    assert (request.output.format, request.output.quality) == ("webp", 9)
    assert (request.events.preview_every, request.events.resume_every) == (4, 5)


def test_words_replace_what_a_whole_request_says() -> None:
    whole = ImageRequest("red", sampling=SamplerSettings("Heun", steps=9), tiling=True)
    request = request_of(whole, {"steps": 3})
    assert (request.sampling, request.tiling) == (SamplerSettings("Heun", steps=3), True)


@pytest.mark.parametrize(
    ("count", "batches"), [(1, (1, 1)), (64, (64, 1)), (100, (50, 2)), (67, (1, 67)), (1000, (50, 20))]
)
def test_a_count_is_made_in_equal_batches(count: int, batches: tuple[int, int]) -> None:
    request = request_of("", {"count": count})
    assert (request.batch_size, request.batch_count) == batches


@pytest.mark.parametrize("count", [0, 1001, 2.5])
def test_a_count_out_of_range_is_refused(count: int) -> None:
    with pytest.raises(InvalidArgument, match=r"count: .* allowed: 1 to 1000"):
        request_of("", {"count": count})


def test_an_option_that_there_is_not_is_named() -> None:
    with pytest.raises(TypeError, match="unknown option 'step'"):
        request_of("", {"step": 3})


def test_every_request_has_an_id_of_its_own_and_a_grace() -> None:
    one, two = request_of("", {}, reattach_s=4.0), request_of("", {}, reattach_s=4.0)
    assert len({one.request_id, two.request_id, ""}) == 3
    assert one.detach_grace_s == 4.0


def test_an_id_and_a_grace_of_the_callers_stay() -> None:
    request = request_of("", {"request_id": "mine", "detach_grace_s": 0.0}, reattach_s=4.0)
    assert (request.request_id, request.detach_grace_s) == ("mine", 0.0)


def test_pictures_come_from_bytes_files_images_and_arrays(tmp_path: Path) -> None:
    picture = Image.new("RGB", (8, 16), "red")
    (tmp_path / "red.png").write_bytes(b"file")
    for source, expected in (
        (b"file", Sent(b"file")),
        (tmp_path / "red.png", Sent(b"file")),
        (str(tmp_path / "red.png"), Sent(b"file")),
        (np.asarray(picture), Sent(b"\xff\0\0" * 128, 8, 16, "raw_rgb")),
        (Sent(b"as it is"), Sent(b"as it is")),
    ):
        assert request_of("", {"init_image": source}).init == InitImage((expected,))
    init = request_of("", {"init_image": picture}).init
    assert init is not None
    assert Image.open(io.BytesIO(init.images[0].data)).size == (8, 16)


def test_strength_mask_and_blur_go_with_their_pictures() -> None:
    request = request_of("", {"init_image": b"i", "strength": 0.5, "mask": b"m", "mask_blur": 2})
    assert request.init == InitImage((Sent(b"i"),), strength=0.5)
    assert request.inpaint == Inpaint(Sent(b"m"), blur_x=2, blur_y=2)


@pytest.mark.parametrize(("options", "field"), [({"strength": 0.5}, "strength"), ({"mask_blur": 1}, "mask_blur")])
def test_what_needs_a_picture_is_refused_without(options: GenerateOptions, field: str) -> None:
    with pytest.raises(InvalidArgument) as raised:
        request_of("", options)
    assert [violation.field for violation in raised.value.violations] == [field]


def test_a_file_that_is_not_there_is_named() -> None:
    with pytest.raises(InvalidArgument, match=r"mask: '/nowhere/no\.png'.* No such file"):
        request_of("", {"mask": Path("/nowhere/no.png")})


def test_an_array_that_is_no_picture_is_refused() -> None:
    with pytest.raises(InvalidArgument, match=r"init_image: .*float64 \(2, 2\)"):
        request_of("", {"init_image": np.zeros((2, 2))})
