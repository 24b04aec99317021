"""The rows that wait for the device, by id: the scheduler decides about ids, here are the tensors."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from inference_svc.engine.job import Picture
from inference_svc.engine.scheduler import Batch
from inference_svc.work import BatchKey, Row


class RowId(NamedTuple):
    """One row: whose, of which picture, and its place in the picture's present ask."""

    request_id: str
    picture: int
    row: int


@dataclass(frozen=True, slots=True, eq=False)
class Pending:
    """A row that waits, and the picture that waits for it."""

    id: RowId
    picture: Picture
    row: Row


class Rows:
    """Rows that were asked for and have not come back. Some are to be tried alone: their batch has failed."""

    def __init__(self) -> None:
        self._pending: dict[RowId, Pending] = {}
        self._alone: deque[Pending] = deque()

    def add(self, picture: Picture, rows: Sequence[Row]) -> list[tuple[RowId, BatchKey]]:
        """Takes in one ask; returns what the scheduler is to know of it. Raises what a row's key raises."""
        keys = [row.key for row in rows]
        ids = [RowId(picture.request_id, picture.index, number) for number in range(len(rows))]
        self._pending.update({id_: Pending(id_, picture, row) for id_, row in zip(ids, rows, strict=True)})
        return list(zip(ids, keys, strict=True))

    def get(self, ids: Sequence[RowId]) -> list[Pending]:
        """Returns the rows of these ids."""
        return [self._pending[id_] for id_ in ids]

    def try_alone(self, pending: Sequence[Pending]) -> None:
        """Sets rows aside to be tried one by one."""
        self._alone.extend(pending)

    def next_alone(self) -> Batch[RowId] | None:
        """Returns the next row to be tried alone, as a batch of its own."""
        if not self._alone:
            return None
        row = self._alone.popleft()
        return Batch(row.row.key, (row.id,))

    def drop(self, ids: Sequence[RowId]) -> None:
        """Forgets rows."""
        for id_ in ids:
            del self._pending[id_]

    def drop_picture(self, picture: Picture) -> list[RowId]:
        """Forgets what a picture still waits for; returns the ids."""
        ids = [RowId(picture.request_id, picture.index, number) for number in range(len(picture.results))]
        waiting = [id_ for id_ in ids if id_ in self._pending]
        self.drop(waiting)
        self._alone = deque(row for row in self._alone if row.picture is not picture)
        return waiting
