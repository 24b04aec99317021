"""Scripts: several generations of one task, and what is put together from them."""

from __future__ import annotations

import io
from base64 import b64encode
from pathlib import Path
from typing import ClassVar

import httpx2
import pytest
from PIL import Image

from latentwire.v1 import generation_service_pb2 as gs
from tests.contract.gateway.answers import info, pictures
from tests.contract.gateway.scripted import Script, pixels

TXT2IMG, IMG2IMG = "/sdapi/v1/txt2img", "/sdapi/v1/img2img"
SMALL = {"prompt": "a red house", "width": 64, "height": 64, "steps": 4, "seed": 7}


class TestPromptMatrix:
    MATRIX: ClassVar = {**SMALL, "prompt": "a house|at night|in snow", "script_name": "Prompt Matrix"}

    async def test_every_combination_is_a_generation_of_one_task(
        self, client: httpx2.AsyncClient, script: Script
    ) -> None:
        response = await client.post(TXT2IMG, json={**self.MATRIX, "force_task_id": "task(m)"})
        assert [request.prompt for request in script.requests] == [
            *("a house", "a house, at night", "a house, in snow", "a house, at night, in snow"),
        ]
        tasks = [(request.task.task_id, request.task.index, request.task.count) for request in script.requests]
        assert tasks == [("task(m)", number, 4) for number in range(4)]
        assert info(response)["all_prompts"] == [request.prompt for request in script.requests]

    async def test_a_sheet_with_legends_goes_first(self, client: httpx2.AsyncClient) -> None:
        response = await client.post(TXT2IMG, json=self.MATRIX)
        sheet, *others = pictures(response)
        assert [picture.tobytes() for picture in others] == [pixels(7, 64, 64)] * 4
        assert (sheet.width > 128, sheet.height > 128) == (True, True)
        assert (info(response)["index_of_first_image"], info(response)["all_seeds"]) == (1, [7] * 4)
        assert info(response)["infotexts"][0] == info(response)["infotexts"][1]

    async def test_arguments_choose_order_seeds_and_prompt(self, client: httpx2.AsyncClient, script: Script) -> None:
        body = {**SMALL, "negative_prompt": "rain|fog", "script_name": "prompt matrix"}
        await client.post(TXT2IMG, json={**body, "script_args": [True, "true", "negative", "SPACE", 4]})
        assert [request.negative_prompt for request in script.requests] == ["rain", "fog rain"]
        assert [request.noise.seed for request in script.requests] == [7, 8]

    async def test_too_many_combinations_are_refused(self, client: httpx2.AsyncClient, script: Script) -> None:
        response = await client.post(TXT2IMG, json={**self.MATRIX, "prompt": "|".join("abcdefghijkl")})
        assert (response.status_code, response.json()["error"], script.requests) == (500, "ValueError", [])


class TestPromptsFromText:
    async def test_every_line_is_a_prompt_or_says_what_is_different(
        self, client: httpx2.AsyncClient, script: Script
    ) -> None:
        lines = 'a cat\n\n--prompt "a dog" --steps 9 --sampler_name "Euler a" --seed 5\nwell -- not --options\n'
        body = {**SMALL, "script_name": "prompts from file or textbox", "script_args": [False, False, "end", lines]}
        response = await client.post(TXT2IMG, json=body)
        sent = [(each.prompt, each.sampling.steps, each.sampling.sampler, each.noise.seed) for each in script.requests]
        assert sent == [
            ("a red house a cat", 4, "Euler", 7),
            ("a red house a dog", 9, "Euler a", 5),
            ("a red house well -- not --options", 4, "Euler", 7),
        ]
        assert (info(response)["index_of_first_image"], info(response)["all_seeds"]) == (0, [7, 5, 7])

    async def test_the_seed_may_go_on_from_line_to_line(self, client: httpx2.AsyncClient, script: Script) -> None:
        body = {"width": 64, "height": 64, "batch_size": 2, "script_name": "Prompts from file or textbox"}
        await client.post(TXT2IMG, json={**body, "script_args": [True, False, "start", "a\nb"]})
        first, second = (request.noise.seed for request in script.requests)
        assert (second - first, [request.prompt for request in script.requests]) == (2, ["a", "b"])

    async def test_a_line_may_name_model_and_styles(self, client: httpx2.AsyncClient, script: Script) -> None:
        line = "--sd_model other --negative_prompt rain --tiling true --styles mine --outpath_samples /etc"
        body = {**SMALL, "script_name": "prompts from file or textbox", "script_args": [False, False, "start", line]}
        response = await client.post(TXT2IMG, json=body)
        assert (script.request.model, script.request.negative_prompt, script.request.tiling) == ("other", "rain", True)
        assert info(response)["warnings"] == ['style "mine" is not known and was ignored']

    @pytest.mark.parametrize("text", ["", "a --steps many", "--steps many"])
    async def test_lines_that_make_no_sense_name_the_argument(self, client: httpx2.AsyncClient, text: str) -> None:
        body = {**SMALL, "script_name": "prompts from file or textbox", "script_args": [0, 0, "start", text]}
        response = await client.post(TXT2IMG, json=body)
        prompt = "a --" in text
        assert response.status_code == (200 if prompt else 422)
        assert prompt or response.json()["detail"][0]["loc"] == ["body", "script_args[3]"]


