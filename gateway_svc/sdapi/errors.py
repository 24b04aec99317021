"""A1111's error bodies.

Three shapes: a list under `detail` for what doesn't fit the schema; `{error: "HTTPException", detail, body, errors}`
for what the API refuses; the same with the exception's name and text for what went wrong inside.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from typing import Any, Final

from fastapi.responses import JSONResponse
from pydantic import ValidationError
from starlette.exceptions import HTTPException

from latentwire.errors import FieldViolation, Internal, InvalidArgument, LatentwireError, OutOfMemory


class Refused(HTTPException):
    """The API says no, with a status and a sentence.

    An HTTPException, since FastAPI lets no other exception through while it reads a body.
    """


class Raised(Exception):
    """Answered as A1111 answers an exception that nobody caught: status 500, its name and its text."""

    def __init__(self, name: str, text: str) -> None:
        super().__init__(text)
        self.name = name
        self.text = text


Detail = dict[str, Any]
_IMAGE_DATA: Final = re.compile(r"(init\.images\[\d+\]|inpaint\.mask)\.data")

# What pydantic 2 calls an error, and how pydantic 1 said the same.
_AS_PYDANTIC_1: Final[Mapping[str, tuple[str, str]]] = {
    "missing": ("field required", "value_error.missing"),
    "int_type": ("value is not a valid integer", "type_error.integer"),
    "int_parsing": ("value is not a valid integer", "type_error.integer"),
    "int_parsing_size": ("value is not a valid integer", "type_error.integer"),
    "int_from_float": ("value is not a valid integer", "type_error.integer"),
    "float_type": ("value is not a valid float", "type_error.float"),
    "float_parsing": ("value is not a valid float", "type_error.float"),
    "bool_type": ("value could not be parsed to a boolean", "type_error.bool"),
    "bool_parsing": ("value could not be parsed to a boolean", "type_error.bool"),
    "string_type": ("str type expected", "type_error.str"),
    "list_type": ("value is not a valid list", "type_error.list"),
    "dict_type": ("value is not a valid dict", "type_error.dict"),
    "model_type": ("value is not a valid dict", "type_error.dict"),
    "model_attributes_type": ("value is not a valid dict", "type_error.dict"),
    "dict_attributes_type": ("value is not a valid dict", "type_error.dict"),
}
_NULL: Final = ("none is not an allowed value", "type_error.none.not_allowed")

# Where a field of the contract comes from: the longest prefix that fits wins.
_FIELDS: Final[Mapping[str, str]] = {
    "batch_count": "n_iter",
    "sampling.sampler": "sampler_name",
    "sampling.steps": "steps",
    "sampling.scheduler": "scheduler",
    "sampling": "",
    "guidance.scale": "cfg_scale",
    "guidance.min_uncond_sigma": "s_min_uncond",
    "guidance.image_scale": "image_cfg_scale",
    "noise": "",
    "init.strength": "denoising_strength",
    "init.images": "init_images",
    "init.noise_multiplier": "initial_noise_multiplier",
    "init.extra_noise": "img2img_extra_noise",
    "init.upscaler": "upscaler_for_img2img",
    "inpaint.blur_x": "mask_blur_x",
    "inpaint.blur_y": "mask_blur_y",
    "inpaint.only_masked": "inpaint_full_res",
    "inpaint.only_masked_padding": "inpaint_full_res_padding",
    "inpaint.conditioning_weight": "inpainting_mask_weight",
    "inpaint.mask": "mask",
    "inpaint": "",
    "hires.scale": "hr_scale",
    "hires.width": "hr_resize_x",
    "hires.height": "hr_resize_y",
    "hires.upscaler": "hr_upscaler",
    "hires.steps": "hr_second_pass_steps",
    "hires.strength": "denoising_strength",
    "hires.model": "hr_checkpoint_name",
    "hires.sampling.sampler": "hr_sampler_name",
    "hires.sampling.scheduler": "hr_scheduler",
    "hires.sampling": "",
    "hires.prompt": "hr_prompt",
    "hires.negative_prompt": "hr_negative_prompt",
    "hires": "",
    "refiner.model": "refiner_checkpoint",
    "refiner.switch_at": "refiner_switch_at",
    "refiner": "",
    "task.task_id": "force_task_id",
    "init": "",
    "prompts.clip_skip": "CLIP_stop_at_last_layers",
    "prompts": "",
}


def invalid(error: ValidationError, where: str) -> InvalidArgument:
    """What is wrong with the values of options: each named, with what came and what is allowed."""
    return InvalidArgument.join(
        [
            FieldViolation(f"{where}.{found['loc'][0]}", f"{found['input']!r:.80} is not allowed: {found['msg']}")
            for found in error.errors(include_url=False)
        ]
    )


def warning(text: str) -> str:
    """A warning of the service, which may begin with a field of the contract, with the field that clients know."""
    field, _, rest = text.partition(" ")
    return f"{_field(field)} {rest}" if "." in field else text


def invalid_body(errors: Sequence[Mapping[str, Any]]) -> JSONResponse:
    """422 with pydantic 1's words for what pydantic 2 found."""
    return JSONResponse({"detail": [_as_pydantic_1(error) for error in errors]}, status_code=422)


