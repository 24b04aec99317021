from __future__ import annotations

import json
from typing import Any
from urllib.parse import urlencode

import pytest
from google.protobuf import duration_pb2, field_mask_pb2, timestamp_pb2

from gateway_svc.transcoding.errors import Refused
from gateway_svc.transcoding.requests import Parts, message_of
from gateway_svc.transcoding.rules import bindings
from gateway_svc.transcoding.table import Found, Table
from gateway_svc.transcoding.template import normalized
from tests.unit.gateway_svc.transcoding.toy import make, service

DAY = timestamp_pb2.Timestamp(seconds=86400)


def request(verb: str, path: str, query: Any = (), body: Any = None) -> Any:
    """The message that a request means."""
    found = Table(bindings([service()])).find(verb, normalized(path))
    assert isinstance(found, Found)
    text = body if isinstance(body, bytes) else b"" if body is None else json.dumps(body).encode()
    return message_of(found, Parts(urlencode(query).encode(), text))


def refusal(*arguments: Any) -> tuple[str, str]:
    """The field that a request is refused for, and the reason."""
    with pytest.raises(Refused) as caught:
        request(*arguments)
    return caught.value.field, caught.value.description


def listed(*query: tuple[str, str]) -> Any:
    """The example that ListBooks is given."""
    return request("GET", "/v1/books", query).like


def test_a_path_fills_the_field_that_it_names() -> None:
    expected = make("GetBookRequest", name="shelves/1/books/2")
    assert request("GET", "/v1/shelves/1/books/2") == expected
    assert request("GET", "/v1/books/shelves%2F1%2Fbooks%2F2") == expected


def test_a_path_fills_a_field_of_a_field() -> None:
    assert request("PATCH", "/v1/books/a:change") == make("ChangeBookRequest", book=make("Book", title="a"))


def test_a_body_may_be_all_of_the_request_beside_the_path() -> None:
    made = request("PATCH", "/v1/books/a:change", (), {"book": {"copies": "3", "title": "a"}})
    assert made.book == make("Book", title="a", copies=3)


def test_a_body_may_be_one_field_beside_path_and_query() -> None:
    made = request("POST", "/v1/shelves/s/books", [("dry_run", "true")], {"title": "a"})
    assert made == make("AddBookRequest", shelf="s", book=make("Book", title="a"), dry_run=True)


@pytest.mark.parametrize("body", [None, b"", b" \n"])
def test_no_body_is_an_empty_one(body: bytes | None) -> None:
    assert request("PUT", "/v1/books/a", (), body) == make("ChangeBookRequest", book=make("Book", title="a"))


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ([("like.title", "a b&c")], {"title": "a b&c"}),
        ([("like.author.name", "n"), ("like.author.born", "-3")], {"author": {"name": "n", "born": -3}}),
        ([("like.tags", "a"), ("like.tags", "b")], {"tags": ["a", "b"]}),
        ([("like.cover", "COVER_CLOTH")], {"cover": 2}),
        ([("like.cover", "2")], {"cover": 2}),
        ([("like.cover", "77")], {"cover": 77}),
        ([("like.covers", "1"), ("like.covers", "COVER_CLOTH")], {"covers": [1, 2]}),
        ([("like.copies", "-9223372036854775808")], {"copies": -(2**63)}),
        ([("like.code", "18446744073709551615")], {"code": 2**64 - 1}),
        ([("like.shelfNumber", "7")], {"shelf_number": 7}),
        ([("like.shelf_number", "7")], {"shelf_number": 7}),
        ([("like.weight", "1.5e3")], {"weight": 1500.0}),
        ([("like.weight", "-Infinity")], {"weight": float("-inf")}),
        ([("like.lent", "true")], {"lent": True}),
        ([("like.lent", "1")], {"lent": True}),
        ([("like.lent", "False")], {}),
        ([("like.scan", "_-8=")], {"scan": b"\xff\xef"}),
        ([("like.scan", "/+8")], {"scan": b"\xff\xef"}),
        ([("like.ratings[a]", "1"), ("like.ratings[b.c]", "2")], {"ratings": {"a": 1, "b.c": 2}}),
        ([("like.room", "r")], {"room": "r"}),
        ([("like.keeper.name", "k")], {"keeper": {"name": "k"}}),
        ([("like.sequel.sequel.title", "z")], {"sequel": {"sequel": {"title": "z"}}}),
        ([("like.title", "")], {}),
    ],
)
def test_a_query_parameter_fills_the_field_of_its_path(query: list[tuple[str, str]], expected: dict[str, Any]) -> None:
    assert listed(*query) == make("Book", **expected)


def test_query_parameters_of_known_messages_are_one_text() -> None:
    made = listed(("like.printed", "1970-01-02T00:00:00Z"), ("like.loan", "1.5s"), ("like.pages", "3"))
    assert (made.printed, made.loan) == (DAY, duration_pb2.Duration(seconds=1, nanos=500_000_000))
    assert made.pages.value == 3
    assert listed(("like.remark", "x")).remark.value == "x"
    assert request("GET", "/v1/books", [("days", "1970-01-02T00:00:00Z")]).days == [DAY]
    masked = request("GET", "/v1/books/a", [("fields", "author.name,shelfNumber")])
    assert masked.fields == field_mask_pb2.FieldMask(paths=["author.name", "shelf_number"])


