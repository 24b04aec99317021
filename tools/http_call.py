"""One HTTP call to a server on this machine, with the standard library alone: no proxy, no redirect, no retry."""

from __future__ import annotations

import base64
import hashlib
import http.client
import json
import struct
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

_PNG = b"\x89PNG\r\n\x1a\n"


class BadAnswer(Exception):
    """An answer that is not what was asked for: the message says which."""


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer; header names are in lower case."""

    status: int
    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True, slots=True)
class Picture:
    """A PNG that a server made, and the engine that its answer names: an empty name where it names none."""

    width: int
    height: int
    sha256: str
    engine: str

    def facts(self) -> dict[str, object]:
        """What a report says of it."""
        return {"width": self.width, "height": self.height, "sha256": self.sha256}


def request(port: int, method: str, path: str, body: bytes | None = None, *, timeout_s: float = 60.0) -> Answer:
    """Asks 127.0.0.1. Raises OSError when the connection fails or the server's answer is no HTTP."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=timeout_s)
    try:
        connection.request(method, path, body, {"Content-Type": "application/json"} if body else {})
        answer = connection.getresponse()
        return Answer(answer.status, {key.lower(): value for key, value in answer.getheaders()}, answer.read())
    except http.client.HTTPException as error:
        raise ConnectionError(f"{method} {path}: {error!r}") from error
    finally:
        connection.close()


def txt2img(port: int, width: int, height: int, **settings: Any) -> Picture:
    """The picture that /sdapi/v1/txt2img makes. BadAnswer: it is an error, no PNG, or of another size."""
    body = {"prompt": "a red circle", "steps": 4, "seed": 7, "width": width, "height": height, **settings}
    answer = request(port, "POST", "/sdapi/v1/txt2img", json.dumps(body).encode())
    return picture(answer, width, height)


def picture(answer: Answer, width: int, height: int) -> Picture:
    """The first picture of an answer. BadAnswer: it is an error, no PNG, or of another size."""
    if answer.status != 200:
        raise BadAnswer(f"asked for a picture, got status {answer.status}: {answer.body[:500]!r}")
    try:
        data = base64.b64decode(json.loads(answer.body)["images"][0], validate=True)
    except (ValueError, LookupError, TypeError) as error:
        raise BadAnswer(f"asked for a picture, got {answer.body[:100]!r}: {error!r}") from error
    if not data.startswith(_PNG) or struct.unpack(">II", data[16:24]) != (width, height):
        raise BadAnswer(f"asked for a PNG of {width} by {height}, got {data[:24]!r}")
    return Picture(width, height, hashlib.sha256(data).hexdigest(), answer.headers.get("x-latentwire-engine", ""))
