"""The replicas of the inference service: a channel to each, one to all, and who is known to have which generation."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Sequence
from typing import Final

from grpc import aio

from gateway_svc.inference.addresses import Membership, entries, look_up, may_move
from gateway_svc.inference.channels import to_any, to_one
from latentwire.newest import Newest

REPLICA_KEY: Final = "x-latentwire-replica"
LOOK_UP_EVERY_S: Final = 30.0
_MOST_REMEMBERED: Final = 8192
# Longer than a generation takes.
_LAST_CALLS_S: Final = 3600.0


class Replica:
    """One of them. `name`: what it calls itself in its answers, once it has given one."""

    def __init__(self, address: str, channel: aio.Channel) -> None:
        self.address, self.channel = address, channel
        self.name = ""

    def said(self, metadata: aio.Metadata | None) -> None:
        """Takes its name from the metadata of an answer."""
        self.name = named(metadata) or self.name


class Replicas:
    """All of them. Made inside the running event loop, opened and closed once."""

    def __init__(self, text: str) -> None:
        self._entries = entries(text)
        self._membership = Membership((), "")
        self._following: asyncio.Task[None] | None = None
        self._left: dict[aio.Channel, asyncio.Task[None]] = {}
        self._shared: tuple[aio.Channel, ...] = ()
        self.each: tuple[Replica, ...] = ()
        self.any: aio.Channel
        self.any_loaded_or_not: aio.Channel
        self.ended = Newest(_MOST_REMEMBERED)
        """Ids of generations and of tasks that callers ended, each with how: "stop" or "cancel"."""
        self._names_by_id = Newest(_MOST_REMEMBERED)

    @property
    def several(self) -> bool:
        """Whether there is a choice."""
        return len(self.each) > 1

    async def open(self) -> None:
        """Looks names up and opens the channels; names are looked up again from time to time."""
        self._join(await look_up(self._entries))
        if any(may_move(entry) for entry in self._entries):
            self._following = asyncio.create_task(self._follow())

    async def close(self) -> None:
        """Ends every call and every connection."""
        if self._following:
            self._following.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._following
        for channel in {self.any, self.any_loaded_or_not, *(each.channel for each in self.each), *self._left}:
            await channel.close()
        await asyncio.gather(*self._left.values())

    def remember(self, request_id: str, name: str) -> None:
        """Notes which replica, by its name, has a generation."""
        self._names_by_id.put(request_id, name)

    def of(self, request_id: str) -> Sequence[Replica]:
        """The replica that is known to have a generation; none where that is not known."""
        name = self._names_by_id.get(request_id)
        return [each for each in self.each if name and each.name == name]

    def address_of(self, name: str) -> str:
        """Where the replica of that name is; empty where nobody has called himself so yet."""
        return next((each.address for each in self.each if each.name == name), "")

    async def look_again(self) -> None:
        """Looks names up, and follows what has changed."""
        found = await look_up(self._entries)
        if found != self._membership and found.resolved:
            self._join(found)

    async def _follow(self) -> None:
        while True:
            await asyncio.sleep(LOOK_UP_EVERY_S)
            await self.look_again()

    def _join(self, membership: Membership) -> None:
        """Opens channels to newcomers; those to replicas that left are closed once no call runs on them."""
        known = {each.address: each for each in self.each}
        several = len(membership.each) > 1
        self.each = tuple(
            known.get(target) or Replica(target, to_one(target, of_several=several)) for target in membership.each
        )
        if membership.together != self._membership.together:
            self._share(membership)
        for gone in known.keys() - set(membership.each):
            self._leave(known[gone].channel)
        self._membership = membership

    def _share(self, membership: Membership) -> None:
        for channel in self._shared:
            self._leave(channel)
        if self.several:
            self._shared = (to_any(membership.together, healthy=True), to_any(membership.together, healthy=False))
        else:
            self._shared = ()
        self.any, self.any_loaded_or_not = self._shared or (self.each[0].channel,) * 2

    def _leave(self, channel: aio.Channel) -> None:
        closing = self._left[channel] = asyncio.create_task(channel.close(_LAST_CALLS_S))
        closing.add_done_callback(lambda _: self._left.pop(channel, None))


def named(metadata: aio.Metadata | None) -> str:
    """The replica that an answer's metadata names; empty where none is named."""
    return next((str(value) for key, value in metadata or () if key == REPLICA_KEY), "")
