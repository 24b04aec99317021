"""What a soak objects to."""

from __future__ import annotations

import os

from tools.soak.__main__ import GROWS_AT_MOST_MIB, objections
from tools.soak.memory import Growth, growth, resident_mib
from tools.soak.tally import Tally

STEADY = [Growth("gateway_svc", 80.0, 80.0 + GROWS_AT_MOST_MIB)]


def tally(*pictures: tuple[str, str]) -> Tally:
    made = Tally()
    for job, sha256 in pictures:
        made.made(job, sha256)
    return made


def test_the_same_pictures_and_steady_memory_are_fine() -> None:
    assert objections(tally(("a", "1"), ("b", "2"), ("a", "1")), STEADY) == []


def test_another_picture_for_the_same_job_is_an_objection() -> None:
    assert objections(tally(("a", "1"), ("a", "2")), STEADY) == ["a gave 2 after 1"]


def test_no_picture_at_all_is_an_objection() -> None:
    assert objections(tally(), STEADY) == ["not one picture was made"]


def test_memory_that_grows_past_the_bound_is_an_objection() -> None:
    grown = [Growth("inference_svc", 100.0, 100.1 + GROWS_AT_MOST_MIB)]
    assert objections(tally(("a", "1")), grown) == ["inference_svc grew by 64.1 MiB; 64 are allowed"]


def test_faults_are_counted_and_the_first_are_kept_in_words() -> None:
    seen = Tally()
    for number in range(30):
        seen.fault(str(number))
    assert (seen.counts["fault"], seen.faults) == (30, [str(number) for number in range(20)])


def test_the_memory_of_a_process_is_what_it_holds() -> None:
    assert 5 < resident_mib(os.getpid()) < 100_000
    assert growth({"b": 1.0, "a": 2.0}, {"a": 5.0, "b": 4.0}) == [Growth("a", 2.0, 5.0), Growth("b", 1.0, 4.0)]
