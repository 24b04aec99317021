"""Classifier-free guidance as its formula says."""

from __future__ import annotations

import numpy as np
import torch

from inference_svc.sampling.guidance import combine

UNCOND = np.asarray([[[[1.0, 2.0]]]], dtype=np.float32)
COND = np.asarray([[[[2.0, 0.0]]]], dtype=np.float32)
OTHER = np.asarray([[[[0.0, 2.0]]]], dtype=np.float32)


def test_scale_seven_goes_seven_times_the_way() -> None:
    assert combine([(COND, 1.0)], UNCOND, 7.0).tolist() == [[[[8.0, -12.0]]]]


def test_scale_one_is_the_conditioned_prediction() -> None:
    assert combine([(COND, 1.0)], UNCOND, 1.0).tolist() == COND.tolist()


def test_parts_add_up_by_their_weights() -> None:
    assert combine([(COND, 1.0), (OTHER, -0.5)], UNCOND, 2.0).tolist() == [[[[4.0, -2.0]]]]


def test_no_parts_leave_the_unconditioned_prediction() -> None:
    assert combine([], UNCOND, 7.0).tolist() == UNCOND.tolist()


def test_torch_tensors_stay_float32_tensors_and_inputs_stay_as_they_were() -> None:
    uncond = torch.tensor(UNCOND)
    guided = combine([(torch.tensor(COND), 1.0)], uncond, 7.0)
    assert guided.dtype == torch.float32
    assert np.array_equal(uncond.numpy(), UNCOND)
