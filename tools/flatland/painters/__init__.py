"""Every object that Flatland can draw, by the name that its captions use."""

from __future__ import annotations

from collections.abc import Callable

from tools.flatland.painters import animals, creatures, growing, places, shapes, sky, things, treats
from tools.flatland.palette import Tint
from tools.flatland.pen import Pen

Painter = Callable[[Pen, Tint], None]

# New ones go last: which combinations are held out hangs on the order.
PAINTERS: dict[str, Painter] = {
    **shapes.PAINTERS,
    **sky.PAINTERS,
    **growing.PAINTERS,
    **things.PAINTERS,
    **creatures.PAINTERS,
    **places.PAINTERS,
    **treats.PAINTERS,
    **animals.PAINTERS,
}
