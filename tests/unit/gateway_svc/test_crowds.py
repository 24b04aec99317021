"""Callers who ask the same at the same moment share an answer, and nobody else does."""

from __future__ import annotations

import asyncio
from types import SimpleNamespace

import pytest
from starlette.types import Message, Receive, Scope, Send

from gateway_svc.authentication import USER_KEY
from gateway_svc.crowds import ShareAnswers
from gateway_svc.shared_answers import SharedAnswers

PATH = "/sdapi/v1/progress"


class Counting:
    """Answers with how often it was asked."""

    def __init__(self) -> None:
        self.count = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        self.count += 1
        scope["route"] = "a route"
        await send({"type": "http.response.start", "status": 200, "headers": [(b"x", b"y")]})
        await send({"type": "http.response.body", "body": str(self.count).encode()})


class Gateway:
    """The middleware before an application that counts; its clock stands still."""

    def __init__(self) -> None:
        self.app = Counting()
        self.shared = SharedAnswers(clock=lambda: 0.0)
        self._middleware = ShareAnswers(self.app)
        self._state = SimpleNamespace(state=SimpleNamespace(services=SimpleNamespace(shared=self.shared)))

    async def ask(self, path: str = PATH, *, query: bytes = b"", user: str = "", method: str = "GET") -> bytes:
        sent: list[Message] = []

        async def send(message: Message) -> None:
            message.get("headers", []).append((b"own", b"1"))
            sent.append(message)

        async def receive() -> Message:
            return {"type": "http.request"}

        scope = {"type": "http", "method": method, "path": path, "query_string": query, USER_KEY: user}
        await self._middleware({**scope, "app": self._state}, receive, send)
        assert sent[0]["headers"] == [(b"x", b"y"), (b"own", b"1")]
        return bytes(sent[1]["body"])


async def test_a_crowd_is_answered_by_one_call() -> None:
    gateway = Gateway()
    assert await asyncio.gather(*(gateway.ask() for _ in range(20))) == [b"1"] * 20
    assert gateway.app.count == 1


@pytest.mark.parametrize("other", [{"query": b"skip_current_image=true"}, {"user": "ada"}, {"method": "POST"}])
async def test_another_question_has_an_answer_of_its_own(other: dict[str, str]) -> None:
    gateway = Gateway()
    assert [await gateway.ask(), await gateway.ask(**other)] == [b"1", b"2"]  # type: ignore[arg-type]


async def test_other_paths_are_never_shared() -> None:
    gateway = Gateway()
    assert [await gateway.ask("/sdapi/v1/options"), await gateway.ask("/sdapi/v1/options")] == [b"1", b"2"]


async def test_what_has_begun_or_ended_makes_an_answer_old() -> None:
    gateway = Gateway()
    first = await gateway.ask()
    gateway.shared.forget()
    assert [first, await gateway.ask()] == [b"1", b"2"]
