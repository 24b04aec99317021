"""The texts in pictures' files."""

from __future__ import annotations

import io
import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from latentwire import image_file
from latentwire.image_text import Texts, read, user_comment

PICTURE = Image.new("RGB", (24, 16))
NOVELAI = {"uc": "blurry", "steps": 28, "sampler": "k_euler_ancestral", "scale": 11, "seed": 42}


def png(**texts: str) -> bytes:
    info, file = PngInfo(), io.BytesIO()
    for key, value in texts.items():
        info.add_text(key, value)
    PICTURE.save(file, "PNG", pnginfo=info)
    return file.getvalue()


def saved(kind: str, **options: object) -> bytes:
    file = io.BytesIO()
    PICTURE.save(file, kind, **options)
    return file.getvalue()


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP"])
@pytest.mark.parametrize("text", ["a hat\nSteps: 20", "größe, 高さ"])
def test_what_is_written_is_read_in_every_format(kind: str, text: str) -> None:
    assert read(image_file.encode(PICTURE, kind, infotext=text)) == Texts(text, {})


def test_other_texts_are_items_and_technical_keys_are_not() -> None:
    data = png(parameters="a hat", Software="mine", postprocessing="Postprocess upscale by: 2", dpi="72")
    assert read(data) == Texts("a hat", {"Software": "mine", "postprocessing": "Postprocess upscale by: 2"})


def test_a_gif_says_it_in_its_comment() -> None:
    assert read(saved("GIF", comment="a hat")) == Texts("a hat", {})


def test_a_picture_without_texts_has_none() -> None:
    assert read(saved("BMP")) == Texts("", {})


@pytest.mark.parametrize(
    ("sampler", "name"), [("k_euler_ancestral", "Euler a"), ("k_dpmpp_2m", "DPM++ 2M"), ("of tomorrow", "Euler a")]
)
def test_novelai_s_parameters_are_put_into_a1111_s_words(sampler: str, name: str) -> None:
    texts = {"Software": "NovelAI", "Description": "a hat", "Comment": json.dumps(NOVELAI | {"sampler": sampler})}
    assert read(png(**texts)) == Texts(
        f"a hat\nNegative prompt: blurry\nSteps: 28, Sampler: {name}, CFG scale: 11, Seed: 42, Size: 24x16, "
        "Clip skip: 2, ENSD: 31337",
        texts,
    )


@pytest.mark.parametrize("comment", ["{", "{}", "[]", "3", "[" * 100_000, json.dumps({**NOVELAI, "sampler": []})])
def test_what_novelai_did_not_write_so_is_left_alone(comment: str) -> None:
    texts = {"Software": "NovelAI", "Description": "a hat", "Comment": comment}
    assert read(png(**texts)) == Texts("", texts)


@pytest.mark.parametrize("data", [b"", b"no picture", png(parameters="a")[:20]])
def test_what_is_no_picture_is_refused(data: bytes) -> None:
    with pytest.raises(ValueError, match="no picture file"):
        read(data)


@pytest.mark.filterwarnings("ignore:Corrupt EXIF data")
@settings(max_examples=50)
@given(st.binary(max_size=80), st.sampled_from([b"MM\0*\0\0\0\x08", b"II*\0\x08\0\0\0", b""]))
def test_a_broken_exif_harms_no_picture(garbage: bytes, header: bytes) -> None:
    assert read(saved("JPEG", exif=b"Exif\0\0" + header + garbage)).items == {}


def test_a_huge_picture_is_refused_unread(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 10)
    with pytest.raises(ValueError, match="no picture file"):
        read(png())


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (b"UNICODE\0" + "größe".encode("utf-16-be"), "größe"),
        (b"UNICODE\0" + "größe".encode("utf-16-le"), "größe"),
        (b"ASCII\0\0\0plain\0", "plain"),
        (b"no code at all", "no code at all"),
        ("text", "text"),
        (None, ""),
    ],
)
def test_a_user_comment_is_read_in_its_own_encoding(value: object, text: str) -> None:
    assert user_comment(value) == text