def plot(*lines: tuple[object, object], **flags: object) -> list[object]:
    """Arguments of a plot: type and values of up to three axes, then its flags."""
    rest = {"legend": True, "lone": False, "grids": False, "random": False, "x": False, "y": False, "z": False}
    axes = [argument for kind, values in [*lines, *[(0, "")] * (3 - len(lines))] for argument in (kind, values, [])]
    return [*axes, *(rest | flags).values()]


class TestPlot:
    PLOT: ClassVar = {**SMALL, "script_name": "x/y/z plot"}

    async def test_every_cell_is_a_generation(self, client: httpx2.AsyncClient, script: Script) -> None:
        args = plot((4, "1-5 (+2)"), (6, "2, 3.5"))
        response = await client.post(TXT2IMG, json={**self.PLOT, "script_args": args})
        sent = [(request.sampling.steps, request.guidance.scale) for request in script.requests]
        assert sent == [(1, 2.0), (3, 2.0), (5, 2.0), (1, 3.5), (3, 3.5), (5, 3.5)]
        assert (len(pictures(response)), info(response)["index_of_first_image"]) == (1, 1)
        assert (
            'Script: X/Y/Z plot, X Type: Steps, X Values: "1, 3, 5", Y Type: CFG Scale'
            in info(response)["infotexts"][0]
        )

    async def test_sheets_and_pictures_come_where_they_are_wanted(self, client: httpx2.AsyncClient) -> None:
        args = plot(("Seed", "1,2"), ("Nothing", ""), ("Steps", "3,4"), legend=False, lone=True, grids=True)
        response = await client.post(TXT2IMG, json={**self.PLOT, "script_args": args})
        assert [picture.size for picture in pictures(response)] == [(256, 64), *[(128, 64)] * 2, *[(64, 64)] * 4]
        lone = [picture.tobytes() for picture in pictures(response)[3:]]
        assert lone == [pixels(seed, 64, 64) for seed in (1, 2, 1, 2)]
        assert (info(response)["index_of_first_image"], info(response)["all_seeds"][3:]) == (3, [1, 2, 1, 2])

    async def test_legends_stand_above_and_beside(self, client: httpx2.AsyncClient) -> None:
        args = plot(("Prompt S/R", "red, blue"), ("Sampler", "Euler,Euler a"))
        response = await client.post(TXT2IMG, json={**self.PLOT, "script_args": args})
        (sheet,) = pictures(response)
        assert (sheet.width, sheet.height > 128) == (128 + 48, True)

    async def test_values_may_be_chosen_in_lists(self, client: httpx2.AsyncClient, script: Script) -> None:
        args = plot(("Sampler", "DDIM"))
        args[2] = ["Euler", "Euler a"]
        await client.post(TXT2IMG, json={**self.PLOT, "script_args": args})
        assert [request.sampling.sampler for request in script.requests] == ["Euler", "Euler a"]

    async def test_what_is_dear_to_change_changes_least_often(self, client: httpx2.AsyncClient, script: Script) -> None:
        args = plot(("Checkpoint name", "flatland, other"), ("Steps", "1,2"))
        await client.post(TXT2IMG, json={**self.PLOT, "script_args": args})
        assert [request.model for request in script.requests] == ["flatland", "flatland", "other", "other"]

    async def test_a_seed_that_is_open_is_drawn_once_for_all_cells(
        self, client: httpx2.AsyncClient, script: Script
    ) -> None:
        await client.post(TXT2IMG, json={**self.PLOT, "seed": -1, "script_args": plot((4, "1,2"))})
        first, second = (request.noise.seed for request in script.requests)
        await client.post(TXT2IMG, json={**self.PLOT, "seed": -1, "script_args": plot((4, "1,2"), random=True)})
        assert (first == second, script.request.noise.HasField("seed")) == (True, False)

    async def test_seeds_may_go_on_along_axes(self, client: httpx2.AsyncClient, script: Script) -> None:
        args = plot((4, "1,2"), (6, "1,2"), x=True, y=True)
        await client.post(TXT2IMG, json={**self.PLOT, "script_args": args})
        assert [request.noise.seed for request in script.requests] == [7, 8, 9, 10]

    @pytest.mark.parametrize(
        ("line", "status", "text"),
        [
            (("Steps", "many"), 422, "Steps: 'many' is neither a number nor a range"),
            (("Steps", ""), 422, "Steps: at least one value"),
            (("Size", "big"), 422, "Size: 'big' is no size"),
            ((99, ""), 422, "X type: 99 is not allowed; allowed: 0 to 41"),
            (("Sampler", "Oiler"), 500, "Unknown sampler: Oiler"),
            (("Checkpoint name", "none such"), 500, "Unknown checkpoint: none such"),
            (("Prompt S/R", "green, blue"), 500, "Prompt S/R did not find green in prompt or negative prompt."),
            (("Steps", "1-5000"), 422, "allowed: at most 1000"),
        ],
    )
    async def test_values_that_make_no_sense_are_told(
        self, client: httpx2.AsyncClient, line: tuple[object, object], status: int, text: str
    ) -> None:
        body = {**self.PLOT, "script_args": plot(line)}
        response = await client.post(TXT2IMG, json=body)
        assert (response.status_code, text in response.text) == (status, True)

    async def test_a_sheet_beyond_the_limit_is_refused(self, client: httpx2.AsyncClient, script: Script) -> None:
        body = {**self.PLOT, "script_args": plot((4, "1,2")), "override_settings": {"img_max_size_mp": 0.001}}
        response = await client.post(TXT2IMG, json=body)
        assert (response.status_code, response.json()["error"], script.requests) == (500, "AssertionError", [])


