"""What a request says about its prompts."""

from __future__ import annotations

import pytest

from inference_svc.fake.facts import fake_facts
from inference_svc.pipelines import PromptSettings
from inference_svc.prompts import MOST_PARTS, Emphasis
from inference_svc.rpc.conversion.generate import resolve_request
from inference_svc.rpc.conversion.spec import prompt_settings
from inference_svc.rpc.conversion.warnings import warnings_of
from latentwire.errors import InvalidArgument
from latentwire.v1 import generation_service_pb2 as g


def said(request: g.GenerateImageRequest) -> list[str]:
    """The warnings of a request."""
    return warnings_of(request, fake_facts())


def test_how_prompts_are_read_reaches_the_pipelines() -> None:
    given = g.PromptSettings(
        emphasis=g.EMPHASIS_MODE_NONE, clip_skip=2, comma_padding_backtrack=5, old_editing=True, pad_uncond=True
    )
    resolved = resolve_request(g.GenerateImageRequest(prompts=given), fake_facts())
    assert resolved.prompts == given
    assert prompt_settings(resolved.prompts) == PromptSettings(Emphasis.NONE, 2, 5, True, True)


def test_prompts_of_too_many_parts_are_all_named_before_any_is_read() -> None:
    many = " AND ".join("a" * (MOST_PARTS + 1))
    request = g.GenerateImageRequest(
        prompt=many, negative_prompt=many, picture_prompts=["a", many], batch_size=2, hires=g.HiresPass(prompt=many)
    )
    with pytest.raises(InvalidArgument, match=f"'{MOST_PARTS + 1} parts' is not allowed") as error:
        resolve_request(request, fake_facts())
    fields = [violation.field for violation in error.value.violations]
    assert fields == ["prompt", "hires.prompt", "picture_prompts[1]"]


def test_networks_that_are_not_there_are_named() -> None:
    request = g.GenerateImageRequest(prompt="a <lora:ink:0.5> <hypernet:old>", hires=g.HiresPass(prompt="<lyco:wet>"))
    assert said(request) == ["Lora not found: ink", "Hypernetwork not found: old", "Lora not found: wet"]


def test_a_batch_has_the_networks_of_its_first_prompt() -> None:
    prompts = ["<lora:a>", "<lora:b>", "<lora:c>", "<lora:d>"]
    assert said(g.GenerateImageRequest(picture_prompts=prompts, batch_size=2)) == [
        "Lora not found: a",
        "Lora not found: c",
    ]
    assert len(said(g.GenerateImageRequest(picture_prompts=prompts))) == 4


def test_negative_prompts_have_none() -> None:
    assert said(g.GenerateImageRequest(prompt="a", negative_prompt="<lora:ink>")) == []


def test_more_than_a_few_are_counted() -> None:
    prompt = "".join(f"<lora:{number}>" for number in range(20))
    assert said(g.GenerateImageRequest(prompt=prompt))[-1] == "4 more networks not found"
