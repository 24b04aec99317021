"""What a resume point belongs to: a request as it was taken, and the models that it is made with."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass

from inference_svc.rpc.conversion.spec import Job
from latentwire.v1 import generation_service_pb2 as g
from latentwire.v1 import types_pb2 as t

_ABOUT_THE_CALL = ("request_id", "task", "events", "detach_grace", "priority")


@dataclass(frozen=True, slots=True)
class Identity:
    """`request_digest`: SHA-256, 32 bytes. `model_digests`: of every model and upscaling network that is used."""

    request_digest: bytes
    model_digests: tuple[str, ...]


def identity_of(request: g.GenerateImageRequest, job: Job) -> Identity:
    """Returns the identity of a request and its job. Reads every picture that came: not on the event loop's thread."""
    return Identity(request_digest(request, job.resolved), tuple(dict.fromkeys(_model_digests(job))))


def request_digest(request: g.GenerateImageRequest, resolved: g.GenerateImageRequest) -> bytes:
    """Returns the SHA-256 of all that the pictures depend on: the resolved request, and the pictures that came.

    How the call is made and watched is left out: ids, task, events, priority, grace and the size of chunks.
    """
    kept = g.GenerateImageRequest()
    kept.CopyFrom(resolved)
    for field in _ABOUT_THE_CALL:
        kept.ClearField(field)  # type: ignore[arg-type]  # a name of the descriptor
    kept.output.ClearField("chunk_bytes")
    digest = hashlib.sha256(kept.SerializeToString(deterministic=True))
    for image in _images(request):
        digest.update(f"{image.format} {image.width} {image.height} {len(image.data)} ".encode())
        digest.update(image.data)
    return digest.digest()


def _images(request: g.GenerateImageRequest) -> Iterator[t.Image]:
    yield from request.init.images
    if request.HasField("inpaint"):
        yield request.inpaint.mask


def _model_digests(job: Job) -> Iterator[str]:
    beside, resolved = job.beside, job.resolved
    yield job.facts.digest
    yield from (model.facts.digest for model in (beside.hires, beside.refiner) if model is not None)
    found = (beside.upscaler(name) for name in (resolved.hires.upscaler, resolved.init.upscaler))
    yield from (upscaler.digest for upscaler in found if upscaler is not None and upscaler.digest)
