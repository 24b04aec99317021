"""Seconds per row."""

from __future__ import annotations

from dataclasses import replace

import pytest

from inference_svc.engine.costs import Costs
from inference_svc.work import BatchKey
from tests.unit.inference_svc.engine.toys import KEY


def test_nothing_is_known_before_anything_was_measured() -> None:
    costs = Costs()
    assert [costs.recent_s(KEY), costs.best_s(KEY), costs.recent_s(None)] == [None, None, None]


def warm(costs: Costs, key: BatchKey = KEY) -> Costs:
    costs.measured(key, 1, 1000.0)
    return costs


def test_the_first_time_is_not_counted() -> None:
    costs = warm(Costs())
    assert [costs.recent_s(KEY), costs.best_s(KEY)] == [None, None]


def test_the_second_time_is_taken_as_it_is() -> None:
    costs = warm(Costs())
    costs.measured(KEY, 4, 2.0)
    assert [costs.recent_s(KEY), costs.best_s(KEY)] == [0.5, 0.5]


def test_later_times_move_the_recent_pace_slowly_and_the_best_only_down() -> None:
    costs = warm(Costs())
    costs.measured(KEY, 1, 1.0)
    costs.measured(KEY, 1, 2.0)
    assert costs.recent_s(KEY) == pytest.approx(1.1)
    assert costs.best_s(KEY) == 1.0


def test_the_length_of_the_context_makes_no_difference() -> None:
    costs = warm(Costs())
    costs.measured(KEY, 1, 1.0)
    assert costs.recent_s(replace(KEY, context_length=154)) == 1.0


def test_another_shape_is_another_cost() -> None:
    costs = warm(Costs())
    costs.measured(KEY, 1, 1.0)
    assert costs.recent_s(replace(KEY, shape=(1, 4, 4))) is None


def test_the_oldest_key_is_forgotten_beyond_the_bound() -> None:
    costs, other = warm(Costs(most_keys=1)), replace(KEY, shape=(1, 4, 4))
    costs.measured(KEY, 1, 1.0)
    warm(costs, other)
    costs.measured(other, 1, 1.0)
    assert [costs.recent_s(KEY), costs.recent_s(other)] == [None, 1.0]
