"""Files of pictures: named after prompt and seed, or as told, and never overwritten."""

from __future__ import annotations

from pathlib import Path

import pytest

from latentwire.commands.picture_files import PictureFiles


def test_a_folder_gets_files_named_after_prompt_and_seed(tmp_path: Path) -> None:
    files = PictureFiles.at(tmp_path / "new" / "out", "A red house, under a (starry:1.2) sky!")
    path = files.write(b"png", seed=7, format="png")
    assert path == tmp_path / "new" / "out" / "a-red-house-under-a-starry-1-2-sky-7.png"
    assert path.read_bytes() == b"png"


def test_a_name_that_is_taken_is_counted_up(tmp_path: Path) -> None:
    files = PictureFiles.at(tmp_path, "red")
    paths = [files.write(str(n).encode(), seed=7, format="webp") for n in range(3)]
    assert [path.name for path in paths] == ["red-7.webp", "red-7-2.webp", "red-7-3.webp"]
    assert [path.read_bytes() for path in paths] == [b"0", b"1", b"2"]


@pytest.mark.parametrize("name", ["house.png", "house.JPG", "house.webp"])
def test_a_name_of_the_users_is_kept(tmp_path: Path, name: str) -> None:
    files = PictureFiles.at(tmp_path / name, "red")
    assert [files.write(b"", seed=seed, format="jpeg").name for seed in (7, 8)] == ["house.jpg", "house-2.jpg"]


@pytest.mark.parametrize(
    ("prompt", "stem"),
    [("", "picture"), ("???", "picture"), ("x" * 500, "x" * 60), ("../up/här", "up-här"), ("𐌰" * 60, "𐌰" * 45)],
)
def test_any_prompt_makes_a_name_inside_the_folder(tmp_path: Path, prompt: str, stem: str) -> None:
    assert PictureFiles.at(tmp_path, prompt).write(b"", seed=1, format="png") == tmp_path / f"{stem}-1.png"


def test_a_folder_that_cannot_be_made_is_an_error_of_the_system(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(OSError, match="file"):
        PictureFiles.at(tmp_path / "file" / "out", "red").write(b"", seed=1, format="png")
