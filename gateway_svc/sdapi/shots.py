"""One picture with what it was made from."""

from __future__ import annotations

from dataclasses import dataclass, replace

from PIL import Image

from gateway_svc.files import image_of
from latentwire.chunks import Picture
from latentwire.v1 import types_pb2 as types


@dataclass(frozen=True, slots=True)
class Shot:
    """A picture as raw RGB, the same as a file (empty: not written yet), and its prompts."""

    picture: Picture
    data: bytes = b""
    prompt: str = ""
    negative_prompt: str = ""

    @property
    def is_result(self) -> bool:
        """False for what comes beside a result: a mask, the repainted part."""
        return self.picture.kind == types.IMAGE_KIND_RESULT

    @property
    def image(self) -> Image.Image:
        """Its pixels."""
        return image_of(self.picture)

    def showing(self, image: Image.Image) -> Shot:
        """The same, with another picture, which has to be written yet."""
        pixels = image.convert("RGB")
        picture = replace(self.picture, data=pixels.tobytes(), width=pixels.width, height=pixels.height)
        return replace(self, picture=picture, data=b"")

    def saying(self, infotext: str) -> Shot:
        """The same, with another infotext, which has to be written yet."""
        return replace(self, picture=replace(self.picture, infotext=infotext), data=b"")
