"""Another model for the last steps, the same against the fake and against the real engine.

Each engine has one model here, so that what a refiner changes is shown in tests of the pipelines.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from latentwire import infotext
from latentwire.errors import InvalidArgument
from latentwire.v1 import generation_service_pb2 as g
from tests.contract.serving import Serving, asked, failure, make

if TYPE_CHECKING:
    from latentwire.v1.generation_service_pb2_grpc import GenerationServiceAsyncStub as Stub


@pytest.fixture
def model(grpc_server: Serving) -> str:
    """The engine's own model."""
    return grpc_server.backend.catalogue.entries()[0].name


async def test_a_model_that_refines_itself_changes_nothing_and_says_so(generation: Stub, model: str) -> None:
    plain = await make(generation, asked(infotext_omit=["Refiner", "Refiner switch at"]))
    refined = await make(
        generation,
        asked(refiner=g.Refiner(model=model, switch_at=0.5), infotext_omit=["Refiner", "Refiner switch at"]),
    )
    assert refined.pictures[0].data == plain.pictures[0].data
    assert list(refined.accepted.warnings) == [f"refiner has no effect: {model} is the model itself"]


async def test_the_infotext_names_the_refiner(generation: Stub, model: str) -> None:
    made = await make(generation, asked(refiner=g.Refiner(model=model, switch_at=0.8)))
    pairs = infotext.parse(made.pictures[0].infotext)
    assert (pairs["Refiner"].split(" [")[0], pairs["Refiner switch at"]) == (model, "0.8")
    assert pairs["Refiner"] == f"{model} [{pairs['Model hash']}]"


@pytest.mark.parametrize(
    ("refiner", "field"),
    [
        ({"switch_at": 0.5}, "refiner.model"),
        ({"model": "nobody"}, "refiner.model"),
        ({"switch_at": 1.5}, "refiner.switch_at"),
        ({"pass": 9}, "refiner.pass"),
    ],
)
async def test_what_is_wrong_with_a_refiner_is_named(
    generation: Stub, model: str, refiner: dict[str, Any], field: str
) -> None:
    request = asked(refiner=g.Refiner(**({"model": model} if field != "refiner.model" else {}) | refiner))
    error = await failure(generation.GenerateImage(request))
    assert isinstance(error, InvalidArgument)
    assert [violation.field for violation in error.violations] == [field]


async def test_a_refiner_that_is_not_here_is_told_as_a_model_that_is_not(generation: Stub) -> None:
    error = await failure(generation.GenerateImage(asked(refiner=g.Refiner(model="nobody"))))
    assert error.reason == "MODEL_NOT_FOUND"
