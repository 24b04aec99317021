"""The page and its files."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from fastapi import APIRouter
from fastapi.responses import FileResponse

router = APIRouter(tags=["page"], include_in_schema=False)
_FOLDER: Final = Path(__file__).parent
_HEADERS: Final = {
    "Cache-Control": "no-cache",
    "Content-Security-Policy": "default-src 'self'; img-src 'self' data: blob:; frame-ancestors 'self'",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}


@router.get("/")
async def page() -> FileResponse:
    """The page itself."""
    return _file("index.html", "text/html")


@router.get("/page.css")
async def style() -> FileResponse:
    """How it looks."""
    return _file("page.css", "text/css")


@router.get("/page.js")
async def script() -> FileResponse:
    """What it does."""
    return _file("page.js", "text/javascript")


@router.get("/favicon.ico")
@router.get("/icon.svg")
async def icon() -> FileResponse:
    """What a tab shows."""
    return _file("icon.svg", "image/svg+xml")


def _file(name: str, kind: str) -> FileResponse:
    return FileResponse(_FOLDER / name, media_type=kind, headers=_HEADERS)
