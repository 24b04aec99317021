"""Resume points as they come: of this request and these models, and each picture's standing checked whole."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from inference_svc.pipelines import DELIVERED, GenerationSpec, PictureSpec, Stage, Standing, pass_number
from inference_svc.pipelines.passes import own_plan, refined_spec
from inference_svc.rpc.conversion.latents import read_floats
from inference_svc.rpc.conversion.resume import DENOISED, REFINED, VERSION
from inference_svc.rpc.conversion.resume_identity import Identity
from inference_svc.rpc.conversion.sampler_states import read_state
from inference_svc.rpc.conversion.stages import STAGES
from inference_svc.rpc.conversion.tensors import Values, from_tensor
from inference_svc.sampling import evaluation_count
from latentwire.errors import FailedPrecondition, FieldViolation, InvalidArgument
from latentwire.v1 import types_pb2 as t

FIELD = "resume_from"
_EXTRA = f"{DENOISED}, {REFINED}"
_STAGES: Mapping[t.PictureStage.ValueType, Stage] = MappingProxyType({wire: stage for stage, wire in STAGES.items()})


def read_resume_point(message: t.ResumePoint, identity: Identity, spec: GenerationSpec) -> dict[int, Standing]:
    """Returns where pictures stand, by index; arrays share the message's memory.

    Raises FailedPrecondition for a point of another version (RESUME_VERSION_UNKNOWN), request (RESUME_REQUEST_MISMATCH)
    or model (MODEL_MISMATCH), and InvalidArgument, which names the field, where it is none that this server has made.
    """
    _check_origin(message, identity)
    pictures = [picture for batch in spec.batches for picture in batch]
    if len(message.pictures) > len(pictures):
        raise InvalidArgument.of(f"{FIELD}.pictures", f"{len(message.pictures)} pictures", f"at most {len(pictures)}")
    standings: dict[int, Standing] = {}
    for place, picture in enumerate(message.pictures):
        field = f"{FIELD}.pictures[{place}]"
        if not 0 <= picture.index < len(pictures) or picture.index in standings:
            raise InvalidArgument.of(f"{field}.index", picture.index, f"0 to {len(pictures) - 1}, each once")
        standings[picture.index] = _standing(picture, spec, pictures[picture.index], field)
    return standings


def _check_origin(message: t.ResumePoint, identity: Identity) -> None:
    if message.version != VERSION:
        _refuse("version", "RESUME_VERSION_UNKNOWN", f"version {message.version} is not known; known: {VERSION}")
    if message.request_digest != identity.request_digest:
        repeat = "repeat accepted.resolved, with its seeds, and the pictures that came with the original"
        _refuse("request_digest", "RESUME_REQUEST_MISMATCH", f"the point is of another request; {repeat}")
    if tuple(message.model_digests) != identity.model_digests:
        own = ", ".join(identity.model_digests)
        _refuse("model_digests", "MODEL_MISMATCH", f"the point was made with other models; those here: {own}")


def _refuse(field: str, reason: str, description: str) -> None:
    violation = FieldViolation(f"{FIELD}.{field}", description)
    raise FailedPrecondition(f"{violation.field}: {description}", reason=reason, violations=(violation,))


def _standing(message: t.PictureResume, spec: GenerationSpec, picture: PictureSpec, field: str) -> Standing:
    stage = _stage(message, spec, field)
    if stage is Stage.DELIVERED:
        if message.HasField("state") or message.extra:
            raise InvalidArgument.of(f"{field}.state", "a state", "none of a picture that is delivered")
        return DELIVERED
    own = spec.passes[pass_number(spec, stage)]
    plan = own_plan(own, picture)
    state = read_state(message.state, plan, f"{field}.state", f"{field}.stage")
    shape = (1, *own.latent_shape)
    _check_shape(state.x, shape, f"{field}.state.x")
    if state.evaluations > (most := evaluation_count(plan)):
        raise InvalidArgument.of(f"{field}.state.evaluations", state.evaluations, f"0 to {most}")
    if stage is Stage.DECODING and not state.done:
        raise InvalidArgument.of(f"{field}.state.done", False, "true while decoding")
    if unknown := set(message.extra) - {DENOISED, REFINED}:
        raise InvalidArgument.of(f"{field}.extra", min(unknown), _EXTRA)
    refined = _refined(message, own, field)
    return Standing(stage, state, None if state.done else _denoised(message, shape, field), refined)


def _stage(message: t.PictureResume, spec: GenerationSpec, field: str) -> Stage:
    known = [wire for wire, stage in _STAGES.items() if spec.hires is not None or stage is not Stage.HIRES_PASS]
    if message.stage not in known:
        allowed = ", ".join(map(t.PictureStage.Name, known))
        raise InvalidArgument.of(f"{field}.stage", message.stage, allowed)
    return _STAGES[message.stage]


def _denoised(message: t.PictureResume, shape: tuple[int, ...], field: str) -> Values:
    """A stop before the next prediction falls back on it."""
    key = f'{field}.extra["{DENOISED}"]'
    if DENOISED not in message.extra:
        raise InvalidArgument.of(key, None, f"the last prediction, of shape {shape}")
    denoised = read_floats(message.extra[DENOISED], key)
    _check_shape(denoised, shape, key)
    return denoised


def _refined(message: t.PictureResume, own: GenerationSpec, field: str) -> bool:
    if REFINED not in message.extra:
        return False
    key = f'{field}.extra["{REFINED}"]'
    value = from_tensor(message.extra[REFINED], key)
    if value.shape != () or value != 1:
        raise InvalidArgument.of(key, f"{value.size} values", "the number 1, without axes, or nothing")
    if refined_spec(own) is None:
        raise InvalidArgument.of(key, 1, "nothing: no refiner acts in this pass")
    return True


def _check_shape(values: Values, shape: tuple[int, ...], field: str) -> None:
    if values.shape != shape:
        raise InvalidArgument.of(f"{field}.shape", values.shape, f"{shape}, as the request's size says")
