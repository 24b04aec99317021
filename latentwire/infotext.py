"""The generation parameters as A1111 writes them into a picture, and back.

The prompt, a line "Negative prompt: …" when there is one, and a line of `Key: value` pairs. Pure: no I/O, no protobuf,
for both services and any client.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from types import MappingProxyType

NEGATIVE = "Negative prompt:"
_LEAST_PAIRS = 3

# A key is looked for only where a run of its characters begins, which keeps long prompts linear in time.
_PAIR = re.compile(
    r"""
    (?<![\w\ /-]) [\s/-]*+ (?P<key> \w [\w\ /-]*+ ) :
    \s* (?P<value> "(?:[^"\\]|\\.)++" | [^,]*+ ) \s* (?:,|\Z)
    """,
    re.VERBOSE,
)
_SIZE = re.compile(r"(\d+)x(\d+)")
_QUOTED = re.compile(r'[,:\n\r]|^["\s]|\s$')

DEFAULTS: Mapping[str, str] = MappingProxyType(
    {
        "Clip skip": "1",
        "Hires resize-1": "0",
        "Hires resize-2": "0",
        "Hires sampler": "Use same sampler",
        "Hires schedule type": "Use same scheduler",
        "Hires checkpoint": "Use same checkpoint",
        "Hires prompt": "",
        "Hires negative prompt": "",
        "Mask mode": "Inpaint masked",
        "Masked content": "original",
        "Inpaint area": "Whole picture",
        "Masked area padding": "32",
        "RNG": "GPU",
        "Schedule type": "Automatic",
        "Schedule max sigma": "0",
        "Schedule min sigma": "0",
        "Schedule rho": "0",
        "VAE Encoder": "Full",
        "VAE Decoder": "Full",
        "FP8 weight": "Disable",
        "Refiner switch by sampling steps": "False",
    }
)
"""What a missing pair means."""


def write(prompt: str, negative_prompt: str, pairs: Sequence[tuple[str, object | None]]) -> str:
    """The text for a picture. Pairs come in the order given; those whose value is None are left out."""
    parameters = ", ".join(f"{key}: {quote(value)}" for key, value in pairs if value is not None)
    negative = f"{NEGATIVE} {negative_prompt}" if negative_prompt else ""
    return "\n".join(line for line in (prompt, negative, parameters) if line or line is prompt).strip("\n")


def quote(value: object) -> str:
    """A value as the pairs hold it: a JSON string where plain text would be read otherwise than it was meant."""
    text = str(value)
    return json.dumps(text, ensure_ascii=False) if _QUOTED.search(text) else text


def parse(text: str) -> dict[str, str]:
    """Reads a text back: "Prompt", "Negative prompt" and every pair; a value `NxM` gives "Key-1" and "Key-2".

    The last line holds pairs when at least three are found in it, otherwise it belongs to the prompt. Nothing is
    added that is not there: see `complete`.
    """
    lines = text.strip().split("\n")
    pairs = _pairs(lines[-1])
    prompt, negative = _prompts(lines[:-1] if pairs else lines)
    return {"Prompt": prompt, "Negative prompt": negative, **pairs}


def complete(parsed: Mapping[str, str]) -> dict[str, str]:
    """What was parsed, with what the missing pairs mean."""
    prompts = parsed.get("Prompt", "") + parsed.get("Negative prompt", "")
    brackets = {"Emphasis": "Original"} if re.search(r"[(\[]", prompts) else {}
    return {**DEFAULTS, **brackets, **parsed}


def _pairs(line: str) -> dict[str, str]:
    found = list(_PAIR.finditer(line))
    if len(found) < _LEAST_PAIRS:
        return {}
    pairs: dict[str, str] = {}
    for match in found:
        pairs.update(_named(match["key"], _unquoted(match["value"])))
    return pairs


def _named(key: str, value: str) -> dict[str, str]:
    size = _SIZE.fullmatch(value)
    return {f"{key}-1": size[1], f"{key}-2": size[2]} if size else {key: value}


def _unquoted(value: str) -> str:
    if len(value) < 2 or not (value.startswith('"') and value.endswith('"')):
        return value
    try:
        return str(json.loads(value))
    except json.JSONDecodeError:
        return value


def _prompts(lines: Sequence[str]) -> tuple[str, str]:
    stripped = [line.strip() for line in lines]
    begin = next((n for n, line in enumerate(stripped) if line.startswith(NEGATIVE)), len(stripped))
    negative = [line.removeprefix(NEGATIVE).strip() for line in stripped[begin:]]
    return "\n".join(stripped[:begin]), "\n".join(negative)
