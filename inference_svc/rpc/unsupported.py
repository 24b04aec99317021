"""Parts of requests that no pipeline does yet, beside the RPCs of `not_yet`."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from latentwire.errors import FieldViolation, Unimplemented
from latentwire.v1 import generation_service_pb2 as g

UNSUPPORTED: Mapping[str, str] = MappingProxyType(
    {
        "resume_from": "resume points are not implemented yet",
    }
)
"""Fields of GenerateImageRequest whose presence is refused, with the reason."""


def refuse_unsupported(request: g.GenerateImageRequest) -> None:
    """Raises Unimplemented, which names the fields, rather than leave out what was asked for."""
    found = [FieldViolation(field, reason) for field, reason in UNSUPPORTED.items() if request.HasField(field)]  # type: ignore[arg-type]
    if found:
        message = "; ".join(f"{violation.field}: {violation.description}" for violation in found)
        raise Unimplemented(message, violations=found)
