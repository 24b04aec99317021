"""The examples do what they say, against a server: their pictures are those that one request would have made."""

from __future__ import annotations

import asyncio
import runpy
from pathlib import Path

import numpy as np
import PIL.Image
import pytest

from latentwire.client import AsyncClient
from latentwire.client.tensors import Array
from tests.contract.serving import Serving

EXAMPLES = Path(__file__).parents[2] / "examples"
SETTINGS = ("--steps=4", "--size=128", "--seed=7", "--cfg-scale=3")
LEFT, RIGHT = "a green tree", "a blue boat"


@pytest.fixture
def address(grpc_server: Serving) -> str:
    """Where the server listens."""
    return f"127.0.0.1:{grpc_server.server.port}"


async def example(name: str, *arguments: str) -> None:
    """Runs an example as a shell would, beside the server."""
    main = runpy.run_path(str(EXAMPLES / f"{name}.py"))["main"]
    await asyncio.to_thread(main, [*arguments, *SETTINGS])


async def generated(address: str, prompt: str, sampler: str) -> Array:
    """The picture that a generation with the same settings makes."""
    async with AsyncClient(address) as client:
        result = await client.generate(prompt, sampler=sampler, steps=4, width=128, height=128, seed=7, cfg_scale=3.0)
    return result.images[0].pixels


def pixels(file: Path) -> Array:
    """The picture in a file."""
    with PIL.Image.open(file) as picture:
        return np.asarray(picture.convert("RGB"))


def far(one: Array, other: Array) -> float:
    """How far two pictures are apart: the mean over all values, 0 to 255."""
    return float(np.abs(one.astype(np.float64) - other).mean())


def test_each_is_under_sixty_lines_and_has_a_test_here() -> None:
    files = {file.stem: len(file.read_text().splitlines()) for file in EXAMPLES.glob("*.py")}
    assert {*files} == {"client_side_sampler", "regional_prompts", "latent_walk"}
    assert max(files.values()) < 60


async def test_a_sampler_on_the_clients_side_makes_the_picture_of_the_servers_own(address: str, tmp_path: Path) -> None:
    await example("client_side_sampler", LEFT, f"--address={address}", f"--out={tmp_path / 'one.png'}")
    # The same steps in another order of operations: the last bits differ, and a value may round the other way.
    assert far(pixels(tmp_path / "one.png"), await generated(address, LEFT, "Heun")) < 0.1


async def test_each_side_of_a_regional_picture_is_that_of_its_prompt(address: str, tmp_path: Path) -> None:
    await example("regional_prompts", LEFT, RIGHT, f"--address={address}", f"--out={tmp_path / 'one.png'}")
    left, right = [await generated(address, prompt, "Euler") for prompt in (LEFT, RIGHT)]
    mixed = pixels(tmp_path / "one.png")
    assert far(mixed[:, :48], left[:, :48]) < far(mixed[:, :48], right[:, :48])
    assert far(mixed[:, 80:], right[:, 80:]) < far(mixed[:, 80:], left[:, 80:])


async def test_a_walk_goes_from_one_prompts_picture_to_the_others(address: str, tmp_path: Path) -> None:
    await example("latent_walk", LEFT, RIGHT, f"--address={address}", "--frames=3", f"--out={tmp_path}")
    first, middle, last = [pixels(tmp_path / f"00{index}.png") for index in range(3)]
    assert np.array_equal(first, await generated(address, LEFT, "Euler"))
    assert np.array_equal(last, await generated(address, RIGHT, "Euler"))
    assert far(middle, first) > 0 < far(middle, last)
