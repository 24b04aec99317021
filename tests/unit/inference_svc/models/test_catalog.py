"""Where models are found, and which of them is the default."""

from __future__ import annotations

from importlib import resources
from pathlib import Path

import pytest

from inference_svc.models import Catalog
from latentwire.errors import NotFound
from tests.unit.inference_svc.models.tiny import write_tiny


@pytest.fixture
def package(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """A package that carries whatever the test puts there."""
    monkeypatch.setattr(resources, "files", lambda _package: tmp_path / "package")
    return tmp_path / "package"


def test_the_embedded_model_is_the_default(package: Path) -> None:
    write_tiny(package / "flatland")
    assert (Catalog().paths(), Catalog().default()) == ({"flatland": package / "flatland"}, "flatland")


def test_a_folder_of_models_is_listed_by_name(package: Path, tmp_path: Path) -> None:
    for name in ("b", "a"):
        write_tiny(tmp_path / "models" / name)
    (tmp_path / "models" / "no model").mkdir()
    catalog = Catalog(models_dir=tmp_path / "models")
    assert (list(catalog.paths()), catalog.default()) == (["a", "b"], "a")


def test_a_model_is_chosen_by_name(package: Path, tmp_path: Path) -> None:
    write_tiny(package / "flatland")
    write_tiny(tmp_path / "models" / "other")
    assert Catalog("other", tmp_path / "models").default() == "other"


def test_a_model_is_chosen_by_path_and_wins_over_its_namesake(package: Path, tmp_path: Path) -> None:
    write_tiny(package / "flatland")
    given = write_tiny(tmp_path / "mine" / "flatland")
    assert (Catalog(str(given)).paths(), Catalog(str(given)).default()) == ({"flatland": given}, "flatland")


def test_a_name_in_the_models_folder_wins_over_the_embedded_one(package: Path, tmp_path: Path) -> None:
    write_tiny(package / "flatland")
    ours = write_tiny(tmp_path / "models" / "flatland")
    assert Catalog(models_dir=tmp_path / "models").paths() == {"flatland": ours}


@pytest.mark.parametrize("models_dir", [None, Path("nowhere")])
def test_no_model_at_all_is_said(package: Path, models_dir: Path | None) -> None:
    with pytest.raises(NotFound, match="there is none at all"):
        Catalog(models_dir=models_dir).default()


def test_an_unknown_name_is_told_what_is_known(package: Path) -> None:
    write_tiny(package / "flatland")
    with pytest.raises(NotFound, match="there is no model 'other': known: flatland"):
        Catalog("other").default()
