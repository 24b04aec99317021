"""Scripts: several generations of one task, and what is put together from them."""

from __future__ import annotations

from typing import ClassVar

import httpx2

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
