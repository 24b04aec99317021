"""The prompt language, the same against the fake and against the real engine."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import pytest

from latentwire.errors import InvalidArgument
from latentwire.v1 import generation_service_pb2 as g
from latentwire.v1 import types_pb2 as t
from tests.contract.serving import asked, failure, make

if TYPE_CHECKING:
    from latentwire.v1.generation_service_pb2_grpc import GenerationServiceAsyncStub as Stub

RED, BLUE = "a red circle", "a blue circle"
FOUR = t.SamplerSettings(steps=4)


def requested(prompt: str, **fields: Any) -> g.GenerateImageRequest:
    """A request of four steps for bare pixels, which hold no text."""
    raw = t.ImageOptions(format=t.IMAGE_FORMAT_RAW_RGB)
    return asked(prompt=prompt, sampling=FOUR, output=raw, **fields)


async def pixels(generation: Stub, prompt: str, **fields: Any) -> bytes:
    """The picture of a prompt."""
    return (await make(generation, requested(prompt, **fields))).pictures[0].data


@pytest.mark.parametrize("prompt", [f"[{RED}:{BLUE}:0.5]", f"[{RED}|{BLUE}]", f"{RED} AND {BLUE}:0.5"])
async def test_a_prompt_of_two_makes_neither_the_one_nor_the_other(generation: Stub, prompt: str) -> None:
    made = [await pixels(generation, text) for text in (prompt, RED, BLUE)]
    assert len(set(made)) == 3


@pytest.mark.parametrize(
    "prompt",
    [f"[{BLUE}:{RED}:0]", f"[{RED}:{BLUE}:4]", f"[{RED}|{RED}]", "a [blue:red:0] circle"],
)
async def test_what_is_edited_to_the_same_words_makes_the_same_picture(generation: Stub, prompt: str) -> None:
    assert await pixels(generation, prompt) == await pixels(generation, RED)


@pytest.mark.parametrize("prompt", [f"[{RED}:{BLUE}", "a | b [c:1]", "(((", "[" * 9_000 + "x:1]", ":-1 AND", "<lora"])
async def test_a_malformed_prompt_is_text(generation: Stub, prompt: str) -> None:
    assert (await make(generation, requested(prompt))).kinds[-1] == "completed"


async def test_a_network_that_is_missing_is_said_and_changes_nothing(generation: Stub) -> None:
    made = await make(generation, requested(f"{RED} <lora:ink:0.5>"))
    assert list(made.accepted.warnings) == ["Lora not found: ink"]
    assert made.accepted.infotext.startswith(f"{RED} <lora:ink:0.5>\n")
    assert made.pictures[0].data == await pixels(generation, RED)


async def test_padding_changes_a_picture_whose_prompts_differ_in_length(generation: Stub) -> None:
    padded = g.PromptSettings(pad_uncond=True)
    longer = {"negative_prompt": "dull BREAK grey"}
    assert await pixels(generation, RED, prompts=padded, **longer) != await pixels(generation, RED, **longer)
    assert await pixels(generation, RED, prompts=padded) == await pixels(generation, RED)


async def test_prompts_that_change_on_the_way_are_the_same_beside_others(generation: Stub) -> None:
    prompts = [f"[{RED}|{BLUE}]", f"[{RED}:{BLUE}:0.5]", f"{RED} AND {BLUE}", f"{RED} BREAK {BLUE}"]
    alone = [await pixels(generation, prompt) for prompt in prompts]
    assert await asyncio.gather(*(pixels(generation, prompt) for prompt in prompts)) == alone


@pytest.mark.parametrize("when", ["1.0", "4"])
async def test_an_edit_after_the_first_pass_is_another_prompt_for_the_second(generation: Stub, when: str) -> None:
    hires = g.HiresPass(scale=1.5, sampling=FOUR)
    other = g.HiresPass(scale=1.5, sampling=FOUR, prompt=BLUE)
    edited = await pixels(generation, f"[{RED}:{BLUE}:{when}]", hires=hires)
    assert edited == await pixels(generation, RED, hires=other) != await pixels(generation, RED, hires=hires)


async def test_parts_beyond_the_limit_are_refused(generation: Stub) -> None:
    error = await failure(generation.GenerateImage(requested(" AND ".join("a" * 33))))
    assert isinstance(error, InvalidArgument)
    assert "at most 32 joined by AND" in error.message
