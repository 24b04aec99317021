"""Field types that take what A1111's clients send: pydantic 1 was more lenient than pydantic 2 is."""

from __future__ import annotations

import math
from typing import Annotated

from pydantic import BeforeValidator, Field


def _truncated(value: object) -> object:
    """3.7 is 3, as int() has it; what isn't a finite number is left for pydantic to refuse."""
    return int(value) if isinstance(value, float) and math.isfinite(value) else value


def _text(value: object) -> object:
    """A number where text belongs is its digits. Raises ValueError for half a character, which JSON can hold."""
    if isinstance(value, str):
        value.encode()
    return str(value) if isinstance(value, bool | int | float) else value


Whole = Annotated[int, BeforeValidator(_truncated), Field(ge=-(2**31), le=2**31 - 1)]
Seed = Annotated[int, BeforeValidator(_truncated), Field(ge=-(2**63), le=2**64 - 1)]
Number = Annotated[float, Field(allow_inf_nan=False)]
Text = Annotated[str, BeforeValidator(_text)]
