"""A certificate for this machine's loopback, made in the test: P-256 and DER by hand, for keys don't belong in files.

ECDSA by FIPS 186-5, the curve by SEC 2, the certificate by RFC 5280. For tests alone: nothing here is constant-time.
"""

from __future__ import annotations

import base64
import hashlib
import secrets
import ssl
from dataclasses import dataclass
from pathlib import Path

_P = 2**256 - 2**224 + 2**192 + 2**96 - 1
_N = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
_G = (
    0x6B17D1F2E12C4247F8BCE6E563A440F277037D812DEB33A0F4A13945D898C296,
    0x4FE342E2FE1A7F9B8EE7EB4A7C0F9E162BCE33576B315ECECBB6406837BF51F5,
)
_CURVE = bytes.fromhex("06082a8648ce3d030107")
_PUBLIC_KEY = bytes.fromhex("06072a8648ce3d0201")
_ECDSA_SHA256 = bytes.fromhex("300a06082a8648ce3d040302")
_COMMON_NAME = bytes.fromhex("0603550403")
_ALT_NAME = bytes.fromhex("0603551d11")
_Point = tuple[int, int] | None


@dataclass(frozen=True, slots=True)
class Certificate:
    """The files that a server wants, and what a client trusts."""

    key: Path
    certificate: Path

    def trusted(self) -> ssl.SSLContext:
        """A client's context that trusts this certificate and no other."""
        context = ssl.create_default_context(cafile=str(self.certificate))
        context.verify_flags &= ~ssl.VERIFY_X509_STRICT
        return context


def make(folder: Path) -> Certificate:
    """A fresh key, and a certificate for 127.0.0.1 signed by itself."""
    secret = secrets.randbelow(_N - 1) + 1
    point = _times(secret, _G)
    assert point is not None
    public = b"\4" + b"".join(coordinate.to_bytes(32, "big") for coordinate in point)
    key = _der(0x30, _integer(1), _der(4, secret.to_bytes(32, "big")), _der(0xA0, _CURVE), _der(0xA1, _bits(public)))
    made = Certificate(folder / "key.pem", folder / "certificate.pem")
    made.key.write_text(_pem("EC PRIVATE KEY", key))
    made.certificate.write_text(_pem("CERTIFICATE", _signed(secret, _to_be_signed(public))))
    return made


def _to_be_signed(public: bytes) -> bytes:
    name = _der(0x30, _der(0x31, _der(0x30, _COMMON_NAME, _der(12, b"127.0.0.1"))))
    valid = _der(0x30, _der(23, b"200101000000Z"), _der(23, b"490101000000Z"))
    alternative = _der(4, _der(0x30, _der(0x87, bytes([127, 0, 0, 1]))))
    extensions = _der(0xA3, _der(0x30, _der(0x30, _ALT_NAME, alternative)))
    of_key = _der(0x30, _der(0x30, _PUBLIC_KEY, _CURVE), _bits(public))
    serial = _integer(secrets.randbits(64) + 1)
    return _der(0x30, _der(0xA0, _integer(2)), serial, _ECDSA_SHA256, name, valid, name, of_key, extensions)


def _signed(secret: int, content: bytes) -> bytes:
    digest = int.from_bytes(hashlib.sha256(content).digest(), "big")
    nonce = secrets.randbelow(_N - 1) + 1
    point = _times(nonce, _G)
    assert point is not None
    r = point[0] % _N
    s = pow(nonce, -1, _N) * (digest + r * secret) % _N
    return _der(0x30, content, _ECDSA_SHA256, _bits(_der(0x30, _integer(r), _integer(s))))


def _times(factor: int, point: _Point) -> _Point:
    total: _Point = None
    while factor:
        total = _sum(total, point) if factor & 1 else total
        point, factor = _sum(point, point), factor >> 1
    return total


def _sum(one: _Point, other: _Point) -> _Point:
    if one is None or other is None:
        return one or other
    (x1, y1), (x2, y2) = one, other
    if one == other:
        slope = 3 * (x1 * x1 - 1) * pow(2 * y1, -1, _P)
    elif x1 == x2:
        return None
    else:
        slope = (y2 - y1) * pow(x2 - x1, -1, _P)
    x = (slope * slope - x1 - x2) % _P
    return x, (slope * (x1 - x) - y1) % _P


def _der(tag: int, *parts: bytes) -> bytes:
    content = b"".join(parts)
    size = len(content).to_bytes(2, "big").lstrip(b"\0") or b"\0"
    length = size if len(content) < 128 else bytes([0x80 + len(size)]) + size
    return bytes([tag]) + length + content


def _integer(value: int) -> bytes:
    return _der(2, value.to_bytes(value.bit_length() // 8 + 1, "big"))


def _bits(content: bytes) -> bytes:
    return _der(3, b"\0" + content)


def _pem(label: str, content: bytes) -> str:
    return f"-----BEGIN {label}-----\n{base64.encodebytes(content).decode()}-----END {label}-----\n"
