"""Titles of scripts that a request chooses one of."""

from __future__ import annotations

from typing import Final

PROMPT_MATRIX: Final = "Prompt matrix"
PROMPTS_FROM_TEXT: Final = "Prompts from file or textbox"
PLOT: Final = "X/Y/Z plot"
LOOPBACK: Final = "Loopback"
SD_UPSCALE: Final = "SD upscale"
OUTPAINTING: Final = "Outpainting mk2"

SELECTABLE: Final = frozenset(
    title.lower() for title in (PROMPT_MATRIX, PROMPTS_FROM_TEXT, PLOT, LOOPBACK, SD_UPSCALE, OUTPAINTING)
)
NOT_RUN: Final = {
    "custom code": "Script 'custom code' is not run: this server runs no code from requests",
    "img2img alternative test": "Script 'img2img alternative test' is not served",
    "poor man's outpainting": "Script 'poor man's outpainting' is not served: use 'outpainting mk2'",
}
"""Scripts of A1111 that are refused, and the reason, by their titles in small letters."""
