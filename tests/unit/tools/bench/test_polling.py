"""The pollers of the benchmark, before a server that answers as it is told."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from tools.bench.polling import PATH, poll

BODY = b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nabcde"


@asynccontextmanager
async def server(answer: bytes, stop: asyncio.Event, after: int) -> AsyncIterator[tuple[str, list[bytes]]]:
    """Answers every request alike, and says stop after so many; yields its address and what it is asked."""
    asked: list[bytes] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while line := await reader.readline():
            asked.append(line)
            await reader.readuntil(b"\r\n\r\n")
            writer.write(answer)
            if len(asked) >= after:
                stop.set()
        writer.close()

    async with await asyncio.start_server(serve, "127.0.0.1", 0) as listening:
        yield f"http://127.0.0.1:{listening.sockets[0].getsockname()[1]}", asked


async def test_every_client_asks_and_every_answer_is_timed() -> None:
    stop = asyncio.Event()
    async with server(BODY, stop, after=12) as (address, asked):
        found = await poll(address, 3, 200.0, stop)
    assert set(asked) == {f"GET {PATH} HTTP/1.1\r\n".encode()}
    assert len(found) == len(asked) >= 12
    assert min(found) > 0


@pytest.mark.parametrize("head", [b"HTTP/1.1 503 Busy\r\nContent-Length: 0\r\n\r\n", b"HTTP/1.1 200 OK\r\n\r\n"])
async def test_an_answer_that_is_none_is_told(head: bytes) -> None:
    async with server(head, asyncio.Event(), after=99) as (address, _):
        with pytest.raises(RuntimeError, match="answered http"):
            await poll(address, 1, 200.0, asyncio.Event())
