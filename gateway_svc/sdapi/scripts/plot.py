"""X/Y/Z plot: every combination of the values of up to three axes, on sheets with legends."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import product
from typing import Any, Final

from PIL import Image

from gateway_svc.sdapi.errors import Raised
from gateway_svc.sdapi.job import asked_size
from gateway_svc.sdapi.scripts import titles
from gateway_svc.sdapi.scripts.arguments import Argument
from gateway_svc.sdapi.scripts.plot_axes import Axis, axes
from gateway_svc.sdapi.scripts.plot_values import BadValue
from gateway_svc.sdapi.scripts.script import (
    MOST_TURNS,
    Album,
    Body,
    Call,
    Known,
    Script,
    Shots,
    Steps,
    Turn,
    each,
    numbered,
    with_pairs,
)
from gateway_svc.sdapi.scripts.sheet import Label, Legends, check_size, sheet
from gateway_svc.sdapi.shots import Shot
from latentwire.errors import InvalidArgument

_AXIS_NAMES: Final = "XYZ"
_SEEDS: Final = ("Seed", "Var. seed")
_ANY: Final = ("", "-1", -1)


@dataclass(frozen=True, slots=True)
class _Line:
    """One of the three axes, with its values."""

    axis: Axis
    values: Sequence[Any]


def _arguments(_: Known, kind: str) -> tuple[Argument, ...]:
    labels = tuple(axis.label for axis in axes(kind))
    defaults = {"X": "Seed"}
    lines = [
        (
            Argument(f"{name} type", defaults.get(name, "Nothing"), choices=labels, by_index=True),
            Argument(f"{name} values", ""),
            Argument(f"{name} values", (), choices=(), open=True),
        )
        for name in _AXIS_NAMES
    ]
    return (
        *(argument for line in lines for argument in line),
        Argument("Draw legend", value=True),
        Argument("Include Sub Images", value=False),
        Argument("Include Sub Grids", value=False),
        Argument("Keep -1 for seeds", value=False),
        Argument("Vary seeds for X", value=False),
        Argument("Vary seeds for Y", value=False),
        Argument("Vary seeds for Z", value=False),
        Argument("Grid margins (px)", 0, 0, 500, 2),
        Argument("Use text inputs instead of dropdowns", value=False),
    )


def run(call: Call) -> Steps:
    """A generation for each cell; what is dear to change changes least often."""
    flags = _Flags(*call.arguments[9:])
    request = call.request if flags.keep_random else call.fixed()
    lines = [_line(call, number, flags) for number in range(3)]
    _check(call, request, lines)
    cells = _cells(lines)
    turns = numbered([Turn(_changed(request, lines, cell, flags)) for cell in cells])
    made = yield from each(turns)
    shots = {cell: _one(shots) for cell, shots in zip(cells, made, strict=False) if shots}
    return _album(request, lines, shots, flags) if shots else Album(())


@dataclass(frozen=True, slots=True)
class _Flags:
    legend: bool
    lone_images: bool
    sub_grids: bool
    keep_random: bool
    vary_x: bool
    vary_y: bool
    vary_z: bool
    margin: int
    as_text: bool


def _line(call: Call, number: int, flags: _Flags) -> _Line:
    """Raises InvalidArgument for values that make no sense, and Raised for names that are not there."""
    label, text, chosen = call.arguments[number * 3 : number * 3 + 3]
    kind = "img2img" if call.images else "txt2img"
    axis = next(axis for axis in axes(kind) if axis.label == label)
    if label == "Nothing":
        return _Line(axis, [0])
    try:
        values = axis.values(text, chosen, as_text=flags.as_text)
    except BadValue as error:
        raise InvalidArgument.of(f"script_args[{number * 3 + 1}]", f"{axis.label}: {error}", "values") from None
    if not values:
        raise InvalidArgument.of(f"script_args[{number * 3 + 1}]", text, f"{axis.label}: at least one value")
    if label in _SEEDS and not flags.keep_random:
        values = [call.draw() if value in _ANY else value for value in values]
    for value in values:
        axis.check(call.known, value)
    return _Line(axis, values)


def _check(call: Call, request: Body, lines: Sequence[_Line]) -> None:
    x, y, z = (len(line.values) for line in lines)
    if x * y * z > MOST_TURNS:
        raise Raised("ValueError", f"{x} * {y} * {z} cells are more than {MOST_TURNS}")
    check_size(x * z, y, *asked_size(request), call.options)


def _cells(lines: Sequence[_Line]) -> list[tuple[int, ...]]:
    """Places in the plot as indices of values, the dearest axis outermost."""
    order = sorted(range(3), key=lambda number: (-lines[number].axis.cost, -number))
    found = []
    for places in product(*(range(len(lines[number].values)) for number in order)):
        at = dict(zip(order, places, strict=True))
        found.append(tuple(at[number] for number in range(3)))
    return found


def _changed(request: Body, lines: Sequence[_Line], cell: Sequence[int], flags: _Flags) -> Body:
    """The request of one cell."""
    for line, place in zip(lines, cell, strict=True):
        try:
            request = line.axis.apply(request, line.values[place], line.values)
        except BadValue as error:
            raise InvalidArgument.of("script_args", f"{line.axis.label}: {error}", "its values") from None
    offset = _offset(lines, cell, flags)
    return request if request.seed == -1 else request.model_copy(update={"seed": (request.seed or 0) + offset})


def _offset(lines: Sequence[_Line], cell: Sequence[int], flags: _Flags) -> int:
    """How far the seed goes on in a cell, along the axes that vary it."""
    offset, stride = 0, 1
    for varies, line, place in zip((flags.vary_x, flags.vary_y, flags.vary_z), lines, cell, strict=True):
        if varies:
            offset, stride = offset + place * stride, stride * len(line.values)
    return offset


def _one(shots: Shots) -> Shot:
    """What stands in a cell: the picture, or the pictures of a batch on a sheet."""
    return shots[0] if len(shots) == 1 else shots[0].showing(sheet([shot.image for shot in shots]))


def _album(request: Body, lines: Sequence[_Line], shots: dict[tuple[int, ...], Shot], flags: _Flags) -> Album:
    """The whole plot, then what else is wanted: a sheet for each value of z, and every picture."""
    across, down, deep = lines
    first = next(iter(shots.values()))
    told = _pairs(lines, request)
    legends = Legends(
        [[Label(across.axis.legend(value))] for value in across.values] if flags.legend else (),
        [[Label(down.axis.legend(value))] for value in down.values] if flags.legend else (),
        flags.margin,
    )
    grids: list[Shot] = []
    for z in range(len(deep.values)):
        images = _images(shots, len(across.values), len(down.values), z)
        if any(images):
            infotext = with_pairs(_of_depth(shots, z).picture.infotext, told)
            grids.append(first.showing(sheet(images, len(down.values), legends)).saying(infotext))
    titles_above = [[Label(deep.axis.legend(value))] for value in deep.values] if flags.legend else ()
    whole = sheet([grid.image for grid in grids], 1, Legends(titles_above))
    sheets = (grids[0].showing(whole), *(grids if flags.sub_grids else ()))
    ordered = sorted(shots, key=lambda cell: cell[::-1])
    return Album(tuple(shots[cell] for cell in ordered) if flags.lone_images else (), sheets, counted=True)


def _images(shots: dict[tuple[int, ...], Shot], columns: int, rows: int, z: int) -> list[Image.Image | None]:
    cells = [(x, y, z) for y in range(rows) for x in range(columns)]
    return [shots[cell].image if cell in shots else None for cell in cells]


def _of_depth(shots: dict[tuple[int, ...], Shot], z: int) -> Shot:
    return next(shot for cell, shot in shots.items() if cell[2] == z)


def _pairs(lines: Sequence[_Line], request: Body) -> list[tuple[str, object]]:
    """What the infotext of a sheet tells of its axes."""
    told: list[tuple[str, object]] = [("Script", titles.PLOT)]
    for name, line in zip(_AXIS_NAMES, lines, strict=True):
        if line.axis.label != "Nothing":
            values = ", ".join(" ".join(value) if isinstance(value, tuple) else str(value) for value in line.values)
            told += [(f"{name} Type", line.axis.label), (f"{name} Values", values)]
    return told


SCRIPT = Script(titles.PLOT, _arguments, run)
