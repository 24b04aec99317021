"""One request of txt2img or img2img, resolved: what it asks for and what had to be changed."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Final

from gateway_svc.sdapi.options import Options
from gateway_svc.sdapi.schemas import GenerationRequest, Img2ImgRequest, Txt2ImgRequest
from gateway_svc.sdapi.solver import Solver

KINDS: Final = ("txt2img", "img2img")


@dataclass(frozen=True, slots=True)
class Folders:
    """Where pictures, and several as one, are kept; None where they are not."""

    samples: Path | None = None
    grids: Path | None = None


@dataclass(frozen=True, slots=True)
class Job:
    """Everything that the conversion to the contract needs; nothing here is asked for again."""

    request: Txt2ImgRequest | Img2ImgRequest
    options: Options
    solver: Solver
    prompt: str
    negative_prompt: str
    task_id: str
    owner: str = ""
    model: str = ""
    init_images: tuple[bytes, ...] = ()
    folders: Folders = Folders()
    warnings: tuple[str, ...] = ()

    @property
    def kind(self) -> str:
        """ "txt2img" or "img2img"."""
        return "img2img" if isinstance(self.request, Img2ImgRequest) else "txt2img"


def floored(pixels: int) -> int:
    """The largest multiple of 8 that is not larger: A1111 makes 8·(size//8) pixels."""
    return pixels // 8 * 8


def asked_size(request: GenerationRequest) -> tuple[int, int]:
    """Width and height as asked: firstphase sizes, where set, stand in for the others, as in A1111."""
    width, height = request.width or 0, request.height or 0
    if isinstance(request, Txt2ImgRequest) and request.firstphase_width and request.firstphase_height:
        return request.firstphase_width, request.firstphase_height
    return width, height