def refused(error: Refused) -> JSONResponse:
    """The API's own no."""
    return _shaped(error.status_code, error="HTTPException", detail=error.detail)


def raised(error: Raised) -> JSONResponse:
    """What went wrong inside, where A1111 would have let an exception through."""
    return _shaped(500, error=error.name, errors=error.text)


def domain(error: LatentwireError) -> JSONResponse:
    """A domain error: A1111's own status and shape where it has one for the case, else the error table's."""
    if isinstance(error, InvalidArgument):
        if any(_IMAGE_DATA.fullmatch(violation.field) for violation in error.violations):
            return refused(Refused(500, "Invalid encoded image"))
        return JSONResponse({"detail": _violations(error)}, status_code=422)
    if isinstance(error, OutOfMemory):
        return _shaped(500, error="OutOfMemoryError", errors=error.message)
    if isinstance(error, Internal):
        return _shaped(500, error="RuntimeError", errors="internal error")
    response = _shaped(error.http_status, error=type(error).__name__, detail=error.message)
    if error.retry_after_s is not None:
        response.headers["Retry-After"] = str(max(1, math.ceil(error.retry_after_s)))
    return response


def _shaped(status: int, *, error: str, detail: str = "", errors: str = "") -> JSONResponse:
    return JSONResponse({"error": error, "detail": detail, "body": "", "errors": errors}, status_code=status)


def _as_pydantic_1(error: Mapping[str, Any]) -> Detail:
    kind, where = str(error["type"]), list(error["loc"])
    if kind == "json_invalid":
        return _bad_json(error)
    if kind != "missing" and error.get("input", "") is None and len(where) > 1:
        return {"loc": where, "msg": _NULL[0], "type": _NULL[1]}
    if kind in ("model_attributes_type", "model_type", "dict_attributes_type") and error.get("input") is None:
        return {"loc": where, "msg": "field required", "type": "value_error.missing"}
    message, name = _AS_PYDANTIC_1.get(kind, (_range(error), f"value_error.{kind}"))
    return {"loc": where, "msg": message, "type": name}


def _bad_json(error: Mapping[str, Any]) -> Detail:
    message = str(error.get("ctx", {}).get("error", error["msg"]))
    return {"loc": list(error["loc"]), "msg": message, "type": "value_error.jsondecode"}


def _range(error: Mapping[str, Any]) -> str:
    return f"{error.get('input')!r:.80} is not allowed: {error['msg']}"


def _violations(error: InvalidArgument) -> list[Detail]:
    if not error.violations:
        return [{"loc": ["body"], "msg": error.message, "type": "value_error"}]
    return [
        {"loc": ["body", *_field(v.field).split(".")], "msg": v.description, "type": "value_error"}
        for v in error.violations
    ]


def _field(path: str) -> str:
    for prefix in sorted(_FIELDS, key=len, reverse=True):
        if path == prefix or path.startswith((prefix + ".", prefix + "[")):
            return (_FIELDS[prefix] + path[len(prefix) :]).strip(".")
    return path
