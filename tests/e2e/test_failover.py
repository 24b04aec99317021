"""Two replicas as processes, one of which is killed again and again under load."""

from __future__ import annotations

from pathlib import Path

from tools.failover.__main__ import Trial, tried


def test_every_request_gets_its_picture_though_replicas_are_killed(tmp_path: Path, model: tuple[str, ...]) -> None:
    found = tried(Trial(kills=3, clients=8), tmp_path, *model)
    assert found.faults == ()
    assert found.failovers > 0
