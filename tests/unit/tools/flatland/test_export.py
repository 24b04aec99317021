from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import pytest
import torch
from numpy.typing import NDArray

from tools.flatland.arch import build_vae
from tools.flatland.export import SIZE_LIMIT_BYTES, Networks, export_model, folder_bytes, seeded_networks
from tools.flatland.generate import graph_path
from tools.flatland.latents import fold_normalisation
from tools.flatland.shape import SCALING_FACTOR, TEXT_WIDTH, TOKEN_COUNT

ODD_SIZES = [(8, 8), (9, 16), (17, 11), (13, 8), (32, 32)]


@pytest.fixture(scope="module")
def networks() -> Networks:
    return seeded_networks()


@pytest.fixture(scope="module")
def folder(networks: Networks, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("untrained")
    export_model(networks, path)
    return path


def session(folder: Path, part: str) -> onnxruntime.InferenceSession:
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    return onnxruntime.InferenceSession(graph_path(folder, part), options)


def noise(*shape: int) -> NDArray[np.float32]:
    return np.random.default_rng(0).standard_normal(shape, np.float32)


def unet_difference(networks: Networks, unet: onnxruntime.InferenceSession, height: int, width: int) -> float:
    feeds = {
        "sample": noise(2, 4, height, width),
        "timestep": np.array([3.0, 777.5], np.float32),
        "encoder_hidden_states": noise(2, 2 * TOKEN_COUNT, TEXT_WIDTH),
    }
    with torch.no_grad():
        expected = networks.unet(*(torch.from_numpy(value) for value in feeds.values())).sample.numpy()
    return float(np.abs(unet.run(["out_sample"], feeds)[0] - expected).max())


@pytest.mark.parametrize(("height", "width"), ODD_SIZES)
def test_the_unet_is_the_same_in_torch_and_onnx_runtime(
    networks: Networks, folder: Path, height: int, width: int
) -> None:
    assert unet_difference(networks, session(folder, "unet"), height, width) < 1e-4


@pytest.mark.slow
def test_the_unet_takes_every_multiple_of_8_pixels(networks: Networks, folder: Path) -> None:
    unet = session(folder, "unet")
    sizes = [(size, 16) for size in range(8, 33)] + [(16, size) for size in range(8, 33)]
    assert max(unet_difference(networks, unet, *size) for size in sizes) < 1e-4


def test_the_text_encoder_gives_every_hidden_state(networks: Networks, folder: Path) -> None:
    ids = np.arange(2 * TOKEN_COUNT).reshape(2, TOKEN_COUNT) % 900
    outputs = session(folder, "text_encoder").run(
        ["hidden_states", "last_hidden_state", "normed_hidden_states"], {"input_ids": ids}
    )
    with torch.no_grad():
        expected = networks.text_encoder(torch.from_numpy(ids), output_hidden_states=True)
    hidden = np.stack([state.numpy() for state in expected.hidden_states])
    np.testing.assert_allclose(outputs[0], hidden, atol=1e-4)
    np.testing.assert_allclose(outputs[1], expected.last_hidden_state.numpy(), atol=1e-4)
    np.testing.assert_allclose(outputs[2][-1], outputs[1], atol=1e-4)


@pytest.mark.parametrize(("height", "width"), [(64, 64), (72, 136), (88, 64)])
def test_the_autoencoder_is_the_same_in_torch_and_onnx_runtime(
    networks: Networks, folder: Path, height: int, width: int
) -> None:
    sample = noise(1, 3, height, width).clip(-1, 1)
    mean, logvar = session(folder, "vae_encoder").run(["mean", "logvar"], {"sample": sample})
    decoded = session(folder, "vae_decoder").run(["sample"], {"latent_sample": mean})[0]
    with torch.no_grad():
        posterior = networks.vae.encode(torch.from_numpy(sample)).latent_dist
        expected = networks.vae.decode(posterior.mean).sample.numpy()
    np.testing.assert_allclose(mean, posterior.mean.numpy(), atol=1e-4)
    np.testing.assert_allclose(logvar, posterior.logvar.numpy(), atol=1e-4)
    np.testing.assert_allclose(decoded, expected, atol=1e-3)
    assert decoded.shape == (1, 3, height, width)


@pytest.mark.parametrize("part", ["unet", "text_encoder", "vae_encoder", "vae_decoder"])
def test_a_graph_refers_to_the_weights_of_the_safetensors_file_beside_it(folder: Path, part: str) -> None:
    path = graph_path(folder, part)
    graph = onnx.load(path, load_external_data=False).graph
    external = [tensor for tensor in graph.initializer if tensor.data_location == onnx.TensorProto.EXTERNAL]
    locations = {entry.value for tensor in external for entry in tensor.external_data if entry.key == "location"}
    assert len(external) > 20  # equal tensors, such as zero biases, are stored once
    assert all((path.parent / name).suffix == ".safetensors" for name in locations)
    assert all((path.parent / name).is_file() for name in locations)
    assert path.stat().st_size < 1_000_000


def test_the_folder_is_complete_and_small(folder: Path) -> None:
    expected = (
        *("model_index.json", "scheduler/scheduler_config.json", "tokenizer/tokenizer.json", "tokenizer/vocab.json"),
        *("text_encoder/config.json", "text_encoder/model.safetensors", "unet/diffusion_pytorch_model.safetensors"),
        *("vae/diffusion_pytorch_model.safetensors", "vae/config.json", "vae/encoder.onnx"),
    )
    assert not [name for name in expected if not (folder / name).exists()]
    assert folder_bytes(folder) <= SIZE_LIMIT_BYTES


def test_folding_the_normalisation_leaves_reconstructions_alone() -> None:
    torch.manual_seed(1)
    vae = build_vae().eval()
    picture = torch.randn(3, 3, 64, 64)
    with torch.no_grad():
        before = vae.encode(picture).latent_dist.mean
        reconstruction = vae.decode(before).sample
        fold_normalisation(vae, before.numpy())
        after = vae.encode(picture).latent_dist.mean
    scaled = after * SCALING_FACTOR
    torch.testing.assert_close(vae.decode(after).sample, reconstruction, atol=1e-4, rtol=1e-3)
    torch.testing.assert_close(scaled.std(dim=(0, 2, 3)), torch.ones(4), atol=1e-2, rtol=1e-2)
    torch.testing.assert_close(scaled.mean(dim=(0, 2, 3)), torch.zeros(4), atol=1e-3, rtol=1e-3)
