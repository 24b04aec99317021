"""A door before a service that lets nobody through until it is told to."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager


@asynccontextmanager
async def slow_door(port: int) -> AsyncIterator[tuple[int, asyncio.Event]]:
    """Takes connections to a port of this machine at once; yields its own port, and what lets their bytes through."""
    opened, passing = asyncio.Event(), set[asyncio.Task[None]]()

    async def pass_on(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        passing.add(task)
        await opened.wait()
        there, back = await asyncio.open_connection("127.0.0.1", port)
        await asyncio.gather(_pump(reader, back), _pump(there, writer))

    server = await asyncio.start_server(pass_on, "127.0.0.1", 0)
    async with server:
        yield server.sockets[0].getsockname()[1], opened
        opened.set()
    await asyncio.gather(*passing)


async def _pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    try:
        while data := await reader.read(65_536):
            writer.write(data)
    except ConnectionError:
        # Whoever went away without a word has nothing more to say.
        pass
    finally:
        writer.close()
