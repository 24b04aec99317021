"""What reading prompts brings with it, and when."""

from __future__ import annotations

import subprocess
import sys


def test_the_parser_comes_with_the_first_prompt_that_needs_it() -> None:
    check = (
        "import sys; from inference_svc.prompts import ScheduleFor, schedule; "
        "seen = ['lark' in sys.modules for text in ('(a:1.2) AND b', '[a:3]') if schedule(text, ScheduleFor(1))]; "
        "print(seen)"
    )
    done = subprocess.run([sys.executable, "-c", check], capture_output=True, text=True, check=True)
    assert done.stdout == "[False, True]\n"
