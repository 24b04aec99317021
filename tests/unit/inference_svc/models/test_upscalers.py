"""Upscalers in a folder: which are taken, what is read from them, when they are loaded."""

from __future__ import annotations

import logging
import os
from collections.abc import Callable
from functools import partial
from pathlib import Path

import numpy as np
import pytest
from onnx import TensorProto

from inference_svc.models import Device, ModelRunner, Upscalers
from inference_svc.work import UpscalerFacts, UpscaleRow
from latentwire.errors import NotFound
from tests.upscalers import write_blur, write_nearest, write_other


def upscalers(folder: Path) -> Upscalers:
    return Upscalers(folder, Device("cpu"))


def own(found: tuple[UpscalerFacts, ...]) -> list[UpscalerFacts]:
    """Those of the test's folder."""
    return [facts for facts in found if not facts.name.startswith("Flatland ")]


def row(name: str, side: int = 4, value: float = 0.25) -> UpscaleRow:
    return UpscaleRow(name, np.full((1, 3, side, side), value, np.float32))


def test_what_lies_in_the_folder_is_listed_by_name_with_its_scale_and_size(tmp_path: Path) -> None:
    four = write_nearest(tmp_path / "upscalers" / "Zebra 4x.onnx", 4, size=(32, 48))
    write_nearest(tmp_path / "upscalers" / "apple.onnx")
    found = own(upscalers(tmp_path).look())
    assert [(facts.name, facts.scale, facts.tile) for facts in found] == [("apple", 2, None), ("Zebra 4x", 4, (32, 48))]
    assert (found[1].path, found[1].memory_bytes) == (str(four), four.stat().st_size)


def test_no_folder_is_no_upscaler() -> None:
    assert own(Upscalers(None, Device("cpu")).look()) == []


def write_nothing(path: Path) -> None:
    path.parent.mkdir()
    path.write_bytes(b"no graph")


@pytest.mark.parametrize(
    ("write", "reason"),
    [
        (write_nothing, "can't be loaded"),
        (write_other, "takes image ['batch', 4, 'h', 'w']"),
        (partial(write_other, channels=3, kind=TensorProto.DOUBLE), "takes tensor(double)"),
        (partial(write_nearest, size=(8, "w")), "both sides are to be free, or both fixed"),
        (partial(write_nearest, scale=9), "multiplies"),
    ],
)
def test_what_is_no_upscaler_is_left_out_and_logged_once(
    tmp_path: Path, write: Callable[[Path], object], reason: str, caplog: pytest.LogCaptureFixture
) -> None:
    write(tmp_path / "upscalers" / "bad.onnx")
    shelf = upscalers(tmp_path)
    with caplog.at_level(logging.WARNING):
        assert [own(shelf.look()), own(shelf.look())] == [[], []]
    assert [reason in message for message in caplog.messages] == [True]


def test_names_of_interpolations_are_taken(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    write_nearest(tmp_path / "upscalers" / "lanczos.onnx")
    assert own(upscalers(tmp_path).look()) == []
    assert "its name is taken" in caplog.text


def test_a_file_that_comes_goes_or_changes_is_noticed(tmp_path: Path) -> None:
    path, shelf = tmp_path / "upscalers" / "a.onnx", upscalers(tmp_path)
    assert own(shelf.look()) == []
    write_nearest(path, 2)
    assert [facts.scale for facts in own(shelf.look())] == [2]
    shelf.load("a")
    write_nearest(path, 3)
    os.utime(path, ns=(0, 0))
    assert [facts.scale for facts in own(shelf.look())] == [3]
    assert shelf.run([row("a")])[0].shape == (1, 3, 12, 12)
    path.unlink()
    assert own(shelf.look()) == []
    with pytest.raises(NotFound, match="there is no upscaler 'a'"):
        shelf.load("a")


def test_tiles_run_in_one_batch_and_come_back_in_order(tmp_path: Path) -> None:
    write_blur(tmp_path / "upscalers" / "a.onnx")
    shelf = upscalers(tmp_path)
    shelf.look()
    runner, rows = ModelRunner(shelf), [row("a", side=5, value=value) for value in (0.0, 0.5, 1.0)]
    together = runner.run(rows[0].key, rows)
    assert [float(tile[0, 0, 4, 4]) for tile in together] == pytest.approx([0.0, 0.5, 1.0])
    alone = [runner.run(each.key, [each])[0] for each in rows]
    np.testing.assert_array_equal(np.concatenate(together), np.concatenate(alone))


def test_a_batch_has_as_many_tiles_as_memory_allows(tmp_path: Path) -> None:
    write_nearest(tmp_path / "upscalers" / "a.onnx")
    shelf = upscalers(tmp_path)
    shelf.look()
    small, large = (ModelRunner(shelf).max_rows(row("a", side).key) or 0 for side in (16, 1024))
    assert small > large >= 1


def test_a_network_says_how_large_a_tile_memory_allows(tmp_path: Path) -> None:
    write_nearest(tmp_path / "upscalers" / "a.onnx")
    write_nearest(tmp_path / "upscalers" / "b.onnx", 4)
    twice, four = (facts.most_tile_pixels for facts in own(upscalers(tmp_path).look()))
    assert four == pytest.approx(twice / 4, abs=1)
    assert four > 0


def test_the_four_used_last_are_kept_loaded(tmp_path: Path) -> None:
    for name in "abcde":
        write_nearest(tmp_path / "upscalers" / f"{name}.onnx")
    shelf = upscalers(tmp_path)
    shelf.look()
    graphs = {name: shelf.load(name) for name in "abcde"}
    assert [shelf.load(name) is graphs[name] for name in "bcdea"] == [True] * 4 + [False]


def test_loading_beforehand_makes_it_ready(tmp_path: Path) -> None:
    write_nearest(tmp_path / "upscalers" / "a.onnx")
    shelf = upscalers(tmp_path)
    (facts,) = own(shelf.look())
    facts.load()
    ready = shelf.load("a")
    facts.load()
    assert shelf.load("a") is ready


def test_what_was_not_loaded_beforehand_is_loaded_by_its_first_tile(tmp_path: Path) -> None:
    write_nearest(tmp_path / "upscalers" / "a.onnx")
    shelf = upscalers(tmp_path)
    shelf.look()
    assert shelf.run([row("a")])[0].shape == (1, 3, 8, 8)


def test_a_graph_of_a_fixed_batch_says_so(tmp_path: Path) -> None:
    write_nearest(tmp_path / "upscalers" / "a.onnx", batch=2)
    shelf = upscalers(tmp_path)
    shelf.look()
    shelf.load("a")
    assert (shelf.max_rows(row("a").key), len(shelf.run([row("a")]))) == (2, 1)
