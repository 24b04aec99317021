"""Ids of generations and tasks."""

from __future__ import annotations

import re
import uuid

from inference_svc.rpc.conversion.violations import Violations
from latentwire.v1 import types_pb2 as t

_ID = re.compile(r"[A-Za-z0-9_.()-]{1,128}")
_ALLOWED = "1 to 128 of A-Z a-z 0-9 _ . ( ) -"


def request_id_or_new(request_id: str, violations: Violations) -> str:
    """Returns the client's id, checked, or a new one where it gave none."""
    return checked_id("request_id", request_id, violations) if request_id else uuid.uuid4().hex


def checked_id(field: str, value: str, violations: Violations) -> str:
    """Checks an id's length and characters."""
    if not _ID.fullmatch(value):
        violations.add(field, value, _ALLOWED)
    return value


def checked_task(task: t.Task, violations: Violations, field: str = "task") -> t.Task:
    """Checks a task's id, place and words."""
    checked_id(f"{field}.task_id", task.task_id, violations)
    violations.whole(f"{field}.index", task.index, 0, 2**31 - 1)
    violations.whole(f"{field}.count", task.count, 0, 2**31 - 1)
    violations.text(f"{field}.owner", task.owner, 128)
    violations.text(f"{field}.kind", task.kind, 64)
    return task
