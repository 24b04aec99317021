from __future__ import annotations

import io
from base64 import b64encode
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import httpx2
import pytest
from PIL import Image

from latentwire.v1 import types_pb2 as types
from tests.contract.gateway.answers import info, pictures
from tests.contract.gateway.scripted import Script, pixels


def png(width: int = 64, height: int = 64) -> bytes:
    file = io.BytesIO()
    Image.new("RGBA", (width, height), (200, 30, 40, 128)).save(file, "PNG")
    return file.getvalue()


def text(data: bytes) -> str:
    return b64encode(data).decode()


SMALL = {"prompt": "a red house", "width": 64, "height": 64, "steps": 4, "seed": 7}


async def test_the_picture_to_start_from_reaches_the_service_byte_for_byte(
    client: httpx2.AsyncClient, script: Script
) -> None:
    response = await client.post("/sdapi/v1/img2img", json={**SMALL, "init_images": [text(png())]})
    sent = script.request
    assert [image.data for image in sent.init.images] == [png()]
    assert (sent.init.strength, sent.init.resize_mode, sent.task.kind) == (0.75, types.RESIZE_MODE_STRETCH, "img2img")
    assert pictures(response)[0].tobytes() == pixels(7, 64, 64)


async def test_a_data_url_will_do(client: httpx2.AsyncClient, script: Script) -> None:
    await client.post("/sdapi/v1/img2img", json={**SMALL, "init_images": ["data:image/png;base64," + text(png())]})
    assert script.request.init.images[0].data == png()


async def test_how_it_is_used_comes_from_request_and_options(client: httpx2.AsyncClient, script: Script) -> None:
    settings = {"img2img_fix_steps": True, "img2img_background_color": "#102030", "img2img_extra_noise": 0.25}
    asked = {"denoising_strength": 0.5, "resize_mode": 2, "initial_noise_multiplier": 0.75, "image_cfg_scale": 1.25}
    body = {**SMALL, **asked, "init_images": [text(png())], "override_settings": settings}
    await client.post("/sdapi/v1/img2img", json=body)
    init = script.request.init
    assert (init.strength, init.resize_mode, init.noise_multiplier) == (0.5, types.RESIZE_MODE_FILL, 0.75)
    assert (init.exact_steps, init.background_rgb, init.extra_noise) == (True, 0x102030, 0.25)
    assert script.request.guidance.image_scale == 1.25


async def test_what_is_no_colour_is_white_and_an_unknown_mode_is_said(
    client: httpx2.AsyncClient, script: Script
) -> None:
    settings = {"img2img_background_color": "red"}
    body = {**SMALL, "resize_mode": 9, "init_images": [text(png())], "override_settings": settings}
    response = await client.post("/sdapi/v1/img2img", json=body)
    assert script.request.init.background_rgb == 0xFFFFFF
    assert "resize_mode 9 is not known: 0 was used" in info(response)["warnings"]


async def test_several_pictures_make_a_batch(client: httpx2.AsyncClient, script: Script) -> None:
    images = [text(png(64)), text(png(72))]
    await client.post("/sdapi/v1/img2img", json={**SMALL, "batch_size": 3, "init_images": images})
    assert (script.request.batch_size, len(script.request.init.images)) == (2, 2)


async def test_more_pictures_than_the_batch_takes_are_an_error(client: httpx2.AsyncClient) -> None:
    response = await client.post("/sdapi/v1/img2img", json={**SMALL, "init_images": [text(png())] * 2})
    assert (response.status_code, response.json()["error"]) == (500, "RuntimeError")


@pytest.mark.parametrize("images", [None, []])
async def test_without_a_picture_there_is_nothing_to_start_from(
    client: httpx2.AsyncClient, images: list[str] | None
) -> None:
    response = await client.post("/sdapi/v1/img2img", json={**SMALL, "init_images": images})
    assert response.status_code == 404
    assert response.json() == {"error": "HTTPException", "detail": "Init image not found", "body": "", "errors": ""}


@pytest.mark.parametrize("image", ["???", "data:image/png;base64,A", "data:image/png,abc", "AAA"])
async def test_what_is_not_base64_is_refused_in_a1111s_words(client: httpx2.AsyncClient, image: str) -> None:
    response = await client.post("/sdapi/v1/img2img", json={**SMALL, "init_images": [image]})
    assert response.status_code == 500
    assert response.json() == {"error": "HTTPException", "detail": "Invalid encoded image", "body": "", "errors": ""}


class TestPicturesFromTheWeb:
    """Addresses of this machine stand for all that must not be reached."""

    @pytest.fixture
    def web(self) -> Iterator[str]:
        class Answers(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                self.send_response(302 if self.path == "/moved" else 200 if self.path == "/x.png" else 404)
                self.send_header("Location", "/x.png")
                self.end_headers()
                self.wfile.write(png())

            def log_message(self, *_: object) -> None:
                pass

        with ThreadingHTTPServer(("127.0.0.1", 0), Answers) as server:
            Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}).start()
            yield f"http://127.0.0.1:{server.server_port}"
            server.shutdown()

    async def ask(self, client: httpx2.AsyncClient, url: str, **settings: object) -> httpx2.Response:
        return await client.post(
            "/sdapi/v1/img2img", json={**SMALL, "init_images": [url], "override_settings": settings}
        )

    @pytest.mark.parametrize("path", ["/x.png", "/moved"])
    async def test_a_picture_is_fetched_where_the_server_allows_it(
        self, client: httpx2.AsyncClient, script: Script, tmp_path: Path, web: str, path: str
    ) -> None:
        (tmp_path / "options.json").write_text('{"api_forbid_local_requests": false, "api_useragent": "Latentwire"}')
        await self.ask(client, web + path)
        assert script.request.init.images[0].data == png()

    async def test_our_own_network_is_out_of_reach_whatever_the_request_says(
        self, client: httpx2.AsyncClient, web: str
    ) -> None:
        response = await self.ask(client, web + "/x.png", api_forbid_local_requests=False)
        assert (response.status_code, response.json()["detail"]) == (500, "Request to local resource not allowed")

    async def test_what_is_not_there_is_told(self, client: httpx2.AsyncClient, tmp_path: Path, web: str) -> None:
        (tmp_path / "options.json").write_text('{"api_forbid_local_requests": false}')
        response = await self.ask(client, web + "/nothing.png")
        assert (response.status_code, response.json()["detail"]) == (500, "Invalid image url")

    async def test_nothing_is_fetched_where_it_is_switched_off(
        self, client: httpx2.AsyncClient, tmp_path: Path, web: str
    ) -> None:
        (tmp_path / "options.json").write_text('{"api_enable_requests": false}')
        response = await self.ask(client, web + "/x.png")
        assert (response.status_code, response.json()["detail"]) == (500, "Requests not allowed")


async def test_the_echo_holds_pictures_only_on_request(client: httpx2.AsyncClient) -> None:
    body = {**SMALL, "init_images": [text(png())]}
    without = await client.post("/sdapi/v1/img2img", json=body)
    with_them = await client.post("/sdapi/v1/img2img", json={**body, "include_init_images": True})
    assert without.json()["parameters"]["init_images"] is None
    assert with_them.json()["parameters"]["init_images"] == [text(png())]


async def test_the_info_tells_the_strength(client: httpx2.AsyncClient) -> None:
    response = await client.post("/sdapi/v1/img2img", json={**SMALL, "init_images": [text(png())]})
    assert info(response)["denoising_strength"] == 0.75
    assert "Denoising strength: 0.75" in info(response)["infotexts"][0]
