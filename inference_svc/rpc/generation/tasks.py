"""Tasks: groups of generations, and which of them have been stopped."""

from __future__ import annotations

from latentwire.errors import Aborted
from latentwire.newest import Newest

_MOST = 4096


class Tasks:
    """Remembers stopped tasks, the newest few thousand, so that their later members are refused."""

    def __init__(self, most: int = _MOST) -> None:
        self._stopped = Newest(most)

    def stop(self, task_id: str, how: str) -> None:
        """Refuses the task's members from now on; `how` is "stopped" or "cancelled"."""
        self._stopped.put(task_id, how)

    def stopped(self, task_id: str) -> bool:
        """Tells whether a task has been stopped or cancelled."""
        return bool(self._stopped.get(task_id))

    def check(self, task_id: str) -> None:
        """Raises Aborted, TASK_STOPPED, for a member of such a task."""
        if task_id and (how := self._stopped.get(task_id)):
            raise Aborted(
                f"task {task_id!r} was {how}; its later members are refused",
                reason="TASK_STOPPED",
                metadata={"task_id": task_id},
            )
