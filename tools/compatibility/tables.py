"""All tables, made from the data."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from types import MappingProxyType
from typing import Final

from gateway_svc.sdapi.option_spec import OPTION_SPECS, Effect
from inference_svc.sampling import SAMPLERS, SCHEDULERS
from tools.compatibility import fields, flags, input_fields, option_cases, routes, scripts
from tools.compatibility.rows import Row, Table, Verdict

_HERE: Final = "tests/contract/gateway/test_compatibility.py"
_FIELD: Final = f"{_HERE}::test_a_field_shows_where_the_table_says"
_OPTION: Final = f"{_HERE}::test_an_option_shows_where_it_works"
_OPTION_TESTS: Final[Mapping[Effect, Row]] = MappingProxyType(
    {
        Effect.REFUSED: Row("", Verdict.REFUSED, f"{_HERE}::test_an_option_of_the_server_is_not_changed"),
        Effect.UNSERVED: Row("", Verdict.SAID, f"{_HERE}::test_an_option_without_effect_is_said"),
        Effect.KEPT: Row(
            "", Verdict.KEPT, "tests/unit/gateway_svc/test_option_spec.py::test_what_is_only_kept_is_read_nowhere"
        ),
    }
)
_SAMPLER: Final = "tests/contract/test_samplers.py::test_a_sampler_makes_a_picture_and_reports_its_steps"
_ADAPTIVE: Final = "tests/contract/test_samplers.py::test_dpm_adaptive_ends_by_itself_whatever_steps_are_asked_for"
_SCHEDULE: Final = "tests/contract/test_schedules.py::test_each_schedule_makes_a_picture_of_its_own"


def tables() -> Iterator[Table]:
    """In the order of the document."""
    yield Table("Routes", "", "route", routes.ROUTES)
    yield Table("Fields of txt2img", "", "field", _fields((*fields.COMMON, *fields.TXT2IMG), _FIELD))
    yield Table(
        "Fields of img2img",
        "Those above, with their defaults, and these.",
        "field",
        _fields(input_fields.IMG2IMG, _FIELD),
    )
    yield Table(
        "Fields of the extras",
        "For one picture and for several.",
        "field",
        _fields(input_fields.EXTRAS, f"{_HERE}::TestExtras::test_a_field_shows_where_the_table_says"),
    )
    yield Table("Samplers", "Each on every schedule.", "sampler", tuple(_samplers()))
    yield Table("Schedulers", "", "scheduler", tuple(_schedulers()))
    yield Table("Scripts that a request chooses", "", "script", tuple(scripts.selectable()))
    yield Table("Scripts that always run", "", "script", tuple(scripts.always_on()))
    yield Table("Options", "All can be written back; the table says what they change.", "option", tuple(_options()))
    yield Table("Flags", "Of the command that starts the pair.", "flag", tuple(flags.rows()))


def _fields(cases: Sequence[fields.Case], test: str) -> Sequence[Row]:
    return tuple(Row(f"`{case.name}`", fields.VERDICTS[case.effect], test, _where(case)) for case in cases)


def _where(case: fields.Case) -> str:
    told = case.effect in (fields.Effect.REFUSED, fields.Effect.NOTHING, fields.Effect.SAID)
    return case.note if told and case.note else f"shows {fields.NOTES[case.effect]}"


def _samplers() -> Iterator[Row]:
    for name, spec in SAMPLERS.items():
        test = _ADAPTIVE if spec.chooses_steps else _SAMPLER
        yield Row(name, Verdict.WORKS, test, ", ".join(f"`{alias}`" for alias in spec.aliases))


def _schedulers() -> Iterator[Row]:
    for name, spec in SCHEDULERS.items():
        yield Row(spec.label, Verdict.WORKS, _SCHEDULE, f"`{name}`")


def _options() -> Iterator[Row]:
    """Those that work, one a line; the others together, group by group."""
    cases = {case.name: case for case in option_cases.cases()}
    for spec in OPTION_SPECS:
        if spec.effect is Effect.WORKS:
            yield _working(spec.name, cases.get(spec.name))
    for effect, model in _OPTION_TESTS.items():
        for group in dict.fromkeys(spec.group for spec in OPTION_SPECS):
            if names := [f"`{spec.name}`" for spec in OPTION_SPECS if (spec.effect, spec.group) == (effect, group)]:
                yield replace(model, name=", ".join(names), note=group)


def _working(name: str, case: fields.Case | None) -> Row:
    if case is None:
        return Row(f"`{name}`", Verdict.WORKS, option_cases.ELSEWHERE[name])
    return Row(f"`{name}`", fields.VERDICTS[case.effect], _OPTION, _where(case))
