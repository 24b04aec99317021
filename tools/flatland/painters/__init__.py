"""Every object that Flatland can draw, by the name that its captions use."""

from __future__ import annotations

from collections.abc import Callable

from tools.flatland.painters import creatures, growing, shapes, sky, things
from tools.flatland.palette import Tint
from tools.flatland.pen import Pen

Painter = Callable[[Pen, Tint], None]

PAINTERS: dict[str, Painter] = {
    **shapes.PAINTERS,
    **sky.PAINTERS,
    **growing.PAINTERS,
    **things.PAINTERS,
    **creatures.PAINTERS,
}
