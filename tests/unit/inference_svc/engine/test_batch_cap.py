"""The learned cap, on cost curves whose knee is known."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from inference_svc.engine.batch_cap import BatchCap
from tests.unit.inference_svc.engine.toys import KEY


def learn(cap: BatchCap, seconds: Callable[[int], float], *, ready: int = 64, batches: int = 400) -> list[int]:
    """Runs contended batches at the cap's own limits; returns those limits."""
    limits = []
    for _ in range(batches):
        limits.append(cap.limit(KEY, ready))
        rows = min(limits[-1], ready)
        cap.measured(KEY, rows, seconds(rows))
    return limits


def test_the_cap_is_eight_where_nothing_is_known() -> None:
    assert [BatchCap().rows(KEY), BatchCap().limit(KEY, 100)] == [8, 8]


@pytest.mark.parametrize("knee", [1, 2, 4, 8, 16, 32])
def test_the_smallest_batch_with_85_percent_of_the_best_rate_is_found(knee: int) -> None:
    cap = BatchCap()
    learn(cap, lambda rows: max(rows, knee) * 0.01)
    assert cap.rows(KEY) == knee


def test_a_device_that_always_gains_gets_the_largest_batches() -> None:
    cap = BatchCap()
    learn(cap, lambda rows: 0.01)
    assert cap.rows(KEY) == 64


def test_a_rate_that_creeps_up_is_followed_beyond_the_cap_as_long_as_doubling_pays() -> None:
    rates = {4: 270, 8: 330, 16: 382, 32: 400, 64: 1000}
    cap = BatchCap()
    limits = learn(cap, lambda rows: rows / rates[rows])
    assert [cap.rows(KEY), max(limits)] == [16, 32]


def test_few_batches_are_spent_on_trying_other_sizes() -> None:
    limits = learn(BatchCap(), lambda rows: max(rows, 8) * 0.01)
    assert sum(limit != 8 for limit in limits) <= 12


def test_batches_that_are_not_contended_are_never_trials() -> None:
    assert set(learn(BatchCap(), lambda rows: 0.01, ready=4)) == {8}


def test_no_trial_is_larger_than_what_is_ready() -> None:
    assert max(learn(BatchCap(), lambda rows: 0.01, ready=20)) == 16


def test_the_first_batch_of_a_key_is_not_counted() -> None:
    cap = BatchCap()
    for seconds in (9.0, 0.1, 0.1, 0.1):
        cap.measured(KEY, 8, seconds)
    for _ in range(3):
        cap.measured(KEY, 4, 0.1)
    assert cap.rows(KEY) == 8


def test_a_machine_that_changes_its_mind_is_learned_anew() -> None:
    cap = BatchCap()
    learn(cap, lambda rows: max(rows, 4) * 0.01)
    learn(cap, lambda rows: max(rows, 16) * 0.01, batches=4000)
    assert cap.rows(KEY) == 16


def test_sizes_between_the_powers_of_two_teach_nothing() -> None:
    cap = BatchCap()
    for rows in (6, 6, 6, 6, 7, 7, 7, 7):
        cap.measured(KEY, rows, 0.001)
    assert cap.rows(KEY) == 8


def test_a_fixed_cap_replaces_what_is_learned() -> None:
    cap = BatchCap(3)
    learn(cap, lambda rows: 0.01)
    assert [cap.rows(KEY), cap.limit(KEY, 100)] == [3, 3]


@pytest.mark.parametrize(("failed", "limit"), [(8, 4), (7, 2), (2, 1), (1, 1)])
def test_running_out_of_memory_halves_the_cap_of_that_key_for_good(failed: int, limit: int) -> None:
    cap = BatchCap()
    cap.out_of_memory(KEY, failed)
    assert max(learn(cap, lambda rows: 0.01)) == limit
    assert cap.limit(replace(KEY, shape=(1, 4, 4)), 100) == 8


def test_running_out_of_memory_bounds_a_fixed_cap_too() -> None:
    cap = BatchCap(8)
    cap.out_of_memory(KEY, 8)
    assert cap.limit(KEY, 100) == 4


def test_the_oldest_key_is_forgotten_beyond_the_bound() -> None:
    cap = BatchCap(most_keys=1)
    cap.out_of_memory(KEY, 8)
    cap.limit(replace(KEY, shape=(1, 4, 4)), 100)
    assert cap.limit(KEY, 100) == 8
