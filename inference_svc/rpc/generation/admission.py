"""From a request to a running generation: checked whole, then submitted, or refused with the reason."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import Executor
from contextlib import ExitStack
from dataclasses import dataclass
from functools import partial

from inference_svc.engine import Request
from inference_svc.pipelines import LATENT_MODES, GenerationSpec, batch_key, evaluations, pictures, plan_of, step_count
from inference_svc.pipelines.upscaling import INTERPOLATING
from inference_svc.rpc.aside import Aside
from inference_svc.rpc.backend import Backend
from inference_svc.rpc.catalogue import UsableModel
from inference_svc.rpc.conversion.accepted import accepted
from inference_svc.rpc.conversion.beside import Beside
from inference_svc.rpc.conversion.generate import resolve_request
from inference_svc.rpc.conversion.images import Pixels, decode_image, decode_images, decoding_elements
from inference_svc.rpc.conversion.spec import Job, check_held, generation_spec
from inference_svc.rpc.conversion.violations import under
from inference_svc.rpc.conversion.warnings import warnings_of
from inference_svc.rpc.generation.book import Book
from inference_svc.rpc.generation.crossing import Crossing
from inference_svc.rpc.generation.positions import Positions
from inference_svc.rpc.generation.record import Birth, Record
from inference_svc.rpc.generation.relay import Relay, Surroundings
from inference_svc.rpc.generation.resuming import Beginning, beginning_of, is_resumable, steps_at
from inference_svc.work import UpscalerFacts
from latentwire.errors import FieldViolation, InvalidArgument, NotFound
from latentwire.v1 import generation_service_pb2 as g
from latentwire.v1 import types_pb2

_BYTES_AN_ELEMENT = 4


@dataclass(frozen=True, slots=True)
class Stand:
    """What admission stands on."""

    backend: Backend
    book: Book
    executor: Executor
    aside: Aside


@dataclass(frozen=True, slots=True)
class Plan:
    """A request that is checked whole. `deadline`: a moment of the engine's clock."""

    job: Job
    spec: GenerationSpec
    beginning: Beginning
    warnings: Sequence[str]
    deadline: float | None


class Admission:
    """Admits generations. What it raises has changed nothing."""

    def __init__(self, stand: Stand) -> None:
        self._backend, self._book, self._aside = stand.backend, stand.book, stand.aside
        self._positions = Positions(self._backend.engine, self._book)
        self._around = Surroundings(stand.executor, self._backend.engine.eta_s, self._positions.moved)

    async def admit(self, request: g.GenerateImageRequest, remaining_s: float | None) -> Record:
        """Returns the record of a generation that the engine has taken.

        `remaining_s`: what is left until the call's deadline. Raises InvalidArgument, FailedPrecondition,
        AlreadyExists, Aborted, QueueFull, DeadlineUnreachable, Unavailable.
        """
        if request.request_id:
            self._book.check_free(request.request_id)
        with ExitStack() as held:
            model = self._held_model("model", request.model, held)
            beside = await self._beside(request, held)
            resolved = resolve_request(request, model.facts, beside)
            init = await self._decoded(request.init.images, "init.images") if request.HasField("init") else ()
            mask = await self._decoded_mask(request.inpaint.mask) if request.HasField("inpaint") else None
            job = Job(resolved, model.facts, model.tokenizer, init, mask, beside)
            deadline = None if remaining_s is None else self._backend.engine.now() + remaining_s
            check_held(job)
            spec = generation_spec(job)
            _check_plans(spec)
            beginning = await self._beginning(request, job, spec)
            plan = Plan(job, spec, beginning, warnings_of(resolved, model.facts, beside), deadline)
            record = self._submitted(plan)
            record.on_end = held.pop_all().close
        return record

    def _held_model(self, field: str, name: str, held: ExitStack) -> UsableModel:
        """Returns the model that a field names; one that is not there is an invalid field of the request."""
        try:
            return held.enter_context(self._backend.catalogue.use(name))
        except NotFound as error:
            violations = (FieldViolation(field, error.message),)
            raise InvalidArgument(error.message, reason=error.reason, violations=violations) from error

    async def _beside(self, request: g.GenerateImageRequest, held: ExitStack) -> Beside:
        """Returns what else a request refers to; its models are held as long as the first one."""
        hires, refiner = request.hires.model, request.refiner.model
        return Beside(
            hires=self._held_model("hires.model", hires, held) if hires else None,
            refiner=self._held_model("refiner.model", refiner, held) if refiner else None,
            upscalers=await self._upscalers(request),
        )

    async def _upscalers(self, request: g.GenerateImageRequest) -> Sequence[UpscalerFacts]:
        """Returns the image upscalers; the disk is looked at only for a name that is not among the usual ones."""
        usual = {"", *LATENT_MODES, *(upscaler.name for upscaler in INTERPOLATING)}
        if {request.hires.upscaler, request.init.upscaler} <= usual:
            return INTERPOLATING
        return await self._backend.catalogue.upscalers()

    async def _decoded(self, images: Sequence[types_pb2.Image], field: str) -> tuple[Pixels, ...]:
        return await self._aside.call(decoding_elements(images), partial(decode_images, images, field))

    async def _decoded_mask(self, image: types_pb2.Image) -> Pixels:
        return await self._aside.call(decoding_elements([image]), partial(decode_image, image, "inpaint.mask"))

    async def _beginning(self, request: g.GenerateImageRequest, job: Job, spec: GenerationSpec) -> Beginning:
        if not is_resumable(request):
            return Beginning()
        elements = request.resume_from.ByteSize() // _BYTES_AN_ELEMENT
        return await self._aside.call(elements, partial(beginning_of, request, job, spec))

    def _submitted(self, plan: Plan) -> Record:
        job, spec, standings = plan.job, plan.spec, plan.beginning.standings
        batches = self._backend.dress(job.resolved, pictures(spec, standings))
        record = self._book.open(_birth(plan, self._book.next_order()))
        relay = Relay(record, job.resolved, job.facts, self._around)
        relay.begin(plan.beginning, steps_at(spec, standings))
        record.add(accepted(job, warnings=plan.warnings, accept_time=record.accept_time, step_count=step_count(spec)))
        request = Request(
            request_id=record.id,
            batches=batches,
            evaluations=evaluations(spec, standings),
            listener=Crossing(relay.take),
            key=batch_key(spec),
            priority=job.resolved.priority,
            deadline=plan.deadline,
            held_bytes=job.held_bytes + plan.beginning.held_bytes,
        )
        try:
            self._backend.engine.submit(request)
        except BaseException:
            self._book.discard(record)
            raise
        self._positions.tell(record)
        return record


def _check_plans(spec: GenerationSpec) -> None:
    """Raises InvalidArgument where a pass can't be planned; it names the pass' field."""
    fields = (("sampling", "init.strength"), ("hires.sampling", "hires.strength"))
    for part, (field, strength) in zip(spec.passes, fields, strict=False):
        with under(field, denoising_strength=strength):
            plan_of(part)


def _birth(plan: Plan, order: int) -> Birth:
    job, resolved = plan.job, plan.job.resolved
    return Birth(
        request_id=resolved.request_id,
        order=order,
        model=resolved.model,
        image_count=job.picture_count,
        batch_count=resolved.batch_count,
        detach_grace_s=resolved.detach_grace.ToTimedelta().total_seconds(),
        task=resolved.task if resolved.HasField("task") else None,
        images_before=plan.beginning.delivered,
        after_sequence=resolved.events.after_sequence,
    )
