"""What the determinism check makes: enough, of every kind."""

from __future__ import annotations

from inference_svc.sampling import SAMPLERS, SCHEDULERS
from tools.determinism.cases import MOST_SEED, RestCase, RpcCase, cases

CASES = cases()
REQUESTS = [case.request for case in CASES if isinstance(case, RpcCase)]


def test_no_two_cases_have_the_same_name() -> None:
    assert len({case.name for case in CASES}) == len(CASES) >= 20


def test_every_sampler_and_every_schedule_is_used() -> None:
    assert set(SAMPLERS) <= {request.sampling.sampler for request in REQUESTS}
    assert set(SCHEDULERS) <= {request.sampling.scheduler for request in REQUESTS}


def test_the_first_and_the_last_seed_are_used_over_both_faces() -> None:
    rest = {case.body["seed"] for case in CASES if isinstance(case, RestCase)}
    assert {0, MOST_SEED} <= rest & {request.noise.seed for request in REQUESTS}


def test_no_case_leaves_its_seed_to_chance() -> None:
    assert [request for request in REQUESTS if not request.noise.HasField("seed")] == []
    assert [case.name for case in CASES if isinstance(case, RestCase) and "seed" not in case.body] == []


def test_each_kind_of_request_is_there() -> None:
    assert {field for request in REQUESTS for field in ("init", "inpaint", "hires") if request.HasField(field)} == {
        "init",
        "inpaint",
        "hires",
    }
    assert any(request.batch_size > 1 and request.batch_count > 1 for request in REQUESTS)
    assert any("BREAK" in request.prompt and ":1." in request.prompt for request in REQUESTS)
    assert any(request.events.preview_every for request in REQUESTS)
    assert {case.path for case in CASES if isinstance(case, RestCase)} == {"/sdapi/v1/txt2img", "/sdapi/v1/img2img"}
