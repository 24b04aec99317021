"""Answers of /sdapi, read."""

from __future__ import annotations

import io
import json
from base64 import b64decode
from typing import Any

import httpx2
from PIL import Image


def pictures(response: httpx2.Response) -> list[Image.Image]:
    """The pictures of an answer, decoded."""
    return [Image.open(io.BytesIO(b64decode(image))) for image in response.json()["images"]]


def info(response: httpx2.Response) -> dict[str, Any]:
    """The info of an answer, read."""
    found: dict[str, Any] = json.loads(response.json()["info"])
    return found
