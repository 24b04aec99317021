"""Pixels -> files."""

from __future__ import annotations

import numpy as np
from PIL import Image

from inference_svc.pipelines.spec import ImageFormat, OutputOptions, Pixels
from latentwire import image_file


def encode_image(pixels: Pixels, options: OutputOptions, infotext: str = "") -> bytes:
    """Returns the file of a picture (H, W, 3), with the infotext where the format can carry it and it is asked for.

    Raw is the bare bytes.
    """
    if options.format is ImageFormat.RAW_RGB:
        return np.ascontiguousarray(pixels).tobytes()
    return image_file.encode(
        Image.fromarray(pixels),
        options.format.value,
        quality=options.quality,
        lossless=options.lossless,
        infotext=infotext if options.embed_infotext else "",
    )
