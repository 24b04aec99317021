"""What is read from a model folder, and what is said of a bad one."""

from __future__ import annotations

from pathlib import Path

import pytest

from inference_svc.models.folder import ONNX_FILES, TORCH_FILES, read_folder
from latentwire.errors import FailedPrecondition, NotFound
from tests.unit.inference_svc.models.tiny import write_configs, write_json


def test_a_folder_is_named_as_it_is_on_disk_unless_told_otherwise(tiny: Path) -> None:
    assert (read_folder(tiny).name, read_folder(tiny, "other").name) == ("tiny", "other")


def test_a_folder_with_graphs_needs_no_safetensors(tiny: Path) -> None:
    folder = read_folder(tiny)
    assert (folder.has_graphs, folder.has_safetensors) == (True, False)
    assert folder.unet["in_channels"] == 4


def test_no_folder_is_not_found(tmp_path: Path) -> None:
    with pytest.raises(NotFound, match=r"there is no model folder at .*nowhere"):
        read_folder(tmp_path / "nowhere")


def test_an_empty_folder_is_told_everything_that_it_lacks(tmp_path: Path) -> None:
    with pytest.raises(FailedPrecondition) as caught:
        read_folder(tmp_path)
    for name in ("unet/config.json", "scheduler/scheduler_config.json", "tokenizer/tokenizer.json", *TORCH_FILES):
        assert name in caught.value.message


@pytest.mark.parametrize("missing", [*ONNX_FILES, "vae/config.json", "tokenizer/merges.txt"])
def test_a_missing_file_is_named(tiny: Path, missing: str) -> None:
    (tiny / missing).unlink()
    with pytest.raises(FailedPrecondition, match=missing.split("/")[-1]):
        read_folder(tiny)


def test_a_folder_with_safetensors_needs_no_graphs(tmp_path: Path) -> None:
    write_configs(tmp_path)
    for name in TORCH_FILES:
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes(b"")
    assert (read_folder(tmp_path).has_graphs, read_folder(tmp_path).has_safetensors) == (False, True)


@pytest.mark.parametrize("content", ["{", "1", "\ud800"])
def test_a_config_that_cannot_be_read_is_named(tiny: Path, content: str) -> None:
    (tiny / "vae" / "config.json").write_text(content, errors="surrogatepass")
    with pytest.raises(FailedPrecondition, match=r"vae/config\.json"):
        read_folder(tiny)


def test_the_preview_matrix_is_optional(tiny: Path) -> None:
    assert read_folder(tiny).latent_rgb == ()
    write_json(tiny / "latent_rgb.json", {"weights": [[0.1, 0.2, 0.3]], "bias": [1, 1, 1]})
    assert read_folder(tiny).latent_rgb == ((0.1, 0.2, 0.3), (1.0, 1.0, 1.0))


@pytest.mark.parametrize(
    "content",
    [
        [[1, 2, 3]],
        {"weights": [[1, 2, 3]]},
        {"weights": [[1, 2]], "bias": [1, 2, 3]},
        {"weights": [[None, 1, 2]], "bias": [1, 2, 3]},
        {"weights": 1, "bias": [1, 2, 3]},
    ],
)
def test_a_preview_matrix_of_another_shape_is_refused(tiny: Path, content: object) -> None:
    write_json(tiny / "latent_rgb.json", content)
    with pytest.raises(FailedPrecondition, match=r"latent_rgb\.json"):
        read_folder(tiny)


def test_weights_and_configuration_are_told_apart(tiny: Path) -> None:
    folder = read_folder(tiny)
    assert [path.relative_to(folder.path).as_posix() for path in folder.weight_files] == sorted(ONNX_FILES)
    assert not set(folder.weight_files) & set(folder.config_files)


@pytest.mark.parametrize("half", ["encoder", "decoder"])
def test_a_graph_of_the_autoencoder_may_stand_beside_the_weights_that_it_refers_to(tiny: Path, half: str) -> None:
    own, beside = tiny / f"vae_{half}" / "model.onnx", tiny / "vae" / f"{half}.onnx"
    assert read_folder(tiny).graph(f"vae_{half}/model.onnx") == own
    own.rename(beside)
    folder = read_folder(tiny)
    assert folder.has_graphs
    assert folder.graph(f"vae_{half}/model.onnx") == beside
    assert beside in folder.weight_files
