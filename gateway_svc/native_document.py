"""/api/v1 in /openapi.json and /docs, beside A1111's routes."""

from __future__ import annotations

import json
from collections.abc import Callable
from importlib import resources
from typing import Any

from fastapi import FastAPI

from gateway_svc.native import EVENTS
from gateway_svc.transcoding.openapi import document
from gateway_svc.transcoding.route import Transcoder


def describe(app: FastAPI, transcoder: Transcoder) -> None:
    """Lets the application's own description tell of the transcoder's routes too."""
    app.openapi = _both(app.openapi, transcoder)  # type: ignore[method-assign]


def _both(own: Callable[[], dict[str, Any]], transcoder: Transcoder) -> Callable[[], dict[str, Any]]:
    def both() -> dict[str, Any]:
        told = own()
        if "google.rpc.Status" not in told.setdefault("components", {}).setdefault("schemas", {}):
            native = document(transcoder.table.bindings, _comments(), resumable=EVENTS)
            told["paths"].update(native["paths"])
            told["components"]["schemas"].update(native["components"]["schemas"])
        return told

    return both


def _comments() -> dict[str, str]:
    found: dict[str, str] = json.loads(resources.files("latentwire.v1").joinpath("comments.json").read_text())
    return found
