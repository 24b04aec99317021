"""A part of a picture made anew, the same against the fake and against the real engine."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from PIL import Image

from latentwire import infotext
from latentwire.errors import InvalidArgument
from latentwire.v1 import generation_service_pb2 as g
from latentwire.v1 import types_pb2 as t
from tests.contract.serving import Made, asked, failure, make

if TYPE_CHECKING:
    from latentwire.v1.generation_service_pb2_grpc import GenerationServiceAsyncStub as Stub

_NOISE = np.random.default_rng(5).integers(0, 256, (72, 96, 3), np.uint8)


def _file(values: np.ndarray[Any, Any]) -> t.Image:
    file = io.BytesIO()
    Image.fromarray(values).save(file, "PNG")
    return t.Image(data=file.getvalue())


def _mask(*box: int, size: tuple[int, int] = (72, 96)) -> t.Image:
    """White inside of top, bottom, left, right."""
    values = np.zeros(size, np.uint8)
    if box:
        values[box[0] : box[1], box[2] : box[3]] = 255
    return _file(values)


def _request(mask: t.Image, *, width: int = 96, height: int = 72, **inpaint: Any) -> g.GenerateImageRequest:
    init = g.InitImage(images=[_file(_NOISE)], strength=1.0)
    return asked(width=width, height=height, init=init, inpaint=g.Inpaint(mask=mask, **inpaint))


def _pixels(made: Made, kind: t.ImageKind.ValueType = t.IMAGE_KIND_RESULT) -> np.ndarray[Any, Any]:
    (picture,) = [picture for picture in made.pictures if picture.kind == kind]
    return np.asarray(Image.open(io.BytesIO(picture.data)))


async def test_what_is_not_masked_keeps_its_pixels_and_what_is_does_not(generation: Stub) -> None:
    result = _pixels(await make(generation, _request(_mask(16, 56, 24, 72), blur_x=0, blur_y=0)))
    outside = np.ones((72, 96), bool)
    outside[16:56, 24:72] = False
    assert np.array_equal(result[outside], _NOISE[outside])
    assert np.abs(result[~outside].astype(int) - _NOISE[~outside]).mean() > 20


async def test_a_black_mask_gives_the_picture_back(generation: Stub) -> None:
    assert np.array_equal(_pixels(await make(generation, _request(_mask()))), _NOISE)


async def test_a_white_mask_on_the_original_is_image_to_image(generation: Stub) -> None:
    masked = _request(_mask(0, 72, 0, 96), fill=g.MASK_FILL_ORIGINAL)
    plain = _request(_mask(0, 72, 0, 96))
    plain.ClearField("inpaint")
    assert np.array_equal(_pixels(await make(generation, masked)), _pixels(await make(generation, plain)))


async def test_an_inverted_mask_is_the_other_one(generation: Stub) -> None:
    values = np.zeros((72, 96), np.uint8)
    values[:, :48] = 255
    one = _request(_file(values), invert=True, blur_x=0, blur_y=0)
    other = _request(_file(255 - values), blur_x=0, blur_y=0)
    assert np.array_equal(_pixels(await make(generation, one)), _pixels(await make(generation, other)))


async def test_the_masked_part_alone_is_worked_on_and_put_back_at_the_picture_s_own_size(generation: Stub) -> None:
    request = _request(_mask(30, 40, 40, 60), width=64, height=64, only_masked=True, only_masked_padding=4)
    result = _pixels(await make(generation, request))
    assert result.shape == (72, 96, 3)
    assert np.array_equal(result[:, :20], _NOISE[:, :20])
    assert not np.array_equal(result[30:40, 40:60], _NOISE[30:40, 40:60])


async def test_a_blank_mask_makes_the_masked_part_alone_the_whole_picture_and_says_so(generation: Stub) -> None:
    blank = _request(_mask(), width=64, height=64, only_masked=True)
    plain = _request(_mask(), width=64, height=64)
    plain.ClearField("inpaint")
    made = await make(generation, blank)
    assert np.array_equal(_pixels(made), _pixels(await make(generation, plain)))
    assert [warning.split(":")[0] for warning in made.completed.warnings] == ["inpaint.only_masked has no effect"]


async def test_every_content_to_start_from_gives_another_picture(generation: Stub) -> None:
    fills = [g.MASK_FILL_FILL, g.MASK_FILL_ORIGINAL, g.MASK_FILL_LATENT_NOISE, g.MASK_FILL_LATENT_NOTHING]
    requests = [_request(_mask(0, 72, 0, 48), fill=fill) for fill in fills]
    for request in requests:
        request.init.strength = 0.5
    assert len({_pixels(await make(generation, request)).tobytes() for request in requests}) == 4


async def test_mask_and_composite_follow_the_result_when_asked_for(generation: Stub) -> None:
    request = _request(_mask(16, 56, 24, 72), blur_x=0, blur_y=0, return_mask=True, return_composite=True)
    made = await make(generation, request)
    kinds = [picture.kind for picture in made.pictures]
    mask, composite = _pixels(made, t.IMAGE_KIND_MASK), _pixels(made, t.IMAGE_KIND_MASK_COMPOSITE)
    assert kinds == [t.IMAGE_KIND_RESULT, t.IMAGE_KIND_MASK, t.IMAGE_KIND_MASK_COMPOSITE]
    assert (mask.shape, composite.shape) == ((72, 96, 3), (72, 96, 4))
    assert np.array_equal(mask[..., 0], composite[..., 3])
    assert made.completed.image_count == 1


async def test_a_batch_has_what_its_pictures_have_alone(generation: Stub) -> None:
    request = _request(_mask(16, 56, 24, 72), fill=g.MASK_FILL_LATENT_NOISE)
    request.batch_size = 2
    batch = sorted((await make(generation, request)).pictures, key=lambda picture: picture.index)
    request.batch_size, request.noise.seed = 1, request.noise.seed + 1
    alone = (await make(generation, request)).pictures[0]
    assert _opened(batch[1].data) == _opened(alone.data)


async def test_the_infotext_says_what_was_masked(generation: Stub) -> None:
    request = _request(_mask(16, 56, 24, 72), invert=True, only_masked=True, fill=g.MASK_FILL_LATENT_NOTHING)
    pairs = infotext.parse((await make(generation, request)).pictures[0].infotext)
    keys = ("Mask mode", "Mask blur", "Inpaint area", "Masked area padding", "Masked content", "Denoising strength")
    assert [pairs[key] for key in keys] == ["Inpaint not masked", "4", "Only masked", "32", "latent nothing", "1.0"]


@pytest.mark.parametrize(
    ("inpaint", "field"),
    [
        (g.Inpaint(), "inpaint.mask.data"),
        (g.Inpaint(mask=t.Image(data=b"nonsense")), "inpaint.mask.data"),
        (g.Inpaint(blur_x=65), "inpaint.blur_x"),
        (g.Inpaint(blur_y=-1), "inpaint.blur_y"),
        (g.Inpaint(only_masked_padding=257), "inpaint.only_masked_padding"),
        (g.Inpaint(conditioning_weight=2), "inpaint.conditioning_weight"),
        (g.Inpaint(fill=9), "inpaint.fill"),  # type: ignore[arg-type]  # a later version's
    ],
)
async def test_what_is_wrong_with_the_part_is_named(generation: Stub, inpaint: g.Inpaint, field: str) -> None:
    request = asked(init=g.InitImage(images=[_file(_NOISE)]), inpaint=inpaint)
    error = await failure(generation.GenerateImage(request))
    assert isinstance(error, InvalidArgument)
    assert [violation.field for violation in error.violations] == [field]


async def test_a_mask_without_a_picture_is_refused(generation: Stub) -> None:
    error = await failure(generation.GenerateImage(asked(inpaint=g.Inpaint(mask=_mask()))))
    assert [violation.field for violation in error.violations] == ["inpaint"]


def _opened(data: bytes) -> bytes:
    return Image.open(io.BytesIO(data)).tobytes()
