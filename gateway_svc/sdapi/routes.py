"""/sdapi/v1: the routes that make pictures."""

from __future__ import annotations

from fastapi import APIRouter, Request, Response

from gateway_svc.disconnect import while_connected
from gateway_svc.sdapi.pasted import filled_in
from gateway_svc.sdapi.prepare import Asked, Body, job_of
from gateway_svc.sdapi.reply import run
from gateway_svc.sdapi.schemas import Img2ImgRequest, Txt2ImgRequest
from gateway_svc.sdapi.scripts.running import run_script
from gateway_svc.services import Services, ServicesOf, User

router = APIRouter(prefix="/sdapi/v1", tags=["generation"])


@router.post("/txt2img")
async def txt2img(body: Txt2ImgRequest, request: Request, services: ServicesOf, user: User) -> Response:
    """Pictures from words."""
    return await _answer(body, request, services, user)


@router.post("/img2img")
async def img2img(body: Img2ImgRequest, request: Request, services: ServicesOf, user: User) -> Response:
    """Pictures from words and a picture."""
    return await _answer(body, request, services, user)


async def _answer(body: Body, request: Request, services: Services, user: str) -> Response:
    work = _generate(body, services, user)
    if services.settings.keep_on_disconnect:
        return await work
    return await while_connected(request.receive, work)


async def _generate(body: Body, services: Services, user: str) -> Response:
    body = filled_in(body)
    if body.script_name:
        return await run_script(body, services, user)
    return await run(body, await job_of(body, services, Asked(owner=user)), services)
