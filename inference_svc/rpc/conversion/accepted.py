"""The first event: what a request was taken to mean."""

from __future__ import annotations

from collections.abc import Sequence

from inference_svc.rpc.conversion.events import timestamp
from inference_svc.rpc.conversion.infotext import picture_infotext
from inference_svc.rpc.conversion.seeds import signed
from inference_svc.rpc.conversion.spec import Job
from latentwire.v1 import generation_service_pb2 as g


def accepted(job: Job, *, warnings: Sequence[str], accept_time: float, step_count: int) -> g.GenerateImageResponse:
    """Returns the event."""
    seeds = job.seeds
    return g.GenerateImageResponse(
        accepted=g.Accepted(
            resolved=job.resolved,
            seeds=[signed(seed) for seed, _ in seeds],
            subseeds=[signed(subseed) for _, subseed in seeds],
            model_digest=job.facts.digest,
            warnings=warnings,
            accept_time=timestamp(accept_time),
            step_count=step_count,
            infotext=picture_infotext(job.resolved, job.facts, 0, seeds[0], job.beside),
        )
    )
