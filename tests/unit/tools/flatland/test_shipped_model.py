from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import onnxruntime
import pytest
import torch
from safetensors.torch import load_file

from inference_svc.models import Captioner, Device, OnnxSettings
from tools.flatland import SHIPPED
from tools.flatland.dataset import render_array
from tools.flatland.export import SIZE_LIMIT_BYTES, folder_bytes
from tools.flatland.generate import OnnxModel, Sampling, generate
from tools.flatland.judge import border_colour, judge
from tools.flatland.render import render
from tools.flatland.scene import Single, Thing
from tools.flatland.shipped import unpack
from tools.flatland.tokenizer import read_merges, vocabulary
from tools.flatland.train_unet import Denoiser, load_checkpoint, vocabulary_size_of
from tools.flatland.upscaler import as_tensor, enlarged, psnr, reduced

PLAIN = (Thing("heart", "red"), Thing("star", "yellow"), Thing("cat", "black"))


@pytest.fixture(scope="module")
def model() -> OnnxModel:
    return OnnxModel(SHIPPED)


def test_it_is_small_enough_for_the_package() -> None:
    assert folder_bytes(SHIPPED) <= SIZE_LIMIT_BYTES


def test_its_words_keep_their_places_in_the_vocabulary_that_training_goes_on_with() -> None:
    shipped = read_merges(SHIPPED / "tokenizer" / "merges.txt")
    assert shipped == vocabulary()[1][: len(shipped)]


def test_the_preview_map_has_its_shape() -> None:
    content = json.loads((SHIPPED / "latent_rgb.json").read_text(encoding="utf-8"))
    assert np.array(content["weights"]).shape == (4, 3)
    assert np.array(content["bias"]).shape == (3,)


def test_it_draws_what_people_type_first(model: OnnxModel) -> None:
    picture = generate(model, ["a red circle on a white background"], [1], Sampling(steps=12))[0]
    verdict = judge(picture)
    assert (verdict.thing.name, verdict.thing.colour, verdict.background) == ("circle", "red", "white")


def test_a_night_is_dark_and_a_beach_is_not(model: OnnxModel) -> None:
    prompts = ["a house under a starry night sky", "a beach on a sunny day"]
    night, day = generate(model, prompts, [2, 2], Sampling(steps=12))
    assert border_colour(night).mean() < 100 < border_colour(day).mean()


@pytest.mark.parametrize("scale", [2, 4])
def test_its_upscalers_are_nearer_to_the_sharp_picture_than_bicubic(scale: int) -> None:
    session = onnxruntime.InferenceSession(SHIPPED / f"upscaler_{scale}x" / "model.onnx")
    for seed in range(970_000_000, 970_000_003):
        large = as_tensor(render_array(seed, 128, 128)[None])
        small = reduced(large, scale, 0.0)
        made = torch.from_numpy(session.run(["upscaled"], {"image": small.numpy()})[0])
        assert psnr(made, large) > psnr(enlarged(small, scale).clamp(0, 1), large)


@pytest.mark.parametrize("thing", PLAIN)
def test_its_captioner_says_what_a_plain_picture_shows(thing: Thing) -> None:
    picture = np.asarray(render(Single(thing, "medium", "white")))
    captioner = Captioner.load(SHIPPED, Device("cpu"), OnnxSettings())
    assert captioner.caption(picture) == f"a {thing.colour} {thing.name} on a white background"


def test_training_can_go_on_from_it_where_the_checkpoints_are_gone(tmp_path: Path) -> None:
    unpack(SHIPPED, tmp_path)
    checkpoint = load_checkpoint(tmp_path / "unet.pt")
    shipped = load_file(SHIPPED / "unet" / "diffusion_pytorch_model.safetensors")
    denoiser = Denoiser(vocabulary_size_of(checkpoint["average"]))
    assert denoiser.load_state_dict(checkpoint["average"], strict=False).unexpected_keys == []
    assert all(torch.equal(weight, shipped[name].float()) for name, weight in denoiser.unet.named_parameters())
    assert checkpoint["masters"].keys() == dict(denoiser.named_parameters()).keys()
    assert (tmp_path / "autoencoder.done").exists()


def test_checkpoints_are_not_overwritten_by_the_shipped_weights(tmp_path: Path) -> None:
    (tmp_path / "unet.pt").write_bytes(b"hours of work")
    with pytest.raises(FileExistsError, match=r"unet\.pt"):
        unpack(SHIPPED, tmp_path)
