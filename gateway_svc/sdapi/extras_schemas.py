"""What A1111's extras take."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, Field

from gateway_svc.sdapi.coercion import Number, Text, Whole

Share = Annotated[Number, Field(ge=0, le=1)]
Side = Annotated[Whole, Field(ge=1)]


class Enlarging(BaseModel):
    """What is to be done, to one picture or to many."""

    resize_mode: Literal[0, 1] = 0
    show_extras_results: bool = True
    gfpgan_visibility: Share = 0.0
    codeformer_visibility: Share = 0.0
    codeformer_weight: Share = 0.0
    upscaling_resize: Annotated[Number, Field(gt=0)] = 2.0
    upscaling_resize_w: Side = 512
    upscaling_resize_h: Side = 512
    upscaling_crop: bool = True
    upscaler_1: Text = "None"
    upscaler_2: Text = "None"
    extras_upscaler_2_visibility: Share = 0.0
    upscale_first: bool = False


class SingleRequest(Enlarging):
    """One picture: base64, a data URL, or a web address."""

    image: Text = ""


class FileData(BaseModel):
    """A picture of several."""

    data: Text
    name: Text


class BatchRequest(Enlarging):
    """Several pictures."""

    imageList: list[FileData]


class InterrogateRequest(BaseModel):
    """A picture, and what is to look at it."""

    image: Text | None = None
    model: Text = "clip"
