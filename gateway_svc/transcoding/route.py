"""One route of Starlette that takes every request below a prefix to the method that it means."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import quote

from google.protobuf.descriptor import MethodDescriptor, ServiceDescriptor
from google.protobuf.message import Message
from grpc import aio
from starlette.datastructures import Headers
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Match
from starlette.types import Receive, Scope, Send

from gateway_svc.transcoding.answering import Stream, failed, off_loop, one
from gateway_svc.transcoding.calls import ChannelOf, start
from gateway_svc.transcoding.errors import HTTP_STATUS, Refused
from gateway_svc.transcoding.framing import Framing, JsonLines, ServerSentEvents, wants_events
from gateway_svc.transcoding.json_text import as_json, text
from gateway_svc.transcoding.metadata import Pairs, metadata_of, timeout_s
from gateway_svc.transcoding.options import EventStream, Options, Resumed
from gateway_svc.transcoding.presence import ClientGone, while_there
from gateway_svc.transcoding.requests import Parts, message_of
from gateway_svc.transcoding.rules import Binding, bindings
from gateway_svc.transcoding.table import Found, Table
from gateway_svc.transcoding.template import normalized

_MOST_MATCHED: Final = 8192


class Label:
    """What a request's `route` is once its method is known: `path` is the template."""

    def __init__(self, path: str) -> None:
        self.path = path


@dataclass(frozen=True, slots=True)
class Plan:
    """A call to make, and how its answer is written; `framing` is None where there is one answer alone."""

    binding: Binding
    method: MethodDescriptor
    message: Message
    framing: Framing | None
    resumed: bool = False


