"""What a model reads of a prompt, and when."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from inference_svc.pipelines import GenerationSpec, HiresSettings, PromptedModel, PromptSettings, SamplingSettings
from inference_svc.pipelines.conditioning import Conditioning, encode, encode_prompts, prompt_run
from inference_svc.pipelines.reading import Prompt
from inference_svc.prompts import Network, ScheduleFor
from inference_svc.work import Ask, Compute, Evaluate
from tests.unit.inference_svc.pipelines.toys import FACTS, Words, answer, spec

TEN = spec(sampling=SamplingSettings(steps=10))


def conditioned(*prompts: str, job: GenerationSpec = TEN) -> tuple[list[Conditioning], list[Ask]]:
    """The conditionings of a prompt and its negative prompt, and what was asked for on the way."""
    work, asks = encode_prompts(job, prompts), list[Ask]()
    try:
        ask = next(work)
        while True:
            asks.append(ask)
            ask = work.send(answer(ask))
    except StopIteration as end:
        return end.value, asks


def only(prompt: str, job: GenerationSpec = TEN) -> Conditioning:
    """The conditioning of one prompt."""
    return conditioned(prompt, job=job)[0][0]


def same(left: Conditioning, right: Conditioning, evaluation: int) -> bool:
    """Whether both say the same at an evaluation."""
    pairs = zip(left.at(evaluation), right.at(evaluation), strict=True)
    return all(np.array_equal(a, b) and v == w for (a, v), (b, w) in pairs)


def test_an_edited_prompt_is_the_one_then_the_other() -> None:
    edited, first, second = map(only, ("[a red circle:a blue circle:0.5]", "a red circle", "a blue circle"))
    assert [same(edited, first, index) for index in range(10)] == [True] * 6 + [False] * 4
    assert [same(edited, second, index) for index in range(10)] == [False] * 6 + [True] * 4


def test_a_second_order_sampler_counts_its_evaluations() -> None:
    job = replace(TEN, sampling=SamplingSettings("Heun", steps=10))
    edited, first = only("[red:blue:0.5]", job), only("red", job)
    assert [same(edited, first, index) for index in range(20)] == [True] * 11 + [False] * 9


def test_a_second_pass_goes_on_counting() -> None:
    job = replace(TEN, prompts=PromptSettings(first_pass=20))
    assert same(only("[red:blue:0.5]", job), only("blue", job), 0)
    edited = only("[red:blue:1.5]", job)
    assert (same(edited, only("red", job), 5), same(edited, only("blue", job), 6)) == (True, True)


def test_the_first_pass_is_counted_in_evaluations_for_the_second() -> None:
    hires = HiresSettings(PromptedModel(FACTS, Words()), (48, 48), (48, 48), sampling=SamplingSettings(steps=4))
    first, second = replace(TEN, sampling=SamplingSettings("Heun", steps=10), hires=hires).passes
    assert (prompt_run(first).timing, prompt_run(second).timing) == (ScheduleFor(10, 2), ScheduleFor(4, first_pass=20))


def test_options_alternate_and_share_their_contexts() -> None:
    alternating = only("[red|blue]")
    contexts = [alternating.at(index)[0][0] for index in range(10)]
    assert same(alternating, only("red"), 1)
    assert same(alternating, only("blue"), 2)
    assert len({id(context) for context in contexts}) == 2


def test_parts_joined_by_and_have_their_own_weights() -> None:
    joined, left, right = map(only, ("red AND blue:-0.5", "red", "blue"))
    (a, v), (b, w) = joined.at(0)
    assert (v, w) == (1.0, -0.5)
    assert np.array_equal(a, left.at(0)[0][0])
    assert np.array_equal(b, right.at(0)[0][0])


def test_networks_come_with_the_conditioning() -> None:
    assert only("red <lora:ink:0.5>").networks == (Network("lora", "ink", 0.5, 0.5),)
    assert same(only("red<lora:ink:0.5>"), only("red"), 0)


def test_each_chunk_is_encoded_once() -> None:
    _, asks = conditioned("red (blue:1.2) AND red blue", "red blue")
    assert [len(ask.rows) for ask in asks if isinstance(ask, Evaluate)] == [1]


def test_padding_makes_contexts_of_one_length() -> None:
    prompts = ("red BREAK blue", "dull")
    padded = replace(TEN, prompts=PromptSettings(pad_uncond=True))
    assert [one.at(0)[0][0].shape[1] for one in conditioned(*prompts)[0]] == [154, 77]
    assert [one.at(0)[0][0].shape[1] for one in conditioned(*prompts, job=padded)[0]] == [154, 154]


@pytest.mark.parametrize(("prompt", "beside"), [("red", False), ("(red:1.2) AND blue", False), ("[red:0.5]", True)])
def test_what_takes_a_parser_is_read_beside_the_device(prompt: str, beside: bool) -> None:
    assert any(isinstance(ask, Compute) for ask in conditioned(prompt)[1]) == beside


def test_prompts_are_encoded_without_a_generation() -> None:
    run = replace(prompt_run(TEN), timing=ScheduleFor(4))
    work = encode(run, [Prompt("red"), Prompt("red AND blue"), Prompt("red AND blue", negative=True)])
    ask = next(work)
    with pytest.raises(StopIteration) as end:
        work.send(answer(ask))
    assert [len(conditioning.parts) for conditioning in end.value.value] == [1, 2, 1]
