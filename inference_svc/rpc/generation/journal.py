"""The events of one generation, as a later reader needs them."""

from __future__ import annotations

from dataclasses import dataclass

from latentwire.v1 import generation_service_pb2 as g
from latentwire.v1 import types_pb2 as t

_RESULTS = frozenset({t.IMAGE_KIND_UNSPECIFIED, t.IMAGE_KIND_RESULT})


@dataclass(frozen=True, slots=True, eq=False)
class Entry:
    """One event. `slot` names what a newer one supersedes; empty: it is never superseded."""

    message: g.GenerateImageResponse
    slot: str
    size: int

    @property
    def sequence(self) -> int:
        """Its place among the generation's events."""
        return self.message.sequence

    @property
    def ends_picture(self) -> bool:
        """True for a picture's last chunk."""
        return self.message.WhichOneof("event") == "image" and self.message.image.last

    @property
    def has_state(self) -> bool:
        """True for a progress with a resume point."""
        return self.message.WhichOneof("event") == "progress" and self.message.progress.HasField("resume_point")

    @property
    def lossy(self) -> bool:
        """True for what a slow reader may lose."""
        return bool(self.slot) and not self.has_state

    @property
    def ends_result(self) -> bool:
        """True for a result's last chunk, not for that of a mask or composite beside it."""
        return self.ends_picture and self.message.image.kind in _RESULTS


class Journal:
    """Events since `accepted`, less superseded ones: queued, progress, previews. Numbered after `after_sequence`."""

    def __init__(self, request_id: str, after_sequence: int = 0) -> None:
        self._request_id = request_id
        self._entries: dict[int, Entry] = {}
        self._newest: dict[str, int] = {}
        self.last_sequence = after_sequence
        self.size = 0

    def append(self, message: g.GenerateImageResponse) -> Entry:
        """Gives an event its sequence number and keeps it, in place of the one that it supersedes."""
        self.last_sequence += 1
        message.request_id, message.sequence = self._request_id, self.last_sequence
        entry = Entry(message, slot_of(message), message.ByteSize())
        if entry.slot:
            self._drop(self._newest.get(entry.slot, 0))
            self._newest[entry.slot] = entry.sequence
        self._entries[entry.sequence] = entry
        self.size += entry.size
        return entry

    def after(self, sequence: int) -> list[Entry]:
        """Returns what is kept of the events after a sequence number."""
        return [entry for number, entry in self._entries.items() if number > sequence]

    def drop_pictures(self, up_to: int) -> None:
        """Forgets chunks of pictures up to a sequence number, to free memory; a later reader sees the gap."""
        chunks = [n for n, e in self._entries.items() if n <= up_to and e.message.WhichOneof("event") == "image"]
        for number in chunks:
            self._drop(number)

    def _drop(self, sequence: int) -> None:
        entry = self._entries.pop(sequence, None)
        self.size -= entry.size if entry else 0


def slot_of(message: g.GenerateImageResponse) -> str:
    """Returns what a newer event of the same slot supersedes; empty for events that are kept."""
    match message.WhichOneof("event"):
        case "progress":
            return "resume point" if message.progress.HasField("resume_point") else "progress"
        case "preview":
            return f"preview {message.preview.index}"
        case "queued":
            return "queued"
        case _:
            return ""
