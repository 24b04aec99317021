"""What the load has counted, and the report of it."""

from __future__ import annotations

from itertools import count
from pathlib import Path
from typing import Any

import pytest

from latentwire.ports import held
from tools.load.__main__ import main, sound
from tools.load.outcome import Outcome, Result, failed
from tools.load.report import markdown
from tools.load.tally import Tally

PICTURE = ("gRPC", "128×128, 20 steps")
HEAD = {
    "when": "today",
    "machine": "one",
    "answering": "engine fake",
    "users": 2,
    "command": "it",
    "cpu_s": {"load": 1.5},
}


@pytest.fixture
def tally() -> Tally:
    """Of at most a thousand requests, on a clock that goes on by a second at each look."""
    return Tally(1000, 100.0, clock=map(float, count()).__next__)


def facts(tally: Tally) -> dict[str, Any]:
    return {**HEAD, **tally.facts(), "cpu_s": HEAD["cpu_s"]}


def test_no_more_requests_are_begun_than_asked_for() -> None:
    tally = Tally(3, 100.0)
    assert [tally.begin() for _ in range(5)] == [True, True, True, False, False]


def test_no_request_is_begun_after_the_time(tally: Tally) -> None:
    tally.within_s = 2.0
    assert [tally.begin() for _ in range(4)] == [True, True, True, False]


def test_latencies_are_told_by_deed_and_outcome(tally: Tally) -> None:
    for milliseconds in range(1, 101):
        tally.ended(PICTURE, milliseconds / 1000, Result(Outcome.DONE, pictures=1))
    tally.ended(PICTURE, 5.0, Result(Outcome.REFUSED))
    done = {"p50_ms": 50.0, "p95_ms": 95.0, "p99_ms": 99.0, "p100_ms": 100.0}
    refused = dict.fromkeys(done, 5000.0)
    deed = {"face": "gRPC", "what": "128×128, 20 steps"}
    assert tally.facts()["deeds"] == [
        {**deed, "outcome": "done", "count": 100, **done},
        {**deed, "outcome": "refused", "count": 1, **refused},
    ]


def test_rates_are_from_the_first_begun_to_the_last_ended(tally: Tally) -> None:
    for _ in range(2):
        tally.begin()
    for _ in range(3):
        tally.ended(PICTURE, 1.0, Result(Outcome.DONE, pictures=2))
    told = tally.facts()
    assert (told["seconds"], told["requests"], told["pictures"]) == (4.0, 3, {"gRPC": 6})


def test_failures_are_counted_by_kind_with_the_first_words(tally: Tally) -> None:
    for words in ("one", "two"):
        tally.ended(PICTURE, 1.0, failed("status 500", words))
    expected = {"face": "gRPC", "what": "128×128, 20 steps", "kind": "status 500", "count": 2, "words": "one"}
    assert (tally.facts()["errors"], tally.facts()["outcomes"]["failed"]) == ([expected], 2)


@pytest.mark.parametrize(
    ("results", "is_sound"),
    [
        ([Result(Outcome.DONE, pictures=1), Result(Outcome.REFUSED), Result(Outcome.REJECTED)], True),
        ([Result(Outcome.DONE, pictures=1), failed("status 500")], False),
        ([Result(Outcome.DONE), Result(Outcome.REFUSED)], False),
    ],
)
def test_a_run_is_sound_without_failures_and_with_a_picture(
    tally: Tally, results: list[Result], *, is_sound: bool
) -> None:
    for result in results:
        tally.ended(PICTURE, 1.0, result)
    assert sound(tally.facts()) is is_sound


def test_the_report_has_rates_percentiles_and_failures(tally: Tally) -> None:
    tally.begin()
    tally.ended(PICTURE, 0.25, Result(Outcome.DONE, pictures=1))
    tally.ended(PICTURE, 0.5, failed("status 500", "a\n| b"))
    said = markdown(facts(tally))
    assert "- 2 requests, 1.0 a second: 1 done, 0 given up, 0 refused, 0 rejected, 1 failed.\n" in said
    assert "- Pictures: gRPC 1 (0.5 a second).\n- Cores in use on average: load 0.75.\n" in said
    assert "| gRPC | 128×128, 20 steps | done | 1 | 0.50 | 250.0 | 250.0 | 250.0 | 250.0 |\n" in said
    assert said.endswith("| gRPC | 128×128, 20 steps | status 500 | 1 | a \\| b |\n")


def test_a_run_without_failures_says_so(tally: Tally) -> None:
    assert markdown(facts(tally)).endswith("## Failures by kind\n\nNone.\n")


def test_nobody_at_the_address_is_a_sentence_and_leaves_no_report(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "load.md").write_text("an old one")
    with held("127.0.0.1", 0, "--port") as port:
        status = main([f"--inference=127.0.0.1:{port}", f"--out={tmp_path / 'load.md'}"])
    assert (status, [*tmp_path.iterdir()]) == (1, [])
    assert capsys.readouterr().err.startswith("The inference service does not answer: ")


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--face", "grpc", "--host", "http://127.0.0.1:1"], "--face grpc needs the address of that service"),
        (["--host", "127.0.0.1:7860"], "--host 127.0.0.1:7860 is no URL"),
        (["--users", "0"], "0 is not allowed; allowed: 1 and more"),
        (["--engine", "other"], "invalid choice: 'other'"),
    ],
)
def test_a_wrong_call_is_a_sentence(arguments: list[str], words: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(arguments)
    assert words in capsys.readouterr().err
