"""Requests made up from /openapi.json, and what no answer to them may be."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final

from fastapi import FastAPI
from httpx2 import AsyncClient, Response
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from schemathesis import APIOperation, Case, GenerationMode, openapi
from schemathesis.core.result import Err

from tests.contract.gateway.faults_of_a1111 import allowed
from tools.compatibility.input_fields import PICTURE

Operation = APIOperation[Any, Any, Any, Any]
Made = Case[Operation]
_LARGEST: Final = 4096
_AFFORDABLE: Final = {
    **dict.fromkeys(("width", "height", "firstphase_width", "firstphase_height", "hr_resize_x", "hr_resize_y"), 96),
    **dict.fromkeys(("steps", "hr_second_pass_steps", "batch_size", "n_iter", "batchSize", "batchCount"), 2),
    **dict.fromkeys(("upscaling_resize", "hr_scale"), 2),
    **dict.fromkeys(("upscaling_resize_w", "upscaling_resize_h"), 96),
}
"""What a picture may cost: larger numbers that are legal become these."""
_SMALL: Final = {"width": 64, "height": 64, "steps": 2}
_LUCKY: Final[dict[str, Any]] = {
    "image": PICTURE,
    "init_images": [PICTURE],
    "mask": PICTURE,
    "imageList": [{"data": PICTURE, "name": "a"}],
    "sampler_name": "DPM++ 2M SDE",
    "scheduler": "Beta",
    "upscaler_1": "Lanczos",
    "upscaler_2": "Nearest",
    "hr_upscaler": "Latent",
    "script_name": "prompt matrix",
    "infotext": "a\nSteps: 2, Sampler: Euler, CFG scale: 1, Size: 64x64",
    "override_settings": {"CLIP_stop_at_last_layers": 2},
    "alwayson_scripts": {"seed": {"args": [1]}},
    "id_task": "task(a)",
}
_LUCKY_OPTIONS: Final = {"rho": "3", "send_seed": False, "samples_format": "jpg"}
"""Values that nobody finds by chance."""


def operations(app: FastAPI) -> list[Operation]:
    """Every route with its methods, as the API documents itself."""
    found = list(openapi.from_dict(app.openapi()).get_all_operations())
    for one in found:
        if isinstance(one, Err):
            raise one.err()
    return [one.ok() for one in found if not isinstance(one, Err)]


def cases(operation: Operation, count: int) -> list[Made]:
    """At most `count` requests: half as documented, half not."""
    made: list[Made] = []

    @settings(max_examples=count, database=None, suppress_health_check=list(HealthCheck), phases=[Phase.generate])
    @given(
        _drawn(operation), st.sets(st.sampled_from(sorted(_LUCKY)), min_size=5) if operation.body else st.just(set())
    )
    def keep(case: Made, lucky: set[str]) -> None:
        if isinstance(case.body, dict):
            small = _SMALL if operation.path.endswith("2img") else {}
            case.body = _affordable({**small, **_with_luck(operation, case.body, lucky)})
        made.append(case)

    keep()
    return made


def _drawn(operation: Operation) -> st.SearchStrategy[Made]:
    documented = operation.as_strategy(generation_mode=GenerationMode.POSITIVE)
    takes_something = any((operation.body, operation.query, operation.path_parameters))
    return (
        documented | operation.as_strategy(generation_mode=GenerationMode.NEGATIVE) if takes_something else documented
    )


def _with_luck(operation: Operation, body: dict[str, Any], lucky: set[str]) -> dict[str, Any]:
    if operation.path.endswith("/options") and "override_settings" in lucky:
        return dict(_LUCKY_OPTIONS)
    text = json.dumps([part.definition for part in operation.body], default=str) + _schema(operation)
    return {**body, **{name: _LUCKY[name] for name in sorted(lucky) if f'"{name}"' in text}}


def _schema(operation: Operation) -> str:
    components: dict[str, Any] = operation.schema.raw_schema.get("components", {}).get("schemas", {})
    asked = json.dumps(operation.definition.raw)
    return json.dumps([schema for name, schema in components.items() if f'/{name}"' in asked])


def _affordable(body: dict[str, Any]) -> dict[str, Any]:
    inner = {name: _affordable(value) for name, value in body.items() if isinstance(value, dict)}
    small = {name: limit for name, limit in _AFFORDABLE.items() if _dear(body.get(name), limit)}
    return {**body, **inner, **small}


def _dear(value: object, limit: int) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and limit < value <= _LARGEST


async def ask(client: AsyncClient, case: Made) -> Response:
    """The answer to a request."""
    wanted = case.as_transport_kwargs(base_url="http://gateway")
    content = json.dumps(wanted["json"]) if "json" in wanted else wanted.get("data")
    return await client.request(
        wanted["method"], wanted["url"], params=wanted.get("params"), headers=dict(wanted["headers"]), content=content
    )


def complaint(path: str, answer: Response) -> str:
    """What is wrong with an answer; nothing where nothing is."""
    if answer.status_code < 500 or allowed(path, answer.status_code, _object(answer)):
        return ""
    return f"{answer.status_code} {answer.text:.300}"


def _object(answer: Response) -> dict[str, Any]:
    try:
        read = answer.json()
    except ValueError:
        return {}
    return read if isinstance(read, dict) else {}


@contextmanager
def tracebacks() -> Iterator[list[str]]:
    """What is logged of exceptions meanwhile, and every error."""
    found: list[str] = []

    class Watch(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            if record.exc_info or record.levelno >= logging.ERROR:
                found.append(f"{record.name}: {record.getMessage()} {record.exc_info or ''}")

    watch = Watch()
    logging.getLogger().addHandler(watch)
    try:
        yield found
    finally:
        logging.getLogger().removeHandler(watch)


async def storm(client: AsyncClient, operation: Operation, count: int) -> tuple[int, list[str]]:
    """Sends the requests; returns how many they were, and all that is wrong."""
    with tracebacks() as logged:
        made = cases(operation, count)
        answers = [(case, await ask(client, case)) for case in made]
    wrong = [
        f"{said}\n  {case.as_curl_command()}" for case, answer in answers if (said := complaint(operation.path, answer))
    ]
    return len(made), [*wrong, *logged]
