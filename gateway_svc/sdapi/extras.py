"""/sdapi/v1: what is done to finished pictures."""

from __future__ import annotations

import json
from base64 import b64encode
from collections.abc import Coroutine, Sequence
from typing import Any

from fastapi import APIRouter, Request, Response

from gateway_svc.disconnect import while_connected
from gateway_svc.sdapi import tasks
from gateway_svc.sdapi.enlarging import Enlarged, Order, enlarged, ignored, paragraph
from gateway_svc.sdapi.errors import Raised
from gateway_svc.sdapi.extras_schemas import BatchRequest, Enlarging, SingleRequest
from gateway_svc.sdapi.input_image import read
from gateway_svc.sdapi.prepare import file_format
from gateway_svc.services import Services, ServicesOf, User
from latentwire.errors import Aborted
from latentwire.v1 import types_pb2 as types

router = APIRouter(prefix="/sdapi/v1", tags=["pictures"])


@router.post("/extra-single-image")
async def extra_single_image(body: SingleRequest, request: Request, services: ServicesOf, user: User) -> Response:
    """A picture, larger."""
    return await _connected(request, services, _single(body, services, user))


@router.post("/extra-batch-images")
async def extra_batch_images(body: BatchRequest, request: Request, services: ServicesOf, user: User) -> Response:
    """Pictures, larger, in the order in which they came."""
    return await _connected(request, services, _batch(body, services, user))


async def _connected(request: Request, services: Services, work: Coroutine[Any, Any, Response]) -> Response:
    if services.settings.keep_on_disconnect:
        return await work
    return await while_connected(request.receive, work)


async def _single(body: SingleRequest, services: Services, user: str) -> Response:
    made = await _made(body, [body.image], services, user)
    if not made:
        raise Raised("RuntimeError", "interrupted before the picture was begun")
    return await services.in_thread(_answer, body, made, "image", _base64(made[0].file))


async def _batch(body: BatchRequest, services: Services, user: str) -> Response:
    made = await _made(body, [file.data for file in body.imageList], services, user)
    return await services.in_thread(_answer, body, made, "images", [_base64(each.file) for each in made])


async def _made(body: Enlarging, images: Sequence[str], services: Services, user: str) -> list[Enlarged]:
    """What was made, one after the other; after an interruption no more is."""
    options, made = services.options.read(), list[Enlarged]()
    form, task_id = file_format(options), tasks.fresh(tasks.EXTRAS)
    for index, image in enumerate(images):
        data = await services.in_thread(read, image.strip(), options)
        task = types.Task(task_id=task_id, index=index, count=len(images), owner=user, kind=tasks.EXTRAS)
        try:
            one = await enlarged(data, Order(body, options, form, task), services)
        except Aborted:
            break
        if one is not None:
            made.append(one)
    return made


def _answer(body: Enlarging, made: Sequence[Enlarged], key: str, images: object) -> Response:
    """The answer, with the last picture's words as A1111 has it. Blocking: run it in a thread."""
    told = {"html_info": paragraph(made[-1].done if made else ""), key: images}
    headers = {
        "X-Latentwire-Engine": made[-1].engine if made else "",
        "X-Latentwire-Warning": "; ".join(ignored(body)),
    }
    shown = {name: value for name, value in headers.items() if value}
    return Response(json.dumps(told), media_type="application/json", headers=shown)


def _base64(data: bytes) -> str:
    return b64encode(data).decode()
