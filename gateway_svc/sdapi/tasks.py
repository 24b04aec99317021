"""Ids of tasks, as clients may choose them and as the contract takes them."""

from __future__ import annotations

import hashlib
import re
import secrets
import string

_LEGAL = re.compile(r"[A-Za-z0-9_.()-]{1,128}")
EXTRAS = "extras"
"""The kind of tasks that make finished pictures larger."""

_LETTERS = string.ascii_uppercase + string.digits


def legal(task_id: str) -> str:
    """The id itself where the contract takes it, else one made from it, always the same."""
    if _LEGAL.fullmatch(task_id):
        return task_id
    return f"task({hashlib.sha256(task_id.encode()).hexdigest()[:32]})"


def fresh(kind: str) -> str:
    """A new id for a task of this kind: `task(txt2img-XXXXXXX)`, longer than A1111's so that it can't be guessed."""
    return f"task({kind}-{''.join(secrets.choice(_LETTERS) for _ in range(16))})"
