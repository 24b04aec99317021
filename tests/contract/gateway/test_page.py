from __future__ import annotations

import re

import httpx2
import pytest


@pytest.mark.parametrize(
    ("path", "kind"),
    [("/", "text/html"), ("/page.css", "text/css"), ("/page.js", "text/javascript"), ("/icon.svg", "image/svg+xml")],
)
async def test_the_page_comes_with_its_files(client: httpx2.AsyncClient, path: str, kind: str) -> None:
    response = await client.get(path)
    assert (response.status_code, response.headers["Content-Type"].partition(";")[0]) == (200, kind)
    assert "default-src 'self'" in response.headers["Content-Security-Policy"]


async def test_the_page_asks_nobody_else_for_anything(client: httpx2.AsyncClient) -> None:
    for path in ("/", "/page.css", "/page.js"):
        assert re.findall(r"https?://|//cdn|url\(", (await client.get(path)).text) == []


async def test_every_element_that_the_script_names_is_on_the_page(client: httpx2.AsyncClient) -> None:
    script, page = (await client.get("/page.js")).text, (await client.get("/")).text
    listed = re.search(r"Object\.fromEntries\(\[(.*?)\]", script, re.DOTALL)
    assert listed is not None
    for name in re.findall(r'"([\w-]+)"', listed[1]):
        assert f'id="{name}"' in page
