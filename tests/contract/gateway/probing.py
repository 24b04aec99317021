"""What a value of a field or of an option changes: asked twice, with it and without."""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx2

from tests.contract.gateway.scripted import Script
from tools.compatibility.fields import BASE, Effect

TXT2IMG, IMG2IMG = "/sdapi/v1/txt2img", "/sdapi/v1/img2img"
Seen = Mapping[Effect, object]
_CHANGING = ("job_timestamp", "warnings")


@dataclass(frozen=True, slots=True)
class Probe:
    """A gateway before a scripted service, and the folder where it keeps pictures."""

    client: httpx2.AsyncClient
    script: Script
    folder: Path

    def clear(self) -> None:
        """Takes away the pictures that were kept, and the options that were set."""
        (self.folder / "options.json").unlink(missing_ok=True)
        shutil.rmtree(self.folder / "outputs", ignore_errors=True)

    async def look(self, route: str, body: Mapping[str, Any], *, later: bool = False) -> Seen:
        """Asks, and `later` for something plain; returns all that can be seen of it."""
        answer = await self._post(route, body)
        engine, files = self._asked(), self._kept()
        if later:
            await self._post(TXT2IMG, BASE)
        told = json.loads(answer.json()["info"]) if answer.status_code == 200 else {}
        said = told.pop("warnings", None)
        return {
            Effect.REFUSED: answer.status_code,
            Effect.ENGINE: engine,
            Effect.LATER: self._asked(),
            Effect.ANSWER: _shown(answer, told),
            Effect.FILES: files,
            Effect.SAID: said,
        }

    def _kept(self) -> list[Path]:
        """The pictures, without the folder of their day: two looks may be on either side of midnight."""
        files = (file.relative_to(self.folder) for file in self.folder.rglob("*.*g"))
        return sorted(file.parent.parent / file.name for file in files)

    async def _post(self, route: str, body: Mapping[str, Any]) -> httpx2.Response:
        return await self.client.post(route, json=dict(body), timeout=30)

    def _asked(self) -> list[bytes]:
        asked = [request.SerializeToString(deterministic=True) for request in self.script.requests]
        self.script.requests.clear()
        return asked


def _shown(answer: httpx2.Response, told: Mapping[str, Any]) -> object:
    """The pictures, what is told of them, and whether the pictures that were sent come back."""
    whole, info = answer.json(), {name: value for name, value in told.items() if name not in _CHANGING}
    return whole.get("images"), info, whole.get("parameters", {}).get("init_images")


def effect(without: Seen, given: Seen) -> Effect:
    """The first difference."""
    return next((name for name in given if given[name] != without[name]), Effect.NOTHING)
