"""One request of txt2img or img2img, resolved: what it asks for and what had to be changed."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Final

from gateway_svc.sdapi.options import Options
from gateway_svc.sdapi.schemas import GenerationRequest, Img2ImgRequest, Txt2ImgRequest
from gateway_svc.sdapi.solver import Solver

KINDS: Final = ("txt2img", "img2img")
_SMALLEST_SIDE: Final = 64
_LARGEST_SIDE: Final = 2048


@dataclass(frozen=True, slots=True)
class Folders:
    """Where pictures, and several as one, are kept; None where they are not."""

    samples: Path | None = None
    grids: Path | None = None


@dataclass(frozen=True, slots=True)
class SecondPass:
    """A second, larger pass, its names resolved. Empty: as in the first."""

    upscaler: str
    solver: Solver
    model: str = ""
    prompt: str = ""
    negative_prompt: str = ""


@dataclass(frozen=True, slots=True)
class Refiner:
    """Another model for the last part of the steps: it takes over when `switch_at`, 0 to 1, of its time has gone by."""

    model: str
    switch_at: float


@dataclass(frozen=True, slots=True)
class Member:
    """Which of a task's generations this is, and of how many; 0: not known."""

    index: int = 0
    count: int = 1


ALONE: Final = Member()
"""A generation that is a task of its own."""


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
    member: Member = ALONE
    init_images: tuple[bytes, ...] = ()
    mask: bytes = b""
    upscaler: str = ""
    second_pass: SecondPass | None = None
    refiner: Refiner | None = None
    remarks: tuple[tuple[str, str], ...] = ()
    folders: Folders = Folders()
    warnings: tuple[str, ...] = ()

    @property
    def kind(self) -> str:
        """ "txt2img" or "img2img"."""
        return "img2img" if isinstance(self.request, Img2ImgRequest) else "txt2img"


def floored(pixels: int) -> int:
    """The largest multiple of 8 that is not larger: A1111 makes 8·(size//8) pixels.

    What no service makes anyway stays as it is, to be refused as it was written.
    """
    return pixels // 8 * 8 if _SMALLEST_SIDE <= pixels < _LARGEST_SIDE + 8 else pixels


def asked_size(request: GenerationRequest) -> tuple[int, int]:
    """Width and height as asked: firstphase sizes, where set, stand in for the others, as in A1111."""
    width, height = request.width or 0, request.height or 0
    if isinstance(request, Txt2ImgRequest) and request.firstphase_width and request.firstphase_height:
        return request.firstphase_width, request.firstphase_height
    return width, height
