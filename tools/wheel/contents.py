"""What has to be in the wheel, and nothing else: the packages' files as version control knows them."""

from __future__ import annotations

import re
import subprocess
import zipfile
from collections.abc import Iterable, Iterator
from pathlib import Path

PACKAGES = ("gateway_svc", "inference_svc", "latentwire")
# Without one of these the package would install, and then not be what its README says.
NEEDED = {
    "its type information": re.compile(r"latentwire/py\.typed"),
    "generated messages": re.compile(r"latentwire/v1/\w+_pb2\.py"),
    "generated stubs": re.compile(r"latentwire/v1/\w+_pb2_grpc\.py"),
    "types of generated code": re.compile(r"latentwire/v1/\w+_pb2\.pyi"),
    "the embedded model's index": re.compile(r"inference_svc/models/flatland/model_index\.json"),
    "the embedded model's weights": re.compile(r"inference_svc/models/flatland/unet/\w+\.onnx"),
    "the embedded model's tokenizer": re.compile(r"inference_svc/models/flatland/tokenizer/tokenizer\.json"),
    "the page": re.compile(r"gateway_svc/web/index\.html"),
    "the licence": re.compile(r"latentwire-[^/]+\.dist-info/licenses/LICENSE"),
    "the command": re.compile(r"latentwire-[^/]+\.dist-info/entry_points\.txt"),
}


def names(wheel: Path) -> list[str]:
    """The files in a wheel."""
    with zipfile.ZipFile(wheel) as archive:
        return sorted(archive.namelist())


def tracked(checkout: Path) -> list[str]:
    """The packages' files in a checkout that are, or would be, under version control."""
    command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard", "--", *PACKAGES]
    listed = subprocess.run(command, cwd=checkout, capture_output=True, text=True, check=True).stdout
    return sorted(name for name in set(listed.split("\0")) if name and (checkout / name).is_file())


def faults(found: Iterable[str], expected: Iterable[str]) -> Iterator[str]:
    """What a wheel with the files `found` lacks, and what it should not have."""
    there, wanted = set(found), set(expected)
    for what, pattern in NEEDED.items():
        if not any(map(pattern.fullmatch, there)):
            yield f"{what} is not in it: nothing matches {pattern.pattern}"
    yield from (f"{name} is missing" for name in sorted(wanted - there))
    own = {name for name in there if not name.split("/")[0].endswith(".dist-info")}
    yield from (f"{name} does not belong in it" for name in sorted(own - wanted))
