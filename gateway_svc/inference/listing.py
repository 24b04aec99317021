"""Generations of several replicas as one list, page by page."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from gateway_svc.inference import merging
from gateway_svc.inference.asked import Asked, as_rpc_error
from gateway_svc.inference.composed import Head
from gateway_svc.inference.replicas import Replica
from gateway_svc.inference.spread import merged
from latentwire.errors import InvalidArgument
from latentwire.v1 import generation_service_pb2 as gs

_MOST: Final = 1000


async def listed(asked: Asked, replicas: Sequence[Replica], head: Head) -> gs.ListGenerationsResponse:
    """One page of all. Raises AioRpcError.

    Every replica is asked for all that it has, since a page of each is not a page of all.
    """
    request: gs.ListGenerationsRequest = asked.request
    if not merging.is_token(request.page_token):
        raise as_rpc_error(
            InvalidArgument.of("page_token", request.page_token, "next_page_token of an answer, or empty")
        )
    if request.HasField("page_size") and not 1 <= request.page_size <= _MOST:
        raise as_rpc_error(InvalidArgument.of("page_size", request.page_size, f"1 to {_MOST}"))
    whole = gs.ListGenerationsRequest()
    whole.CopyFrom(request)
    whole.page_size, whole.page_token = _MOST, ""
    answer: gs.ListGenerationsResponse = await merged(
        asked.saying(whole), replicas, lambda _, answers: merging.generations(request, answers), head
    )
    return answer
