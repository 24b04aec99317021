"""A model brought into the memory of every replica, with their progress as one."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence

from grpc import StatusCode, aio

from gateway_svc.inference import merging
from gateway_svc.inference.asked import Asked
from gateway_svc.inference.composed import Head
from gateway_svc.inference.replicas import Replica
from latentwire.v1 import model_service_pb2 as ms

_Told = tuple[int, ms.LoadModelResponse | aio.AioRpcError]


async def loaded_everywhere(
    asked: Asked, replicas: Sequence[Replica], head: Head
) -> AsyncIterator[ms.LoadModelResponse]:
    """How far the slowest is; a replica that is gone is left out.

    Raises AioRpcError when one refuses, or all are gone.
    """
    told: asyncio.Queue[_Told | int] = asyncio.Queue()
    newest = {place: ms.LoadModelResponse() for place in range(len(replicas))}
    tasks = [asyncio.ensure_future(_load(asked, replica, place, told, head)) for place, replica in enumerate(replicas)]
    under_way, shown = set(newest), ms.LoadModelResponse()
    try:
        while under_way:
            item = await told.get()
            if isinstance(item, int):
                under_way.discard(item)
                continue
            place, said = item
            if isinstance(said, aio.AioRpcError):
                under_way.discard(place)
                if said.code() is not StatusCode.UNAVAILABLE or len(newest) == 1:
                    raise said
                del newest[place]
            else:
                newest[place] = said
            if (now := merging.loading(list(newest.values()))) != shown:
                shown = now
                yield now
    finally:
        for task in tasks:
            task.cancel()


async def _load(asked: Asked, replica: Replica, place: int, told: asyncio.Queue[_Told | int], head: Head) -> None:
    call = asked.on(replica.channel)
    try:
        async for response in call:
            head.set(await call.initial_metadata())
            await told.put((place, response))
        await told.put(place)
    except aio.AioRpcError as error:
        await told.put((place, error))
    finally:
        call.cancel()
