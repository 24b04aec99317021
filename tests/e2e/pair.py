"""A pair that runs, and what a client asks of it."""

from __future__ import annotations

import base64
import contextlib
import io
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx2
from PIL import Image

from tests.e2e.processes import PATIENCE_S, READY, Command, command


@dataclass(frozen=True, slots=True)
class Pair:
    """Both services under one `latentwire serve`, ready."""

    serve: Command
    url: str
    grpc_address: str
    ready_after_s: float


@contextlib.contextmanager
def served(folder: Path, *arguments: str, **environment: str) -> Iterator[Pair]:
    """`latentwire serve` on free ports with a data folder of its own, once it is ready."""
    fixed = ("--port=0", "--inference-port=0", f"--data-dir={folder / 'data'}")
    with command(folder, "serve", *fixed, *arguments, **environment) as serve:
        seconds, rest, grpc = serve.wait_for(READY).groups()
        yield Pair(serve, f"http://{rest}", grpc, float(seconds))


def status(url: str, path: str) -> int | None:
    """The status of an answer to GET; None where nobody answers."""
    try:
        return httpx2.get(url + path, timeout=PATIENCE_S).status_code
    except httpx2.TransportError:
        return None


def ask(url: str, **settings: Any) -> httpx2.Response:
    """The answer to a txt2img call."""
    body = {"prompt": "a red circle", "steps": 4, "width": 128, "height": 64, "seed": 7, **settings}
    return httpx2.post(f"{url}/sdapi/v1/txt2img", json=body, timeout=PATIENCE_S)


def picture(answer: httpx2.Response) -> bytes:
    """The file of the first picture of an answer."""
    assert answer.status_code == 200, answer.text
    return base64.b64decode(answer.json()["images"][0])


def opened(file: bytes) -> Image.Image:
    """The picture in a file."""
    return Image.open(io.BytesIO(file))
