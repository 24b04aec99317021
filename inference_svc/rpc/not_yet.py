"""The one table of RPCs that the real engine does not implement yet, with the reason.

The real engine answers UNIMPLEMENTED for exactly these; the fake answers them from their descriptors.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

_DENOISING = "single denoising steps come with the denoising service"

NOT_YET: Mapping[str, str] = MappingProxyType(
    {
        "latentwire.v1.DenoisingService/EncodePrompt": _DENOISING,
        "latentwire.v1.DenoisingService/PrepareLatents": _DENOISING,
        "latentwire.v1.DenoisingService/DenoiseLatents": _DENOISING,
        "latentwire.v1.DenoisingService/PredictDenoised": _DENOISING,
        "latentwire.v1.DenoisingService/DecodeLatents": _DENOISING,
        "latentwire.v1.DenoisingService/EncodeImage": _DENOISING,
    }
)
"""Keys are "package.Service/Method"."""
