"""The state table."""

from __future__ import annotations

from itertools import product

import pytest

from inference_svc.engine.events import Outcome
from inference_svc.engine.request import ENDS, IllegalMove, State, moved
from tests.unit.inference_svc.engine.toys import request, walk

LEGAL = {
    (State.WAITING, State.RUNNING),
    (State.WAITING, State.STOPPED),
    (State.WAITING, State.CANCELLED),
    (State.WAITING, State.FAILED),
    (State.RUNNING, State.SUCCEEDED),
    (State.RUNNING, State.STOPPED),
    (State.RUNNING, State.CANCELLED),
    (State.RUNNING, State.FAILED),
}


@pytest.mark.parametrize(("state", "target"), list(product(State, State)))
def test_every_pair_of_states_is_either_a_legal_move_or_raises(state: State, target: State) -> None:
    if (state, target) in LEGAL:
        assert moved(state, target) is target
    else:
        with pytest.raises(IllegalMove, match=f"from {state.value} to {target.value}"):
            moved(state, target)


def test_every_outcome_ends_in_a_state_that_leads_nowhere() -> None:
    ends = {ENDS[outcome] for outcome in Outcome}
    assert ends == {State.SUCCEEDED, State.STOPPED, State.CANCELLED, State.FAILED}
    assert not any((end, target) in LEGAL for end in ends for target in State)


def test_a_request_counts_the_pictures_of_all_batches() -> None:
    assert request(batches=((walk(), walk()), (walk(),))).pictures == 3
