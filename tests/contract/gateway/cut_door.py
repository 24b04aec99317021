"""A door before a service that can be cut off, as a cable is: the service goes on and does not know."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress


class Door:
    """Passes bytes on to a port of this machine until it is cut."""

    def __init__(self, behind: int) -> None:
        self._behind, self._writers = behind, set[asyncio.StreamWriter]()
        self._passing = set[asyncio.Task[None]]()
        self._server: asyncio.Server | None = None

    @property
    def port(self) -> int:
        """Its own port."""
        assert self._server is not None
        return int(self._server.sockets[0].getsockname()[1])

    async def open(self) -> None:
        """Listens."""
        self._server = await asyncio.start_server(self._pass_on, "127.0.0.1", 0)

    async def cut(self) -> None:
        """Ends every connection without a word, and takes no more."""
        assert self._server is not None
        self._server.close()
        for writer in self._writers:
            writer.transport.abort()
        await asyncio.gather(*self._passing)

    async def _pass_on(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._passing.add(task)
        there, back = await asyncio.open_connection("127.0.0.1", self._behind)
        self._writers |= {writer, back}
        await asyncio.gather(_pump(reader, back), _pump(there, writer))


@asynccontextmanager
async def door(behind: int) -> AsyncIterator[Door]:
    """A door before a port, cut at the end of the block."""
    made = Door(behind)
    await made.open()
    yield made
    await made.cut()


async def _pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with suppress(ConnectionError):
        while data := await reader.read(65_536):
            writer.write(data)
    writer.close()