def png(width: int = 64, height: int = 64, colour: str = "red") -> str:
    file = io.BytesIO()
    Image.new("RGB", (width, height), colour).save(file, "PNG")
    return b64encode(file.getvalue()).decode()


class TestLoopback:
    LOOP: ClassVar = {**SMALL, "script_name": "loopback", "denoising_strength": 1.0, "init_images": [png()]}

    async def test_every_result_is_the_next_start(self, client: httpx2.AsyncClient, script: Script) -> None:
        response = await client.post(IMG2IMG, json={**self.LOOP, "script_args": [3, 0.5, "linear"]})
        starts = [Image.open(io.BytesIO(request.init.images[0].data)).tobytes() for request in script.requests]
        assert starts == [Image.new("RGB", (64, 64), "red").tobytes(), pixels(7, 64, 64), pixels(8, 64, 64)]
        assert [request.init.strength for request in script.requests] == [1.0, 0.75, 0.5]
        assert [picture.size for picture in pictures(response)] == [(192, 64), *[(64, 64)] * 3]
        assert (info(response)["all_seeds"], info(response)["index_of_first_image"]) == ([7, 8, 9], 1)

    async def test_several_chains_give_their_last_pictures(self, client: httpx2.AsyncClient, script: Script) -> None:
        body = {**self.LOOP, "n_iter": 2, "script_args": [2], "override_settings": {"return_grid": False}}
        response = await client.post(IMG2IMG, json=body)
        assert [request.task.index for request in script.requests] == [0, 1, 2, 3]
        assert info(response)["all_seeds"] == [8, 10]

    async def test_what_was_masked_is_repainted_from_what_was_made(
        self, client: httpx2.AsyncClient, script: Script
    ) -> None:
        await client.post(IMG2IMG, json={**self.LOOP, "mask": png(), "script_args": [2]})
        assert [request.inpaint.fill for request in script.requests] == [gs.MASK_FILL_FILL, gs.MASK_FILL_ORIGINAL]

    async def test_a_task_that_is_stopped_gives_what_there_is(self, client: httpx2.AsyncClient, script: Script) -> None:
        script.stopped_from = 2
        response = await client.post(IMG2IMG, json={**self.LOOP, "script_args": [9]})
        assert (response.status_code, info(response)["all_seeds"]) == (200, [7, 8])

    async def test_arguments_out_of_range_are_named(self, client: httpx2.AsyncClient) -> None:
        response = await client.post(IMG2IMG, json={**self.LOOP, "script_args": [0, "x", "steep", "CLIP"]})
        found = {detail["loc"][1]: detail["msg"] for detail in response.json()["detail"]}
        assert found == {
            "script_args[0]": "Loops: 0 is not allowed; allowed: 1 to 1000",
            "script_args[1]": "Final denoising strength: 'x' is not allowed; allowed: a number",
            "script_args[2]": ("Denoising strength curve: 'steep' is not allowed; allowed: Aggressive, Linear, Lazy"),
        }

    async def test_what_a_picture_shows_is_appended(self, client: httpx2.AsyncClient, script: Script) -> None:
        script.caption = "a boat"
        await client.post(IMG2IMG, json={**self.LOOP, "script_args": [2, 0.5, "Lazy", "clip"]})
        assert [request.prompt for request in script.requests] == ["a red house, a boat"] * 2

    async def test_without_a_captioner_nothing_is_made_up(self, client: httpx2.AsyncClient, script: Script) -> None:
        response = await client.post(IMG2IMG, json={**self.LOOP, "script_args": [2, 0.5, "Lazy", "CLIP"]})
        assert (response.status_code, response.json()["detail"]) == (400, "no captioner is installed")
        assert script.requests == []


