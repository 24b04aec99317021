"""Flags of the inference service, made from its settings: one for each field, nothing said twice."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping
from types import UnionType
from typing import Any, Literal, get_args, get_origin

import click
from pydantic import ValidationError
from pydantic.fields import FieldInfo
from pydantic_settings import BaseSettings

from inference_svc.settings import ENV_PREFIX, FakeSettings, Settings

_FAKE = "fake_"
_EPILOG = (
    "The fake also heeds words in prompts: fake:step_time=0.05 (seconds more for every evaluation), fake:fail=3 and "
    "fake:oom=3 (that evaluation fails, or finds no memory), fake:loading (refused as if the model were loading), "
    "fake:slow=0.1 (seconds before each event)."
)


class BadSetting(Exception):
    """A sentence for whoever started the service."""


def settings_command(run: Callable[[Settings, bool], None]) -> click.Command:
    """Returns the command that reads the settings and calls `run` with them and whether to print them only."""

    def callback(print_config: bool, **given: Any) -> None:
        run(read_settings({name: value for name, value in given.items() if value is not None}), print_config)

    options = [*_options(Settings), *_options(FakeSettings, _FAKE)]
    print_config = click.Option(["--print-config"], is_flag=True, help="Print the settings, without secrets, and end.")
    return click.Command(
        "inference_svc",
        callback=callback,
        params=[*options, print_config],
        epilog=_EPILOG,
        help="The inference service. Every flag has an environment variable: "
        f"--drain-timeout is {ENV_PREFIX}DRAIN_TIMEOUT.",
        context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110},
    )


def read_settings(given: Mapping[str, Any], environment: Mapping[str, str] = os.environ) -> Settings:
    """Returns the settings of flags and environment, flags first. Raises BadSetting, one sentence."""
    _check_environment(environment)
    fake = {name.removeprefix(_FAKE): value for name, value in given.items() if name.startswith(_FAKE)}
    own = {name: value for name, value in given.items() if not name.startswith(_FAKE)}
    try:
        return Settings(**own, fake=FakeSettings(**fake))
    except ValidationError as error:
        raise BadSetting("; ".join(_sentences(error, {*own, *(_FAKE + name for name in fake)}))) from error


def _options(settings: type[BaseSettings], prefix: str = "") -> Iterator[click.Option]:
    for name, field in settings.model_fields.items():
        if name != "fake":
            yield _option(prefix + name, field)


def _option(name: str, field: FieldInfo) -> click.Option:
    flag = f"--{name.replace('_', '-')}"
    if field.annotation is bool:
        return click.Option([flag], is_flag=True, default=None, help=field.description)
    return click.Option([flag], metavar=_metavar(field), help=_help(field))


def _help(field: FieldInfo) -> str:
    default = field.get_default()
    return f"{field.description}  [{default}]" if default not in (None, "") else str(field.description)


def _metavar(field: FieldInfo) -> str:
    annotation: Any = field.annotation
    if get_origin(annotation) is Literal:
        return "|".join(get_args(annotation))
    kinds = get_args(annotation) if isinstance(annotation, UnionType) else (annotation,)
    return getattr(kinds[0], "__name__", "VALUE").upper().replace("SECRETSTR", "TEXT").replace("STR", "TEXT")


def _check_environment(environment: Mapping[str, str]) -> None:
    known = {ENV_PREFIX + name.upper() for name in Settings.model_fields}
    known |= {f"{ENV_PREFIX}{_FAKE}{name}".upper() for name in FakeSettings.model_fields}
    unknown = sorted(name for name in environment if name.startswith(ENV_PREFIX) and name not in known)
    if unknown:
        raise BadSetting(f"{unknown[0]} is set in the environment, but there is no such setting.")


def _sentences(error: ValidationError, flags: set[str]) -> Iterator[str]:
    for problem in error.errors():
        place = "_".join(str(part) for part in problem["loc"])
        message = problem["msg"].removeprefix("Value error, ")
        if not place:
            yield f"{message[:1].upper()}{message[1:]}."
            continue
        matching = next((name for name in (place, _FAKE + place) if name in flags), place)
        given = f"--{matching.replace('_', '-')}" if matching in flags else f"{ENV_PREFIX}{matching.upper()}"
        yield f"{given} {problem['input']!r} is not allowed: {message[:1].lower()}{message[1:]}."
