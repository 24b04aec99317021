"""What users of the gateway do: pictures by A1111's routes and its own, changes of mind, mistakes, and looks."""

from __future__ import annotations

import http.client
import json
import random
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, ClassVar
from urllib.parse import urlsplit

import gevent

from tests.load.jobs import LONG, Job, init_image, job
from tools.http_call import Answer, BadAnswer, picture
from tools.load.outcome import Outcome, Result, failed, of_status

_TXT2IMG = "/sdapi/v1/txt2img"
_TIMEOUT_S = 300.0
_PATIENCE_S = 0.3
_PICTURE = {200: Outcome.DONE}
# Each is somebody's mistake, with the status that says so.
_BAD: tuple[tuple[str, Any, int], ...] = (
    (_TXT2IMG, {"width": 7}, 422),
    (_TXT2IMG, {"steps": "many"}, 422),
    (_TXT2IMG, {"script_name": "no such script"}, 422),
    ("/sdapi/v1/img2img", {}, 404),
    ("/sdapi/v1/nowhere", {}, 404),
)
_LOOKS = ("/sdapi/v1/progress?skip_current_image=true", "/sdapi/v1/progress", "/sdapi/v1/samplers", "/readyz")


@dataclass(frozen=True, slots=True)
class HttpUser:
    """Speaks to a gateway, a connection for each request, as A1111's scripts do; `dice` decide what it asks for."""

    face: ClassVar[str] = "REST"
    url: str
    dice: random.Random

    def close(self) -> None:
        """Nothing is kept open."""

    def deeds(self) -> dict[Callable[[], tuple[str, Result]], int]:
        """What this user does, and how often in proportion."""
        return {
            self.text_to_image: 12,
            self.native: 2,
            self.image_to_image: 2,
            self.interrupt: 1,
            self.hang_up: 1,
            self.mistake: 2,
        }

    def looks(self) -> dict[Callable[[], tuple[str, Result]], int]:
        """What somebody does who only looks."""
        return {self.look: 1}

    def text_to_image(self) -> tuple[str, Result]:
        """A picture, waited for."""
        one = job(self.dice)
        return one.size.name, made(self._call("POST", _TXT2IMG, _body(one)), one)

    def image_to_image(self) -> tuple[str, Result]:
        """A picture from a picture."""
        one = job(self.dice)
        body = {**_body(one), "init_images": [init_image()], "denoising_strength": 0.5}
        return "image to image", made(self._call("POST", "/sdapi/v1/img2img", body), one)

    def native(self) -> tuple[str, Result]:
        """A picture over /api/v1, whose events come as lines of JSON."""
        one = job(self.dice)
        return "/api/v1/images:generate", streamed(self._call("POST", "/api/v1/images:generate", _native(one)))

    def interrupt(self) -> tuple[str, Result]:
        """A long picture, interrupted by its own task's id; what there is comes back."""
        task, one = uuid.uuid4().hex, job(self.dice, LONG)
        making = gevent.spawn(self._call, "POST", _TXT2IMG, {**_body(one), "force_task_id": task})
        # Nobody sees a picture begin, and dislikes it, in less: before it is accepted there is nothing to interrupt.
        gevent.sleep(_PATIENCE_S + self.dice.uniform(0, _PATIENCE_S))
        told = self._call("POST", f"/sdapi/v1/interrupt?id_task={task}")
        answer = making.get()
        if told.status != 200:
            return "interrupted", _meaning(told, {})
        return "interrupted", _meaning(answer, {200: Outcome.GIVEN_UP})

    def hang_up(self) -> tuple[str, Result]:
        """A long picture that is not waited for: the connection closes while it is made."""
        connection = self._connection()
        connection.request("POST", self._path(_TXT2IMG), *_sent(_body(job(self.dice, LONG))))
        gevent.sleep(self.dice.uniform(0, _PATIENCE_S))
        connection.close()
        return "connection closed", Result(Outcome.GIVEN_UP)

    def mistake(self) -> tuple[str, Result]:
        """A request that has to be refused as the client's fault."""
        path, body, status = self.dice.choice(_BAD)
        return "bad request", _meaning(self._call("POST", path, body), {status: Outcome.REJECTED})

    def look(self) -> tuple[str, Result]:
        """How far it is, and what there is."""
        path = self.dice.choice(_LOOKS)
        return f"GET {path.partition('?')[0]}", _meaning(self._call("GET", path), _PICTURE)

    def _call(self, method: str, path: str, body: Any = None) -> Answer:
        connection = self._connection()
        try:
            connection.request(method, self._path(path), *(_sent(body) if body is not None else ()))
            answer = connection.getresponse()
            return Answer(answer.status, {key.lower(): value for key, value in answer.getheaders()}, answer.read())
        finally:
            connection.close()

    def _connection(self) -> http.client.HTTPConnection:
        at = urlsplit(self.url)
        kind = http.client.HTTPSConnection if at.scheme == "https" else http.client.HTTPConnection
        return kind(at.netloc, timeout=_TIMEOUT_S)

    def _path(self, path: str) -> str:
        return urlsplit(self.url).path.rstrip("/") + path


def _sent(body: Any) -> tuple[bytes, dict[str, str]]:
    return json.dumps(body).encode(), {"Content-Type": "application/json"}


def _body(one: Job) -> dict[str, Any]:
    size = {"width": one.size.width, "height": one.size.height, "steps": one.size.steps}
    return {"prompt": one.prompt, "sampler_name": one.sampler, "seed": one.seed, "cfg_scale": 3, **size}


def _native(one: Job) -> dict[str, Any]:
    size = {"width": one.size.width, "height": one.size.height}
    sampling = {"sampler": one.sampler, "steps": one.size.steps}
    return {"prompt": one.prompt, **size, "sampling": sampling, "noise": {"seed": str(one.seed)}}


def streamed(answer: Answer) -> Result:
    """What lines of JSON mean to who asked for a picture: an error after the first one is a line too."""
    if answer.status != 200:
        return _meaning(answer, {})
    lines = [json.loads(line) for line in answer.body.splitlines()] or [{}]
    if error := lines[-1].get("error"):
        return failed(f"code {error['code']} in the stream", error["message"])
    count = sum(bool(line.get("result", {}).get("image", {}).get("last")) for line in lines)
    if count != 1 or "completed" not in lines[-1].get("result", {}):
        return failed("stream without picture or end", lines[-1])
    return _meaning(answer, _PICTURE, pictures=1)


def _meaning(answer: Answer, wanted: dict[int, Outcome], *, pictures: int = 0) -> Result:
    words = answer.body[:300].decode(errors="replace")
    return of_status(answer.status, answer.headers, words, wanted, pictures=pictures)


def made(answer: Answer, one: Job) -> Result:
    """What an answer of A1111's routes means to who asked for a picture."""
    if answer.status != 200:
        return _meaning(answer, {})
    try:
        picture(answer, one.size.width, one.size.height)
    except BadAnswer as error:
        return failed("no picture", error)
    return _meaning(answer, _PICTURE, pictures=1)