WHOLE = "a whole number, -2147483648 to 2147483647"


@pytest.mark.parametrize(
    ("query", "field", "words"),
    [
        ([("nothing", "1")], "nothing", "no field 'nothing'; the fields are: like, page_size, days, years"),
        ([("like.nothing", "1")], "like.nothing", "no field 'nothing'"),
        ([("like.nothing.more", "1")], "like.nothing.more", "no field 'nothing'"),
        ([("page_size", "x")], "page_size", f"'x' is not allowed; allowed: {WHOLE}"),
        ([("page_size", "2147483648")], "page_size", f"'2147483648' is not allowed; allowed: {WHOLE}"),
        ([("page_size", "1.5")], "page_size", f"'1.5' is not allowed; allowed: {WHOLE}"),
        ([("page_size", "1"), ("page_size", "2")], "page_size", "stands 2 times, and takes one value"),
        ([("page_size.x", "1")], "page_size.x", "page_size has no fields of its own"),
        ([("like", "1")], "like", "is a message: name one of its fields"),
        ([("like.others", "1")], "like.others", "is a message: name one of its fields"),
        ([("like.others.name", "1")], "like.others.name", "others has no fields of its own"),
        ([("like.printed.seconds", "1")], "like.printed.seconds", "printed has no fields of its own"),
        ([("like.cover", "COVER_GOLD")], "like.cover", "COVER_UNSPECIFIED, COVER_PAPER, COVER_CLOTH"),
        ([("like.lent", "yes")], "like.lent", "'yes' is not allowed; allowed: true, false"),
        ([("like.scan", "*")], "like.scan", "'*' is not allowed; allowed: base64"),
        ([("like.scan", "a")], "like.scan", "'a' is not allowed; allowed: base64"),
        ([("like.weight", "heavy")], "like.weight", "'heavy' is not allowed; allowed: a number"),
        ([("like.printed", "today")], "like.printed", ""),
        ([("like.loan", "3")], "like.loan", ""),
        ([("like.pages", "x")], "like.pages", "a whole number"),
        ([("years", "1"), ("years", "x")], "years", "'x' is not allowed"),
        ([("like.ratings", "1")], "like.ratings", "is a map: write name[key]=value"),
        ([("like.title[a]", "1")], "like.title[a]", "is not a map"),
        ([("like.ratings[a]", "x")], "like.ratings[a]", "'x' is not allowed"),
        ([("like.authors[a]", "x")], "like.authors[a]", "is a message"),
        ([("like.room", "r"), ("like.keeper.name", "k")], "like.keeper.name", "goes with room in no request"),
        ([("like.keeper.name", "k"), ("like.room", "r")], "like.room", "goes with keeper in no request"),
        ([("", "1")], "", "no field ''"),
    ],
)
def test_a_query_that_does_not_fit_is_refused_by_name(query: list[tuple[str, str]], field: str, words: str) -> None:
    named, reason = refusal("GET", "/v1/books", query)
    assert (named, words in reason) == (field, True)
    assert reason


@pytest.mark.parametrize(
    ("call", "field", "reason"),
    [
        (("GET", "/v1/books/a", [("name", "b")]), "name", "comes in the path"),
        (("POST", "/v1/shelves/s/books", [("book.title", "b")]), "book.title", "comes in the body"),
        (("POST", "/v1/shelves/s/books", [("shelf", "b")]), "shelf", "comes in the path"),
        (("PUT", "/v1/books/a", [("x", "b")]), "x", "is no query parameter here: all fields come in the body"),
        (("GET", "/v1/books", (), {}), "body", "GET /v1/books takes none"),
    ],
)
def test_what_comes_by_another_way_is_refused(call: Any, field: str, reason: str) -> None:
    assert refusal(*call) == (field, reason)


def test_fields_of_the_same_name_elsewhere_are_free() -> None:
    made = request("GET", "/v1/books", [("like.sequel.title", "a"), ("like.title", "b")])
    assert made.like == make("Book", title="b", sequel=make("Book", title="a"))


def test_a_body_may_not_contradict_the_path() -> None:
    field, reason = refusal("PUT", "/v1/books/a", (), {"book": {"title": "b"}})
    assert (field, reason) == ("book.title", "the body says 'b', the path 'a'")


@pytest.mark.parametrize("query", [b"a=%FF", b"\xff=1", b"&".join(b"a=1" for _ in range(1001))])
def test_a_query_that_cannot_be_read_is_refused(query: bytes) -> None:
    found = Table(bindings([service()])).find("GET", "/v1/books")
    assert isinstance(found, Found)
    with pytest.raises(Refused, match="query: is not UTF-8, or has more than 1000 parameters"):
        message_of(found, Parts(query))


