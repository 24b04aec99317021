from __future__ import annotations

import httpx2

from tests.contract.gateway.answers import pictures
from tests.contract.gateway.scripted import Script, pixels

SMALL = {"prompt": "a red house", "width": 72, "height": 64, "steps": 4, "seed": 7}


async def test_a_prompt_becomes_a_png_with_the_pixels_that_the_service_sent(client: httpx2.AsyncClient) -> None:
    response = await client.post("/sdapi/v1/txt2img", json=SMALL)
    picture = pictures(response)[0]
    assert (response.status_code, picture.format, picture.size) == (200, "PNG", (72, 64))
    assert picture.tobytes() == pixels(7, 72, 64)


async def test_the_defaults_are_a1111s(client: httpx2.AsyncClient, script: Script) -> None:
    await client.post("/sdapi/v1/txt2img", json={})
    sent = script.request
    assert (sent.width, sent.height, sent.batch_size, sent.batch_count) == (512, 512, 1, 1)
    assert (sent.sampling.sampler, sent.sampling.scheduler, sent.sampling.steps) == ("Euler", "automatic", 50)
    assert (sent.guidance.scale, sent.noise.HasField("seed"), sent.noise.source) == (7.0, False, "nv")
    assert (sent.task.kind, sent.task.owner, sent.task.count) == ("txt2img", "", 1)
