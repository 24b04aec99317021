"""Resume points: where the pictures of a generation stand, as a message, of bounded size."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from inference_svc.pipelines import Standing, Standings
from inference_svc.rpc.conversion.latents import latents_message
from inference_svc.rpc.conversion.resume_identity import Identity
from inference_svc.rpc.conversion.sampler_states import state_message
from inference_svc.rpc.conversion.stages import STAGES
from inference_svc.rpc.conversion.tensors import to_tensor
from inference_svc.sampling import to_numpy
from latentwire.v1 import types_pb2 as t

VERSION = 1
"""Of the format, and of what the numbers in it mean: raised when a sampler is changed."""

MOST_BYTES = 16 * 2**20
DENOISED, REFINED = "denoised", "refined"


def resume_point(identity: Identity, standings: Standings, most_bytes: int = MOST_BYTES) -> t.ResumePoint:
    """Returns a point to go on from.

    Where it would become larger than `most_bytes` of numbers, the pictures that have come least far are left out: they
    begin again. So do pictures whose numbers are not finite, since nobody would take them.
    """
    return t.ResumePoint(
        version=VERSION,
        request_digest=identity.request_digest,
        model_digests=identity.model_digests,
        pictures=[_picture(index, standings[index]) for index in _fitting(standings, most_bytes)],
    )


def _fitting(standings: Standings, most_bytes: int) -> Sequence[int]:
    kept: list[int] = []
    for index in sorted(standings, key=lambda index: (_distance(standings[index]), index)):
        standing = standings[index]
        finite = all(np.isfinite(to_numpy(array)).all() for array in standing.arrays)
        if finite and standing.held_bytes <= most_bytes:
            most_bytes -= standing.held_bytes
            kept.append(index)
    return sorted(kept)


def _distance(standing: Standing) -> tuple[int, int]:
    """Smaller has come farther."""
    return -STAGES[standing.stage], -standing.state.step if standing.state else 0


def _picture(index: int, standing: Standing) -> t.PictureResume:
    message = t.PictureResume(index=index, stage=STAGES[standing.stage])
    if standing.state is not None:
        message.state.CopyFrom(state_message(standing.state))
    if standing.denoised is not None:
        message.extra[DENOISED].CopyFrom(latents_message(standing.denoised))
    if standing.refined:
        message.extra[REFINED].CopyFrom(to_tensor(np.ones((), np.uint8)))
    return message
