"""Which way a model may go."""

from __future__ import annotations

from itertools import product

import pytest

from inference_svc.models import ModelState
from inference_svc.models.states import moved

AVAILABLE, LOADING, LOADED, FAILED = ModelState
LEGAL = {(AVAILABLE, LOADING), (LOADING, LOADED), (LOADING, FAILED), (LOADED, AVAILABLE), (FAILED, LOADING)}


@pytest.mark.parametrize(("state", "to"), list(product(ModelState, ModelState)))
def test_a_model_goes_where_the_table_lets_it_and_nowhere_else(state: ModelState, to: ModelState) -> None:
    if (state, to) in LEGAL:
        assert moved(state, to) is to
    else:
        with pytest.raises(ValueError, match=f"from {state.name} to {to.name}"):
            moved(state, to)
