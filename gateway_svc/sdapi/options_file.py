"""The options on disk: one JSON file that holds what differs from the defaults.

Several gateways may share it. Every change is merged under a lock and replaces the file at once; every reader looks
whether the file is still the one it knows.
"""

from __future__ import annotations

import fcntl
import json
import logging
import os
import tempfile
from collections.abc import Iterator, Mapping, Set
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from gateway_svc.sdapi.options import READ_ONLY, Options

_LOG = logging.getLogger(__name__)
_Mark = tuple[int, int, int]


class SettingsFrozen(Exception):
    """Nobody may change options."""


class OptionsFile:
    """Options kept in a folder. `untouchable` ones stay as they are whoever sets them; frozen, all do, and say so."""

    def __init__(self, folder: Path, *, frozen: bool = False, untouchable: Set[str] = READ_ONLY) -> None:
        self._frozen, self._untouchable = frozen, untouchable
        self._path = folder / "options.json"
        self._lock = folder / "options.lock"
        self._known: tuple[_Mark | None, Options] = (None, Options())

    def read(self) -> Options:
        """The options as they are now. A file that can't be read counts as empty, and is said in the log."""
        mark = self._mark()
        if mark != self._known[0]:
            self._known = (mark, self._load())
        return self._known[1]

    def settable(self, changes: Mapping[str, Any]) -> dict[str, Any]:
        """Those of some changes that clients may make."""
        return {name: value for name, value in changes.items() if name not in self._untouchable}

    def change(self, changes: Mapping[str, Any]) -> Options:
        """Keeps those of some new values that clients may set.

        Raises UnknownOption, ValidationError or SettingsFrozen, and then changes nothing.
        """
        if self._frozen:
            raise SettingsFrozen("changing settings is disabled")
        with self._alone():
            options = self._load().overlaid(self.settable(changes))
            self._replace(options)
        return self.read()

    def _mark(self) -> _Mark | None:
        try:
            status = self._path.stat()
        except FileNotFoundError:
            return None
        return (status.st_ino, status.st_mtime_ns, status.st_size)

    def _load(self) -> Options:
        try:
            stored = dict(json.loads(self._path.read_bytes()))
        except FileNotFoundError:
            return Options()
        except (ValueError, TypeError) as error:
            _LOG.warning("%s can't be read, the defaults are used: %s", self._path, error)
            return Options()
        return self._overlaid({name: stored[name] for name in stored if name in Options.model_fields})

    def _overlaid(self, stored: Mapping[str, Any]) -> Options:
        """The stored values over the defaults; one that is not allowed is left out alone."""
        try:
            return Options().overlaid(stored)
        except ValidationError as error:
            wrong = {str(problem["loc"][0]) for problem in error.errors()}
            _LOG.warning("%s: %s not allowed, the default is used", self._path, ", ".join(sorted(wrong)))
            return Options().overlaid({name: value for name, value in stored.items() if name not in wrong})

    def _replace(self, options: Options) -> None:
        text = json.dumps(options.model_dump(exclude_defaults=True), indent=2)
        with tempfile.NamedTemporaryFile("w", dir=self._path.parent, prefix=".options-", delete=False) as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        Path(file.name).replace(self._path)

    @contextmanager
    def _alone(self) -> Iterator[None]:
        self._lock.parent.mkdir(parents=True, exist_ok=True)
        with self._lock.open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield
