"""Streams: lines of JSON, Server-Sent Events, and clients that go away and come back."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest
from google.rpc import code_pb2, status_pb2

from gateway_svc.transcoding.errors import Refused
from gateway_svc.transcoding.options import EventStream, Options, Resumed
from tests.unit.gateway_svc.transcoding.toy import Channel, application, client, fail, failure, make, method

LISTEN = "toy.library.v1.Library.Listen"
EVENTS = {"Accept": "text/event-stream"}
LOST = status_pb2.Status(code=code_pb2.DATA_LOSS, message="torn")


def page(number: int) -> Any:
    """A page."""
    return make("Page", number=number, text="é")


async def two_pages(_: Any) -> AsyncIterator[Any]:
    """A reading to its end."""
    yield page(1)
    yield page(2)


async def torn_book(_: Any) -> AsyncIterator[Any]:
    """A reading that fails in the middle."""
    yield page(1)
    raise failure(LOST)


async def nothing(_: Any) -> AsyncIterator[Any]:
    """A reading that is over."""
    async for message in fail(None):
        yield message


async def refused(_: Any) -> AsyncIterator[Any]:
    """A reading that does not begin."""
    async for message in fail(failure(LOST)):
        yield message


def with_ids() -> Options:
    """Pages are events with numbers; who comes back listens on after the last one."""

    def resume(message: Any, last: str) -> Resumed:
        if not last.isdigit():
            raise Refused("is no page", field="Last-Event-ID")
        on = make("ListenOnRequest", reading_id=message.reading_id, after=int(last))
        return Resumed(method("ListenOn"), on, lambda answer: answer.page)  # type: ignore[attr-defined]

    stream = EventStream(lambda message: str(message.number), resume)  # type: ignore[attr-defined]
    return Options(events={LISTEN: stream})


def events(text: str) -> list[dict[str, str]]:
    """What a client of events makes of a body."""
    blocks = [block for block in text.split("\n\n") if block]
    return [dict(line.split(": ", 1) for line in block.split("\n")) for block in blocks]


async def test_a_stream_is_a_line_for_every_message() -> None:
    channel = Channel(two_pages, initial=[("replica", "r")])
    async with client(channel) as toy:
        response = await toy.post("/v1/readings", json={})
    lines = [json.loads(line) for line in response.text.splitlines()]
    assert lines == [{"result": {"number": 1, "text": "é"}}, {"result": {"number": 2, "text": "é"}}]
    assert response.headers["content-type"] == "application/x-ndjson"
    assert (response.headers["cache-control"], response.headers["grpc-metadata-replica"]) == ("no-cache", "r")
    assert (channel.paths, channel.calls[0].ended) == (["/toy.library.v1.Library/Listen"], True)


async def test_a_stream_of_no_messages_is_an_empty_body() -> None:
    async with client(Channel(nothing)) as toy:
        response = await toy.post("/v1/readings", json={})
    assert (response.status_code, response.content) == (200, b"")


@pytest.mark.parametrize("accept", ["*/*", "text/event-stream"])
async def test_a_failure_before_the_first_message_is_a_status_of_http(accept: str) -> None:
    async with client(Channel(refused)) as toy:
        response = await toy.post("/v1/readings", json={}, headers={"Accept": accept})
    assert (response.status_code, response.json()["message"]) == (500, "torn")


async def test_a_failure_later_is_the_last_line() -> None:
    async with client(Channel(torn_book)) as toy:
        response = await toy.post("/v1/readings", json={})
    first, last = (json.loads(line) for line in response.text.splitlines())
    assert (response.status_code, first["result"]["number"]) == (200, 1)
    assert last == {"error": {"code": code_pb2.DATA_LOSS, "message": "torn", "details": []}}


async def test_a_failure_later_is_the_last_event() -> None:
    async with client(Channel(torn_book)) as toy:
        response = await toy.post("/v1/readings", json={}, headers=EVENTS)
    assert events(response.text)[-1]["event"] == "error"
    assert json.loads(events(response.text)[-1]["data"])["code"] == code_pb2.DATA_LOSS


async def test_events_have_ids_where_there_are_any() -> None:
    async with client(Channel(two_pages), with_ids()) as toy:
        response = await toy.post("/v1/readings", json={}, headers=EVENTS)
    head, first, second = events(response.text)
    assert response.headers["content-type"].startswith("text/event-stream")
    assert (head, first["id"], second["id"]) == ({"retry": "1000"}, "1", "2")
    assert json.loads(second["data"]) == {"number": 2, "text": "é"}


async def test_events_have_no_ids_where_there_are_none() -> None:
    async with client(Channel(two_pages)) as toy:
        response = await toy.post("/v1/readings", json={}, headers={**EVENTS, "Last-Event-ID": "1"})
    assert [set(event) for event in events(response.text)] == [{"retry"}, {"data"}, {"data"}]


@pytest.mark.parametrize(
    ("accept", "kind"),
    [
        ("text/event-stream", "text/event-stream; charset=utf-8"),
        ("TEXT/Event-Stream", "text/event-stream; charset=utf-8"),
        ("text/html, text/event-stream;q=0.5", "text/event-stream; charset=utf-8"),
        ("text/event-stream, */*;q=0.1", "text/event-stream; charset=utf-8"),
        ("application/x-ndjson, text/event-stream;q=0.5", "application/x-ndjson"),
        ("application/json;q=0.9, text/event-stream;q=0.5", "application/x-ndjson"),
        ("text/event-stream;q=0", "application/x-ndjson"),
        ("text/event-stream;q=x", "application/x-ndjson"),
        ("*/*", "application/x-ndjson"),
        ("", "application/x-ndjson"),
    ],
)
async def test_the_client_chooses_the_framing(accept: str, kind: str) -> None:
    async with client(Channel(two_pages)) as toy:
        response = await toy.post("/v1/readings", json={}, headers={"Accept": accept})
    assert response.headers["content-type"] == kind


@pytest.mark.parametrize(("verb", "path"), [("POST", "/v1/readings"), ("GET", "/v1/readings/r")])
async def test_a_client_that_comes_back_gets_what_follows(verb: str, path: str) -> None:
    async def following(_: Any) -> AsyncIterator[Any]:
        yield make("ListenOnResponse", page=page(8))

    channel, body = Channel(following), {"readingId": "r"}
    async with client(channel, with_ids()) as toy:
        headers = {**EVENTS, "Last-Event-ID": "7"}
        response = await toy.request(verb, path, headers=headers, json=body if verb == "POST" else None)
    assert (channel.paths, channel.request.reading_id, channel.request.after) == (
        ["/toy.library.v1.Library/ListenOn"],
        "r",
        7,
    )
    assert (events(response.text)[-1]["id"], json.loads(events(response.text)[-1]["data"])["number"]) == ("8", 8)


async def test_a_client_that_comes_back_to_the_end_need_not_come_again() -> None:
    async with client(Channel(nothing), with_ids()) as toy:
        response = await toy.post("/v1/readings", json={}, headers={**EVENTS, "Last-Event-ID": "2"})
    assert (response.status_code, response.content) == (204, b"")


async def test_an_id_that_means_nothing_is_refused() -> None:
    channel = Channel(two_pages)
    async with client(channel, with_ids()) as toy:
        response = await toy.post("/v1/readings", json={}, headers={**EVENTS, "Last-Event-ID": "x"})
    assert (response.status_code, response.json()["message"], channel.seen) == (400, "Last-Event-ID: is no page", [])


async def test_an_id_means_nothing_to_lines() -> None:
    channel = Channel(two_pages)
    async with client(channel, with_ids()) as toy:
        await toy.post("/v1/readings", json={}, headers={"Last-Event-ID": "1"})
    assert channel.paths == ["/toy.library.v1.Library/Listen"]


class Visit:
    """A client whose coming and going is the test's."""

    def __init__(self, channel: Channel, options: Options, headers: dict[str, str]) -> None:
        self._app, self._headers = application(channel, options), headers
        self.sent: asyncio.Queue[Any] = asyncio.Queue()
        self.leave = asyncio.Event()
        self.seen: Callable[[], None] = lambda: None
        self._asked = False

    async def run(self) -> None:
        """Asks for a reading."""
        headers = [(name.lower().encode(), value.encode()) for name, value in self._headers.items()]
        scope = {"type": "http", "method": "GET", "path": "/v1/readings/r", "query_string": b"", "headers": headers}
        await self._app(scope, self._receive, self._send)

    async def _send(self, message: Any) -> None:
        self.seen()
        await self.sent.put(message)

    async def _receive(self) -> Any:
        if not self._asked:
            self._asked = True
            return {"type": "http.request", "body": b"", "more_body": False}
        await self.leave.wait()
        return {"type": "http.disconnect"}


async def test_what_nobody_waits_for_is_cancelled() -> None:
    begun = asyncio.Event()

    async def endless(_: Any) -> AsyncIterator[Any]:
        yield page(1)
        begun.set()
        await asyncio.Event().wait()

    channel = Channel(endless)
    visit = Visit(channel, Options(), {})
    visiting = asyncio.create_task(visit.run())
    await begun.wait()
    visit.leave.set()
    await visiting
    await channel.cancelled.wait()
    assert channel.calls[0].ended


async def test_a_client_that_leaves_before_the_first_message_takes_the_call_with_it() -> None:
    begun = asyncio.Event()

    async def silent(_: Any) -> AsyncIterator[Any]:
        begun.set()
        await asyncio.Event().wait()
        yield

    channel = Channel(silent)
    visit = Visit(channel, Options(), {})
    visiting = asyncio.create_task(visit.run())
    await begun.wait()
    visit.leave.set()
    await visiting
    assert (channel.calls[0].ended, visit.sent.empty()) == (True, True)


async def test_silence_is_filled_with_comments_even_before_the_first_event() -> None:
    go_on = asyncio.Event()

    async def slow(_: Any) -> AsyncIterator[Any]:
        await go_on.wait()
        yield page(1)

    visit = Visit(Channel(slow), Options(pause_s=0.001), EVENTS)
    visiting = asyncio.create_task(visit.run())
    head, opening, comment = [await visit.sent.get() for _ in range(3)]
    assert (head["status"], opening["body"], comment["body"]) == (200, b"retry: 1000\n\n", b": nothing new\n\n")
    go_on.set()
    await visiting
    rest = [visit.sent.get_nowait() for _ in range(visit.sent.qsize())]
    assert [message["body"] for message in rest if message["body"] != comment["body"]] == [
        b'data: {"number":1,"text":"\xc3\xa9"}\n\n',
        b"",
    ]


async def test_a_failure_after_comments_is_an_event() -> None:
    tear = asyncio.Event()

    async def slow(_: Any) -> AsyncIterator[Any]:
        await tear.wait()
        async for message in fail(failure(LOST)):
            yield message

    visit = Visit(Channel(slow), Options(pause_s=0.001), EVENTS)
    visiting = asyncio.create_task(visit.run())
    assert (await visit.sent.get())["status"] == 200
    tear.set()
    await visiting
    last = [visit.sent.get_nowait() for _ in range(visit.sent.qsize())][-1]
    assert last["body"].startswith(b"event: error\ndata: {")


async def test_lines_wait_for_the_first_message_in_silence() -> None:
    begun, go_on = asyncio.Event(), asyncio.Event()

    async def slow(_: Any) -> AsyncIterator[Any]:
        begun.set()
        await go_on.wait()
        async for message in fail(failure(LOST)):
            yield message

    visit = Visit(Channel(slow), Options(pause_s=0.001), {})
    visiting = asyncio.create_task(visit.run())
    await begun.wait()
    go_on.set()
    await visiting
    assert (await visit.sent.get())["status"] == 500


async def test_a_message_is_sent_before_the_next_one_is_asked_for() -> None:
    asked: list[int] = []

    async def counted(_: Any) -> AsyncIterator[Any]:
        for number in range(3):
            asked.append(number)
            yield page(number)

    visit = Visit(Channel(counted), Options(), {})
    sent_at: list[int] = []
    visit.seen = lambda: sent_at.append(len(asked))
    await visit.run()
    assert sent_at == [1, 1, 2, 3, 3]
