"""The models that the server knows: which are loaded, being loaded, used, and which is the default."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from threading import RLock
from typing import Protocol

from inference_svc.models.catalog import Catalog
from inference_svc.models.loaded import LoadedModel, ModelRunner
from inference_svc.models.loading import Progress
from inference_svc.models.states import ModelState, moved
from inference_svc.work import ModelFacts
from latentwire.errors import FailedPrecondition, Internal, LatentwireError, NotFound, Unavailable

log = logging.getLogger(__name__)


class Loads(Protocol):
    """What loads a model: `Loader`, or a test's."""

    def load(self, name: str, path: Path, progress: Progress) -> LoadedModel:
        """Returns the model of a folder, ready to run. Raises a LatentwireError."""
        ...


@dataclass(frozen=True, slots=True)
class Entry:
    """A model as listings show it. `error`: why loading failed. `users`: generations that hold it."""

    name: str
    path: Path
    state: ModelState = ModelState.AVAILABLE
    facts: ModelFacts | None = None
    error: str = ""
    users: int = 0
    is_default: bool = False


@dataclass(slots=True)
class _Load:
    """A load that goes on, and who waits for it."""

    future: Future[LoadedModel] = field(default_factory=Future)
    listeners: list[Progress] = field(default_factory=list)
    make_default: bool = False
    task: Future[None] | None = None

    def tell(self, fraction: float, stage: str) -> None:
        for listener in tuple(self.listeners):
            listener(fraction, stage)


