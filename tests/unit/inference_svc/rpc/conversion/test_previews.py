"""Previews."""

from __future__ import annotations

import io
from dataclasses import replace

import numpy as np
import pytest
from PIL import Image

from inference_svc.fake.facts import fake_facts
from inference_svc.rpc.conversion.previews import encode_preview
from latentwire.v1 import types_pb2 as t

_LATENTS = np.zeros((1, 4, 8, 12), np.float32)


@pytest.mark.parametrize("name", ["PNG", "JPEG", "WEBP"])
def test_a_preview_has_the_picture_s_size_in_the_format_asked_for(name: str) -> None:
    options = t.ImageOptions(format=t.ImageFormat.Value(f"IMAGE_FORMAT_{name}"), quality=80)
    data, width, height = encode_preview([_LATENTS], fake_facts(), options)
    picture = Image.open(io.BytesIO(data))
    assert (picture.format, picture.size, (width, height)) == (name, (96, 64), (96, 64))


def test_a_raw_preview_is_bare_pixels() -> None:
    data, width, height = encode_preview([_LATENTS], fake_facts(), t.ImageOptions(format=t.IMAGE_FORMAT_RAW_RGB))
    assert len(data) == width * height * 3


def test_a_large_picture_s_preview_is_smaller() -> None:
    latents = np.zeros((1, 4, 64, 128), np.float32)
    _, width, height = encode_preview([latents], fake_facts(), t.ImageOptions(format=t.IMAGE_FORMAT_PNG))
    assert (width, height) == (512, 256)


def test_a_model_without_a_map_to_colours_is_shown_in_grey() -> None:
    facts = replace(fake_facts(), latent_to_rgb=())
    data, _, _ = encode_preview([_LATENTS], facts, t.ImageOptions(format=t.IMAGE_FORMAT_RAW_RGB))
    assert len(set(data)) == 1


@pytest.mark.parametrize(("count", "size"), [(2, (192, 64)), (4, (192, 128)), (3, (288, 64))])
def test_several_pictures_are_one_grid(count: int, size: tuple[int, int]) -> None:
    data, width, height = encode_preview([_LATENTS] * count, fake_facts(), t.ImageOptions(format=t.IMAGE_FORMAT_PNG))
    assert (Image.open(io.BytesIO(data)).size, (width, height)) == (size, size)


def test_a_picture_in_another_pass_is_shown_as_large_as_the_first() -> None:
    larger = np.zeros((1, 4, 16, 24), np.float32)
    _, width, height = encode_preview([_LATENTS, larger], fake_facts(), t.ImageOptions(format=t.IMAGE_FORMAT_PNG))
    assert (width, height) == (192, 64)
