"""A call with one answer, and everything that can be wrong before it is made."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from typing import Any

import grpc
import httpx2
import pytest
from google.protobuf import any_pb2
from google.rpc import code_pb2, error_details_pb2, status_pb2
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.routing import Mount

from gateway_svc.transcoding.errors import HTTP_STATUS, Refused
from gateway_svc.transcoding.options import Options
from tests.unit.gateway_svc.transcoding.toy import Channel, application, client, fail, failure, make, one_book


@pytest.fixture
def channel() -> Channel:
    return Channel(one_book)


def fails(channel: Channel, error: BaseException) -> None:
    """Lets every call fail before its first answer."""
    channel.answer = lambda _: fail(error)


async def test_the_answer_is_json_with_every_field_that_has_no_presence(channel: Channel) -> None:
    async def answer(_: Any) -> AsyncIterator[Any]:
        yield make("Book", title="é", copies=5, scan=b"\xff", cover=1, author=make("Author", born=0), price=0.5)

    channel.answer = answer
    async with client(channel) as toy:
        response = await toy.get("/v1/books/a")
    told = response.json()
    assert (response.status_code, response.headers["content-type"]) == (200, "application/json")
    assert (told["title"], told["copies"], told["scan"], told["cover"]) == ("é", "5", "/w==", "COVER_PAPER")
    assert (told["author"], told["tags"], told["ratings"], told["lent"]) == ({"name": "", "born": 0}, [], {}, False)
    assert {"printed", "room", "sequel"} & set(told) == set()


async def test_the_call_is_that_of_the_method(channel: Channel) -> None:
    async with client(channel) as toy:
        await toy.post("/v1/shelves/s/books?dry_run=true", json={"title": "a"})
    assert channel.paths == ["/toy.library.v1.Library/AddBook"]
    assert channel.seen == [make("AddBookRequest", shelf="s", dry_run=True, book=make("Book", title="a"))]


@pytest.mark.parametrize(
    ("verb", "path", "method"),
    [
        ("GET", "/v1/shelves/1/books/2", "GetBook"),
        ("GET", "/v1/books/2", "GetBook"),
        ("PATCH", "/v1/books/2:change", "ChangeBook"),
        ("PUT", "/v1/books/2", "ChangeBook"),
        ("LOCK", "/v1/books/2", "ChangeBook"),
    ],
)
async def test_every_binding_of_a_method_calls_it(channel: Channel, verb: str, path: str, method: str) -> None:
    async with client(channel) as toy:
        assert (await toy.request(verb, path)).status_code == 200
    assert channel.paths == [f"/toy.library.v1.Library/{method}"]


async def test_an_answer_may_be_one_field_of_the_message(channel: Channel) -> None:
    async def answer(_: Any) -> AsyncIterator[Any]:
        yield make("ListBooksResponse", books=[make("Book", title="a")], next="n")

    channel.answer = answer
    async with client(channel) as toy:
        assert [book["title"] for book in (await toy.get("/v1/books")).json()] == ["a"]


async def test_names_are_kept_as_the_contract_has_them_where_asked_for(channel: Channel) -> None:
    async with client(channel, Options(keep_names=True)) as toy:
        assert "shelf_number" in (await toy.get("/v1/books/a")).json()
    async with client(channel) as toy:
        assert "shelfNumber" in (await toy.get("/v1/books/a")).json()


async def test_a_large_answer_is_whole(channel: Channel) -> None:
    async def answer(_: Any) -> AsyncIterator[Any]:
        yield make("Book", title="x" * 300_000)

    channel.answer = answer
    async with client(channel) as toy:
        assert len((await toy.get("/v1/books/a")).json()["title"]) == 300_000


async def test_headers_become_metadata(channel: Channel) -> None:
    headers = {
        "Grpc-Metadata-Colour": "red",
        "Grpc-Metadata-Key-Bin": "ww==",
        "traceparent": "00-a-b-01",
        "tracestate": "x=1",
        "Authorization": "Basic never",
        "Cookie": "never",
    }
    async with client(channel, Options(metadata=lambda _: [("own", "mine")])) as toy:
        await toy.get("/v1/books/a", headers=headers)
    expected = {"colour": "red", "key-bin": b"\xc3", "traceparent": "00-a-b-01", "tracestate": "x=1", "own": "mine"}
    assert channel.metadata == expected


async def test_no_header_overrides_metadata_of_the_servers_own(channel: Channel) -> None:
    async with client(channel, Options(metadata=lambda _: [("authorization", "Bearer s")])) as toy:
        await toy.get("/v1/books/a", headers={"Grpc-Metadata-Authorization": "Bearer mine"})
    assert channel.metadata == {"authorization": "Bearer s"}


async def test_metadata_become_headers(channel: Channel) -> None:
    channel.initial = [("replica", "r1"), ("key-bin", b"\xff"), ("grpc-internal", "x"), ("twice", "a"), ("twice", "b")]
    channel.trailing = [("cost", "3")]
    async with client(channel) as toy:
        headers = (await toy.get("/v1/books/a")).headers
    assert (headers["Grpc-Metadata-Replica"], headers["Grpc-Metadata-Key-Bin"]) == ("r1", "/w==")
    assert headers.get_list("Grpc-Metadata-Twice") == ["a", "b"]
    assert (headers["Grpc-Trailer-Cost"], "Grpc-Metadata-Grpc-Internal" in headers) == ("3", False)


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("1H", 3600.0),
        ("2M", 120.0),
        ("3S", 3.0),
        ("400m", 0.4),
        ("5u", 5e-6),
        ("6n", 6e-9),
        ("99999999S", 99999999.0),
        ("99999999H", 1e8),
    ],
)
async def test_a_timeout_is_the_calls(channel: Channel, text: str, seconds: float) -> None:
    async with client(channel) as toy:
        await toy.get("/v1/books/a", headers={"Grpc-Timeout": text})
    assert channel.timeout_s == pytest.approx(seconds)


async def test_no_timeout_is_none(channel: Channel) -> None:
    async with client(channel) as toy:
        await toy.get("/v1/books/a")
    assert channel.timeout_s is None


@pytest.mark.parametrize(
    ("header", "value"),
    [
        ("Grpc-Timeout", "1"),
        ("Grpc-Timeout", "S"),
        ("Grpc-Timeout", "123456789S"),
        ("Grpc-Timeout", "-1S"),
        ("Grpc-Timeout", "1s"),
        ("grpc-metadata-a", "é"),
        ("grpc-metadata-", "x"),
        ("grpc-metadata-a!", "x"),
        ("grpc-metadata-grpc-timeout", "x"),
        ("grpc-metadata-a-bin", "*"),
    ],
)
async def test_a_header_that_means_nothing_is_refused_by_name(channel: Channel, header: str, value: str) -> None:
    async with client(channel) as toy:
        response = await toy.get("/v1/books/a", headers=[(header.encode(), value.encode())])
    violation = response.json()["details"][0]["fieldViolations"][0]
    assert (response.status_code, violation["field"], channel.seen) == (400, header, [])


@pytest.mark.parametrize("code", [name for name in HTTP_STATUS if name != "OK"])
async def test_every_code_has_its_status(channel: Channel, code: str) -> None:
    status = status_pb2.Status(code=code_pb2.Code.Value(code), message="why")
    fails(channel, failure(status))
    async with client(channel) as toy:
        response = await toy.get("/v1/books/a")
    assert response.status_code == HTTP_STATUS[code]
    assert response.json() == {"code": status.code, "message": "why", "details": []}


async def test_a_failure_without_a_status_is_told_by_its_code(channel: Channel) -> None:
    fails(channel, grpc.aio.AioRpcError(grpc.StatusCode.NOT_FOUND, grpc.aio.Metadata(), grpc.aio.Metadata(), "gone"))
    async with client(channel) as toy:
        response = await toy.get("/v1/books/a")
    assert (response.status_code, response.json()) == (404, {"code": 5, "message": "gone", "details": []})


async def test_details_are_told_known_or_not(channel: Channel) -> None:
    status = status_pb2.Status(code=code_pb2.UNAVAILABLE, message="later")
    status.details.add().Pack(error_details_pb2.ErrorInfo(reason="BUSY", domain="toy"))
    retry = error_details_pb2.RetryInfo()
    retry.retry_delay.FromMilliseconds(1200)
    status.details.add().Pack(retry)
    status.details.append(any_pb2.Any(type_url="type.googleapis.com/no.Such", value=b"\xff"))
    fails(channel, failure(status))
    async with client(channel) as toy:
        response = await toy.get("/v1/books/a")
    info, delay, unknown = response.json()["details"]
    assert (response.status_code, response.headers["Retry-After"]) == (503, "2")
    assert (info["reason"], delay["retryDelay"]) == ("BUSY", "1.200s")
    assert unknown == {"@type": "type.googleapis.com/no.Such", "value": "/w=="}


async def test_a_defect_is_no_answer_of_ours(channel: Channel) -> None:
    fails(channel, ZeroDivisionError())
    async with client(channel, raise_app_exceptions=False) as toy:
        assert (await toy.get("/v1/books/a")).status_code == 500
    assert channel.calls[0].ended


@pytest.mark.parametrize("path", ["/v1/", "/v1/nothing", "/v1/books/a/b", "/v1/books:lose", "/v1//books"])
async def test_an_unknown_path_is_a_404_in_the_same_shape(channel: Channel, path: str) -> None:
    async with client(channel) as toy:
        response = await toy.post(path)
    assert (response.status_code, response.json()["code"]) == (404, code_pb2.NOT_FOUND)
    assert response.json()["message"] == f"nothing answers at {path}"


async def test_another_prefix_is_anothers(channel: Channel) -> None:
    async with client(channel) as toy:
        response = await toy.get("/v2/books")
    assert (response.status_code, response.text) == (404, "Not Found")


async def test_a_verb_that_a_path_does_not_have_is_a_405_that_names_those_it_has(channel: Channel) -> None:
    async with client(channel) as toy:
        response = await toy.delete("/v1/books/a")
    assert (response.status_code, response.headers["Allow"]) == (405, "GET, LOCK, PUT")
    assert response.json()["message"] == "DELETE is not allowed; allowed: GET, LOCK, PUT"


@pytest.mark.parametrize("kind", ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data", ""])
async def test_a_body_that_is_not_declared_as_json_is_refused(channel: Channel, kind: str) -> None:
    async with client(channel) as toy:
        response = await toy.put("/v1/books/a", content=b"{}", headers={"Content-Type": kind} if kind else {})
    assert (response.status_code, channel.seen) == (415, [])
    assert response.json()["message"] == f"Content-Type: {kind!r} is not allowed; allowed: application/json"


@pytest.mark.parametrize("kind", ["application/json", "Application/JSON; charset=utf-8", "application/x+json"])
async def test_json_may_be_declared_in_many_ways(channel: Channel, kind: str) -> None:
    async with client(channel) as toy:
        assert (await toy.put("/v1/books/a", content=b"{}", headers={"Content-Type": kind})).status_code == 200


async def test_a_path_that_is_not_utf_8_is_refused(channel: Channel) -> None:
    async with client(channel) as toy:
        response = await toy.get("/v1/books/%FF")
    assert (response.status_code, response.json()["details"][0]["fieldViolations"][0]["field"]) == (400, "path")


async def test_a_path_without_end_is_refused(channel: Channel) -> None:
    async with client(channel) as toy:
        assert (await toy.get(f"/v1/files/{'a/' * 5000}:read")).status_code == 414


async def test_a_message_that_the_channel_does_not_take_is_a_413(channel: Channel) -> None:
    async with client(channel, Options(max_message_bytes=100)) as toy:
        response = await toy.put("/v1/books/a", json={"book": {"title": "a", "tags": ["x" * 100]}})
    assert (response.status_code, response.json()["code"], channel.seen) == (413, code_pb2.RESOURCE_EXHAUSTED, [])
    assert "at most 100 are taken" in response.json()["message"]


async def test_a_body_that_what_stands_around_refuses_is_told_in_the_same_shape(channel: Channel) -> None:
    inner = application(channel)

    async def limited(scope: Any, receive: Any, send: Any) -> None:
        async def refuse() -> Any:
            raise HTTPException(413, "too much")

        await inner(scope, refuse, send)

    sent: list[Any] = []

    async def send(message: Any) -> None:
        sent.append(message)

    scope = {"type": "http", "method": "PUT", "path": "/v1/books/a", "query_string": b"", "headers": []}
    await limited(scope, None, send)
    told = json.loads(sent[1]["body"])
    assert (sent[0]["status"], told["code"], told["message"]) == (413, code_pb2.RESOURCE_EXHAUSTED, "too much")


async def test_a_request_may_be_changed_and_refused_before_its_call(channel: Channel) -> None:
    def prepare(_: Any, method: Any, message: Any, as_events: bool) -> None:
        if message.name == "secret":
            raise Refused("is not for you", field="name", code="PERMISSION_DENIED")
        message.name = f"{method.name} {as_events}"

    details = error_details_pb2.ErrorInfo(reason="NO")
    packed = any_pb2.Any()
    packed.Pack(details)
    async with client(channel, Options(prepare=prepare, details=lambda _: [packed])) as toy:
        await toy.get("/v1/books/a")
        response = await toy.get("/v1/books/secret")
    assert [request.name for request in channel.seen] == ["GetBook False"]
    assert (response.status_code, response.json()["message"]) == (403, "name: is not for you")
    assert [detail["@type"].rpartition(".")[2] for detail in response.json()["details"]] == ["ErrorInfo", "BadRequest"]


async def test_an_application_below_a_path_has_the_same_routes(channel: Channel) -> None:
    app = Starlette(routes=[Mount("/deep er", application(channel))])
    async with httpx2.AsyncClient(transport=httpx2.ASGITransport(app=app), base_url="http://toy") as toy:
        assert (await toy.get("/deep%20er/v1/books/a%2Fb")).status_code == 200
    assert channel.request.name == "a/b"


async def test_a_call_that_was_answered_is_let_go(channel: Channel) -> None:
    async with client(channel) as toy:
        await toy.get("/v1/books/a")
    assert [call.ended for call in channel.calls] == [True]
