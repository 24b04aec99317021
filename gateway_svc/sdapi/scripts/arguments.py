"""What scripts take: declared once, for lists and for reading alike."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Final

from pydantic import TypeAdapter, ValidationError

from gateway_svc.sdapi.coercion import Number, Seed, Text
from latentwire.errors import FieldViolation, InvalidArgument


@dataclass(frozen=True, slots=True)
class Argument:
    """One argument. Its default `value` tells its type: bool, int, float, str, or a tuple of str.

    `minimum` to `maximum` is what A1111's page offers; `most` is what is taken. Of `choices` one must be given, or the
    number of one where `by_index`; `open` choices only suggest.
    """

    label: str
    value: Any
    minimum: float | None = None
    maximum: float | None = None
    step: float | None = None
    choices: tuple[str, ...] | None = None
    most: float | None = None
    by_index: bool = False
    open: bool = False

    def listed(self) -> dict[str, Any]:
        """As A1111 lists it."""
        return {
            "label": self.label,
            "value": list(self.value) if isinstance(self.value, tuple) else self.value,
            "minimum": self.minimum,
            "maximum": self.maximum,
            "step": self.step,
            "choices": None if self.choices is None else list(self.choices),
        }


_TYPES: Final[Mapping[type, TypeAdapter[Any]]] = MappingProxyType(
    {
        bool: TypeAdapter(bool),
        int: TypeAdapter(Seed),
        float: TypeAdapter(Number),
        str: TypeAdapter(Text),
        tuple: TypeAdapter(list[Text] | Text),
    }
)
_WORDS: Final[Mapping[type, str]] = MappingProxyType(
    {bool: "true or false", int: "a whole number", float: "a number", str: "text", tuple: "a list of texts"}
)


def read(declared: Sequence[Argument], given: Sequence[Any], field: str = "script_args") -> tuple[Any, ...]:
    """The arguments' values; those that are missing, or null, keep their defaults, those beyond are left alone.

    Raises InvalidArgument that names every argument that is wrong.
    """
    values: list[Any] = []
    wrong: list[FieldViolation] = []
    for number, argument in enumerate(declared):
        asked = given[number] if number < len(given) else None
        value, problem = (argument.value, "") if asked is None else _value(argument, asked)
        values.append(value)
        if problem:
            said = f"{argument.label}: {asked!r:.80} is not allowed; allowed: {problem}"
            wrong.append(FieldViolation(f"{field}[{number}]", said))
    if wrong:
        raise InvalidArgument.join(wrong)
    return tuple(values)


def _value(argument: Argument, asked: Any) -> tuple[Any, str]:
    """The value, and what would have been allowed where it is not."""
    kind = type(argument.value)
    if argument.by_index and isinstance(asked, int) and not isinstance(asked, bool):
        return _at(argument, asked)
    try:
        value = _TYPES[kind].validate_python(asked)
    except ValidationError:
        return argument.value, _WORDS[kind]
    if kind is tuple:
        value = (value,) if isinstance(value, str) else tuple(value)
    return _checked(argument, value)


def _at(argument: Argument, number: int) -> tuple[Any, str]:
    choices = argument.choices or ()
    inside = 0 <= number < len(choices)
    return (choices[number], "") if inside else (argument.value, f"0 to {len(choices) - 1}")


def _checked(argument: Argument, value: Any) -> tuple[Any, str]:
    if argument.choices is not None and not argument.open:
        return _chosen(argument, value)
    low, high = argument.minimum, argument.most if argument.most is not None else argument.maximum
    if isinstance(value, int | float) and not isinstance(value, bool) and low is not None and high is not None:
        return value, "" if low <= value <= high else f"{low:g} to {high:g}"
    return value, ""


def _chosen(argument: Argument, value: Any) -> tuple[Any, str]:
    """Choices are found whatever the case they are written in."""
    known = {choice.lower(): choice for choice in argument.choices or ()}
    asked = value if isinstance(value, tuple) else (value,)
    found = tuple(known[text.lower()] for text in asked if text.lower() in known)
    if len(found) < len(asked):
        return argument.value, ", ".join(argument.choices or ())
    return (found, "") if isinstance(value, tuple) else (found[0], "")
