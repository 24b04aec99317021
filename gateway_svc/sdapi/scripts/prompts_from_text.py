"""Prompts from file or textbox: a generation for each line, which may say what is different in it."""

from __future__ import annotations

import shlex
from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any, Final

from pydantic import TypeAdapter, ValidationError

from gateway_svc.sdapi.coercion import Number, Seed, Text, Whole
from gateway_svc.sdapi.scripts import titles
from gateway_svc.sdapi.scripts.arguments import Argument
from gateway_svc.sdapi.scripts.script import MOST_TURNS, Album, Body, Call, Known, Script, Steps, Turn, each, numbered
from latentwire.errors import InvalidArgument

_ARGUMENTS = (
    Argument("Iterate seed every line", value=False),
    Argument("Use same random seed for all lines", value=False),
    Argument("Insert prompts at the", "start", choices=("start", "end")),
    Argument("List of prompt inputs", ""),
)
_LINES: Final = 3
_NAMES: Final = ("sampler_name", "prompt", "negative_prompt")
_TYPES: Final[Mapping[str, TypeAdapter[Any]]] = MappingProxyType(
    {
        **{name: TypeAdapter(Text) for name in _NAMES},
        **{name: TypeAdapter(Seed) for name in ("seed", "subseed")},
        **{name: TypeAdapter(Number) for name in ("subseed_strength", "cfg_scale")},
        **{
            name: TypeAdapter(Whole)
            for name in (
                *("seed_resize_from_h", "seed_resize_from_w", "batch_size", "n_iter", "steps", "width", "height"),
            )
        },
        **{name: TypeAdapter(bool) for name in ("restore_faces", "tiling", "do_not_save_samples", "do_not_save_grid")},
    }
)
_LEFT_ALONE: Final = ("outpath_samples", "outpath_grids", "prompt_for_display")
_TEXTS: Final = ("prompt", "negative_prompt", "sampler_name", "sd_model", "styles", *_LEFT_ALONE)


def _arguments(_: Known, __: str) -> tuple[Argument, ...]:
    return _ARGUMENTS


def run(call: Call) -> Steps:
    """One generation a line."""
    iterate, same_seed, position, text = call.arguments
    lines = [stripped for line in text.splitlines() if (stripped := line.strip())]
    if not 0 < len(lines) <= MOST_TURNS:
        raise InvalidArgument.of(f"script_args[{_LINES}]", f"{len(lines)} lines", f"1 to {MOST_TURNS} lines")
    request = call.request
    if (iterate or same_seed) and request.seed == -1:
        request = request.model_copy(update={"seed": call.draw()})
    turns = []
    for number, line in enumerate(lines):
        turns.append(Turn(with_line(request, options_of(line, number), position)))
        if iterate:
            pictures = (request.batch_size or 1) * (request.n_iter or 1)
            request = request.model_copy(update={"seed": (request.seed or 0) + pictures})
    return Album(tuple(shot for made in (yield from each(numbered(turns))) for shot in made))


def with_line(request: Body, options: Mapping[str, Any], position: str) -> Body:
    """The request with what a line says; its prompts go before or behind the request's own."""
    said = {name: value for name, value in options.items() if name != "sd_model"}
    for name in ("prompt", "negative_prompt"):
        own = getattr(request, name)
        if said.get(name) and own:
            said[name] = f"{said[name]} {own}" if position == "start" else f"{own} {said[name]}"
    if "sd_model" in options:
        settings = request.override_settings or {}
        said["override_settings"] = {**settings, "sd_model_checkpoint": options["sd_model"]}
    return request.model_copy(update=said)


def options_of(line: str, number: int = 0) -> dict[str, Any]:
    """What a line says: `--name value` pairs, or a prompt. A line that is no such list of options is a prompt.

    Raises InvalidArgument for an option whose value makes no sense.
    """
    if "--" not in line:
        return {"prompt": line}
    try:
        words = shlex.split(line)
    except ValueError:
        return {"prompt": line}
    pairs = _pairs(words)
    return {"prompt": line} if pairs is None else _read(pairs, number)


def _pairs(words: Sequence[str]) -> dict[str, str] | None:
    """Names and their words; None where something is no option."""
    found: dict[str, list[str]] = {}
    name = ""
    for word in words:
        if word.startswith("--"):
            name = word[2:]
            if name not in _TYPES and name not in (*_TEXTS, "sampler_index"):
                return None
            found[name] = []
        elif name and (name in _TEXTS or not found[name]):
            found[name].append(word)
        else:
            return None
    return {name: " ".join(words) for name, words in found.items()}


def _read(pairs: Mapping[str, str], number: int) -> dict[str, Any]:
    said: dict[str, Any] = {}
    for name, text in pairs.items():
        if name == "styles":
            said[name] = [style.strip() for style in text.split(",")]
        elif name == "sd_model":
            said[name] = text
        elif name == "sampler_index":
            said["sampler_name"] = text
        elif name not in _LEFT_ALONE:
            said[name] = _value(name, text, number)
    return said


def _value(name: str, text: str, number: int) -> Any:
    try:
        return _TYPES[name].validate_python(text)
    except ValidationError:
        where = f"script_args[{_LINES}]"
        raise InvalidArgument.of(where, f"line {number + 1}: --{name} {text}", "a value of that option") from None


SCRIPT = Script(titles.PROMPTS_FROM_TEXT, _arguments, run)
