"""How results are returned: formats, chunks, events."""

from __future__ import annotations

from inference_svc.rpc.conversion.settings import checked_enum
from inference_svc.rpc.conversion.violations import Violations
from latentwire.sequence import LAST_SEQUENCE
from latentwire.v1 import generation_service_pb2 as g
from latentwire.v1 import types_pb2 as t

DEFAULT_QUALITY = 80
LARGEST_CHUNK = 2**20
SMALLEST_CHUNK = 1024
_OFTEN = 10_000


def resolve_output(
    given: t.ImageOptions,
    field: str,
    violations: Violations,
    default: t.ImageFormat.ValueType = t.IMAGE_FORMAT_PNG,
) -> t.ImageOptions:
    """Returns the options with every default filled in."""
    return t.ImageOptions(
        format=checked_enum(given.format, t.ImageFormat, f"{field}.format", violations) or default,
        quality=violations.whole(
            f"{field}.quality", given.quality if given.HasField("quality") else DEFAULT_QUALITY, 1, 100
        ),
        lossless=given.lossless,
        embed_infotext=given.embed_infotext if given.HasField("embed_infotext") else True,
        chunk_bytes=violations.whole(
            f"{field}.chunk_bytes",
            given.chunk_bytes if given.HasField("chunk_bytes") else LARGEST_CHUNK,
            SMALLEST_CHUNK,
            LARGEST_CHUNK,
        ),
    )


def resolve_events(given: g.EventOptions, field: str, violations: Violations) -> g.EventOptions:
    """Returns the options with every default filled in."""
    every = given.progress_every if given.HasField("progress_every") else 1
    return g.EventOptions(
        progress_every=violations.whole(f"{field}.progress_every", every, 0, _OFTEN),
        preview_every=violations.whole(f"{field}.preview_every", given.preview_every, 0, _OFTEN),
        preview=resolve_output(given.preview, f"{field}.preview", violations, default=t.IMAGE_FORMAT_JPEG),
        resume_every=violations.whole(f"{field}.resume_every", given.resume_every, 0, _OFTEN),
        preview_grid=given.preview_grid,
        after_sequence=violations.whole(f"{field}.after_sequence", given.after_sequence, 0, LAST_SEQUENCE),
    )
