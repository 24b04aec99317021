"""The commands that call a server, as a user starts them, against a pair."""

from __future__ import annotations

import json
import re
import signal
from pathlib import Path

import pytest
from PIL import Image

from latentwire import Client
from tests.e2e.pair import Pair
from tests.e2e.processes import command, eventually


def test_a_picture_is_made_and_listed(pair: Pair, tmp_path: Path) -> None:
    out = str(tmp_path / "out")
    asked = ("generate", "a red circle", "-n", "2", "--steps", "4", "--size", "128x64", "--seed", "7", "-o", out)
    with command(tmp_path, *asked, LATENTWIRE_ADDRESS=pair.grpc_address) as generate:
        assert generate.ended() == 0, generate.output
    names = [f"{out}/a-red-circle-{seed}.png" for seed in (7, 8)]
    assert generate.output.splitlines() == names
    with Image.open(names[0]) as picture:
        assert (picture.size, "Seed: 7" in picture.text["parameters"]) == ((128, 64), True)  # type: ignore[attr-defined]  # of a PNG
    with command(tmp_path, "models", "--json", "--address", pair.grpc_address) as models:
        assert models.ended() == 0, models.output
    assert json.loads(models.output)["is_default"]


@pytest.mark.usefixtures("heeded_signals")
@pytest.mark.parametrize(("number", "status"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_an_interrupted_command_leaves_nothing_running(
    pair: Pair, tmp_path: Path, number: signal.Signals, status: int
) -> None:
    name = f"interrupted-{status}"
    asked = ("generate", "red", "-n", "64", "--steps", "150", "--size", "512x512", "--request-id", name)
    with Client(pair.grpc_address) as client:
        with command(tmp_path, *asked, "--address", pair.grpc_address, "-o", str(tmp_path / "out")) as generate:
            eventually(
                lambda: name in [one.request_id for one in client.list_generations().generations], "a generation"
            )
            assert generate.end(number) == status, generate.output
        eventually(lambda: client.get(name).state == "cancelled", "its end on the server")
    assert not re.search("Traceback|Error", generate.output)
    assert not (tmp_path / "out").exists()
