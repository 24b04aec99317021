"""Headers that become metadata of a call, and metadata that becomes headers, by grpc-gateway's names."""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Iterable, Iterator, Mapping
from types import MappingProxyType
from typing import Final, TypeAlias

from starlette.datastructures import Headers

from gateway_svc.transcoding.errors import Refused

Pairs: TypeAlias = tuple[tuple[str, str | bytes], ...]
PREFIX: Final = "grpc-metadata-"
TRAILER_PREFIX: Final = "grpc-trailer-"
_PASSED_ON: Final = ("traceparent", "tracestate", "baggage")
_KEY: Final = re.compile(r"[a-z0-9_.-]+")
_PRINTABLE: Final = re.compile(r"[\x20-\x7e]*")
_TIMEOUT: Final = re.compile(r"(?P<count>\d{1,8})(?P<unit>[HMSmun])")
# gRPC counts deadlines in nanoseconds since 1970, and takes what does not fit for the past.
_LONGEST_S: Final = 1e8
_UNITS_S: Final[Mapping[str, float]] = MappingProxyType(
    {"H": 3600.0, "M": 60.0, "S": 1.0, "m": 1e-3, "u": 1e-6, "n": 1e-9}
)


def metadata_of(headers: Headers, own: Iterable[tuple[str, str | bytes]] = ()) -> Pairs:
    """The metadata of a call: `Grpc-Metadata-*`, a trace that goes on, and what is `own`, which nobody overrides.

    Raises Refused, which names the header.
    """
    kept = tuple(own)
    taken = {key for key, _ in kept}
    asked = [pair for pair in _asked(headers) if pair[0] not in taken]
    return (*asked, *kept)


def timeout_s(headers: Headers) -> float | None:
    """What `Grpc-Timeout` says in seconds; None without it. Raises Refused."""
    text = headers.get("grpc-timeout")
    if text is None:
        return None
    found = _TIMEOUT.fullmatch(text.strip())
    if found is None:
        raise Refused(
            f"{text!r:.40} is not allowed; allowed: at most 8 digits and one of H, M, S, m, u, n", field="Grpc-Timeout"
        )
    return min(int(found["count"]) * _UNITS_S[found["unit"]], _LONGEST_S)


def headers_of(metadata: Iterable[tuple[str, str | bytes]] | None, prefix: str = PREFIX) -> list[tuple[str, str]]:
    """Metadata of an answer as headers; gRPC's own is left out, binary values are base64."""
    return [
        (prefix + key, base64.b64encode(value).decode() if isinstance(value, bytes) else value)
        for key, value in metadata or ()
        if not key.startswith("grpc-")
    ]


def _asked(headers: Headers) -> Iterator[tuple[str, str | bytes]]:
    for name, value in headers.items():
        if name in _PASSED_ON:
            yield name, _text(name, value)
        elif name.startswith(PREFIX):
            key = name.removeprefix(PREFIX)
            if not _KEY.fullmatch(key) or key.startswith("grpc-"):
                raise Refused("is no name for metadata; allowed: letters, digits and _-. , not grpc-*", field=name)
            yield key, _bytes(name, value) if key.endswith("-bin") else _text(name, value)


def _text(name: str, value: str) -> str:
    if not _PRINTABLE.fullmatch(value):
        raise Refused(f"{value!r:.80} is not allowed; allowed: printable ASCII", field=name)
    return value


def _bytes(name: str, value: str) -> bytes:
    try:
        return base64.b64decode(value + "=" * (-len(value) % 4), validate=True)
    except (binascii.Error, ValueError):
        raise Refused(f"{value!r:.80} is not allowed; allowed: base64", field=name) from None
