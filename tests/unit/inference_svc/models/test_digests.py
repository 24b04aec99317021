"""What identifies a model."""

from __future__ import annotations

import os
from pathlib import Path

from inference_svc.models.digests import Digests
from inference_svc.models.folder import read_folder
from tests.unit.inference_svc.models.tiny import VOCABULARY, write_json, write_tiny


def test_equal_folders_have_equal_digests_wherever_they_lie(tmp_path: Path) -> None:
    folders = [read_folder(write_tiny(tmp_path / name)) for name in ("one", "two")]
    assert len({Digests().of(folder) for folder in folders}) == 1


def test_configuration_is_in_the_digest_and_not_in_the_hash_of_weights(tiny: Path) -> None:
    digests, folder = Digests(), read_folder(tiny)
    before = digests.of(folder)
    write_json(tiny / "tokenizer" / "vocab.json", {**VOCABULARY, "c</w>": 5})
    after = digests.of(folder)
    assert (before.sha256 == after.sha256, before.digest == after.digest) == (True, False)


def test_weights_are_in_both(tiny: Path) -> None:
    digests, folder = Digests(), read_folder(tiny)
    before = digests.of(folder)
    (tiny / "unet" / "model.onnx").write_bytes(b"other")
    after = digests.of(folder)
    assert (before.sha256 == after.sha256, before.digest == after.digest) == (False, False)


def test_a_file_is_read_once_for_its_size_and_time(tiny: Path) -> None:
    digests, folder, weights = Digests(), read_folder(tiny), tiny / "unet" / "model.onnx"
    before, status = digests.of(folder), weights.stat()
    weights.write_bytes(weights.read_bytes()[::-1])
    os.utime(weights, ns=(status.st_atime_ns, status.st_mtime_ns))
    assert digests.of(folder) == before
    os.utime(weights, ns=(status.st_atime_ns, status.st_mtime_ns + 1))
    assert digests.of(folder) != before
