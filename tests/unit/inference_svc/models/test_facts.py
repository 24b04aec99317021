"""What is said of a model."""

from __future__ import annotations

from pathlib import Path

import pytest

from inference_svc.models import Device, DeviceMemory, LoadedModel, Loader, device_memory
from inference_svc.models.activations import default_budget
from inference_svc.models.machine import usable_memory_bytes
from inference_svc.work import ModelFacts
from latentwire.errors import FailedPrecondition
from tests.unit.inference_svc.models.tiny import CONFIGS, write_json, write_tiny


def facts(folder: Path, budget: int = 1 << 31) -> ModelFacts:
    return Loader(Device("cpu"), budget=budget).load("tiny", folder).facts


def change(folder: Path, config: str, **values: object) -> Path:
    write_json(folder / config, {**CONFIGS[config], **values})
    return folder


def test_a_model_is_described_from_its_files(tiny: Path) -> None:
    known = facts(tiny)
    assert (known.name, known.path, known.runner) == ("tiny", str(tiny.resolve()), "onnxruntime-cpu")
    assert (known.latent_channels, known.latent_scale, known.context_width, known.hidden_layers) == (4, 8, 8, 2)
    assert (known.native_size, known.size_multiple, known.min_size, known.max_size) == (64, 8, 64, 2048)
    assert (known.prediction_type, len(known.alphas_cumprod), len(known.digest)) == ("epsilon", 1000, 64)
    assert known.memory_bytes == sum(path.stat().st_size for path in tiny.glob("*/model.onnx"))


@pytest.mark.parametrize(("width", "family"), [(768, "sd1"), (1024, "sd2"), (96, "flatland")])
def test_the_context_width_tells_the_family(flatland: LoadedModel, width: int, family: str) -> None:
    from inference_svc.models.facts import _family

    assert _family({"in_channels": 4, "out_channels": 4, "cross_attention_dim": width}).name == family
    assert flatland.facts.family == "flatland"


def test_a_folder_may_give_advice_of_its_own(tiny: Path) -> None:
    write_json(tiny / "latentwire.json", {"native_size": 96, "recommended_guidance": 3.5, "recommended_steps": 12})
    known = facts(tiny)
    assert (known.native_size, known.recommended_guidance, known.recommended_steps) == (96, 3.5, 12)


def test_memory_bounds_the_picture(tiny: Path) -> None:
    assert facts(tiny, budget=1 << 40).max_pixels == 2048**2
    assert 64**2 < facts(tiny, budget=1 << 28).max_pixels < 2048**2
    assert facts(tiny, budget=1).max_pixels == 64**2


def test_a_fixed_size_is_the_only_one(tmp_path: Path) -> None:
    known = facts(write_tiny(tmp_path / "tiny", size=(8, 16)))
    assert (known.min_size, known.max_size, known.max_pixels) == (64, 128, 64 * 128)


def test_an_oblong_native_size_is_its_longer_side(tiny: Path) -> None:
    assert facts(change(tiny, "unet/config.json", sample_size=[8, 12])).native_size == 96


@pytest.mark.parametrize(
    ("values", "heads"),
    [({"attention_head_dim": [1, 3]}, 3), ({"num_attention_heads": 5}, 5), ({"attention_head_dim": 2}, 2)],
)
def test_heads_are_those_of_the_finest_block_with_attention(tiny: Path, values: dict[str, object], heads: int) -> None:
    model = Loader(Device("cpu")).load("tiny", change(tiny, "unet/config.json", **values))
    assert (model.activations.unet_downsampling, model.activations.unet_heads) == (2, heads)


def test_a_unet_without_attention_has_its_coarsest_block_counted(tiny: Path) -> None:
    change(tiny, "unet/config.json", down_block_types=["DownBlock2D"] * 3)
    assert Loader(Device("cpu")).load("tiny", tiny).activations.unet_downsampling == 4


@pytest.mark.parametrize(
    ("config", "values", "named"),
    [
        ("unet/config.json", {"in_channels": 9}, "takes 9 channels and gives 4"),
        ("unet/config.json", {"addition_embed_type": "text_time"}, "addition_embed_type"),
        ("scheduler/scheduler_config.json", {"prediction_type": "sample"}, "'sample'; known: epsilon, v_prediction"),
    ],
)
def test_a_model_that_no_runner_runs_is_refused(tiny: Path, config: str, values: dict[str, object], named: str) -> None:
    with pytest.raises(FailedPrecondition, match=named):
        facts(change(tiny, config, **values))


def test_a_machine_lets_a_batch_have_a_quarter_of_its_memory_and_a_gpu_8_gib() -> None:
    assert default_budget("cpu") == usable_memory_bytes() // 4
    assert default_budget("cuda") == 8 << 30


def test_memory_is_told_as_far_as_it_is_known(tmp_path: Path) -> None:
    cpu = device_memory(Device("cpu"))
    assert (cpu.device, cpu.total_bytes > cpu.free_bytes > 0, cpu.process_bytes > 0) == ("cpu", True, True)
    assert device_memory(Device("cuda"), tmp_path / "none") == DeviceMemory("cuda")
