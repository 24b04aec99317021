"""Prompt matrix: every combination of the parts of a prompt, on one sheet."""

from __future__ import annotations

from collections.abc import Sequence

from gateway_svc.sdapi.errors import Raised
from gateway_svc.sdapi.scripts import titles
from gateway_svc.sdapi.scripts.arguments import Argument
from gateway_svc.sdapi.scripts.script import MOST_TURNS, Album, Call, Known, Script, Steps, Turn, each, numbered
from gateway_svc.sdapi.scripts.sheet import Label, Legends, check_size, sheet

_ARGUMENTS = (
    Argument("Put variable parts at start of prompt", value=False),
    Argument("Use different seed for each picture", value=False),
    Argument("Select prompt", "positive", choices=("positive", "negative")),
    Argument("Select joining char", "comma", choices=("comma", "space")),
    Argument("Grid margins (px)", 0, 0, 500, 2),
)


def _arguments(_: Known, __: str) -> tuple[Argument, ...]:
    return _ARGUMENTS


def run(call: Call) -> Steps:
    """A generation for each combination, the first part alone coming first."""
    at_start, different_seeds, which, joining, margin = call.arguments
    request = call.fixed().model_copy(update={"batch_size": 1, "n_iter": 1})
    field = "prompt" if which == "positive" else "negative_prompt"
    parts = [part.strip() for part in str(getattr(request, field)).split("|")]
    _check(call, parts)
    prompts = combinations(parts, ", " if joining == "comma" else " ", at_start=at_start)
    turns = [
        Turn(request.model_copy(update={field: prompt, "seed": (request.seed or 0) + number * different_seeds}))
        for number, prompt in enumerate(prompts)
    ]
    shots = [shot for made in (yield from each(numbered(turns))) for shot in made]
    if not shots:
        return Album(())
    rows = 1 << (len(parts) - 1) // 2
    grid = sheet([shot.image for shot in shots], rows if len(shots) == len(turns) else None, legends(parts, margin))
    return Album(tuple(shots), (shots[0].showing(grid),))


def combinations(parts: Sequence[str], joined_by: str, *, at_start: bool) -> list[str]:
    """The first part with every subset of the others; the n-th other is in those whose number has bit n."""
    found = []
    for number in range(1 << len(parts) - 1):
        chosen = [part.strip(",").strip() for bit, part in enumerate(parts[1:]) if number >> bit & 1]
        found.append(joined_by.join([*chosen, parts[0]] if at_start else [parts[0], *chosen]))
    return found


def legends(parts: Sequence[str], margin: int) -> Legends:
    """Which of the variable parts are in each column, and in each row."""
    others = parts[1:]
    row_bits = len(others) // 2
    across, down = others[: len(others) - row_bits], others[len(others) - row_bits :]
    return Legends(_subsets(across), _subsets(down), margin)


def _subsets(parts: Sequence[str]) -> list[list[Label]]:
    return [
        [Label(part, applies=bool(number >> bit & 1)) for bit, part in enumerate(parts)]
        for number in range(1 << len(parts))
    ]


def _check(call: Call, parts: Sequence[str]) -> None:
    bits = len(parts) - 1
    if 1 << bits > MOST_TURNS:
        raise Raised("ValueError", f"{bits} variable parts make more than {MOST_TURNS} pictures")
    rows, request = 1 << bits // 2, call.request
    check_size((1 << bits) // rows, rows, request.width or 0, request.height or 0, call.options)


SCRIPT = Script(titles.PROMPT_MATRIX, _arguments, run)
