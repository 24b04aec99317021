"""Where a picture stands, inside and on the wire."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from inference_svc.pipelines import Stage
from latentwire.v1 import types_pb2 as t

STAGES: Mapping[Stage, t.PictureStage.ValueType] = MappingProxyType(
    {
        Stage.FIRST_PASS: t.PICTURE_STAGE_FIRST_PASS,
        Stage.HIRES_PASS: t.PICTURE_STAGE_HIRES_PASS,
        Stage.DECODING: t.PICTURE_STAGE_DECODING,
        Stage.DELIVERED: t.PICTURE_STAGE_DELIVERED,
    }
)
"""Stages inside, and on the wire; later ones are larger."""
