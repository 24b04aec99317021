"""Certificates and who signs them, made in the test: P-256 and DER by hand, for keys don't belong in files.

ECDSA by FIPS 186-5, the curve by SEC 2, the certificate by RFC 5280. For tests alone: nothing here is constant-time.
"""

from __future__ import annotations

import base64
import hashlib
import ipaddress
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
_MAY_SIGN = bytes.fromhex("300f0603551d130101ff040530030101ff")
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


@dataclass(frozen=True, slots=True)
class Authority:
    """Who signs the certificates of others; `certificate`: its own, in PEM, which whoever trusts it is given."""

    certificate: Path
    name: str
    key: _Key

    def sign(self, folder: Path, host: str) -> Certificate:
        """A fresh key in a folder, and this authority's certificate for a host: a name, or an address."""
        return _written(folder, host, _Key.made(), self)


def authority(folder: Path, name: str = "authority") -> Authority:
    """A fresh authority, which nobody trusts yet."""
    made = Authority(folder / f"{name}.pem", name, _Key.made())
    made.certificate.write_text(_pem("CERTIFICATE", _signed(made.key, _to_be_signed(made.key, name, name, _MAY_SIGN))))
    return made


def make(folder: Path) -> Certificate:
    """A fresh key, and a certificate for 127.0.0.1 signed by itself."""
    host, key = "127.0.0.1", _Key.made()
    return _written(folder, host, key, Authority(folder, host, key))


@dataclass(frozen=True, slots=True)
class _Key:
    secret: int
    public: bytes

    @classmethod
    def made(cls) -> _Key:
        secret = secrets.randbelow(_N - 1) + 1
        point = _times(secret, _G)
        assert point is not None
        return cls(secret, b"\4" + b"".join(coordinate.to_bytes(32, "big") for coordinate in point))

    def pem(self) -> str:
        secret, public = _der(4, self.secret.to_bytes(32, "big")), _der(0xA1, _bits(self.public))
        return _pem("EC PRIVATE KEY", _der(0x30, _integer(1), secret, _der(0xA0, _CURVE), public))


def _written(folder: Path, host: str, key: _Key, by: Authority) -> Certificate:
    made = Certificate(folder / f"{host}-key.pem", folder / f"{host}.pem")
    made.key.write_text(key.pem())
    content = _to_be_signed(key, host, by.name, _der(0x30, _ALT_NAME, _der(4, _der(0x30, _alternative(host)))))
    made.certificate.write_text(_pem("CERTIFICATE", _signed(by.key, content)))
    return made


def _alternative(host: str) -> bytes:
    try:
        return _der(0x87, ipaddress.ip_address(host).packed)
    except ValueError:
        return _der(0x82, host.encode())


def _to_be_signed(key: _Key, subject: str, issuer: str, extension: bytes) -> bytes:
    valid = _der(0x30, _der(23, b"200101000000Z"), _der(23, b"490101000000Z"))
    of_key = _der(0x30, _der(0x30, _PUBLIC_KEY, _CURVE), _bits(key.public))
    first = (_der(0xA0, _integer(2)), _integer(secrets.randbits(64) + 1), _ECDSA_SHA256)
    return _der(0x30, *first, _name(issuer), valid, _name(subject), of_key, _der(0xA3, _der(0x30, extension)))


def _name(common: str) -> bytes:
    return _der(0x30, _der(0x31, _der(0x30, _COMMON_NAME, _der(12, common.encode()))))


def _signed(key: _Key, content: bytes) -> bytes:
    digest = int.from_bytes(hashlib.sha256(content).digest(), "big")
    nonce = secrets.randbelow(_N - 1) + 1
    point = _times(nonce, _G)
    assert point is not None
    r = point[0] % _N
    s = pow(nonce, -1, _N) * (digest + r * key.secret) % _N
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
