"""The one table of RPCs that the real engine does not implement yet, with the reason.

The real engine answers UNIMPLEMENTED for exactly these; the fake answers them from their descriptors.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

NOT_YET: Mapping[str, str] = MappingProxyType({})
"""Keys are "package.Service/Method"."""
