"""/internal: what A1111's page shows of the server: its quick settings, its start, a report for faults."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any

from fastapi import APIRouter
from starlette.responses import PlainTextResponse

from gateway_svc.sdapi.option_spec import OPTION_SPECS
from gateway_svc.services import Services, ServicesOf
from gateway_svc.sysinfo import sysinfo

router = APIRouter(prefix="/internal", tags=["internal"])


@router.get("/quicksettings-hint")
async def quicksettings_hint() -> list[dict[str, str]]:
    """The options that may be put beside the prompt."""
    return [{"name": spec.name, "label": spec.name.replace("_", " ").capitalize()} for spec in OPTION_SPECS]


@router.get("/profile-startup")
async def profile_startup(services: ServicesOf) -> dict[str, Any]:
    """How long the gateway took to start, in seconds."""
    return _startup(services)


@router.get("/sysinfo")
async def shown_report(services: ServicesOf, attachment: bool = False) -> PlainTextResponse:
    """The report, as JSON in plain text."""
    return await _report(services, "attachment" if attachment else "inline")


@router.get("/sysinfo-download")
async def downloaded_report(services: ServicesOf) -> PlainTextResponse:
    """The report as a file."""
    return await _report(services, "attachment")


async def _report(services: Services, way: str) -> PlainTextResponse:
    found = await services.in_thread(sysinfo, services.settings, services.options.read(), _startup(services))
    name = f"sysinfo-{datetime.now():%Y-%m-%d-%H-%M}.json"
    headers = {"Content-Disposition": f'{way}; filename="{name}"'}
    return PlainTextResponse(json.dumps(found, indent=4), headers=headers)


def _startup(services: Services) -> dict[str, Any]:
    return {"total": services.startup_s, "records": {"make the application": services.startup_s}}
