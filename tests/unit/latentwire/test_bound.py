"""A command that does not outlive its parent."""

from __future__ import annotations

import os
import subprocess
import sys

from latentwire import bound

# Starts what sleeps for a day, tells who it is, and is gone: killed, as nothing can be done about.
_PARENT = """
import os, signal, subprocess, sys
told = "import os, sys, time; print(os.getpid(), flush=True); time.sleep(86_400)"
child = subprocess.Popen([sys.executable, "-IS", sys.argv[1], str(os.getpid()), sys.executable, "-c", told],
                         stdout=subprocess.PIPE)
print(child.stdout.readline().decode().strip(), flush=True)
os.kill(os.getpid(), signal.SIGKILL)
"""


def run(parent: int, *command: str) -> subprocess.CompletedProcess[str]:
    arguments = [sys.executable, "-IS", bound.__file__, str(parent), *command]
    return subprocess.run(arguments, capture_output=True, text=True, check=False)


def test_it_becomes_the_command() -> None:
    done = run(os.getpid(), sys.executable, "-c", "import sys; print(sys.argv[1:]); sys.exit(7)", "a b", "c")
    assert (done.stdout, done.stderr, done.returncode) == ("['a b', 'c']\n", "", 7)


def test_where_the_parent_is_gone_the_command_never_begins() -> None:
    done = run(os.getppid(), sys.executable, "-c", "print('begun')")
    assert (done.stdout, done.returncode) == ("", 1)


def test_the_command_ends_with_its_parent_however_that_went() -> None:
    # Its errors go where the parent's go, which is read to the end: only once both are gone is there one.
    done = subprocess.run([sys.executable, "-c", _PARENT, bound.__file__], capture_output=True, check=False)
    assert done.returncode == -9
    assert not os.path.exists(f"/proc/{int(done.stdout)}/exe")
