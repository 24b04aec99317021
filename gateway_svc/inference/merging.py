"""One answer out of those of several replicas. Pure."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from gateway_svc.inference.asked import Asked
from latentwire.v1 import generation_service_pb2 as gs
from latentwire.v1 import model_service_pb2 as ms
from latentwire.v1 import types_pb2 as types

_DEFAULT_PAGE = 100


def generations(
    request: gs.ListGenerationsRequest, answers: Sequence[gs.ListGenerationsResponse]
) -> gs.ListGenerationsResponse:
    """The generations of all, oldest first, as many as a page has; a page begins after its token. Counts are sums."""
    found = sorted((each for answer in answers for each in answer.generations), key=_age)
    after = _read(request.page_token)
    rest = [each for each in found if _age(each) > after]
    size = request.page_size or _DEFAULT_PAGE
    shown = rest[:size]
    return gs.ListGenerationsResponse(
        generations=shown,
        next_page_token=_written(shown[-1]) if len(rest) > size else "",
        waiting_count=sum(answer.waiting_count for answer in answers),
        running_count=sum(answer.running_count for answer in answers),
    )


def is_token(text: str) -> bool:
    """Whether a page can begin after it."""
    try:
        _read(text)
    except (ValueError, binascii.Error):
        return False
    return True


def models(_: Asked, answers: Sequence[ms.ListModelsResponse]) -> ms.ListModelsResponse:
    """Every model that anybody has, in memory only where all who have it say so; memory is that of all together."""
    found: dict[str, types.Model] = {}
    for model in (model for answer in answers for model in answer.models):
        known = found.setdefault(model.name, model)
        if known.state == types.MODEL_STATE_LOADED != model.state:
            found[model.name] = model
    memory = [answer.memory for answer in answers]
    return ms.ListModelsResponse(
        models=found.values(),
        memory=ms.DeviceMemory(
            device=memory[0].device,
            total_bytes=sum(each.total_bytes for each in memory),
            free_bytes=sum(each.free_bytes for each in memory),
            process_bytes=sum(each.process_bytes for each in memory),
        ),
    )


def by_name(field: str) -> Callable[[Asked, Sequence[Any]], Any]:
    """A merge of lists of what has a name: each name once, in the order in which it comes."""

    def merge(_: Asked, answers: Sequence[Any]) -> Any:
        found = {each.name: each for answer in reversed(answers) for each in getattr(answer, field)}
        names = dict.fromkeys(each.name for answer in answers for each in getattr(answer, field))
        return type(answers[0])(**{field: [found[name] for name in names]})

    return merge


def ids(_: Asked, answers: Sequence[Any]) -> Any:
    """The ids of all, each once."""
    return type(answers[0])(request_ids=_once(answer.request_ids for answer in answers))


def loading(newest: Sequence[ms.LoadModelResponse]) -> ms.LoadModelResponse:
    """How far all are: as far as the slowest. Only once all have their model, the model is told."""
    return min(newest, key=lambda each: (each.HasField("model"), each.fraction))


def _once(lists: Iterable[Iterable[str]]) -> list[str]:
    return list(dict.fromkeys(word for words in lists for word in words))


def _age(generation: gs.Generation) -> tuple[int, str]:
    return generation.accept_time.ToNanoseconds(), generation.request_id


def _written(generation: gs.Generation) -> str:
    when, name = _age(generation)
    return base64.urlsafe_b64encode(f"{when} {name}".encode()).decode()


def _read(token: str) -> tuple[int, str]:
    """The age that a token means; for none, one before all. Raises ValueError."""
    if not token:
        return -1, ""
    when, _, name = base64.urlsafe_b64decode(token.encode()).decode().partition(" ")
    return int(when), name
