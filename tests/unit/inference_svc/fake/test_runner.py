"""The fake's device, tokenizer and faults."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from inference_svc.engine import DeviceLost
from inference_svc.fake.catalogue import FakeCatalogue
from inference_svc.fake.facts import MODEL, fake_facts
from inference_svc.fake.faults import Faults, faults_of
from inference_svc.fake.runner import FakeRunner, Misbehaviour, decode, encode_image, encode_prompt
from inference_svc.fake.tokenizer import FakeTokenizer
from inference_svc.prompts import encode_plan
from inference_svc.work import DecodeRow, DenoiseRow, EncodeImageRow, EncodePromptRow, Row
from latentwire.errors import NotFound, OutOfMemory

_X = np.linspace(-3, 3, 4 * 8 * 8, dtype=np.float32).reshape(1, 4, 8, 8)
_CONTEXT = encode_prompt(np.arange(77)[None], 1)
_DENOISE = DenoiseRow(MODEL, _X, 2.0, _CONTEXT)
_ROWS: list[Row] = [
    _DENOISE,
    EncodePromptRow(MODEL, np.arange(77)[None]),
    EncodeImageRow(MODEL, np.zeros((1, 3, 64, 64), np.float32)),
    DecodeRow(MODEL, _X),
]


@pytest.mark.parametrize("row", _ROWS, ids=lambda row: row.key.kind.name)
def test_a_row_is_the_same_alone_and_in_company(row: Row) -> None:
    runner = FakeRunner(fake_facts())
    (alone,) = runner.run(row.key, [row])
    company = runner.run(row.key, [row] * 5)
    assert all(np.array_equal(alone, each) for each in company)


def test_an_encoded_picture_decodes_to_itself() -> None:
    pixels = decode(_X / 3)
    again = decode(encode_image((pixels.transpose(2, 0, 1)[None] / 127.5 - 1).astype(np.float32)))
    assert np.abs(again.astype(int) - pixels.astype(int)).max() <= 1


def test_a_tiny_picture_is_one_pixel() -> None:
    row = DecodeRow(MODEL, _X)
    assert FakeRunner(fake_facts(), Misbehaviour(tiny=True)).run(row.key, [row])[0].shape == (1, 1, 3)


def test_evaluations_take_the_time_they_were_told_and_others_take_none() -> None:
    slept: list[float] = []
    runner = FakeRunner(fake_facts(), Misbehaviour(step_time_s=0.5), sleep=slept.append)
    for row in _ROWS:
        runner.run(row.key, [row])
    assert (slept, runner.denoise_batches) == ([0.5], 1)


@pytest.mark.parametrize(
    ("misbehaviour", "error"),
    [(Misbehaviour(out_of_memory=True), OutOfMemory), (Misbehaviour(lost_at_batch=1), DeviceLost)],
)
def test_a_device_can_fail(misbehaviour: Misbehaviour, error: type[Exception]) -> None:
    with pytest.raises(error):
        FakeRunner(fake_facts(), misbehaviour).run(_DENOISE.key, [_DENOISE])


def test_the_runner_knows_its_own_model_alone() -> None:
    runner = FakeRunner(fake_facts())
    assert (runner.facts(MODEL).family, runner.max_rows(_DENOISE.key)) == ("fake", None)
    with pytest.raises(NotFound):
        runner.facts("nobody")


@given(text=st.text(max_size=300))
def test_any_text_has_tokens_and_always_the_same(text: str) -> None:
    tokenizer = FakeTokenizer()
    assert encode_plan(text, tokenizer) == encode_plan(text, FakeTokenizer())
    assert all(0 <= token < tokenizer.start_id for token in tokenizer.encode(text))


def test_a_comma_is_a_token_of_its_own() -> None:
    tokenizer = FakeTokenizer()
    assert tokenizer.encode("a, b")[1] == tokenizer.comma_id


@pytest.mark.parametrize(
    ("prompt", "faults"),
    [
        ("a hat", Faults()),
        ("fake:oom", Faults(out_of_memory_at_step=1)),
        ("x fake:fail=3, fake:slow=0.5", Faults(fail_at_step=3, event_delay_s=0.5)),
        ("fake:step_time=999", Faults(step_time_s=60.0)),
        ("fake:loading fake:unknown=1", Faults(loading=True)),
    ],
)
def test_words_in_a_prompt_are_read_as_faults(prompt: str, faults: Faults) -> None:
    assert faults_of(prompt, Faults()) == faults


async def test_a_model_that_takes_time_to_load_is_there_after_it() -> None:
    catalogue = FakeCatalogue(load_time_s=0.001)
    assert catalogue.entries()[0].state == "loading"
    await catalogue.ready()
    assert catalogue.entries()[0].state == "loaded"
