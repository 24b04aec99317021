"""The load for a moment: users of both faces against a pair with the fake, in processes of their own."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tools.load.__main__ import main
from tools.load.pair import own_pair

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]
# So many requests, however long they take.
BOUNDS = ("--requests=80", "--seconds=200", "--users=10")


def load(folder: Path, *arguments: str) -> tuple[int, dict[str, Any]]:
    """The exit status of a run, and what it told."""
    status = main([*BOUNDS, f"--out={folder / 'load.md'}", *arguments])
    return status, json.loads((folder / "load.json").read_text())


def faces(told: dict[str, Any]) -> set[str]:
    return {deed["face"] for deed in told["deeds"]}


def test_users_of_both_faces_find_no_fault_with_the_fake(tmp_path: Path) -> None:
    status, told = load(tmp_path)
    assert (status, told["errors"], told["requests"], faces(told)) == (0, [], 80, {"REST", "gRPC"})
    assert told["answering"] == "engine fake, model fake (fake)"
    assert {*told["cpu_s"]} == {"gateway_svc", "inference_svc", "load"}
    assert (tmp_path / "load.md").read_text().startswith("# Load\n")


def test_failures_are_counted_by_kind_and_are_an_exit_status(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LATENTWIRE_INFERENCE_FAKE_FAIL_AT_STEP", "1")
    status, told = load(tmp_path)
    # Of the native routes, whose lines have begun by then, there may be none among so few.
    kinds = {error["kind"] for error in told["errors"]} - {"code 13 in the stream"}
    assert (status, kinds, told["pictures"]) == (1, {"INTERNAL INTERNAL", "status 500"}, {"REST": 0, "gRPC": 0})


def test_a_pair_that_dies_is_a_sentence_beside_what_was_counted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("LATENTWIRE_INFERENCE_FAKE_LOSE_DEVICE_AT", "20")
    status, told = load(tmp_path)
    assert (status, told["requests"], told["outcomes"]["failed"] > 0) == (1, 80, True)
    assert "under the load. The end of its log:" in capsys.readouterr().err


def test_a_pair_that_runs_is_loaded_at_the_face_that_is_named(tmp_path: Path) -> None:
    with own_pair("fake", tmp_path / "pair.log", tmp_path / "data") as pair:
        status, told = load(tmp_path, f"--host={pair.url}")
    assert (status, told["errors"], faces(told), told["cpu_s"]) == (0, [], {"REST"}, {})
