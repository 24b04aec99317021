"""Records as callers see them, and the lists of them."""

from __future__ import annotations

from collections.abc import Iterable

from inference_svc.rpc.conversion.events import duration, timestamp
from inference_svc.rpc.conversion.violations import Violations
from inference_svc.rpc.generation.record import Record
from inference_svc.rpc.told import told
from latentwire.errors import InvalidArgument
from latentwire.v1 import generation_service_pb2 as g
from latentwire.v1 import types_pb2 as t

_ACTIVE = (t.GENERATION_STATE_WAITING, t.GENERATION_STATE_RUNNING)
_DEFAULT_PAGE = 100
_LARGEST_PAGE = 1000


def generation_message(record: Record, eta_s: float | None, *, owner_known: bool = False) -> g.Generation:
    """Returns where a generation stands, without its preview. The owner is shown only to those who named it."""
    return g.Generation(
        request_id=record.id,
        task=_task(record, owner_known=owner_known),
        state=record.state,
        queue_position=record.position or 0,
        progress=record.progress,
        accept_time=timestamp(record.accept_time),
        start_time=timestamp(record.start_time),
        end_time=timestamp(record.end_time),
        model=record.birth.model,
        eta=None if record.ended else duration(eta_s),
        images_done=record.birth.images_before + record.images_done,
        image_count=record.birth.image_count,
        stopping=record.stopping,
        error=told(record.error).message if record.error else "",
        last_sequence=record.journal.last_sequence,
    )


def with_preview(message: g.Generation, record: Record, request: g.GetGenerationRequest) -> g.Generation:
    """Adds the newest preview unless the caller knows it or wants none."""
    preview = record.preview
    if preview and not request.skip_preview and preview.preview_id != request.known_preview_id:
        message.preview.CopyFrom(preview)
    return message


def page(records: Iterable[Record], request: g.ListGenerationsRequest) -> tuple[list[Record], str]:
    """Returns the records that a list request means, oldest first, and the token of the next page; empty: no more.

    Raises InvalidArgument.
    """
    violations = Violations()
    size = violations.whole(
        "page_size", request.page_size if request.HasField("page_size") else _DEFAULT_PAGE, 1, _LARGEST_PAGE
    )
    violations.check()
    begin = _begin(request.page_token)
    found = [record for record in records if record.birth.order >= begin and _matches(record, request)]
    following = found[size:]
    return found[:size], str(following[0].birth.order) if following else ""


def _begin(token: str) -> int:
    if token and not (token.isascii() and token.isdigit() and len(token) < 20):
        raise InvalidArgument.of("page_token", token, "next_page_token of an answer, or empty")
    return int(token or 0)


def _matches(record: Record, request: g.ListGenerationsRequest) -> bool:
    birth = record.birth
    return (
        record.state in (request.states or _ACTIVE)
        and request.task_id in {"", birth.task_id}
        and (not request.HasField("owner") or birth.owner == request.owner)
        and (not request.task_kinds or birth.task_kind in request.task_kinds)
    )


def _task(record: Record, *, owner_known: bool) -> t.Task | None:
    if record.birth.task is None:
        return None
    task = t.Task()
    task.CopyFrom(record.birth.task)
    if not owner_known:
        task.ClearField("owner")
    return task
