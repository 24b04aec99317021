"""What a gateway has read of the generations that it follows."""

from __future__ import annotations

from gateway_svc.inference.course import Course
from latentwire.v1 import generation_service_pb2 as gs


class Read(list[str]):
    """Events in the order in which they were read: "accepted", "step 3", …; a new undertaking clears it."""

    def course(self, request: gs.GenerateImageRequest, resume_every: int, most_bytes: int) -> Course:
        """A course that writes down what it takes."""
        return _Watched(request, resume_every, most_bytes, self)


class _Watched(Course):
    def __init__(self, request: gs.GenerateImageRequest, resume_every: int, most_bytes: int, read: Read) -> None:
        super().__init__(request, resume_every, most_bytes)
        self._read = read

    def take(self, response: gs.GenerateImageResponse) -> gs.GenerateImageResponse | None:
        kind = response.WhichOneof("event") or ""
        self._read.append(f"step {response.progress.step}" if kind == "progress" else kind)
        return super().take(response)
