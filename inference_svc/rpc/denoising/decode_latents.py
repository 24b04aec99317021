"""DecodeLatents: from latents to files."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from functools import partial

from inference_svc.pipelines import PictureReady
from inference_svc.pipelines.autoencoding import decode
from inference_svc.rpc.conversion import events
from inference_svc.rpc.conversion.latents import read_latents
from inference_svc.rpc.conversion.output import resolve_output
from inference_svc.rpc.conversion.pictures import encoded_picture
from inference_svc.rpc.conversion.spec import output_options
from inference_svc.rpc.conversion.violations import Violations
from inference_svc.rpc.denoising.bench import Bench
from inference_svc.rpc.denoising.calls import Work, submitted
from inference_svc.rpc.denoising.reading import check_count, elements
from inference_svc.work import BatchKey, Kind
from latentwire.v1 import denoising_service_pb2 as d


async def decode_latents(
    bench: Bench, request: d.DecodeLatentsRequest, remaining_s: float | None
) -> AsyncGenerator[d.DecodeLatentsResponse, None]:
    """Yields the files of the pictures, in chunks, each picture's together.

    Raises InvalidArgument and what the engine raises.
    """
    violations = Violations()
    output = resolve_output(request.output, "output", violations)
    violations.check()
    with bench.model(request.model) as model:
        read = partial(read_latents, request.latents, model.facts, "latents")
        latents = await bench.read(elements([request.latents]), read)
        count, name, options = check_count(len(latents), "latents.shape[0]"), model.facts.name, output_options(output)
        work = Work(
            pipelines=tuple(partial(decode, name, latents[row : row + 1], options, row) for row in range(count)),
            evaluations=count,
            key=BatchKey(Kind.DECODE, name, tuple(latents.shape[1:])),
            deadline=bench.deadline(remaining_s),
            held_bytes=latents.nbytes,
        )
        with submitted(bench.backend.engine, work) as reports:
            async for reported in reports:
                assert isinstance(reported.event, PictureReady)
                picture = encoded_picture(reported.event)
                for response in events.chunks(picture, output.chunk_bytes, d.DecodeLatentsResponse):
                    yield response
