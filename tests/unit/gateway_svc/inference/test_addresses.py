from __future__ import annotations

import asyncio
import socket
from typing import Any

import pytest

from gateway_svc.inference.addresses import Membership, entries, look_up, may_move, together


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("a:1", ("a:1",)),
        (" a:1 , b:2,", ("a:1", "b:2")),
        ("a:1,a:1", ("a:1",)),
        ("[::1]:5,1.2.3.4:6", ("[::1]:5", "1.2.3.4:6")),
    ],
)
def test_a_list_is_read_at_its_commas_each_address_once(text: str, found: tuple[str, ...]) -> None:
    assert entries(text) == found


@pytest.mark.parametrize("text", ["", ",", "a", ":1", "a:", "a:b", "a:65536", "http://a:1", "a:1,b", "a b:1", "a:²"])
def test_what_is_no_list_of_addresses_is_refused_with_what_is_allowed(text: str) -> None:
    with pytest.raises(ValueError, match="allowed: HOST:PORT"):
        entries(text)


@pytest.mark.parametrize(
    ("entry", "moves"), [("1.2.3.4:5", False), ("[::1]:5", False), ("[fe80::1%eth0]:5", False), ("host:5", True)]
)
def test_only_names_may_mean_another_machine_later(entry: str, moves: bool) -> None:
    assert may_move(entry) is moves


def test_addresses_of_both_kinds_are_written_as_one() -> None:
    assert together([("1.2.3.4", 5), ("5.6.7.8", 9)]) == "ipv4:1.2.3.4:5,5.6.7.8:9"
    assert together([("1.2.3.4", 5), ("::1", 6)]) == "ipv6:[::ffff:1.2.3.4]:5,[::1]:6"
    assert together([]) == ""


class Names:
    """A resolver that knows these names, each with its addresses."""

    def __init__(self, **known: tuple[str, ...]) -> None:
        self._known = known

    async def getaddrinfo(self, host: str, port: int, **_: Any) -> list[tuple[Any, ...]]:
        found = self._known.get(host, (host,) if host[:1].isdigit() else ())
        if not found:
            raise socket.gaierror("no such name")
        families = {True: socket.AF_INET6, False: socket.AF_INET}
        return [(families[":" in address], socket.SOCK_STREAM, 6, "", (address, port)) for address in found]


def members(monkeypatch: pytest.MonkeyPatch, text: str, **known: tuple[str, ...]) -> Membership:
    async def look() -> Membership:
        monkeypatch.setattr(asyncio.get_running_loop(), "getaddrinfo", Names(**known).getaddrinfo, raising=False)
        return await look_up(entries(text))

    return asyncio.run(look())


def test_one_address_is_one_replica_as_it_is_written(monkeypatch: pytest.MonkeyPatch) -> None:
    assert members(monkeypatch, "1.2.3.4:5") == Membership(("1.2.3.4:5",), "1.2.3.4:5")


def test_a_machine_with_an_address_of_each_kind_is_one_replica(monkeypatch: pytest.MonkeyPatch) -> None:
    assert members(monkeypatch, "here:5", here=("::1", "127.0.0.1")) == Membership(("here:5",), "here:5")


def test_a_name_that_means_several_is_as_many_replicas(monkeypatch: pytest.MonkeyPatch) -> None:
    found = members(monkeypatch, "all:5", all=("1.1.1.1", "2.2.2.2", "::1"))
    assert found == Membership(("1.1.1.1:5", "2.2.2.2:5"), "dns:///all:5")


def test_a_list_of_names_is_looked_up(monkeypatch: pytest.MonkeyPatch) -> None:
    found = members(monkeypatch, "a:1,b:2", a=("1.1.1.1",), b=("2.2.2.2",))
    assert found == Membership(("a:1", "b:2"), "ipv4:1.1.1.1:1,2.2.2.2:2")


def test_a_name_that_means_nobody_yet_stays_in_the_list(monkeypatch: pytest.MonkeyPatch) -> None:
    found = members(monkeypatch, "a:1,b:2", b=("2.2.2.2",))
    assert found == Membership(("a:1", "b:2"), "ipv4:2.2.2.2:2")
    assert members(monkeypatch, "a:1,b:2") == Membership(("a:1", "b:2"), "a:1", resolved=False)
