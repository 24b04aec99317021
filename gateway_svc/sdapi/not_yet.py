"""What A1111 can do and this gateway can't yet: refused in so many words, never passed over in silence."""

from __future__ import annotations

from collections.abc import Iterator

from gateway_svc.sdapi.errors import Refused
from gateway_svc.sdapi.schemas import GenerationRequest, Img2ImgRequest, Txt2ImgRequest
from latentwire.errors import Unimplemented


def refuse(request: GenerationRequest) -> None:
    """Raises Refused for scripts, of which there are none, and Unimplemented for other fields not yet served."""
    if request.script_name:
        raise Refused(422, f"Script '{request.script_name}' not found")
    for title in request.alwayson_scripts:
        raise Refused(422, f"always on script {title} not found")
    for field in _unserved(request):
        raise Unimplemented(f"{field} is not served yet")


def _unserved(request: GenerationRequest) -> Iterator[str]:
    if isinstance(request, Txt2ImgRequest) and request.enable_hr:
        yield "enable_hr"
    if isinstance(request, Img2ImgRequest) and (request.mask or request.latent_mask):
        yield "mask" if request.mask else "latent_mask"
    if request.refiner_checkpoint and request.refiner_checkpoint != "None" and (request.refiner_switch_at or 1) < 1:
        yield "refiner_checkpoint"
    if request.firstpass_image:
        yield "firstpass_image"
