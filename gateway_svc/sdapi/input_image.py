"""Pictures as clients send them: base64, or a data URL. What the bytes hold is for the inference service to judge."""

from __future__ import annotations

import base64
import binascii

from gateway_svc.sdapi.errors import Refused

_URL_SCHEMES = ("http://", "https://")


def decoded(text: str) -> bytes:
    """The file that a text stands for. Raises Refused as A1111 does."""
    if text.startswith(_URL_SCHEMES):
        raise Refused(500, "Requests not allowed")
    try:
        data = base64.b64decode(_payload(text).translate(_WHITESPACE), validate=True)
    except (binascii.Error, ValueError):
        data = b""
    if not data:
        raise Refused(500, "Invalid encoded image")
    return data


def _payload(text: str) -> str:
    return text.partition(";base64,")[2] if text.startswith("data:image/") else text


_WHITESPACE = dict.fromkeys(map(ord, " \t\r\n"))
