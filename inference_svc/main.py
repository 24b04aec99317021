"""The command line of the inference service."""

from __future__ import annotations

import asyncio
import json
import logging
import sys
import time
from collections.abc import Callable, Coroutine
from importlib import import_module
from importlib.util import find_spec
from typing import Any

import click

from inference_svc.flags import BadSetting, settings_command
from inference_svc.settings import Settings
from latentwire.heap import keep_freed_memory

BAD_USAGE, INTERRUPTED = 2, 130


def main() -> None:
    """Reads the settings and serves.

    Ends the process: 0 after a drain, 2 for what can't be started, 3 when the device was lost.
    """
    began = time.monotonic()
    command = settings_command(lambda settings, print_config: run(settings, print_config=print_config, began=began))
    try:
        command.main(prog_name="python -m inference_svc", standalone_mode=False)
    except click.ClickException as error:
        _refuse(error.format_message())
    except BadSetting as error:
        _refuse(str(error))
    except click.Abort:
        sys.exit(INTERRUPTED)


def run(settings: Settings, *, print_config: bool, began: float) -> None:
    """Serves until told to stop, or prints the settings without secrets."""
    if print_config:
        click.echo(json.dumps(settings.model_dump(mode="json"), indent=2))
        return
    _set_up_log(settings.log_level)
    keep_freed_memory()
    from inference_svc.service import CannotStart, serve

    try:
        status = _run(lambda: serve(settings, began))
    except CannotStart as error:
        _refuse(str(error))
    sys.exit(status)


def _set_up_log(level: str) -> None:
    form = "%(asctime)s %(levelname)s %(name)s %(message)s"
    logging.basicConfig(level=level.upper(), format=form, stream=sys.stderr)


def _run(serving: Callable[[], Coroutine[Any, Any, int]]) -> int:
    """Runs on uvloop where it is installed."""
    factory = import_module("uvloop").new_event_loop if find_spec("uvloop") else None
    with asyncio.Runner(loop_factory=factory) as runner:
        return runner.run(serving())


def _refuse(sentence: str) -> None:
    click.echo(f"inference: {sentence}", err=True)
    sys.exit(BAD_USAGE)
