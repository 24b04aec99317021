"""Where replicas of the inference service are: read from `a:1,b:2` or a DNS name, looked up, written for gRPC."""

from __future__ import annotations

import asyncio
import ipaddress
import socket
from collections.abc import Sequence
from dataclasses import dataclass

Endpoint = tuple[str, int]
"""An IP address and a port."""


@dataclass(frozen=True, slots=True)
class Membership:
    """The replicas. `each`: a target of gRPC's for every one; `together`: one for all of them.

    Not `resolved`: no name meant anything, which says more of the names' server than of who is there.
    """

    each: tuple[str, ...]
    together: str
    resolved: bool = True


def entries(text: str) -> tuple[str, ...]:
    """The addresses in `HOST:PORT[,HOST:PORT]`, each once. Raises ValueError for what is no such list."""
    found = tuple(dict.fromkeys(part.strip() for part in text.split(",") if part.strip()))
    for entry in found:
        host, _, port = entry.rpartition(":")
        if not (host and port.isascii() and port.isdigit() and int(port) <= 65535) or "/" in host or " " in host:
            raise ValueError(f"{entry!r} is not allowed; allowed: HOST:PORT[,HOST:PORT], ports up to 65535")
    if not found:
        raise ValueError(f"{text!r} names nobody; allowed: HOST:PORT[,HOST:PORT]")
    return found


def may_move(entry: str) -> bool:
    """Whether an address is a name, which may mean another machine later."""
    try:
        ipaddress.ip_address(entry.rpartition(":")[0].strip("[]").partition("%")[0])
    except ValueError:
        return True
    return False


async def look_up(found: Sequence[str]) -> Membership:
    """Who is there. A name that means several addresses is as many replicas; one that means none stays as it is."""
    looked_up = [await _endpoints(entry) for entry in found]
    each = [_targets(entry, ends) for entry, ends in zip(found, looked_up, strict=True)]
    every = tuple(dict.fromkeys(target for targets in each for target in targets))
    if len(every) == 1:
        target = every[0]
    elif len(found) == 1:
        target = f"dns:///{found[0]}"
    else:
        target = together([end for ends in looked_up for end in ends]) or found[0]
    return Membership(every, target, any(looked_up))


def together(endpoints: Sequence[Endpoint]) -> str:
    """One target for many addresses; empty for none. Where they are of both kinds, IPv4 is written as IPv6."""
    both = {ipaddress.ip_address(host).version for host, _ in endpoints}
    if not both:
        return ""
    if both == {4}:
        return "ipv4:" + ",".join(f"{host}:{port}" for host, port in dict.fromkeys(endpoints))
    mapped = [host if ":" in host else f"::ffff:{host}" for host, _ in endpoints]
    ports = [port for _, port in endpoints]
    return "ipv6:" + ",".join(f"[{host}]:{port}" for host, port in dict.fromkeys(zip(mapped, ports, strict=True)))


def _targets(entry: str, ends: Sequence[Endpoint]) -> list[str]:
    if len(ends) < 2:
        return [entry]
    return [f"[{host}]:{port}" if ":" in host else f"{host}:{port}" for host, port in ends]


async def _endpoints(entry: str) -> list[Endpoint]:
    """What an address means, of the kind that there are more of: a machine with one of each kind is one replica."""
    host, _, port = entry.rpartition(":")
    try:
        found = await asyncio.get_running_loop().getaddrinfo(host.strip("[]"), int(port), type=socket.SOCK_STREAM)
    except OSError:
        return []
    kinds: dict[int, dict[Endpoint, None]] = {socket.AF_INET: {}, socket.AF_INET6: {}}
    for family, _, _, _, address in found:
        kinds[family][str(address[0]).partition("%")[0], int(address[1])] = None
    return max((list(ends) for ends in kinds.values()), key=len)
