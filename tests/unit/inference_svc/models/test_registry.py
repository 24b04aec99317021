"""Loading, using and freeing models."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from threading import Event, Thread
from typing import Any

import pytest

from inference_svc.models import Catalog, Device, LoadedModel, Loader, ModelRunner, ModelState, Registry
from inference_svc.models.loading import Progress
from latentwire.errors import FailedPrecondition, Internal, NotFound, OutOfMemory, Unavailable
from tests.unit.inference_svc.models.tiny import write_tiny

WAIT_S = 20


@dataclass
class Slow:
    """A loader that waits to be let go, and raises where it is told to."""

    model: LoadedModel
    go: Event = field(default_factory=Event)
    begun: Event = field(default_factory=Event)
    error: Exception | None = None
    loads: int = 0

    def load(self, name: str, path: Path, progress: Progress) -> LoadedModel:
        self.loads += 1
        progress(0.5, f"loading {name}")
        self.begun.set()
        assert self.go.wait(WAIT_S)
        if self.error:
            raise self.error
        return self.model


@pytest.fixture
def models_dir(tmp_path: Path) -> Path:
    for name in ("one", "two"):
        write_tiny(tmp_path / "models" / name)
    return tmp_path / "models"


@pytest.fixture
def slow(models_dir: Path) -> Slow:
    return Slow(Loader(Device("cpu")).load("one", models_dir / "one"))


@pytest.fixture
def runner() -> ModelRunner:
    return ModelRunner()


@pytest.fixture
def registry(models_dir: Path, slow: Slow, runner: ModelRunner) -> Iterator[Registry]:
    registry = Registry(Catalog("one", models_dir), slow, runner)
    yield registry
    slow.go.set()
    registry.close()


def load(registry: Registry, slow: Slow) -> LoadedModel:
    slow.go.set()
    return registry.load("one").result(WAIT_S)


def states(registry: Registry) -> dict[str, ModelState]:
    return {entry.name: entry.state for entry in registry.entries() if entry.name in ("one", "two")}


def test_models_are_listed_before_any_is_loaded(registry: Registry) -> None:
    assert states(registry) == {"one": ModelState.AVAILABLE, "two": ModelState.AVAILABLE}
    assert (registry.entry().name, registry.entry().is_default, registry.entry("two").is_default) == (
        "one",
        True,
        False,
    )


def test_a_loaded_model_is_handed_to_the_runner(registry: Registry, slow: Slow, runner: ModelRunner) -> None:
    model = load(registry, slow)
    assert (registry.get(), runner.facts("one")) == (model, model.facts)
    assert (registry.entry("one").state, registry.entry("one").facts) == (ModelState.LOADED, model.facts)


def test_loading_tells_how_far_it_is(registry: Registry, slow: Slow) -> None:
    told: list[tuple[float, str]] = []
    slow.go.set()
    registry.load("one", lambda fraction, stage: told.append((fraction, stage))).result(WAIT_S)
    assert told in ([(0.5, "loading one")], [])


def test_whoever_asks_meanwhile_joins_in(registry: Registry, slow: Slow) -> None:
    first = registry.load("one")
    assert slow.begun.wait(WAIT_S)
    assert registry.load("one") is first
    slow.go.set()
    assert registry.load("one").result(WAIT_S) is first.result(WAIT_S)
    assert slow.loads == 1


def test_a_model_that_loads_is_unavailable_until_it_is_there(registry: Registry, slow: Slow) -> None:
    registry.load("one")
    assert states(registry)["one"] is ModelState.LOADING
    for refused in (registry.get, registry.unload):
        with pytest.raises(Unavailable, match="is being loaded"):
            refused("one")


def test_a_model_that_nobody_loaded_is_not_loaded(registry: Registry) -> None:
    with pytest.raises(FailedPrecondition, match="the model 'two' is not loaded"):
        registry.get("two")


@pytest.mark.parametrize(
    ("error", "expected", "said"),
    [
        (OutOfMemory("too large"), OutOfMemory, "too large"),
        (ZeroDivisionError("secret"), Internal, "loading the model 'one' failed"),
    ],
)
def test_a_load_that_fails_says_why_and_may_be_tried_again(
    registry: Registry, slow: Slow, error: Exception, expected: type[Exception], said: str
) -> None:
    slow.error = error
    slow.go.set()
    with pytest.raises(expected, match=said):
        registry.load("one").result(WAIT_S)
    assert (registry.entry("one").state, registry.entry("one").error) == (ModelState.FAILED, said)
    with pytest.raises(FailedPrecondition, match=said):
        registry.get("one")
    slow.error = None
    assert load(registry, slow) is slow.model
    assert registry.entry("one").error == ""


def test_an_unused_model_is_freed_at_once(registry: Registry, slow: Slow, runner: ModelRunner) -> None:
    load(registry, slow)
    assert registry.unload("one").state is ModelState.AVAILABLE
    with pytest.raises(NotFound):
        runner.facts("one")


def test_a_model_in_use_is_freed_when_the_last_user_goes(registry: Registry, slow: Slow) -> None:
    load(registry, slow)
    with registry.use("one") as model, registry.use() as same:
        assert (model is same, registry.entry("one").users) == (True, 2)
        assert registry.unload("one").state is ModelState.LOADED
    assert (registry.entry("one").state, registry.entry("one").users) == (ModelState.AVAILABLE, 0)


def test_loading_again_takes_back_the_freeing(registry: Registry, slow: Slow) -> None:
    load(registry, slow)
    with registry.use("one"):
        registry.unload("one")
        load(registry, slow)
    assert registry.entry("one").state is ModelState.LOADED


def test_freeing_what_is_not_loaded_changes_nothing(registry: Registry) -> None:
    assert registry.unload("two").state is ModelState.AVAILABLE


def test_loading_can_make_a_model_the_default(registry: Registry, slow: Slow) -> None:
    slow.go.set()
    registry.load("two", make_default=True).result(WAIT_S)
    assert (registry.default, registry.entry().name) == ("two", "two")
    registry.load("one").result(WAIT_S)
    registry.load("two").result(WAIT_S)
    assert registry.default == "two"


def test_a_model_that_fails_to_load_does_not_become_the_default(registry: Registry, slow: Slow) -> None:
    slow.error = OutOfMemory("too large")
    slow.go.set()
    with pytest.raises(OutOfMemory):
        registry.load("two", make_default=True).result(WAIT_S)
    assert registry.default == "one"


def test_closing_tells_those_whose_load_has_not_begun(registry: Registry, slow: Slow) -> None:
    first, second = registry.load("one"), registry.load("two")
    assert slow.begun.wait(WAIT_S)
    closing = Thread(target=registry.close)
    closing.start()
    assert isinstance(second.exception(WAIT_S), Unavailable)
    slow.go.set()
    closing.join(WAIT_S)
    assert first.result(WAIT_S) is slow.model


@pytest.mark.parametrize("method", ["get", "load", "unload", "entry"])
def test_an_unknown_model_is_told_what_is_known(registry: Registry, method: str) -> None:
    ask: Any = getattr(registry, method)
    with pytest.raises(NotFound, match=r"there is no model 'three'; known: .*one, two"):
        ask("three")


def test_looking_again_finds_new_folders_and_forgets_idle_ones(
    registry: Registry, slow: Slow, models_dir: Path
) -> None:
    load(registry, slow)
    write_tiny(models_dir / "three")
    for gone in ("one", "two"):
        (models_dir / gone / "model_index.json").unlink()
    registry.entries(refresh=True)
    known = {entry.name for entry in registry.entries()}
    assert known & {"one", "two", "three"} == {"one", "three"}


def test_a_real_folder_loads_with_progress_to_the_end(models_dir: Path, runner: ModelRunner) -> None:
    registry = Registry(Catalog("two", models_dir), Loader(Device("cpu")), runner)
    registry.load().result(WAIT_S)
    registry.close()
    assert runner.facts("two").name == "two"


def test_a_loader_tells_every_stage(tiny: Path) -> None:
    told: list[tuple[float, str]] = []
    Loader(Device("cpu")).load("tiny", tiny, lambda fraction, stage: told.append((fraction, stage)))
    fractions = [fraction for fraction, _ in told]
    assert (fractions, told[-1]) == (sorted(fractions), (1.0, "ready"))
    assert "loading the vae decoder" in [stage for _, stage in told]
