"""The one place where exceptions become statuses."""

from __future__ import annotations

import asyncio
import logging
from typing import Any

import grpc
from grpc_status import rpc_status

from inference_svc.rpc.interceptors.around import Call, Proceed
from inference_svc.rpc.told import told
from latentwire.errors import Internal, LatentwireError
from latentwire.status import to_status

log = logging.getLogger(__name__)


async def errors_as_status(call: Call, proceed: Proceed) -> Any:
    """Ends a call whose handler raised with the status of that error; what is no domain error is INTERNAL.

    An INTERNAL is logged with its traceback and answered without.
    """
    try:
        return await proceed(call)
    except (grpc.aio.AbortError, asyncio.CancelledError):
        raise
    except LatentwireError as error:
        if isinstance(error, Internal):
            log.exception("%s failed", call.method)
        await _abort(call, told(error))
    except Exception:
        log.exception("%s failed", call.method)
        await _abort(call, told(Internal("")))


async def _abort(call: Call, error: LatentwireError) -> None:
    status = rpc_status.to_status(to_status(error))
    kept = call.context.trailing_metadata() or ()
    # abort_with_status would drop the metadata that other interceptors have set.
    await call.context.abort(status.code, status.details or "", (*kept, *(status.trailing_metadata or ())))
