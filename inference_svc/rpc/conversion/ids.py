"""Ids of generations and tasks."""

from __future__ import annotations

import re
import uuid

from inference_svc.rpc.conversion.violations import Violations

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
