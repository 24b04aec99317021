"""EncodeImage: from a picture to latents."""

from __future__ import annotations

from functools import partial

from inference_svc.pipelines import GenerationSpec, InitSettings
from inference_svc.pipelines.autoencoding import LatentsReady, encode
from inference_svc.rpc.catalogue import UsableModel
from inference_svc.rpc.conversion.beside import Beside
from inference_svc.rpc.conversion.images import Pixels, decode_image, decoding_elements
from inference_svc.rpc.conversion.latents import check_sides, latents_message
from inference_svc.rpc.conversion.plans import noise_of
from inference_svc.rpc.conversion.settings import checked_enum, resolve_noise
from inference_svc.rpc.conversion.spec import init_settings
from inference_svc.rpc.conversion.violations import Violations
from inference_svc.rpc.denoising.bench import Bench
from inference_svc.rpc.denoising.calls import Work, only_report
from inference_svc.sampling import NoiseSpec
from inference_svc.work import BatchKey, Kind, ModelFacts
from latentwire.errors import InvalidArgument
from latentwire.v1 import denoising_service_pb2 as d
from latentwire.v1 import generation_service_pb2 as g
from latentwire.v1 import types_pb2 as t


async def encode_image(bench: Bench, request: d.EncodeImageRequest, remaining_s: float | None) -> d.EncodeImageResponse:
    """Returns the latents of a picture. Raises InvalidArgument and what the engine raises."""
    settings = _settings(request)
    with bench.model(request.model) as model:
        elements = decoding_elements([request.image])
        pixels = await bench.aside.call(elements, partial(decode_image, request.image, "image"))
        spec, noise = _spec(request, model, pixels), _noise(request, model.facts)
        work = Work(
            pipelines=(partial(encode, spec, settings, pixels, noise),),
            evaluations=1,
            key=BatchKey(Kind.ENCODE_IMAGE, model.facts.name, (3, spec.height, spec.width)),
            deadline=bench.deadline(remaining_s),
            held_bytes=pixels.nbytes,
        )
        done = (await only_report(bench.backend.engine, work)).event
    assert isinstance(done, LatentsReady)
    return d.EncodeImageResponse(latents=latents_message(done.latents))


def _settings(request: d.EncodeImageRequest) -> InitSettings:
    violations = Violations()
    mode = checked_enum(request.resize_mode, t.ResizeMode, "resize_mode", violations)
    violations.check()
    return init_settings(g.InitImage(resize_mode=mode or t.RESIZE_MODE_STRETCH), Beside())


def _noise(request: d.EncodeImageRequest, facts: ModelFacts) -> NoiseSpec | None:
    """What latents are drawn with: a seed that is not given is random."""
    if not request.HasField("noise"):
        return None
    if not facts.draws_latents:
        raise InvalidArgument.of("noise", "set", f"unset: the encoder of {facts.name} tells its mean only")
    violations = Violations()
    resolved = resolve_noise(request.noise, "noise", violations)
    violations.check()
    return noise_of(resolved, facts.latent_scale)


def _spec(request: d.EncodeImageRequest, model: UsableModel, pixels: Pixels) -> GenerationSpec:
    """Sides that are not asked for are the picture's, floored to what the model takes."""
    own = [side // model.facts.size_multiple * model.facts.size_multiple for side in pixels.shape[:2]]
    width = request.width if request.HasField("width") else own[1]
    height = request.height if request.HasField("height") else own[0]
    check_sides(width, height, model.facts)
    return GenerationSpec(model.facts, model.tokenizer, width, height, batches=())
