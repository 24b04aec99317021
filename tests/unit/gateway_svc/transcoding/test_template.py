from __future__ import annotations

from urllib.parse import quote

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway_svc.transcoding.template import BadTemplate, normalized, parse


@pytest.mark.parametrize(
    ("template", "path", "values"),
    [
        ("/v1/books", "/v1/books", {}),
        ("/v1/books", "/v1/books/", None),
        ("/v1/books", "/v1/book", None),
        ("/v1/{name}", "/v1/a", {"name": "a"}),
        ("/v1/{name}", "/v1/a/b", None),
        ("/v1/{name}", "/v1/", None),
        ("/v1/{a.b.c}", "/v1/x", {"a.b.c": "x"}),
        ("/v1/*/books/{name}", "/v1/any/books/x", {"name": "x"}),
        ("/v1/{a}/{b}", "/v1/x/y", {"a": "x", "b": "y"}),
        ("/v1/{name=*}", "/v1/x", {"name": "x"}),
        ("/v1/{name=shelves/*}", "/v1/shelves/x", {"name": "shelves/x"}),
        ("/v1/{name=shelves/*}", "/v1/other/x", None),
        ("/v1/{name=shelves/*/books/*}", "/v1/shelves/1/books/2", {"name": "shelves/1/books/2"}),
        ("/v1/{name=shelves/*}/books", "/v1/shelves/1/books", {"name": "shelves/1"}),
        ("/v1/{path=**}", "/v1/a/b/c", {"path": "a/b/c"}),
        ("/v1/{path=**}", "/v1", {"path": ""}),
        ("/v1/{path=files/**}", "/v1/files", {"path": "files"}),
        ("/v1/{path=files/**}", "/v1/files/a/b", {"path": "files/a/b"}),
        ("/v1/**", "/v1/a/b", {}),
        ("/v1/books:list", "/v1/books:list", {}),
        ("/v1/books:list", "/v1/books", None),
        ("/v1/{name}:read", "/v1/a:read", {"name": "a"}),
        ("/v1/{name}:read", "/v1/a:b:read", {"name": "a:b"}),
        ("/v1/{name}:read", "/v1/a:write", None),
        ("/v1/{path=**}:read", "/v1/a/b:read", {"path": "a/b"}),
        ("/v1/a.b", "/v1/axb", None),
        ("/v1/{name}", "/v1/a\nb", {"name": "a\nb"}),
    ],
)
def test_a_path_fits_or_not(template: str, path: str, values: dict[str, str] | None) -> None:
    assert parse(template).match(path) == values


@pytest.mark.parametrize(
    ("template", "path", "value"),
    [
        ("/v1/{x}", "/v1/a%20b", "a b"),
        ("/v1/{x}", "/v1/a%2Fb", "a/b"),
        ("/v1/{x}", "/v1/a%2fb", "a/b"),
        ("/v1/{x}:go", "/v1/a%3Ago:go", "a:go"),
        ("/v1/{x}", "/v1/%C3%A9", "é"),
        ("/v1/{x=**}", "/v1/a%2Fb/c%20d", "a%2Fb/c d"),
        ("/v1/{x=s/*}", "/v1/s/a%2fb", "s/a%2Fb"),
        ("/v1/{x}", "/v1/100%25", "100%"),
    ],
)
def test_escapes_are_resolved_but_for_slashes_in_what_has_slashes(template: str, path: str, value: str) -> None:
    assert parse(template).match(normalized(path)) == {"x": value}


def test_needless_escapes_are_no_difference() -> None:
    assert parse("/v1/books").match(normalized("/v1/b%6F%6fks")) == {}


def test_what_is_not_utf_8_is_an_error() -> None:
    with pytest.raises(UnicodeDecodeError):
        parse("/v1/{x}").match("/v1/%FF")


@pytest.mark.parametrize(
    "text",
    [
        "", "v1", "/", "/v1/", "//v1", "/v1/{", "/v1/{}", "/v1/{a", "/v1/{a=}", "/v1/{1a}", "/v1/{a..b}", "/v1/{a.}",
        "/v1/{a={b}}", "/v1/{a=b/}", "/v1/**/b", "/v1/{a=**/b}", "/v1/{a=**}/b", "/v1:", "/v1:a:b", "/v1:a/b",
        "/v1/a b", "/v1/{a}/{a}", "/v1/{a}b", "/v1/***", "/v1?a=b", "/v1:*",
    ],
)  # fmt: skip
def test_what_is_no_template_is_refused(text: str) -> None:
    with pytest.raises(BadTemplate):
        parse(text)


@settings(max_examples=50)
@given(st.lists(st.text(min_size=1).filter(lambda text: text.isprintable()), min_size=1, max_size=4))
def test_every_value_comes_back_from_the_path_that_it_is_written_into(values: list[str]) -> None:
    template = "".join(f"/{{f{number}}}" for number in range(len(values)))
    path = "".join(f"/{quote(value, safe='')}" for value in values)
    assert parse(template).match(normalized(path)) == {f"f{number}": value for number, value in enumerate(values)}


def test_exact_paths_go_before_free_ones() -> None:
    templates = ["/v1/**", "/v1/*", "/v1/a", "/v1/{x}:b", "/v1/a:b"]
    ordered = sorted(templates, key=lambda text: parse(text).rank)
    assert ordered == ["/v1/a:b", "/v1/{x}:b", "/v1/a", "/v1/*", "/v1/**"]
