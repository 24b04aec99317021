"""Becomes a command that does not outlive its parent: `python bound.py PARENT_PID COMMAND...`, on Linux.

A program of its own and not a function between fork and exec: what a process with threads does there may hang or abort.
"""

from __future__ import annotations

import ctypes
import os
import signal
import sys

_PR_SET_PDEATHSIG = 1


def become(parent: int, command: list[str]) -> None:
    """Asks to be killed when the parent is gone, however it went, and becomes the command; ends where it is gone."""
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:
        sys.exit(1)
    os.execv(command[0], command)


if __name__ == "__main__":
    become(int(sys.argv[1]), sys.argv[2:])
