"""Answers of the 500s that A1111 gives too, word for word: the only ones that there may be.

A route, a status, the error's name, and its text, in which `*` stands for what the client itself has sent.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any, Final

_PICTURES: Final = ("img2img", "extra-single-image", "extra-batch-images", "png-info", "interrogate")
_MAKING: Final = ("txt2img", "img2img")
_TRAINING: Final = tuple(f"{verb}/{what}" for verb in ("create", "train") for what in ("embedding", "hypernetwork"))


@dataclass(frozen=True, slots=True)
class Fault:
    """One of them."""

    route: str
    status: int
    error: str
    text: str

    def fits(self, path: str, status: int, answer: dict[str, Any]) -> bool:
        """Whether an answer is this one."""
        told = str(answer.get("detail") or answer.get("errors"))
        pattern = ".*".join(map(re.escape, self.text.split("*")))
        return (
            (path, status, answer.get("error")) == (f"/sdapi/v1/{self.route}", self.status, self.error)
            and set(answer) == {"error", "detail", "body", "errors"}
            and re.fullmatch(pattern, told, re.DOTALL) is not None
        )


FAULTS: Final = (
    *(Fault(route, 500, "HTTPException", "Invalid encoded image") for route in _PICTURES),
    *(Fault(route, 500, "HTTPException", "Invalid image url") for route in _PICTURES),
    *(Fault(route, 500, "HTTPException", "Request to local resource not allowed") for route in _PICTURES),
    *(Fault(route, 500, "HTTPException", "Invalid image format") for route in _MAKING),
    *(Fault(route, 500, "KeyError", "'*'") for route in (*_MAKING, "options")),
    *(Fault(route, 500, "Exception", "Could not find checkpoint with name *") for route in _MAKING),
    Fault("txt2img", 500, "Exception", "could not find upscaler named *"),
    Fault("txt2img", 500, "AssertionError", "bad sampler name: *"),
    Fault("img2img", 500, "RuntimeError", "bad number of images passed: *"),
    Fault("extra-single-image", 500, "AssertionError", "could not find upscaler named *"),
    Fault("extra-batch-images", 500, "AssertionError", "could not find upscaler named *"),
    Fault("options", 500, "RuntimeError", "model '*' not found"),
    *(Fault(route, 501, "HTTPException", "*here") for route in _TRAINING),
    *(Fault(route, 501, "Unimplemented", "firstpass_image is not served: send it to img2img") for route in _MAKING),
    Fault("img2img", 501, "Unimplemented", "latent_mask is not served: send mask"),
)
"""A1111's own, then what it can't do over HTTP either and this server says in so many words."""


def allowed(path: str, status: int, answer: dict[str, Any]) -> bool:
    """Whether an answer is one of them."""
    return any(fault.fits(path, status, answer) for fault in FAULTS)
