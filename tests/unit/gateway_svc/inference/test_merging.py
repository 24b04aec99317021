from __future__ import annotations

from collections.abc import Sequence

import pytest
from google.protobuf.timestamp_pb2 import Timestamp

from gateway_svc.inference import merging
from gateway_svc.inference.asked import UNARY, Asked, Way
from latentwire.v1 import generation_service_pb2 as gs
from latentwire.v1 import model_service_pb2 as ms
from latentwire.v1 import types_pb2 as types

ASKED = Asked(Way(UNARY, "/some"), None)


def said(*seconds: int, waiting: int = 0) -> gs.ListGenerationsResponse:
    found = [gs.Generation(request_id=f"at{each}", accept_time=Timestamp(seconds=each)) for each in seconds]
    return gs.ListGenerationsResponse(generations=found, waiting_count=waiting, running_count=1)


def names(answer: gs.ListGenerationsResponse) -> list[str]:
    return [each.request_id for each in answer.generations]


def test_generations_of_all_are_one_list_oldest_first() -> None:
    merged = merging.generations(gs.ListGenerationsRequest(), [said(3, 5, waiting=2), said(1, 4, waiting=1)])
    assert names(merged) == ["at1", "at3", "at4", "at5"]
    assert (merged.waiting_count, merged.running_count, merged.next_page_token) == (3, 2, "")


def test_pages_follow_one_another_without_gap_or_overlap() -> None:
    answers, token, pages = [said(3, 5, 6), said(1, 4)], "", list[Sequence[str]]()
    while not pages or token:
        page = merging.generations(gs.ListGenerationsRequest(page_size=2, page_token=token), answers)
        pages.append(names(page))
        token = page.next_page_token
    assert pages == [["at1", "at3"], ["at4", "at5"], ["at6"]]


@pytest.mark.parametrize(("token", "legal"), [("", True), ("nonsense!", False), ("MTIz", True), ("YWJj", False)])
def test_a_token_of_another_making_is_seen(token: str, legal: bool) -> None:
    assert merging.is_token(token) is legal


def model(name: str, state: types.ModelState.ValueType) -> types.Model:
    return types.Model(name=name, state=state)


def test_a_model_is_in_memory_only_where_all_have_it_there() -> None:
    loaded, available = types.MODEL_STATE_LOADED, types.MODEL_STATE_AVAILABLE
    one = ms.ListModelsResponse(models=[model("a", loaded), model("b", loaded), model("c", available)])
    two = ms.ListModelsResponse(models=[model("a", loaded), model("b", available), model("d", loaded)])
    merged = merging.models(ASKED, [one, two])
    found = {each.name: each.state for each in merged.models}
    assert found == {"a": loaded, "b": available, "c": available, "d": loaded}


def test_names_are_listed_once_in_the_order_in_which_they_come() -> None:
    one, two = [ms.ListLorasResponse(loras=[ms.Lora(name=name) for name in text]) for text in ("ab", "cb")]
    assert [each.name for each in merging.by_name("loras")(ASKED, [one, two]).loras] == ["a", "b", "c"]


def test_loading_is_as_far_as_the_slowest_and_done_when_all_are() -> None:
    done = ms.LoadModelResponse(fraction=1, model=model("a", types.MODEL_STATE_LOADED))
    half = ms.LoadModelResponse(fraction=0.5, stage="reading")
    assert merging.loading([done, half]) == half
    assert merging.loading([done, done]) == done


def test_ids_of_all_are_told_once() -> None:
    one, two = (gs.StopGenerationResponse(request_ids=list(text)) for text in ("ab", "bc"))
    assert list(merging.ids(ASKED, [one, two]).request_ids) == ["a", "b", "c"]
