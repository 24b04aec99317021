"""A picture by single steps: encode, prepare, half of the steps, the other half from the state in hand, decode."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import grpc

from latentwire.chunks import ChunkAssembler, Picture
from latentwire.v1 import denoising_service_pb2 as d
from latentwire.v1 import denoising_service_pb2_grpc as dg
from latentwire.v1 import types_pb2 as t
from tests.load.jobs import Job


def picture_by_steps(channel: grpc.Channel, one: Job, timeout_s: float) -> Picture | None:
    """Returns the picture; None where the server sent none. Raises grpc.RpcError."""
    stub: Any = dg.DenoisingServiceStub(channel)
    encode = d.EncodePromptRequest(prompts=[one.prompt], steps=one.size.steps, sampler=one.sampler)
    (conditioning,) = stub.EncodePrompt(encode, timeout=timeout_s).conditionings
    start = stub.PrepareLatents(_run(one), timeout=timeout_s)
    prompts, states = [d.Prompt(conditioning=conditioning)], start.states
    for end in (len(start.plans[0].transitions) // 2, None):
        steps = d.DenoiseLatentsRequest(plans=start.plans, states=states, end_step=end, prompts=prompts)
        states = [answer.state for answer in stub.DenoiseLatents(steps, timeout=timeout_s)]
    return _decoded(stub, states, timeout_s)


def _run(one: Job) -> d.PrepareLatentsRequest:
    return d.PrepareLatentsRequest(
        width=one.size.width,
        height=one.size.height,
        sampling=t.SamplerSettings(sampler=one.sampler, steps=one.size.steps),
        noises=[t.NoiseSpec(seed=one.seed)],
    )


def _decoded(stub: Any, states: Sequence[t.SamplerState], timeout_s: float) -> Picture | None:
    assembler, request = ChunkAssembler(), d.DecodeLatentsRequest(latents=states[-1].x)
    pictures = [assembler.add(answer.image) for answer in stub.DecodeLatents(request, timeout=timeout_s)]
    return pictures[-1] if pictures else None
