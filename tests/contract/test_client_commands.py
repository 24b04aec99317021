"""The commands that call a server, on both engines."""

from __future__ import annotations

import errno
import io
import json
import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from PIL import Image

from inference_svc.fake.backend import FakeOptions, fake_backend
from latentwire.cli import main
from latentwire.commands.picture_files import PictureFiles
from tests.contract.engines import MakeBackend
from tests.contract.serving import Serving
from tests.contract.threaded import served_on_a_thread

SMALL = ("--size", "64x64", "--steps", "2", "--seed", "7")


@pytest.fixture(scope="module")
def server(make_backend: MakeBackend) -> Iterator[Serving]:
    """A server of the engine under test."""
    with served_on_a_thread(make_backend) as running:
        yield running


@pytest.fixture(scope="module")
def faulty() -> Iterator[Serving]:
    """A server that misbehaves as prompts say."""
    with served_on_a_thread(lambda: fake_backend(FakeOptions())) as running:
        yield running


def run(server: Serving, *arguments: str) -> Result:
    """A command's end, its output apart from its errors."""
    environment = {"LATENTWIRE_ADDRESS": f"127.0.0.1:{server.server.port}", "LATENTWIRE_TOKEN": ""}
    return CliRunner().invoke(main, arguments, env=environment)


def lines(result: Result) -> list[Any]:
    """What a command has printed as JSON."""
    return [json.loads(line) for line in result.stdout.splitlines()]


def opened(path: str | Path) -> Image.Image:
    """The picture in a file, which is closed."""
    return Image.open(io.BytesIO(Path(path).read_bytes()))


def test_pictures_are_written_and_their_names_printed(server: Serving, tmp_path: Path) -> None:
    result = run(server, "generate", "a red circle", "-n", "2", "-o", str(tmp_path), *SMALL)
    assert (result.exit_code, result.stderr) == (0, "")
    assert result.stdout.splitlines() == [str(tmp_path / f"a-red-circle-{seed}.png") for seed in (7, 8)]
    assert opened(tmp_path / "a-red-circle-7.png").size == (64, 64)


def test_what_was_made_is_told_as_json(server: Serving, tmp_path: Path) -> None:
    result = run(server, "generate", "red", "-o", str(tmp_path / "red.webp"), "--json", *SMALL)
    (told,) = lines(result)
    (image,) = told["images"]
    assert (image["file"], image["seed"], image["width"]) == (str(tmp_path / "red.webp"), 7, 64)
    assert opened(image["file"]).format == "WEBP"
    assert (told["stopped"], told["timings"]["total_s"] > 0) == (False, True)


def test_a_picture_is_made_from_a_file_and_a_mask(server: Serving, tmp_path: Path) -> None:
    Image.new("RGB", (64, 64), "blue").save(tmp_path / "blue.png")
    Image.new("L", (64, 64), 0).save(tmp_path / "mask.png")
    files = ("--init-image", str(tmp_path / "blue.png"), "--mask", str(tmp_path / "mask.png"), "--strength", "0.5")
    result = run(server, "generate", "red", "-o", str(tmp_path / "out.png"), *files, *SMALL)
    assert result.exit_code == 0, result.output
    assert opened(tmp_path / "out.png").getcolors() == [(64 * 64, (0, 0, 255))]


def test_a_wrong_value_is_one_sentence_in_the_users_words(server: Serving) -> None:
    result = run(server, "generate", "red", "--steps", "500")
    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr == "latentwire: --steps: 500 is not allowed; allowed: 1 to 150\n"


def test_a_model_that_is_not_there_is_not_found(server: Serving) -> None:
    result = run(server, "generate", "red", "--model", "nothing", *SMALL)
    assert (result.exit_code, result.stdout) == (5, "")
    assert re.fullmatch(r"latentwire: --model: .*'nothing'.*\n", result.stderr)


def test_a_wrong_value_is_an_object_in_json(server: Serving) -> None:
    result = run(server, "generate", "red", "--steps", "500", "--json")
    ((told),) = lines(result)
    assert (result.exit_code, result.stderr, told["error"]["exit_status"]) == (2, "", 2)
    assert [violation["field"] for violation in told["error"]["violations"]] == ["sampling.steps"]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--size", "big"), "'big' is not WIDTHxHEIGHT in pixels, such as 256x256"),
        (("--seed", "-1"), "-1 is not in the range"),
        (("--init-image", "no.png"), "File 'no.png' does not exist"),
        (("--format", "gif"), "'gif' is not one of 'png', 'jpeg', 'webp'"),
    ],
)
def test_wrong_usage_is_told_before_anybody_is_asked(server: Serving, arguments: tuple[str, ...], said: str) -> None:
    result = run(server, "generate", "red", *arguments)
    assert result.exit_code == 2
    assert said in result.stderr