class TestSdUpscale:
    UPSCALE: ClassVar = {**SMALL, "script_name": "sd upscale", "init_images": [png()]}

    async def test_a_larger_picture_is_made_anew_tile_for_tile(
        self, client: httpx2.AsyncClient, script: Script
    ) -> None:
        response = await client.post(IMG2IMG, json={**self.UPSCALE, "script_args": ["", 8, "lanczos", 2.0]})
        assert [request.noise.seed for request in script.requests] == list(range(7, 16))
        assert [picture.size for picture in pictures(response)] == [(128, 128)]
        assert [(entry.key, entry.value) for entry in script.request.infotext_extra] == [
            ("SD upscale overlap", "8"),
            ("SD upscale upscaler", "Lanczos"),
        ]
        assert (script.upscales[0].upscaler, script.upscales[0].scale) == ("Lanczos", 2.0)

    async def test_tiles_share_batches(self, client: httpx2.AsyncClient, script: Script) -> None:
        body = {**self.UPSCALE, "batch_size": 4, "script_args": ["", 8, 0]}
        await client.post(IMG2IMG, json=body)
        assert [len(request.init.images) for request in script.requests] == [4, 4, 1]

    @pytest.mark.parametrize(
        ("args", "where"),
        [(["", 64], "script_args[1]"), (["", 8, "none such"], "script_args[2]"), (["", 8, 0, 0.5], "script_args[3]")],
    )
    async def test_arguments_that_make_no_sense_are_named(
        self, client: httpx2.AsyncClient, args: list[object], where: str
    ) -> None:
        response = await client.post(IMG2IMG, json={**self.UPSCALE, "script_args": args})
        assert (response.status_code, response.json()["detail"][0]["loc"]) == (422, ["body", where])

    async def test_the_large_picture_is_saved_and_tiles_are_not(
        self, client: httpx2.AsyncClient, tmp_path: Path
    ) -> None:
        body = {**self.UPSCALE, "save_images": True, "script_args": ["", 8]}
        await client.post(IMG2IMG, json=body)
        (saved,) = (tmp_path / "outputs" / "img2img-images").rglob("*.png")
        assert Image.open(io.BytesIO(saved.read_bytes())).size == (128, 128)


