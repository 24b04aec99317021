"""Fields that A1111's schema has and nobody can use over HTTP: refused in so many words."""

from __future__ import annotations

from gateway_svc.sdapi.schemas import GenerationRequest, Img2ImgRequest
from latentwire.errors import Unimplemented


def refuse(request: GenerationRequest) -> None:
    """Raises Unimplemented for a field that would change the picture and that nothing reads, in A1111 neither."""
    if isinstance(request, Img2ImgRequest) and request.latent_mask:
        raise Unimplemented("latent_mask is not served: send mask")
    if request.firstpass_image:
        raise Unimplemented("firstpass_image is not served: send it to img2img")
