"""From words to chunks, for each evaluation."""

from __future__ import annotations

from dataclasses import replace

import pytest

from inference_svc.pipelines import PromptSettings
from inference_svc.pipelines.reading import MOST_CHUNKS, MOST_CHUNKS_IN_ALL, Prompt, PromptRun, ReadPrompt, read_prompts
from inference_svc.prompts import Network, ScheduleFor, encode_plan
from latentwire.errors import InvalidArgument
from tests.unit.inference_svc.pipelines.toys import Words

RUN = PromptRun("toy", Words(), PromptSettings(), ScheduleFor(10))
PADDED = replace(RUN, settings=PromptSettings(pad_uncond=True))
EMPTY = encode_plan("", Words())


def read(*prompts: str, run: PromptRun = RUN) -> list[ReadPrompt]:
    """A prompt and its negative prompt."""
    return list(read_prompts(run, [Prompt(text, negative=bool(place)) for place, text in enumerate(prompts)]).prompts)


def lengths(prompt: ReadPrompt) -> list[list[int]]:
    """The number of chunks of each segment of each part."""
    return [[len(chunks) for _, chunks in part.segments] for part in prompt.parts]


def test_a_prompt_is_the_chunks_of_its_texts_with_when_they_hold() -> None:
    (prompt,) = read("a [b:c:3] AND d:2")
    assert [part.weight for part in prompt.parts] == [1.0, 2.0]
    assert prompt.parts[0].segments == ((3, encode_plan("a b ", Words())), (10, encode_plan("a c ", Words())))


def test_a_negative_prompt_has_neither_parts_nor_networks() -> None:
    prompt, negative = read("<lora:x>a AND b", "<lora:x>a AND b")
    assert (len(prompt.parts), prompt.networks) == (2, (Network("lora", "x"),))
    assert (len(negative.parts), negative.networks) == (1, ())
    assert negative.parts[0].segments == ((10, encode_plan("<lora:x>a AND b", Words())),)


def test_networks_are_no_words() -> None:
    assert read("a <lora:x:1> b")[0].parts == read("a  b")[0].parts


def test_the_shorter_texts_of_a_part_are_filled_up_with_empty_chunks() -> None:
    (prompt,) = read("[a:b BREAK c BREAK d:3] AND e")
    assert lengths(prompt) == [[3, 3], [1]]
    assert prompt.parts[0].segments[0][1] == encode_plan("a", Words()) + EMPTY * 2


def test_prompt_and_negative_prompt_are_equally_long_where_that_is_asked_for() -> None:
    prompts = ("a BREAK b AND c", "d")
    assert [lengths(prompt) for prompt in read(*prompts)] == [[[2], [1]], [[1]]]
    assert [lengths(prompt) for prompt in read(*prompts, run=PADDED)] == [[[2], [2]], [[2]]]
    assert read(*prompts, run=PADDED)[1].parts[0].segments[0][1] == encode_plan("d", Words()) + EMPTY


def test_a_text_of_too_many_chunks_is_refused() -> None:
    assert lengths(read("BREAK " * (MOST_CHUNKS - 1) + "word")[0]) == [[MOST_CHUNKS]]
    with pytest.raises(InvalidArgument, match=f"prompt: '{MOST_CHUNKS + 1} chunks' is not allowed; allowed: at most"):
        read("BREAK " * MOST_CHUNKS + "word")


@pytest.mark.parametrize("options", ["a{0}" + " BREAK b" * 150, "a{0}"])
def test_texts_of_too_many_chunks_in_all_are_refused(options: str) -> None:
    texts = [options.format(number) for number in range(9)] + ["c BREAK " * 119 + "c"]
    allowed = f"allowed: at most {MOST_CHUNKS_IN_ALL}"
    assert len(read("[" + "|".join(texts[7:]) + "]")[0].parts[0].segments) > 1
    with pytest.raises(InvalidArgument, match=allowed):
        read("[" + "|".join(texts) + "]")


def test_a_text_that_comes_back_counts_once() -> None:
    long = "b BREAK " * 199 + "b"
    run = replace(RUN, timing=ScheduleFor(150))
    assert len(read(f"[a|{long}]", run=run)[0].parts[0].segments) == 150
