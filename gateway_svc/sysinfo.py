"""What a report of a fault needs: versions, machine, options. Nothing secret."""

from __future__ import annotations

import importlib.metadata
import json
import os
import platform
import sys
from collections.abc import Mapping
from functools import cache
from typing import Any, Final

from gateway_svc.sdapi.options import Options
from gateway_svc.settings import Settings, shown
from latentwire import __version__

_ENVIRONMENT: Final = ("PYTHONPATH", "CUDA_VISIBLE_DEVICES", "OMP_NUM_THREADS", "XDG_DATA_HOME")


def sysinfo(settings: Settings, options: Options, startup: Mapping[str, Any]) -> dict[str, Any]:
    """The report. Blocking: run it in a thread."""
    return {
        "Platform": platform.platform(),
        "Python": platform.python_version(),
        "Version": __version__,
        "Commit": None,
        "Data path": str(settings.data_dir),
        "Extensions dir": None,
        "Commandline": [os.path.basename(sys.argv[0])],
        "Flags": json.loads(shown(settings)),
        "Exceptions": [],
        "CPU": {"model": platform.processor() or platform.machine(), "count logical": os.cpu_count()},
        "Extensions": [],
        "Inactive extensions": [],
        "Environment": {name: os.environ[name] for name in _ENVIRONMENT if name in os.environ},
        "Config": options.model_dump(exclude_defaults=True),
        "Startup": dict(startup),
        "Packages": _packages(),
    }


@cache
def _packages() -> tuple[str, ...]:
    # Read once: it takes a tenth of a second, and what is installed later is not what runs.
    return tuple(sorted({f"{found.metadata['Name']}=={found.version}" for found in importlib.metadata.distributions()}))
