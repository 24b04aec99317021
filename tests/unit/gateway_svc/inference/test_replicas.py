from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import pytest
from grpc import aio

from gateway_svc.inference.addresses import Membership
from gateway_svc.inference.replicas import REPLICA_KEY, Replicas

Looks = Callable[..., None]


@pytest.fixture
def looks(monkeypatch: pytest.MonkeyPatch) -> Looks:
    """What names mean, look by look; the last look again and again."""

    def set_to(*found: Membership) -> None:
        rest = list(found)

        async def look_up(_: object) -> Membership:
            return rest.pop(0) if len(rest) > 1 else rest[0]

        monkeypatch.setattr("gateway_svc.inference.replicas.look_up", look_up)

    return set_to


def opened(use: Callable[[Replicas], Awaitable[None]], text: str = "all:5") -> None:
    """Runs something with replicas that are closed afterwards."""

    async def run() -> None:
        replicas = Replicas(text)
        await replicas.open()
        await use(replicas)
        await replicas.close()

    asyncio.run(run())


ONE = Membership(("127.0.0.1:1",), "127.0.0.1:1")
TWO = Membership(("127.0.0.1:1", "127.0.0.1:2"), "ipv4:127.0.0.1:1,127.0.0.1:2")
OTHER = Membership(("127.0.0.1:2", "127.0.0.1:3"), "ipv4:127.0.0.1:2,127.0.0.1:3")


def test_one_replica_has_one_channel(looks: Looks) -> None:
    async def use(replicas: Replicas) -> None:
        assert not replicas.several
        assert replicas.any is replicas.any_loaded_or_not is replicas.each[0].channel

    looks(ONE)
    opened(use)


def test_replicas_that_come_and_go_are_followed_and_those_that_stay_are_kept(looks: Looks) -> None:
    async def use(replicas: Replicas) -> None:
        before, shared = {each.address: each.channel for each in replicas.each}, replicas.any
        await replicas.look_again()
        assert [each.address for each in replicas.each] == list(OTHER.each)
        assert replicas.each[0].channel is before["127.0.0.1:2"]
        assert replicas.any is not shared

    looks(TWO, OTHER)
    opened(use)


def test_a_look_that_finds_the_same_changes_nothing(looks: Looks) -> None:
    async def use(replicas: Replicas) -> None:
        each, shared = replicas.each, replicas.any
        await replicas.look_again()
        assert (replicas.each, replicas.any) == (each, shared)

    looks(TWO)
    opened(use)


def test_a_generation_is_looked_for_at_the_replica_of_its_name(looks: Looks) -> None:
    async def use(replicas: Replicas) -> None:
        replicas.each[1].said(aio.Metadata((REPLICA_KEY, "two")))
        replicas.remember("mine", "two")
        replicas.remember("lost", "gone")
        assert [each.address for each in replicas.of("mine")] == ["127.0.0.1:2"]
        assert (list(replicas.of("lost")), list(replicas.of("nobody"))) == ([], [])
        assert (replicas.address_of("two"), replicas.address_of("gone")) == ("127.0.0.1:2", "")

    looks(TWO)
    opened(use)


def test_a_replica_that_calls_itself_nothing_is_nobodys(looks: Looks) -> None:
    async def use(replicas: Replicas) -> None:
        replicas.remember("mine", "")
        assert list(replicas.of("mine")) == []

    looks(TWO)
    opened(use)


def test_a_look_up_that_failed_changes_nothing(looks: Looks) -> None:
    async def use(replicas: Replicas) -> None:
        before = replicas.each
        await replicas.look_again()
        assert replicas.each == before

    looks(TWO, Membership(("all:5",), "all:5", resolved=False))
    opened(use)
