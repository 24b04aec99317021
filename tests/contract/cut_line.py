"""A line between a client and a server that a test can cut."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress


class Line:
    """Passes bytes on, both ways, until it is cut; who connects again is served again."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._writers: list[asyncio.StreamWriter] = []
        self._open = asyncio.Event()
        self._open.set()
        self.connections = 0

    def cut(self) -> None:
        """Cuts every connection there is; new ones wait until it is mended."""
        self._open.clear()
        for writer in self._writers:
            writer.transport.abort()
        self._writers.clear()

    def mend(self) -> None:
        """Lets new connections through."""
        self._open.set()

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Carries one connection."""
        self.connections += 1
        self._writers.append(writer)
        await self._open.wait()
        there, to_there = await asyncio.open_connection("127.0.0.1", self._port)
        self._writers.append(to_there)
        with suppress(OSError):
            await asyncio.gather(_carry(reader, to_there), _carry(there, writer))
        to_there.transport.abort()
        writer.transport.abort()


@asynccontextmanager
async def line_to(port: int) -> AsyncIterator[tuple[Line, str]]:
    """A line to a port of this machine, and its own address."""
    line = Line(port)
    tasks: set[asyncio.Task[None]] = set()

    def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        tasks.add(asyncio.create_task(line.serve(reader, writer)))

    server = await asyncio.start_server(connected, "127.0.0.1", 0)
    try:
        yield line, f"127.0.0.1:{server.sockets[0].getsockname()[1]}"
    finally:
        server.close()
        line.cut()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def _carry(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while data := await reader.read(65536):
        writer.write(data)
        await writer.drain()
    writer.transport.abort()
