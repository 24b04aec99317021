"""The texts that a picture's file carries: generation parameters, and whatever else is in words.

Reads headers and chunks; no pixel is decoded. For both services and any client.
"""

from __future__ import annotations

import io
import json
import struct
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Final

from PIL import Image

from latentwire.image_file import EXIF_IFD, FORMATS, USER_COMMENT

_TECHNICAL: Final = frozenset(
    {
        *("jfif", "jfif_version", "jfif_unit", "jfif_density", "dpi", "exif", "loop", "background", "timestamp"),
        *("duration", "progressive", "progression", "icc_profile", "chromaticity", "photoshop", "gamma", "srgb"),
        *("transparency", "interlace", "version", "extension", "parameters"),
    }
)
_NOVELAI: Final = "NovelAI"
_NOVELAI_SAMPLERS: Mapping[str, str] = MappingProxyType(
    {
        "k_euler": "Euler",
        "k_lms": "LMS",
        "k_heun": "Heun",
        "k_dpm_2": "DPM2",
        "k_dpm_2_ancestral": "DPM2 a",
        "k_dpm_fast": "DPM fast",
        "k_dpmpp_2m": "DPM++ 2M",
        "k_dpmpp_sde": "DPM++ SDE",
        "plms": "PLMS",
        "ddim": "DDIM",
    }
)


@dataclass(frozen=True, slots=True)
class Texts:
    """`infotext`: the generation parameters, empty without any. `items`: the other texts, by key."""

    infotext: str
    items: Mapping[str, str]


def read(data: bytes) -> Texts:
    """Returns the texts of a file. Raises ValueError where it is no whole picture file of a known format."""
    try:
        with Image.open(io.BytesIO(data), formats=FORMATS) as image:
            comment = _user_comment(image)
            found = {str(key): value for key, value in image.info.items()}
            size = image.size
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError) as error:
        raise ValueError("no picture file of a known format") from error
    return _sorted_out(found, comment, size)


def user_comment(value: object) -> str:
    """Returns the text of an EXIF UserComment, which names its own encoding."""
    if not isinstance(value, bytes):
        return value if isinstance(value, str) else ""
    code, text = value[:8], value[8:]
    if code == b"UNICODE\0":
        # Nobody says in which order the bytes are; in the right one, a Latin letter's first byte is 0.
        order = "utf-16-be" if not text[:1].strip(b"\0") else "utf-16-le"
        return text.decode(order, "replace")
    return (text if code == b"ASCII\0\0\0" else value).decode("utf-8", "replace").strip("\0")


def _user_comment(image: Image.Image) -> str:
    """The EXIF UserComment; none where the EXIF is broken, which harms no picture."""
    try:
        return user_comment(image.getexif().get_ifd(EXIF_IFD).get(USER_COMMENT))
    except (ArithmeticError, LookupError, OSError, SyntaxError, TypeError, ValueError, struct.error):
        return ""


def _sorted_out(found: Mapping[str, Any], comment: str, size: tuple[int, int]) -> Texts:
    items = {key: _text(value) for key, value in found.items() if key not in _TECHNICAL and _is_text(value)}
    if items.get("Software") == _NOVELAI and (converted := _of_novelai(items, size)):
        return Texts(converted, items)
    given = found.get("parameters")
    infotext = _text(given) if _is_text(given) and given else comment or items.pop("comment", "")
    return Texts(infotext, items)


def _of_novelai(items: Mapping[str, str], size: tuple[int, int]) -> str:
    """Returns NovelAI's parameters in A1111's words; empty where they can't be read.

    Its Description is the prompt, its Comment JSON: uc, steps, sampler, scale, seed.
    """
    try:
        told = json.loads(items["Comment"])
        sampler = _NOVELAI_SAMPLERS.get(told["sampler"], "Euler a")
        pairs = f"Steps: {told['steps']}, Sampler: {sampler}, CFG scale: {told['scale']}, Seed: {told['seed']}"
        ending = f"Size: {size[0]}x{size[1]}, Clip skip: 2, ENSD: 31337"
        return f"{items['Description']}\nNegative prompt: {told['uc']}\n{pairs}, {ending}"
    except (ValueError, TypeError, KeyError, RecursionError):
        return ""


def _is_text(value: object) -> bool:
    return isinstance(value, str | bytes)


def _text(value: object) -> str:
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value)
