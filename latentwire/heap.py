"""glibc's heap, set for a server: what one request frees stays mapped for the next."""

from __future__ import annotations

import ctypes
import os
from typing import Final

_M_TRIM_THRESHOLD: Final = -1
_M_MMAP_THRESHOLD: Final = -3
LARGEST_KEPT_BYTES: Final = 32 * 2**20
"""The most that glibc takes; larger blocks are mapped for themselves and handed back when they are freed."""
MOST_KEPT_BYTES: Final = 64 * 2**20
"""Of free memory at the end of each of glibc's heaps; threads have heaps of their own, up to eight for each core."""


def keep_freed_memory() -> bool:
    """Lets glibc keep some memory that was freed; returns whether it has been told. Once, when a service starts.

    Left as it is, it hands the end of a heap back whenever twice the largest block so far is free there, and the kernel
    clears every page anew for the next request: for an uncompressed picture of 512x512, which is copied a few times on
    its way out, that is more than half of the time that its answer takes. Where the operator has set anything of the
    heap (MALLOC_*, GLIBC_TUNABLES), and on other C libraries, nothing is changed.
    """
    if any(name.startswith("MALLOC_") for name in os.environ):
        return False
    if "glibc.malloc" in os.environ.get("GLIBC_TUNABLES", ""):
        return False
    try:
        mallopt = ctypes.CDLL(None).mallopt
    except (AttributeError, OSError, TypeError):  # musl, macOS and Windows
        return False
    wanted = ((_M_MMAP_THRESHOLD, LARGEST_KEPT_BYTES), (_M_TRIM_THRESHOLD, MOST_KEPT_BYTES))
    return all(mallopt(parameter, value) == 1 for parameter, value in wanted)
