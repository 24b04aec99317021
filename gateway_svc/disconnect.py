"""Work that ends when its client goes away, told as an error of ours."""

from __future__ import annotations

from collections.abc import Coroutine
from typing import Any, TypeVar

from starlette.types import Receive

from gateway_svc.transcoding.presence import ClientGone, while_there
from latentwire.errors import Cancelled

T = TypeVar("T")


async def while_connected(receive: Receive, work: Coroutine[Any, Any, T]) -> T:
    """The work's result. Raises Cancelled once the client is gone; the work has been cancelled by then.

    The request's body must have been read: what comes next on `receive` is the disconnect.
    """
    try:
        return await while_there(receive, work)
    except ClientGone:
        raise Cancelled("the client went away") from None