class Transcoder(BaseRoute):
    """Every annotated method of some services, below a prefix such as `/v1/`, over a channel.

    Paths below the prefix that nothing has are its own too: 404, with a status as the body.
    """

    def __init__(
        self, services: Iterable[ServiceDescriptor], channel_of: ChannelOf, options: Options, *, prefix: str
    ) -> None:
        self.table = Table(bindings(services))
        self._channel_of, self._options, self._prefix = channel_of, options, prefix

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        """All or nothing: what is wrong with a request is told in the shape of this API."""
        below = scope["type"] == "http" and raw_path(scope).startswith(self._prefix)
        return (Match.FULL if below else Match.NONE), {}

    async def handle(self, scope: Scope, receive: Receive, send: Send) -> None:
        """ASGI."""
        request = Request(scope, receive)
        try:
            plan = await self._plan(request)
            metadata, timeout = self._beside(request)
        except ClientDisconnect:
            return
        except HTTPException as error:  # of what stands around this application, while the body was read
            await self._refused(_of_http(error))(scope, receive, send)
        except Refused as error:
            await self._refused(error)(scope, receive, send)
        else:
            call = start(self._channel_of(request), plan.method, plan.message, timeout=timeout, metadata=metadata)
            try:
                with suppress(ClientGone):
                    await while_there(receive, self._answer(plan, call, scope, send))
            finally:
                call.cancel()

    async def _plan(self, request: Request) -> Plan:
        found = self._found(request)
        request.scope["route"] = Label(found.binding.template.text)
        body = await _body(request)
        parts = Parts(request.scope["query_string"], body)
        message: Message = await off_loop(len(body), message_of, found, parts)
        plan = self._framed(found.binding, message, request.headers)
        self._options.prepare(request, plan.method, plan.message, isinstance(plan.framing, ServerSentEvents))
        if (size := plan.message.ByteSize()) > self._options.max_message_bytes:
            most = self._options.max_message_bytes
            raise Refused(f"the request has {size} bytes, at most {most} are taken", code=_FULL, http_status=413)
        return plan

    def _found(self, request: Request) -> Found:
        path = raw_path(request.scope)
        if len(path) > _MOST_MATCHED:
            raise Refused(f"the path has {len(path)} characters, at most {_MOST_MATCHED} are taken", http_status=414)
        found = self.table.find(request.method, path)
        if isinstance(found, Found):
            return found
        if not found:
            raise Refused(f"nothing answers at {path:.200}", code="NOT_FOUND")
        allowed = ", ".join(sorted(found))
        error = Refused(f"{request.method} is not allowed; allowed: {allowed}", code="UNIMPLEMENTED", http_status=405)
        error.headers = {"Allow": allowed}
        raise error

    def _framed(self, binding: Binding, message: Message, headers: Headers) -> Plan:
        if not binding.method.server_streaming:
            return Plan(binding, binding.method, message, None)
        keep_names = self._options.keep_names
        if not wants_events(headers):
            return Plan(binding, binding.method, message, JsonLines(binding.response_body, keep_names))
        events = self._options.events.get(binding.method.full_name, _WITHOUT_IDS)
        last = headers.get("last-event-id", "")
        resumed = events.resume(message, last) if last and events is not _WITHOUT_IDS else None
        inner = resumed.inner if resumed else events.inner
        framing = ServerSentEvents(events.event_id, inner, binding.response_body, keep_names)
        if resumed is None:
            return Plan(binding, binding.method, message, framing)
        return Plan(binding, resumed.method, resumed.request, framing, resumed=True)

    def _beside(self, request: Request) -> tuple[Pairs, float | None]:
        return metadata_of(request.headers, self._options.metadata(request)), timeout_s(request.headers)

    async def _answer(self, plan: Plan, call: Any, scope: Scope, send: Send) -> None:
        if plan.framing is not None:
            await self._relay(plan, Stream(call, plan.framing, send), scope, send)
            return
        try:
            response = await one(call, self._writer(plan.binding))
        except aio.AioRpcError as error:
            response = failed(self._options.explain(error))
        await response(scope, _never, send)

    async def _relay(self, plan: Plan, stream: Stream, scope: Scope, send: Send) -> None:
        try:
            await stream.run(self._options.pause_s)
        except aio.AioRpcError as error:
            failure = self._options.explain(error)
            if stream.started:
                await stream.end(failure)
            else:
                await failed(failure)(scope, _never, send)
            return
        if plan.resumed and not stream.started:  # how a client of events learns that it need not come back
            await Response(status_code=204)(scope, _never, send)
        else:
            await stream.end()

    def _writer(self, binding: Binding) -> Callable[[Message], bytes]:
        keep_names = self._options.keep_names
        return lambda message: text(as_json(message, binding.response_body, keep_names=keep_names))

    def _refused(self, error: Refused) -> Response:
        response = failed(error.failure(tuple(self._options.details(error))))
        response.headers.update(error.headers)
        return response


_FULL: Final = "RESOURCE_EXHAUSTED"
_CODES: Final = {413: _FULL}


def _not_resumed(message: Message, last: str) -> Resumed:
    raise AssertionError


_WITHOUT_IDS: Final = EventStream(lambda _: "", _not_resumed)


def raw_path(scope: Scope) -> str:
    """The path below the application, as it came but for needless escapes: an escaped slash is none."""
    raw = scope.get("raw_path")
    path = raw.decode("latin-1") if raw else quote(scope["path"])
    root = quote(scope.get("root_path", ""))
    return normalized(path.removeprefix(root) if path.startswith(f"{root}/") else path)


async def _body(request: Request) -> bytes:
    """The body; bytes that are not declared as JSON are refused, so that no page of another site can send them."""
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    body = await request.body()
    if (kind or body) and kind != "application/json" and not kind.endswith("+json"):
        raise Refused(f"{kind!r:.80} is not allowed; allowed: application/json", field="Content-Type", http_status=415)
    return body


def _of_http(error: HTTPException) -> Refused:
    code = next((code for code, status in HTTP_STATUS.items() if status == error.status_code), "INVALID_ARGUMENT")
    return Refused(error.detail, code=_CODES.get(error.status_code, code), http_status=error.status_code)


async def _never() -> Any:
    await asyncio.Event().wait()
