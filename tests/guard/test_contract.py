"""The contract's checks turn red: generated code that is stale, a change that breaks clients, style."""

from __future__ import annotations

import shutil
import subprocess
import sys
import sysconfig
from pathlib import Path

import pytest

from tools import proto

TYPES = "proto/latentwire/v1/types.proto"


@pytest.fixture
def contract(tmp_path: Path) -> Path:
    """A copy of what the contract's checks look at."""
    for name in ("proto", "third_party", "latentwire/v1"):
        shutil.copytree(proto.ROOT / name, tmp_path / name, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(proto.ROOT / "buf.yaml", tmp_path)
    return tmp_path


def edit(path: Path, old: str, new: str) -> None:
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new, 1))


def buf(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [str(Path(sysconfig.get_path("scripts")) / "buf"), *arguments]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)


def breaking(folder: Path) -> subprocess.CompletedProcess[str]:
    return buf(folder, "breaking", "proto", "--exclude-imports", "--against", "proto/released.binpb")


def test_the_generated_code_is_what_the_contract_gives() -> None:
    assert proto.stale(proto.ROOT) == [], "run `make proto`"


def test_generated_code_that_is_stale_is_found(contract: Path) -> None:
    edit(contract / TYPES, "message Timings {", "message Clock {}\n\nmessage Timings {")
    assert proto.main(["--check", "--root", str(contract)]) == 1
    assert "latentwire/v1/types_pb2.py" in proto.stale(contract)


def test_an_edit_of_generated_code_is_found(contract: Path) -> None:
    (contract / "latentwire/v1/extra_pb2.py").touch()
    assert proto.stale(contract) == ["latentwire/v1/extra_pb2.py"]


def test_generating_anew_leaves_nothing_stale(contract: Path) -> None:
    edit(contract / TYPES, "message Timings {", "message Clock {}\n\nmessage Timings {")
    assert proto.main(["--root", str(contract)]) == 0
    assert proto.stale(contract) == []


def test_a_contract_that_does_not_compile_leaves_the_code_alone(contract: Path) -> None:
    before = (contract / "latentwire/v1/types_pb2.py").read_bytes()
    edit(contract / TYPES, "message Timings {", "message Timings {{")
    command = [sys.executable, "-m", "tools.proto", "--root", str(contract)]
    assert subprocess.run(command, cwd=proto.ROOT, capture_output=True, check=False).returncode != 0
    assert (contract / "latentwire/v1/types_pb2.py").read_bytes() == before


def test_the_contract_as_it_is_breaks_nobody(contract: Path) -> None:
    assert breaking(contract).returncode == 0


def test_a_field_that_changes_its_number_is_found(contract: Path) -> None:
    edit(contract / TYPES, "google.protobuf.Duration queue = 1;", "google.protobuf.Duration queue = 91;")
    result = breaking(contract)
    assert result.returncode != 0
    assert 'Previously present field "1" with name "queue" on message "Timings" was deleted.' in result.stdout


def test_a_field_without_a_comment_is_found(contract: Path) -> None:
    edit(contract / TYPES, "message Timings {", "message Timings {\n  int32 bare = 99;\n")
    result = buf(contract, "lint")
    assert 'Field "bare" should have a non-empty comment' in result.stdout
