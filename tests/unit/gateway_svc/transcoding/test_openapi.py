from __future__ import annotations

import json
import re
from functools import cache
from typing import Any

import pytest

from gateway_svc.transcoding.comments import comments
from gateway_svc.transcoding.openapi import document
from gateway_svc.transcoding.rules import bindings
from tests.unit.gateway_svc.transcoding.toy import described, service

PACKAGE = "toy.library.v1"
BOOK = {"$ref": f"#/components/schemas/{PACKAGE}.Book"}
STATUS = {"$ref": "#/components/schemas/google.rpc.Status"}


@cache
def told() -> dict[str, Any]:
    """The toy's document."""
    return document(bindings([service()]), comments([described()]), resumable=[f"{PACKAGE}.Library.Listen"])


def operation(verb: str, path: str) -> dict[str, Any]:
    """One operation of it."""
    found: dict[str, Any] = told()["paths"][path][verb]
    return found


def book(field: str) -> dict[str, Any]:
    """The schema of one of a book's fields."""
    found: dict[str, Any] = told()["components"]["schemas"][f"{PACKAGE}.Book"]["properties"][field]
    return found


def test_every_path_has_the_verbs_that_openapi_knows() -> None:
    verbs = {path: sorted(operations) for path, operations in told()["paths"].items()}
    assert verbs == {
        "/v1/{name}": ["get"],
        "/v1/books/{name}": ["get"],
        "/v1/books": ["get"],
        "/v1/shelves/{shelf}/books": ["post"],
        "/v1/books/{book.title}:change": ["patch"],
        "/v1/books/{book.title}": ["put"],
        "/v1/files/{path}:read": ["get"],
        "/v1/readings": ["post"],
        "/v1/readings/{reading_id}": ["get"],
        "/v1/readings/{reading_id}:on": ["get"],
    }


def test_names_of_operations_are_unique() -> None:
    names = [each["operationId"] for operations in told()["paths"].values() for each in operations.values()]
    assert len(set(names)) == len(names) == 10
    assert {"Library_GetBook", "Library_GetBook_2", "Library_ListBooks"} <= set(names)


def test_the_contracts_words_are_told() -> None:
    get = operation("get", "/v1/{name}")
    assert (get["summary"], get["description"], get["tags"]) == (
        "Finds a book.",
        "NOT_FOUND: no such book.",
        ["Library"],
    )
    assert told()["components"]["schemas"][f"{PACKAGE}.Author"]["description"] == "Who wrote it."
    assert book("tags")["description"] == "At most a thousand."
    cover = told()["components"]["schemas"][f"{PACKAGE}.Cover"]
    assert cover["description"].splitlines()[:2] == ["How a book is bound.", "- `COVER_UNSPECIFIED`: Not said."]


def test_comments_are_by_full_name() -> None:
    found = comments([described()])
    assert found[f"{PACKAGE}.Library"] == "Lends books."
    assert found[f"{PACKAGE}.Library.GetBook"] == "Finds a book.\n\nNOT_FOUND: no such book."
    assert (found[f"{PACKAGE}.Author.born"], found[f"{PACKAGE}.Cover.COVER_CLOTH"]) == ("When, as a year.", "In cloth.")
    assert f"{PACKAGE}.Book.title" not in found


@pytest.mark.parametrize(
    ("field", "schema"),
    [
        ("title", {"type": "string"}),
        ("author", {"$ref": f"#/components/schemas/{PACKAGE}.Author"}),
        ("cover", {"$ref": f"#/components/schemas/{PACKAGE}.Cover"}),
        ("copies", {"type": ["string", "integer"], "format": "int64", "pattern": "^-?[0-9]+$"}),
        ("shelfNumber", {"type": "integer", "format": "uint32", "minimum": 0}),
        ("weight", {"anyOf": [{"type": "number"}, {"enum": ["NaN", "Infinity", "-Infinity"]}]}),
        ("lent", {"type": "boolean"}),
        ("scan", {"type": "string", "contentEncoding": "base64", "pattern": "^[A-Za-z0-9+/_-]*={0,2}$"}),
        ("printed", {"type": "string", "format": "date-time"}),
        ("loan", {"type": "string", "pattern": r"^-?[0-9]+(\.[0-9]{1,9})?s$"}),
        ("remark", {"type": "string"}),
        ("ratings", {"type": "object", "additionalProperties": {"type": "integer", "format": "int32"}}),
        ("authors", {"type": "object", "additionalProperties": {"$ref": f"#/components/schemas/{PACKAGE}.Author"}}),
        ("covers", {"type": "array", "items": {"$ref": f"#/components/schemas/{PACKAGE}.Cover"}}),
        ("others", {"type": "array", "items": {"$ref": f"#/components/schemas/{PACKAGE}.Author"}}),
        ("more", {"type": "object"}),
        ("sequel", BOOK),
    ],
)
def test_every_kind_of_field_has_its_schema(field: str, schema: dict[str, Any]) -> None:
    assert book(field) == schema


def test_what_comes_in_the_path_is_required_and_has_its_shape() -> None:
    (name, *others) = operation("get", "/v1/{name}")["parameters"]
    assert (name["name"], name["in"], name["required"]) == ("name", "path", True)
    assert name["schema"] == {"type": "string", "pattern": "^shelves/[^/]+/books/[^/]+$"}
    assert [parameter["name"] for parameter in others] == ["fields"]


def test_what_a_query_may_set_is_listed_by_path() -> None:
    names = {parameter["name"] for parameter in operation("get", "/v1/books")["parameters"]}
    assert {"page_size", "years", "like.title", "like.author.born", "like.sequel.title", "like.printed"} <= names
    assert {"like", "like.author", "like.others", "like.ratings"} & names == set()


def test_what_the_body_sets_is_no_parameter() -> None:
    add = operation("post", "/v1/shelves/{shelf}/books")
    assert [parameter["name"] for parameter in add["parameters"]] == ["shelf", "dry_run"]
    assert add["requestBody"] == {"content": {"application/json": {"schema": BOOK}}}
    whole = operation("put", "/v1/books/{book.title}")["requestBody"]["content"]["application/json"]["schema"]
    assert whole == {"$ref": f"#/components/schemas/{PACKAGE}.ChangeBookRequest"}


def test_answers_and_failures_are_told() -> None:
    responses = operation("get", "/v1/books")["responses"]
    assert responses["200"]["content"] == {"application/json": {"schema": {"type": "array", "items": BOOK}}}
    assert responses["default"]["content"] == {"application/json": {"schema": STATUS}}


def test_streams_are_lines_or_events() -> None:
    listen = operation("post", "/v1/readings")
    content = listen["responses"]["200"]["content"]
    page = {"$ref": f"#/components/schemas/{PACKAGE}.Page"}
    assert content["application/x-ndjson"]["schema"]["properties"] == {"result": page, "error": STATUS}
    assert "text/event-stream" in content
    assert [parameter["name"] for parameter in listen["parameters"]] == ["Last-Event-ID"]
    assert [parameter["name"] for parameter in operation("get", "/v1/files/{path}:read")["parameters"]] == ["path"]


def test_every_reference_leads_somewhere() -> None:
    referred = set(re.findall(r'"#/components/schemas/([^"]+)"', json.dumps(told())))
    assert referred <= set(told()["components"]["schemas"])
    assert {"google.rpc.Status", f"{PACKAGE}.Book"} <= referred
