from __future__ import annotations

import pytest

from gateway_svc.lifetime import Lifetime
from latentwire.ending import KILL_STATUS, RESTART_STATUS, STOP_STATUS


@pytest.mark.parametrize(("way", "status"), [("stop", STOP_STATUS), ("restart", RESTART_STATUS)])
def test_under_supervision_the_status_says_what_was_asked_for(way: str, status: int) -> None:
    stops: list[str] = []
    lifetime = Lifetime(lambda: stops.append("stopped"), supervised=True)
    getattr(lifetime, way)()
    assert (stops, lifetime.status) == (["stopped"], status)


def test_alone_every_end_is_a_success_and_nothing_starts_again() -> None:
    lifetime = Lifetime(lambda: None, supervised=False)
    lifetime.stop()
    assert (lifetime.status, lifetime.can_restart) == (0, False)


@pytest.mark.parametrize(("supervised", "status"), [(True, KILL_STATUS), (False, 0)])
def test_killed_it_waits_for_nothing(supervised: bool, status: int) -> None:
    ends: list[int] = []
    Lifetime(lambda: ends.append(-1), supervised=supervised, exit_now=ends.append).kill()
    assert ends == [status]
