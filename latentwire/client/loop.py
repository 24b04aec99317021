"""The denoising loop, one function an RPC: arguments in, a call as data out."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any, Literal, TypeAlias, TypedDict

from google.protobuf.message import Message

from latentwire.client import denoising as d
from latentwire.client.calls import DENOISING, Stream, Unary
from latentwire.client.operations import filled
from latentwire.client.pictures import GeneratedImage, PictureReader, Source, image_of
from latentwire.client.requests import Format, GuidanceSettings, ImageOptions, NoiseSpec, Resize, SamplerSettings
from latentwire.client.tensors import Array, from_tensor, to_tensor
from latentwire.client.wire import read, words, write
from latentwire.errors import InvalidArgument
from latentwire.v1 import denoising_service_pb2 as v
from latentwire.v1 import types_pb2 as t

Prompt: TypeAlias = str | d.Conditioning
"""Words in the prompt language, or what `encode_prompt` has made of some."""
Prompts: TypeAlias = Prompt | Sequence[Prompt]
"""One for all pictures, or one for each."""
StateType: TypeAlias = Literal["", "float32", "float16", "float64"]
"""Type of x in the answers. "": as computed."""

_MOST_PICTURES = 64
_SEED_COUNT = 2**64


class EncodeOptions(TypedDict, total=False):
    """The run that prompts are for: prompt editing counts its steps. `negative`: AND is not read."""

    model: str
    steps: int
    sampler: str
    clip_skip: int
    negative: bool


class PrepareOptions(TypedDict, total=False):
    """A run to prepare: `count` pictures with consecutive seeds from `seed` on, or one for each of `noises`.

    `sampling`: what `steps`, `sampler` and `scheduler` don't say. `init_latents`: (1 or count, C, H, W). `mask`: (1, 1,
    H, W) at latent size, 1 is repainted.
    """

    model: str
    width: int
    height: int
    steps: int
    sampler: str
    scheduler: str
    sampling: SamplerSettings
    seed: int
    count: int
    noises: Sequence[NoiseSpec]
    init_latents: Array
    strength: float
    mask: Array
    exact_steps: bool


class GuideOptions(TypedDict, total=False):
    """What to show and what not. `guidance`: what `cfg_scale` does not say."""

    prompt: Prompts
    negative_prompt: Prompts
    cfg_scale: float
    guidance: GuidanceSettings
    model: str


class DenoiseOptions(GuideOptions, total=False):
    """Steps to take: from where the states stand up to `end_step`; left out, to the plan's end."""

    begin_step: int
    end_step: int
    state_type: StateType
    request_id: str


class PredictOptions(GuideOptions, total=False):
    """`evaluation`: its index from 0, by which prompt editing counts."""

    return_uncond: bool
    evaluation: int


class EncodeImageOptions(TypedDict, total=False):
    """Size in pixels, a multiple of 8; left out, the picture's. `noise`: draw from the encoder's distribution."""

    model: str
    width: int
    height: int
    resize_mode: Resize
    noise: NoiseSpec


def encode_prompts(prompts: Sequence[str], options: EncodeOptions) -> Unary[d.EncodedPrompts]:
    """Reads prompts into the form that a model takes."""
    request = filled(v.EncodePromptRequest, prompts=prompts, **options)
    return Unary(DENOISING["EncodePrompt"], request, lambda answer: read(answer, d.EncodedPrompts))


def prepare(options: PrepareOptions) -> Unary[d.Prepared]:
    """Makes plans and the states before the first step."""
    plain = ("model", "width", "height", "strength", "exact_steps")
    fields: dict[str, Any] = {name: value for name, value in options.items() if name in plain}
    sampling = options.get("sampling", SamplerSettings())
    changed: dict[str, Any] = {
        name: value for name, value in options.items() if name in {"steps", "sampler", "scheduler"}
    }
    fields["sampling"] = write(replace(sampling, **changed), t.SamplerSettings, "sampling")
    fields["noises"] = [write(noise, t.NoiseSpec, f"noises[{index}]") for index, noise in enumerate(_noises(options))]
    for name, values in (("init_latents", options.get("init_latents")), ("mask", options.get("mask"))):
        if values is not None:
            fields[name] = to_tensor(values, name)
    request = filled(v.PrepareLatentsRequest, **fields)
    return Unary(DENOISING["PrepareLatents"], request, lambda answer: read(answer, d.Prepared))


def denoise(
    plans: Sequence[d.SamplingPlan], states: Sequence[d.SamplerState], options: DenoiseOptions, *, every_step: bool
) -> Stream[d.Denoised]:
    """Takes states further, and gives each state on the way or the last one of each picture."""
    plain = ("begin_step", "end_step", "request_id")
    fields: dict[str, Any] = {name: value for name, value in options.items() if name in plain}
    request = filled(
        v.DenoiseLatentsRequest,
        **fields,
        **_guide(options),
        plans=[write(plan, t.SamplingPlan, f"plans[{index}]") for index, plan in enumerate(plans)],
        states=[write(state, t.SamplerState, f"states[{index}]") for index, state in enumerate(states)],
        yield_mode=v.YIELD_MODE_EVERY_STEP if every_step else v.YIELD_MODE_LAST,
        state_type=_state_type(options.get("state_type", "")),
    )
    return Stream(DENOISING["DenoiseLatents"], request, lambda answer: [read(answer, d.Denoised)])


