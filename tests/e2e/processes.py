"""Processes as a user starts them: their output, their children, their end."""

from __future__ import annotations

import contextlib
import os
import re
import signal
import subprocess
import sysconfig
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

T = TypeVar("T")
LATENTWIRE = str(Path(sysconfig.get_path("scripts")) / "latentwire")
PATIENCE_S = 120.0
"""For whatever another process has to do, on a machine that is busy with others; less than a test may take."""
READY = re.compile(r"^Latentwire is ready after ([\d.]+) s: http://(\S+) .*gRPC at (\S+)$", re.MULTILINE)


def eventually(look: Callable[[], T | None], what: str, within_s: float = PATIENCE_S) -> T:
    """What `look` returns once it is neither None nor False; fails when that takes too long."""
    deadline = time.monotonic() + within_s
    while time.monotonic() < deadline:
        found = look()
        if found is not None and found is not False:
            return found
        time.sleep(0.01)
    raise AssertionError(f"{what}: not within {within_s:g} s")


@dataclass(frozen=True, slots=True)
class Command:
    """A running `latentwire` command and what it has printed."""

    process: subprocess.Popen[bytes]
    log: Path

    @property
    def output(self) -> str:
        return self.log.read_text()

    def wait_for(self, pattern: re.Pattern[str]) -> re.Match[str]:
        """The first match in the output; fails with the output when the command ends without."""

        def look() -> re.Match[str] | None:
            assert self.process.poll() is None or pattern.search(self.output), self.output
            return pattern.search(self.output)

        return eventually(look, f"{pattern.pattern} in the output of {self.process.args!r}")

    def child(self, module: str) -> int:
        """The pid of the service of that module, started by this command."""
        return eventually(lambda: next(self._children(module), None), f"a child that runs {module}")

    def _children(self, module: str) -> Iterator[int]:
        own = self.process.pid
        for pid in Path(f"/proc/{own}/task/{own}/children").read_text().split():
            with contextlib.suppress(FileNotFoundError, ProcessLookupError):  # one that has just ended
                if module.encode() in Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0"):
                    yield int(pid)

    def end(self, number: signal.Signals) -> int:
        """Sends a signal and returns the exit status."""
        self.process.send_signal(number)
        return self.ended()

    def ended(self) -> int:
        """The exit status, once it has ended; one that hangs says where."""
        try:
            return self.process.wait(timeout=PATIENCE_S)
        except subprocess.TimeoutExpired:
            self.process.send_signal(signal.SIGABRT)
            self.process.wait()
            raise AssertionError(f"{self.process.args!r} did not end:\n{self.output}") from None


@contextlib.contextmanager
def command(folder: Path, *arguments: str, **environment: str) -> Iterator[Command]:
    """`latentwire ARGUMENTS`, its output in a file of the folder; killed at the end of the block."""
    log = folder / f"{'-'.join(arguments[:1])}-{time.monotonic_ns()}.log"
    with log.open("wb") as output:
        process = subprocess.Popen(
            [LATENTWIRE, *arguments],
            stdout=output,
            stderr=subprocess.STDOUT,
            env={**os.environ, "PYTHONFAULTHANDLER": "1", **environment},
        )
    try:
        yield Command(process, log)
    finally:
        process.kill()
        process.wait()


def is_gone(pid: int) -> bool:
    """Whether no such process runs any more."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
    except FileNotFoundError:
        return True
