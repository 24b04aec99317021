"""The soak, for a moment: mixed load, some of it given up, leaves nothing behind."""

from __future__ import annotations

from pathlib import Path

from tools.soak.__main__ import Load, soak


def test_a_short_soak_of_the_pair_finds_nothing(tmp_path: Path) -> None:
    seen, grown = soak(Load(clients=4, seconds=1.5, warm_up_s=0.5), tmp_path / "log", tmp_path / "data")
    assert (seen.faults, [each.service for each in grown]) == ([], ["gateway_svc", "inference_svc"])
    assert seen.counts["picture"] > 0