class TestOutpainting:
    GROW: ClassVar = {**SMALL, "width": 128, "height": 128, "script_name": "outpainting mk2", "init_images": [png()]}

    async def test_a_picture_grows_side_by_side(self, client: httpx2.AsyncClient, script: Script) -> None:
        response = await client.post(IMG2IMG, json={**self.GROW, "script_args": ["", 32, 2, ["left", "right", "up"]]})
        assert [picture.size for picture in pictures(response)] == [(128, 128)]
        assert [(request.width, request.height) for request in script.requests] == [(128, 64), (128, 64), (128, 128)]
        assert [request.inpaint.fill for request in script.requests] == [gs.MASK_FILL_ORIGINAL] * 3
        mask = Image.open(io.BytesIO(script.requests[0].inpaint.mask.data)).convert("L")
        assert [mask.getpixel((x, 32)) for x in (0, 39, 40, 95, 96, 127)] == [255, 255, 0, 0, 255, 255]

    async def test_known_pixels_are_where_they_were(self, client: httpx2.AsyncClient, script: Script) -> None:
        await client.post(IMG2IMG, json={**self.GROW, "script_args": ["", 64, 0, "right"]})
        start = Image.open(io.BytesIO(script.request.init.images[0].data))
        assert start.crop((0, 0, 64, 64)).tobytes() == Image.new("RGB", (64, 64), "red").tobytes()

    @pytest.mark.parametrize(
        ("args", "where"),
        [
            (["", 128, 0, "up"], "script_args[1]"),
            (["", 8, 0, "back"], "script_args[3]"),
            (["", 8, 0, []], "script_args[3]"),
        ],
    )
    async def test_arguments_that_make_no_sense_are_named(
        self, client: httpx2.AsyncClient, args: list[object], where: str
    ) -> None:
        response = await client.post(IMG2IMG, json={**self.GROW, "script_args": args})
        assert (response.status_code, response.json()["detail"][0]["loc"]) == (422, ["body", where])


@pytest.mark.parametrize(
    ("title", "text"),
    [
        ("loopback", "Script 'loopback' not found"),
        ("seed", "Script 'seed' not found"),
        ("custom code", "Script 'custom code' is not run: this server runs no code from requests"),
    ],
)
async def test_scripts_that_are_not_there_are_refused(client: httpx2.AsyncClient, title: str, text: str) -> None:
    response = await client.post(TXT2IMG, json={**SMALL, "script_name": title})
    assert (response.status_code, response.json()["detail"]) == (422, text)


async def test_settings_that_a_request_keeps_are_kept_without_those_of_a_script(
    client: httpx2.AsyncClient, tmp_path: Path
) -> None:
    body = {**SMALL, "script_name": "x/y/z plot", "script_args": plot(("Clip skip", "1,2"))}
    settings = {"override_settings": {"s_churn": 1}, "override_settings_restore_afterwards": False}
    await client.post(TXT2IMG, json={**body, **settings})
    assert (tmp_path / "options.json").read_text() == '{\n  "s_churn": 1.0\n}'


async def test_pictures_of_every_turn_are_saved_and_the_sheet_beside_them(
    client: httpx2.AsyncClient, tmp_path: Path
) -> None:
    body = {**SMALL, "prompt": "a|b", "script_name": "prompt matrix", "save_images": True}
    await client.post(TXT2IMG, json=body)
    assert len(list((tmp_path / "outputs" / "txt2img-images").rglob("*.png"))) == 2
    assert len(list((tmp_path / "outputs" / "txt2img-grids").rglob("*.png"))) == 1