@pytest.mark.parametrize(
    ("body", "field", "words"),
    [
        (b"{", "body", "is not JSON"),
        (b"\xff", "body", "is not JSON"),
        (b'{"book": NaN}', "body", "NaN is no JSON"),
        (b'{"book": {}, "book": {}}', "body", "'book' stands twice in one object"),
        (b"[" * 100_000, "body", "is nested too deeply"),
        # Sizes at which time by the square of them would be hours.
        (json.dumps(dict.fromkeys(map(str, range(300_000)))).encode()[:-1] + b', "7": 1}', "body", "'7' stands twice"),
        ({"book": {"printed": " " * 1_000_000}}, "book.printed", ""),
        ({"book": {"printed": " at " + "." * 1_000_000 + "!"}}, "book.printed", ""),
        (b'{"book":' + b'{"sequel":' * 150 + b"{}" + b"}" * 151, "body", "too deep"),
        ([], "body", "[] is not allowed; allowed: a JSON object"),
        (3, "body", "3 is not allowed; allowed: a JSON object"),
        ({"bok": {}}, "bok", "there is no such field"),
        ({"book": {"author": {"nme": "x"}}}, "book.author.nme", "there is no such field"),
        ({"book": "x"}, "book", "'x' is not allowed; allowed: a JSON object"),
        ({"book": {"copies": 1.5}}, "book.copies", "1.5 is not allowed"),
        ({"book": {"copies": True}}, "book.copies", "true is not allowed"),
        ({"book": {"copies": 2**63}}, "book.copies", "a whole number, -9223372036854775808 to 9223372036854775807"),
        ({"book": {"shelf_number": -1}}, "book.shelf_number", "a whole number, 0 to 4294967295"),
        ({"book": {"author": {"born": "x"}}}, "book.author.born", "'x' is not allowed"),
        ({"book": {"title": 3}}, "book.title", "3 is not allowed; allowed: a text"),
        ({"book": {"title": "\ud800"}}, "book.title", "allowed: a text"),
        ({"book": {"lent": "true"}}, "book.lent", "allowed: true, false"),
        ({"book": {"scan": "a b"}}, "book.scan", "allowed: base64"),
        ({"book": {"weight": "x"}}, "book.weight", "allowed: a number"),
        ({"book": {"price": 1e300}}, "book.price", ""),
        ({"book": {"cover": "GOLD"}}, "book.cover", "COVER_CLOTH"),
        ({"book": {"cover": 1.5}}, "book.cover", "COVER_CLOTH"),
        ({"book": {"tags": "x"}}, "book.tags", "allowed: a list"),
        ({"book": {"tags": ["a", None]}}, "book.tags[1]", "null is not allowed"),
        ({"book": {"others": [{}, {"name": 1}]}}, "book.others[1].name", "1 is not allowed"),
        ({"book": {"others": [None]}}, "book.others[0]", "null is not allowed"),
        ({"book": {"ratings": []}}, "book.ratings", "allowed: a JSON object"),
        ({"book": {"ratings": {"a": "x"}}}, "book.ratings[a]", "'x' is not allowed"),
        ({"book": {"authors": {"a": {"name": 1}}}}, "book.authors[a].name", "1 is not allowed"),
        ({"book": {"printed": 1}}, "book.printed", "allowed: a text"),
        ({"book": {"printed": "today"}}, "book.printed", ""),
        ({"book": {"pages": "x"}}, "book.pages", "a whole number"),
        ({"book": {"room": "r", "keeper": {}}}, "book.keeper", "does not go with room: of place there is one"),
        ({"book": {"shelfNumber": 1, "shelf_number": 2}}, "book.shelf_number", "as shelfNumber and as shelf_number"),
        ({"book": {"anything": {"x": 1}}}, "book.anything", ""),
        ({"book": {"anything": {"@type": "type.googleapis.com/no.Such"}}}, "book.anything", ""),
        ({"book": {"anything": 3}}, "book.anything", ""),
        ({"book": {"more": 3}}, "book.more", ""),
    ],
)
def test_a_body_that_does_not_fit_is_refused_by_name(body: Any, field: str, words: str) -> None:
    named, reason = refusal("PATCH", "/v1/books/a:change", (), body)
    assert (named, words in reason) == (field, True), reason
    assert reason


def test_a_body_may_say_null_of_what_it_leaves_out() -> None:
    body = {"book": {"author": None, "tags": None, "room": None, "keeper": {"name": "k"}, "copies": None}}
    assert request("PUT", "/v1/books/a", (), body).book == make("Book", title="a", keeper={"name": "k"})


def test_numbers_may_be_texts_and_whole_floats_numbers() -> None:
    made = request("PUT", "/v1/books/a", (), {"book": {"copies": "3", "code": 2.0, "weight": "NaN", "cover": 1}}).book
    assert (made.copies, made.code, made.weight != made.weight, made.cover) == (3, 2, True, 1)


def test_free_values_are_taken_as_they_are() -> None:
    inner = {"@type": "type.googleapis.com/toy.library.v1.Author", "name": "n"}
    made = request("PUT", "/v1/books/a", (), {"book": {"more": {"x": [1, {"y": None}]}, "anything": inner}}).book
    assert (made.more["x"][0], made.anything.type_url) == (1.0, inner["@type"])
