"""The scripts that there are, by their titles."""

from __future__ import annotations

from collections.abc import Iterator
from types import MappingProxyType
from typing import Final

from gateway_svc.sdapi.errors import Refused
from gateway_svc.sdapi.scripts import (
    loopback,
    outpainting,
    plot,
    prompt_matrix,
    prompts_from_text,
    sd_upscale,
    titles,
)
from gateway_svc.sdapi.scripts.script import Script

SCRIPTS: Final = (
    prompt_matrix.SCRIPT,
    prompts_from_text.SCRIPT,
    plot.SCRIPT,
    loopback.SCRIPT,
    outpainting.SCRIPT,
    sd_upscale.SCRIPT,
)
_BY_TITLE: Final = MappingProxyType({script.title.lower(): script for script in SCRIPTS})


def of_kind(kind: str) -> Iterator[Script]:
    """Those of txt2img, or of img2img."""
    return (script for script in SCRIPTS if kind in script.kinds)


def find(title: str, kind: str) -> Script:
    """The script of that title, whatever its case. Raises Refused as A1111 does."""
    script = _BY_TITLE.get(title.lower())
    if script is not None and kind in script.kinds:
        return script
    raise Refused(422, titles.NOT_RUN.get(title.lower(), f"Script '{title}' not found"))
