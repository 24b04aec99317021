"""The course of one generation over the replicas that it is made on: what has been seen, and what to ask the next one.

No calls are made here.
"""

from __future__ import annotations

from typing import Final

from latentwire.errors import FailedPrecondition
from latentwire.sequence import LAST_SEQUENCE
from latentwire.v1 import generation_service_pb2 as gs
from latentwire.v1 import types_pb2 as types

FURTHER_ON: Final = 1_000_000
"""More than all events of a lost replica that another reader may have and that are not known here."""
_RESULTS: Final = (types.IMAGE_KIND_UNSPECIFIED, types.IMAGE_KIND_RESULT)


class Course:
    """One generation. `resume_every`: a resume point every so many steps; 0: none, it begins anew.

    Its caller sees one stream: one `accepted`, each picture once, and only the progress that was asked for. Its numbers
    never go back, so that whoever comes back with the last one finds all that came after it at any replica.
    """

    def __init__(self, request: gs.GenerateImageRequest, resume_every: int, most_bytes: int) -> None:
        self._request, self._most_bytes = request, most_bytes
        self._asks_points = request.events.resume_every > 0
        self._resume_every = request.events.resume_every or resume_every
        self._accepted: gs.Accepted | None = None
        self._point: types.ResumePoint | None = request.resume_from if request.HasField("resume_from") else None
        self._delivered: set[tuple[int, int]] = set()
        self._started = False
        self.losses = self._steps = self._sequence = 0
        self.steps_since_point = 0
        """Steps that would have to be made again."""

    @property
    def accepted(self) -> bool:
        """Whether its caller has been told what was accepted: from then on it may not turn into another one."""
        return self._accepted is not None

    @property
    def has_point(self) -> bool:
        """Whether the next request goes on from a point."""
        return self._point is not None

    @property
    def model(self) -> str:
        """The model that it was accepted for; empty before."""
        return self._accepted.resolved.model if self._accepted else ""

    def next_request(self, request_id: str) -> gs.GenerateImageRequest:
        """What the next replica is asked for: the same picture, whatever was left to chance or to defaults."""
        request = gs.GenerateImageRequest()
        request.CopyFrom(self._accepted.resolved if self._accepted else self._request)
        request.request_id = request_id
        request.events.progress_every, request.events.resume_every = 1, self._resume_every
        if self._sequence:
            request.events.after_sequence = min(self._sequence + FURTHER_ON, LAST_SEQUENCE)
        if self._accepted:
            _give_pictures(request, self._request)
        request.ClearField("resume_from")
        if self._point is not None:
            request.resume_from.CopyFrom(self._point)
        if request.ByteSize() > self._most_bytes:
            request.ClearField("resume_from")
        return request

    def take(self, response: gs.GenerateImageResponse) -> gs.GenerateImageResponse | None:
        """The event as the caller is to see it; None where he is not. Raises FailedPrecondition for another model."""
        self._sequence = max(self._sequence, response.sequence)
        match response.WhichOneof("event"):
            case "accepted":
                return self._accept(response)
            case "started":
                seen, self._started = self._started, True
                return None if seen else response
            case "progress":
                return self._step(response)
            case "image":
                return self._chunk(response)
            case "completed":
                if self.losses:
                    response.completed.image_count = sum(kind in _RESULTS for _, kind in self._delivered)
        return response

    def lost(self) -> None:
        """Its replica is gone."""
        self.losses += 1

    def resumed(self) -> int:
        """Another replica goes on. Returns how many steps it makes again."""
        again, self.steps_since_point = self.steps_since_point, 0
        self._steps -= again
        return again

    def forget_point(self) -> None:
        """The next replica can't go on from the point: it begins anew."""
        self._point, self.steps_since_point = None, self._steps

    def _accept(self, response: gs.GenerateImageResponse) -> gs.GenerateImageResponse | None:
        accepted = response.accepted
        if self._accepted is None:
            self._accepted = gs.Accepted()
            self._accepted.CopyFrom(accepted)
            _restore_events(accepted.resolved.events, self._request.events)
            return response
        if accepted.model_digest != self._accepted.model_digest:
            raise FailedPrecondition(
                f"the replica that would go on has another model by the name of {self.model!r}", reason="MODEL_MISMATCH"
            )
        return None

    def _step(self, response: gs.GenerateImageResponse) -> gs.GenerateImageResponse | None:
        progress = response.progress
        self._steps += 1
        self.steps_since_point += 1
        if progress.HasField("resume_point") and self._is_covered(progress.resume_point):
            self._point = types.ResumePoint()
            self._point.CopyFrom(progress.resume_point)
            self.steps_since_point = 0
        asked_point = self._asks_points and progress.HasField("resume_point")
        if not self._asks_points:
            progress.ClearField("resume_point")
        return response if asked_point or _is_due(progress, self._request.events) else None

    def _is_covered(self, point: types.ResumePoint) -> bool:
        """Whether the caller has every picture that going on from this point would not send."""
        sent = {each.index for each in point.pictures if each.stage == types.PICTURE_STAGE_DELIVERED}
        return sent <= {index for index, kind in self._delivered if kind in _RESULTS} | self._sent_before

    @property
    def _sent_before(self) -> set[int]:
        """Pictures that the caller said he has."""
        pictures = self._request.resume_from.pictures
        return {each.index for each in pictures if each.stage == types.PICTURE_STAGE_DELIVERED}

    def _chunk(self, response: gs.GenerateImageResponse) -> gs.GenerateImageResponse | None:
        chunk = response.image
        key = (chunk.index, chunk.kind)
        if key in self._delivered:
            return None
        if chunk.last:
            self._delivered.add(key)
        return response


def _give_pictures(request: gs.GenerateImageRequest, original: gs.GenerateImageRequest) -> None:
    """Puts input pictures, which `accepted` leaves out, where they belong."""
    if original.HasField("init"):
        del request.init.images[:]
        request.init.images.extend(original.init.images)
    if original.inpaint.HasField("mask"):
        request.inpaint.mask.CopyFrom(original.inpaint.mask)


def _restore_events(shown: gs.EventOptions, asked: gs.EventOptions) -> None:
    shown.progress_every = asked.progress_every if asked.HasField("progress_every") else 1
    shown.resume_every = asked.resume_every


def _is_due(progress: gs.Progress, asked: gs.EventOptions) -> bool:
    """As the service itself decides: every n steps and at the end of a pass."""
    every = asked.progress_every if asked.HasField("progress_every") else 1
    return every > 0 and (progress.step % every == 0 or progress.step >= progress.step_count)
