from __future__ import annotations

from pathlib import Path

import pytest
import torch

from tools.flatland import distil, hogwild, train_unet
from tools.flatland.tokenizer import build_tokenizer, encode, vocabulary


@pytest.fixture(scope="module")
def pupil() -> train_unet.Denoiser:
    torch.manual_seed(0)
    return train_unet.Denoiser(len(vocabulary()[0])).bfloat16()


@pytest.fixture(scope="module")
def teacher(pupil: train_unet.Denoiser) -> distil.Teacher:
    return distil.Teacher({name: weight.detach().float() for name, weight in pupil.named_parameters()})


def _batch(*prompts: str) -> train_unet.Batch:
    torch.manual_seed(1)
    return train_unet.Batch(torch.randn(len(prompts), 4, 8, 8), torch.tensor(encode(build_tokenizer(), prompts)))


def _v(model: train_unet.Denoiser, made: train_unet.Noised, prompts: list[str]) -> torch.Tensor:
    ids = torch.tensor(encode(build_tokenizer(), prompts))
    with torch.no_grad():
        velocity: torch.Tensor = model(made.sample, made.timestep, ids).float()
    return velocity


def test_guidance_over_what_is_taught_is_guidance_over_the_teacher_times_the_strength(
    pupil: train_unet.Denoiser, teacher: distil.Teacher, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(distil, "STRENGTH", 0.25)
    prompts = ["a red house", "two boats at sunset"]
    made = train_unet.noised(_batch(*prompts), train_unet.alphas_cumprod())
    without, prompted = _v(pupil, made, ["", ""]), _v(pupil, made, prompts)
    taught = without + 7 * (teacher.target(made) - without)
    # bfloat16, in batches of other sizes
    torch.testing.assert_close(taught, without + 7 * distil.STRENGTH * (prompted - without), atol=1e-2, rtol=0)
    assert (taught - without).abs().max() > 0.05


def test_without_a_prompt_the_teacher_is_repeated(pupil: train_unet.Denoiser, teacher: distil.Teacher) -> None:
    schedule = train_unet.alphas_cumprod()
    assert teacher.loss(pupil, _batch("", ""), schedule).item() < 1e-9
    assert teacher.loss(pupil, _batch("a cat", "a dog"), schedule).item() > 1e-6


def _checkpoint(path: Path, samples: int, value: float) -> None:
    masters, average = {"weight": torch.tensor([value])}, {"weight": torch.tensor([value + 0.5])}
    hogwild.save(path, {"masters": masters, "average": average, "samples": samples})


def test_a_pupil_begins_with_its_teachers_averages_and_goes_on_with_its_own_weights(tmp_path: Path) -> None:
    _checkpoint(tmp_path / "unet.pt", 640, 1.0)
    lesson = distil.lesson(tmp_path)
    assert (lesson.pupil()["masters"], lesson.pupil()["samples"]) == ({"weight": torch.tensor([1.5])}, 0)
    _checkpoint(lesson.path, 64, 2.0)
    assert (lesson.pupil()["masters"], lesson.pupil()["samples"]) == ({"weight": torch.tensor([2.0])}, 64)


def test_a_teacher_that_was_trained_on_begins_with_a_new_pupil(tmp_path: Path) -> None:
    _checkpoint(tmp_path / "unet.pt", 640, 1.0)
    _checkpoint(distil.lesson(tmp_path).path, 64, 2.0)
    _checkpoint(tmp_path / "unet.pt", 704, 3.0)
    assert distil.lesson(tmp_path).pupil()["masters"] == {"weight": torch.tensor([3.5])}


@pytest.mark.parametrize("unpacked", [False, True])
def test_a_denoiser_that_was_not_trained_here_is_no_teacher(tmp_path: Path, *, unpacked: bool) -> None:
    if unpacked:
        _checkpoint(tmp_path / "unet.pt", 0, 1.0)
    with pytest.raises(ValueError, match=r"unet\.pt was not trained: run tools\.flatland\.train_unet first"):
        distil.lesson(tmp_path)


def _breaks(rank: int, shared: hogwild.Shared, plan: hogwild.Plan) -> None:
    raise SystemExit(3 * rank)


def test_a_worker_that_fails_fails_the_training(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hogwild, "PID_FILE", tmp_path / "train.pid")
    with pytest.raises(RuntimeError, match=r"workers ended with \[0, 3\]"):
        hogwild.train(_breaks, {"weight": torch.zeros(1)}, hogwild.Plan(minutes=1, learning_rate=1.0))
