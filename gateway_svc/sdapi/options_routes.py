"""/sdapi/v1/options: what counts where a request says nothing."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Body
from pydantic import ValidationError

from gateway_svc.sdapi import checkpoint
from gateway_svc.sdapi.errors import Raised, invalid
from gateway_svc.sdapi.options import UnknownOption
from gateway_svc.services import Services, ServicesOf
from latentwire.errors import Unavailable
from latentwire.v1.types_pb2 import Model

router = APIRouter(prefix="/sdapi/v1", tags=["options"])


@router.get("/options")
async def get_options(services: ServicesOf) -> dict[str, Any]:
    """All of them. The checkpoint is the one that a request without its own gets."""
    options = services.options.read()
    model = await _in_use(options.sd_model_checkpoint, services)
    shown = options.shown()
    if model is not None:
        shown |= {"sd_model_checkpoint": checkpoint.title(model), "sd_checkpoint_hash": model.sha256}
    return shown


@router.post("/options")
async def set_options(changes: Annotated[dict[str, Any], Body()], services: ServicesOf) -> None:
    """Keeps some; a whole object as GET answered it may come back. A new checkpoint is loaded before this returns."""
    _check(changes, services)
    name = changes.get("sd_model_checkpoint")
    if name is not None:
        changes = changes | {"sd_model_checkpoint": await _switched(str(name), services)}
    await services.in_thread(services.options.change, changes)


def _check(changes: dict[str, Any], services: Services) -> None:
    """Raises Raised or InvalidArgument where they can't be made, before a model is loaded for them."""
    if services.settings.freeze_settings:
        raise Raised("AssertionError", "changing settings is disabled")
    try:
        services.options.read().overlaid(services.options.settable(changes))
    except UnknownOption as error:
        raise Raised("KeyError", repr(error.args[0])) from None
    except ValidationError as error:
        raise invalid(error, "options") from None


async def _switched(name: str, services: Services) -> str:
    """The title of the model that goes by that name, loaded. Raises Raised where there is none."""
    models = await services.catalogue.models()
    model = checkpoint.find(models, name)
    if model is None:
        raise Raised("RuntimeError", f"model {name!r} not found")
    if model != await _in_use(services.options.read().sd_model_checkpoint, services):
        await services.loads.load(model.name, make_default=True)
    return checkpoint.title(model)


async def _in_use(name: str | None, services: Services) -> Model | None:
    """The model of that name, else the default one; None while the inference service is away."""
    try:
        models = await services.catalogue.models()
    except Unavailable:
        return None
    return checkpoint.find(models, name or "") or checkpoint.default(models)
