"""The wheel has what the package needs, and nothing that is not the package's."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from tools.wheel.contents import faults, tracked

OWN = (
    "gateway_svc/web/index.html",
    "inference_svc/models/flatland/model_index.json",
    "inference_svc/models/flatland/tokenizer/tokenizer.json",
    "inference_svc/models/flatland/unet/model.onnx",
    "latentwire/py.typed",
    "latentwire/v1/types_pb2.py",
    "latentwire/v1/types_pb2.pyi",
    "latentwire/v1/types_pb2_grpc.py",
)
METADATA = ("latentwire-1.0.dist-info/licenses/LICENSE", "latentwire-1.0.dist-info/entry_points.txt")


def test_a_wheel_with_all_of_it_has_no_fault() -> None:
    assert list(faults([*OWN, *METADATA], OWN)) == []


@pytest.mark.parametrize("name", [*OWN, *METADATA])
def test_a_file_without_which_the_package_is_not_itself_is_missed(name: str) -> None:
    left = [other for other in (*OWN, *METADATA) if other != name]
    found = list(faults(left, [other for other in OWN if other != name]))
    assert len(found) == 1
    assert " is not in it: nothing matches " in found[0]


def test_any_other_file_of_the_packages_is_missed_too() -> None:
    assert list(faults([*OWN, *METADATA], [*OWN, "latentwire/errors.py"])) == ["latentwire/errors.py is missing"]


@pytest.mark.parametrize("name", ["tests/conftest.py", "tools/smoke.py", "latentwire/notes.txt"])
def test_a_file_that_is_not_the_packages_is_found(name: str) -> None:
    assert list(faults([*OWN, *METADATA, name], OWN)) == [f"{name} does not belong in it"]


def test_what_is_expected_is_what_version_control_would_take(tmp_path: Path) -> None:
    (tmp_path / "latentwire").mkdir()
    for name in (".gitignore", "latentwire/new.py", "latentwire/new.pyc", "setup.py"):
        (tmp_path / name).write_text("*.pyc\n")
    subprocess.run(["git", "init", "--quiet"], cwd=tmp_path, check=True)
    assert tracked(tmp_path) == ["latentwire/new.py"]