class Registry:
    """Knows the models, loads them on a thread of its own and hands them to the runner. Safe in several threads."""

    def __init__(self, catalog: Catalog, loader: Loads, runner: ModelRunner) -> None:
        """Raises NotFound where the default model does not exist."""
        self._catalog, self._loader, self._runner = catalog, loader, runner
        self._lock = RLock()
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="model-loader")
        self._entries = {name: Entry(name, path) for name, path in catalog.paths().items()}
        self._models: dict[str, LoadedModel] = {}
        self._loading: dict[str, _Load] = {}
        self._leaving: set[str] = set()
        self._default = catalog.default()

    @property
    def default(self) -> str:
        """Name of the model used where a request names none."""
        return self._default

    def entries(self, *, refresh: bool = False) -> tuple[Entry, ...]:
        """Returns all models by name; `refresh`: looks at the disk first. One in use stays, gone from disk or not."""
        with self._lock:
            if refresh:
                self._refresh()
            return tuple(self.entry(name) for name in sorted(self._entries))

    def entry(self, name: str = "") -> Entry:
        """Returns a model; an empty name means the default one. Raises NotFound."""
        with self._lock:
            name = self._known(name)
            return replace(self._entries[name], is_default=name == self._default)

    def load(
        self, name: str = "", progress: Progress = lambda _fraction, _stage: None, *, make_default: bool = False
    ) -> Future[LoadedModel]:
        """Starts loading, or joins in where it is going on; done at once where the model is loaded. Raises NotFound.

        `progress` is called on the loading thread. `make_default`: once it is loaded. The future holds a
        LatentwireError where loading fails.
        """
        with self._lock:
            name = self._known(name)
            self._leaving.discard(name)
            if name in self._models:
                self._default = name if make_default else self._default
                return _done(self._models[name])
            load = self._loading.get(name) or self._start(name)
            load.listeners.append(progress)
            load.make_default |= make_default
            return load.future

    def get(self, name: str = "") -> LoadedModel:
        """Returns a loaded model. Raises NotFound, Unavailable while it loads, else FailedPrecondition."""
        with self._lock:
            name = self._known(name)
            if name in self._models:
                return self._models[name]
            entry = self._entries[name]
            if entry.state is ModelState.LOADING:
                raise Unavailable(
                    f"the model {name!r} is being loaded",
                    reason="MODEL_LOADING",
                    retry_after_s=1.0,
                    metadata={"model": name},
                )
            problem = f": {entry.error}" if entry.error else ""
            message = f"the model {name!r} is not loaded{problem}"
            raise FailedPrecondition(message, reason="MODEL_NOT_LOADED", metadata={"model": name})

    @contextmanager
    def use(self, name: str = "") -> Iterator[LoadedModel]:
        """Holds a loaded model: unloading waits for the end of the block. Raises as `get` does."""
        with self._lock:
            model = self.get(name)
            self._count(model.facts.name, 1)
        try:
            yield model
        finally:
            with self._lock:
                self._count(model.facts.name, -1)
                self._free_if_unused(model.facts.name)

    def unload(self, name: str) -> Entry:
        """Frees a model, once nobody uses it; new uses are still let in till then. Raises NotFound, Unavailable."""
        with self._lock:
            name = self._known(name)
            if name in self._loading:
                raise Unavailable(f"the model {name!r} is being loaded", reason="MODEL_LOADING", retry_after_s=1.0)
            if name in self._models:
                self._leaving.add(name)
                self._free_if_unused(name)
            return self.entry(name)

    def close(self) -> None:
        """Waits for a load that goes on and takes no more; those that have not begun fail with Unavailable."""
        self._thread.shutdown(wait=False, cancel_futures=True)
        for name, load in tuple(self._loading.items()):
            if load.task and load.task.cancelled():
                self._failed(name, Unavailable("the server is shutting down", reason="DRAINING"))
        self._thread.shutdown(wait=True)

    def _start(self, name: str) -> _Load:
        self._move(name, ModelState.LOADING)
        load = self._loading[name] = _Load()
        load.task = self._thread.submit(self._load, name)
        return load

    def _load(self, name: str) -> None:
        try:
            model = self._loader.load(name, self._entries[name].path, self._loading[name].tell)
        except Exception as error:  # noqa: BLE001 - the loading thread's main: whatever it is, those who wait are told
            self._failed(name, error)
        else:
            self._loaded(name, model)

    def _loaded(self, name: str, model: LoadedModel) -> None:
        with self._lock:
            self._runner.hand_over(model)
            self._models[name] = model
            self._move(name, ModelState.LOADED, facts=model.facts)
            load = self._loading.pop(name)
            self._default = name if load.make_default else self._default
        load.future.set_result(model)

    def _failed(self, name: str, error: Exception) -> None:
        if not isinstance(error, LatentwireError):
            log.error("loading %s failed", name, exc_info=error)
            error = Internal(f"loading the model {name!r} failed")
        with self._lock:
            self._move(name, ModelState.FAILED, error=str(error))
            load = self._loading.pop(name)
        load.future.set_exception(error)

    def _free_if_unused(self, name: str) -> None:
        if name in self._leaving and not self._entries[name].users:
            self._leaving.discard(name)
            self._runner.take_away(name)
            del self._models[name]
            self._move(name, ModelState.AVAILABLE)

    def _refresh(self) -> None:
        found, idle = self._catalog.paths(), {ModelState.AVAILABLE, ModelState.FAILED}
        kept = {
            name: entry
            for name, entry in self._entries.items()
            if entry.state not in idle or found.get(name) == entry.path
        }
        self._entries = {**{name: Entry(name, path) for name, path in found.items()}, **kept}

    def _known(self, name: str) -> str:
        name = name or self._default
        if name not in self._entries:
            raise NotFound(f"there is no model {name!r}; known: {', '.join(self._entries)}", reason="MODEL_NOT_FOUND")
        return name

    def _move(self, name: str, state: ModelState, *, facts: ModelFacts | None = None, error: str = "") -> None:
        entry = self._entries[name]
        state = moved(entry.state, state)
        self._entries[name] = replace(entry, state=state, facts=facts or entry.facts, error=error)

    def _count(self, name: str, change: int) -> None:
        self._entries[name] = replace(self._entries[name], users=self._entries[name].users + change)


def _done(model: LoadedModel) -> Future[LoadedModel]:
    future: Future[LoadedModel] = Future()
    future.set_result(model)
    return future