def test_a_folder_that_cannot_be_made_is_one_sentence(server: Serving, tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    result = run(server, "generate", "red", "-o", str(tmp_path / "file" / "out"), *SMALL)
    assert (result.exit_code, result.stderr) == (1, f"latentwire: {tmp_path}/file/out: Not a directory\n")


def test_what_was_written_before_a_failure_is_told(
    server: Serving, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write = PictureFiles.write

    def write_one(files: PictureFiles, data: bytes, **more: Any) -> Path:
        if any(tmp_path.iterdir()):
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        return write(files, data, **more)

    monkeypatch.setattr(PictureFiles, "write", write_one)
    result = run(server, "generate", "red", "-n", "2", "-o", str(tmp_path), "--json", *SMALL)
    error, images = lines(result)
    assert (result.exit_code, len(images["images"])) == (1, 1)
    assert error["error"] == {"message": f"{tmp_path}: No space left on device", "exit_status": 1}


def test_models_are_a_table_or_json(server: Serving) -> None:
    (model,) = lines(run(server, "models", "--json"))
    head, row = run(server, "models").stdout.splitlines()
    assert head.split()[:3] == ["NAME", "STATE", "FAMILY"]
    assert row.split()[:3] == [model["name"], "loaded", model["family"]]


def test_generations_are_a_table_or_json(server: Serving, tmp_path: Path) -> None:
    run(server, "generate", "red", "-o", str(tmp_path), "--request-id", "listed", *SMALL)
    assert run(server, "ps").stdout == "0 running, 0 waiting\n"
    rows = [line.split() for line in run(server, "ps", "--all").stdout.splitlines()]
    assert [row[1] for row in rows if row[0] == "listed"] == ["succeeded"]
    told = lines(run(server, "ps", "--all", "--json"))
    assert [one["state"] for one in told if one["request_id"] == "listed"] == ["succeeded"]


def test_generations_are_watched_until_ctrl_c(server: Serving, monkeypatch: pytest.MonkeyPatch) -> None:
    pauses: list[float] = []

    def sleep(pause_s: float) -> None:
        pauses.append(pause_s)
        if len(pauses) == 2:
            raise KeyboardInterrupt

    monkeypatch.setattr("latentwire.commands.listing.sleep", sleep)
    result = run(server, "ps", "--watch", "--interval", "0.5")
    assert (result.exit_code, result.stdout) == (130, "0 running, 0 waiting\n" * 2)
    assert (result.stderr, pauses) == ("latentwire: interrupted\n", [0.5, 0.5])


def test_what_is_not_there_cannot_be_cancelled_and_the_rest_is(server: Serving, tmp_path: Path) -> None:
    run(server, "generate", "red", "-o", str(tmp_path), "--request-id", "ended", *SMALL)
    result = run(server, "cancel", "nobody", "ended")
    assert (result.exit_code, result.stdout) == (5, "")
    assert result.stderr == "latentwire: no generation 'nobody' runs, waits or is remembered\n"


def test_a_server_that_is_ready_is_waited_for_no_longer(server: Serving) -> None:
    assert run(server, "wait-ready").exit_code == 0
    (told,) = lines(run(server, "wait-ready", "--json"))
    assert told == {"address": f"127.0.0.1:{server.server.port}", "ready": True}


def test_nobody_there_is_one_sentence() -> None:
    result = CliRunner().invoke(main, ["wait-ready", "--address", "127.0.0.1:1", "--timeout", "0.01"])
    assert (result.exit_code, result.stdout) == (3, "")
    assert result.stderr.startswith("latentwire: 127.0.0.1:1 does not answer: not ready in time: ")


@pytest.mark.parametrize(
    ("prompt", "status"), [("fake:oom", 4), ("fake:fail", 1), ("fake:loading", 3), ("fake:step_time=0.2", 8)]
)
def test_each_kind_of_end_has_its_status(faulty: Serving, tmp_path: Path, prompt: str, status: int) -> None:
    more = ("--timeout", "0.5", "--steps", "150") if status == 8 else ()
    result = run(faulty, "generate", prompt, "-o", str(tmp_path), *SMALL, *more)
    assert (result.exit_code, result.stdout) == (status, "")
    assert result.stderr.count("\n") == 1