def last_states(answers: Sequence[d.Denoised]) -> tuple[d.SamplerState, ...]:
    """The state of each picture after its last answer, in order."""
    last = {answer.index: answer.state for answer in answers}
    return tuple(last[index] for index in sorted(last))


def predict_denoised(x: Array, sigmas: float | Sequence[float], options: PredictOptions) -> Unary[d.Prediction]:
    """One guided evaluation. x: (B, C, H, W); sigmas: one for all rows, or B."""
    plain = ("return_uncond", "evaluation")
    fields: dict[str, Any] = {name: value for name, value in options.items() if name in plain}
    rows = [sigmas] if isinstance(sigmas, int | float) else [float(sigma) for sigma in sigmas]
    request = filled(v.PredictDenoisedRequest, x=to_tensor(x, "x"), sigmas=rows, **fields, **_guide(options))
    return Unary(DENOISING["PredictDenoised"], request, lambda answer: read(answer, d.Prediction))


def decode(latents: Array, *, model: str, format: Format) -> Stream[GeneratedImage]:
    """Turns latents (B, C, H, W) into pictures."""
    output = write(ImageOptions(format), t.ImageOptions, "output")
    request = filled(v.DecodeLatentsRequest, model=model, latents=to_tensor(latents, "latents"), output=output)
    reader = PictureReader()

    def take(answer: v.DecodeLatentsResponse) -> Iterator[GeneratedImage]:
        if picture := reader.take(answer.image):
            yield picture

    return Stream(DENOISING["DecodeLatents"], request, take)


def encode_image(image: Source, options: EncodeImageOptions) -> Unary[Array]:
    """Turns a picture into latents (1, C, H/8, W/8)."""
    fields: dict[str, Any] = {name: options[name] for name in ("model", "width", "height") if name in options}
    if "noise" in options:
        fields["noise"] = write(options["noise"], t.NoiseSpec, "noise")
    mode = options.get("resize_mode", "")
    request = filled(
        v.EncodeImageRequest,
        image=write(image_of(image, "image"), t.Image, "image"),
        resize_mode=_word(words(t.ResizeMode.DESCRIPTOR), "resize_mode", mode),
        **fields,
    )
    return Unary(DENOISING["EncodeImage"], request, lambda answer: from_tensor(answer.latents))


def _noises(options: PrepareOptions) -> Sequence[NoiseSpec]:
    if "noises" in options:
        if "seed" in options or "count" in options:
            raise InvalidArgument.of("noises", len(options["noises"]), "noises, or seed and count")
        return options["noises"]
    count, seed = options.get("count", 1), options.get("seed")
    if not 1 <= count <= _MOST_PICTURES:
        raise InvalidArgument.of("count", count, f"1 to {_MOST_PICTURES}")
    if seed is None:
        return [NoiseSpec()] * count
    return [NoiseSpec(seed=(seed + index) % _SEED_COUNT if index else seed) for index in range(count)]


def _guide(options: Mapping[str, Any]) -> dict[str, Any]:
    guidance = options.get("guidance", GuidanceSettings())
    if "cfg_scale" in options:
        guidance = replace(guidance, scale=options["cfg_scale"])
    return {
        "model": options.get("model", ""),
        "prompts": _prompts(options.get("prompt", ""), "prompt"),
        "negative_prompts": _prompts(options.get("negative_prompt", []), "negative_prompt"),
        "guidance": write(guidance, t.GuidanceSettings, "guidance"),
    }


def _prompts(prompts: Prompts, field: str) -> list[v.Prompt]:
    each = [prompts] if isinstance(prompts, str | d.Conditioning) else prompts
    return [_prompt(one, f"{field}[{index}]") for index, one in enumerate(each)]


def _prompt(prompt: Prompt, path: str) -> v.Prompt:
    if isinstance(prompt, str):
        return filled(v.Prompt, text=prompt)
    if not isinstance(prompt, d.Conditioning):
        raise InvalidArgument.of(path, prompt, "text, or a Conditioning")
    conditioning: Message = write(prompt, t.Conditioning, path)
    return v.Prompt(conditioning=conditioning)  # type: ignore[arg-type]  # of that type


def _state_type(word: str) -> int:
    return _word(words(t.TensorType.DESCRIPTOR), "state_type", word)


def _word(known: Mapping[str, int], field: str, word: str) -> int:
    if word not in known:
        raise InvalidArgument.of(field, word, ", ".join(repr(one) for one in known if one))
    return known[word]
