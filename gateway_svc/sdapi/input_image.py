"""Pictures as clients send them: base64, a data URL, or a web address. What the bytes hold is for others to judge."""

from __future__ import annotations

import base64
import binascii
from typing import Final

from gateway_svc.fetch import Fetching, LocalAddress, NotFetched, fetch
from gateway_svc.sdapi.errors import Refused
from gateway_svc.sdapi.options import Options

_URL_SCHEMES: Final = ("http://", "https://")
_WHITESPACE: Final = dict.fromkeys(map(ord, " \t\r\n"))


def read(text: str, options: Options) -> bytes:
    """The file that a text stands for, fetched if need be. Raises Refused. Blocking: run it in a thread."""
    return _fetched(text, options) if text.startswith(_URL_SCHEMES) else decoded(text)


def decoded(text: str) -> bytes:
    """The bytes of base64 or a data URL. Raises Refused as A1111 does."""
    try:
        data = base64.b64decode(_payload(text).translate(_WHITESPACE), validate=True)
    except (binascii.Error, ValueError):
        data = b""
    if not data:
        raise Refused(500, "Invalid encoded image")
    return data


def _payload(text: str) -> str:
    return text.partition(";base64,")[2] if text.startswith("data:image/") else text


def _fetched(url: str, options: Options) -> bytes:
    if not options.api_enable_requests:
        raise Refused(500, "Requests not allowed")
    how = Fetching(allow_local=not options.api_forbid_local_requests, user_agent=options.api_useragent)
    try:
        return fetch(url, how)
    except LocalAddress:
        raise Refused(500, "Request to local resource not allowed") from None
    except NotFetched:
        raise Refused(500, "Invalid image url") from None
