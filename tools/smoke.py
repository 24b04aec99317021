"""Boots the pair with the fake engine as a user would, asks for one picture, and stops it: python -m tools.smoke."""

from __future__ import annotations

import base64
import json
import signal
import struct
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager

URL = "http://127.0.0.1:7860"
SIZE = (96, 64)
READY_WITHIN_S = 30
_PNG = b"\x89PNG\r\n\x1a\n"


@contextmanager
def running_pair() -> Iterator[subprocess.Popen[str]]:
    """`latentwire serve --engine fake` on its usual ports, until the block ends."""
    command = [sys.executable, "-m", "latentwire", "serve", "--engine", "fake"]
    with subprocess.Popen(command, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT) as process:
        try:
            yield process
        finally:
            process.terminate()


def wait_until_ready(process: subprocess.Popen[str]) -> None:
    """Passes the pair's output on until it says that it is ready; a pair that ends instead is an error."""
    deadline = time.monotonic() + READY_WITHIN_S
    for line in process.stdout or ():
        print(line, end="", flush=True)
        if line.startswith("Latentwire is ready"):
            return
        if time.monotonic() > deadline:
            break
    raise SystemExit("The pair did not become ready.")


def txt2img() -> bytes:
    """The first picture of a small request."""
    body = json.dumps({"prompt": "a red circle", "steps": 4, "seed": 7, "width": SIZE[0], "height": SIZE[1]})
    request = urllib.request.Request(f"{URL}/sdapi/v1/txt2img", body.encode(), {"Content-Type": "application/json"})
    with urllib.request.urlopen(request, timeout=30) as answer:
        return base64.b64decode(json.load(answer)["images"][0])


def check(picture: bytes) -> None:
    """Raises SystemExit unless it is a PNG of the size that was asked for."""
    size = struct.unpack(">II", picture[16:24])
    if not picture.startswith(_PNG) or size != SIZE:
        raise SystemExit(f"Asked for a PNG of {SIZE}, got {picture[:8]!r} of {size}.")


def main() -> None:
    """Boot, picture, stop; any surprise is an exit status that is not 0."""
    with running_pair() as process:
        wait_until_ready(process)
        check(txt2img())
        process.send_signal(signal.SIGTERM)
        if status := process.wait(timeout=30):
            raise SystemExit(f"The pair ended with exit status {status}.")
    print("The fake made a picture and stopped cleanly.")


if __name__ == "__main__":
    main()
