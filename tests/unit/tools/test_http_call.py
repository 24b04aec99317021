"""What counts as a picture in an answer."""

from __future__ import annotations

import base64
import hashlib
import json
import socket
import struct

import pytest

from latentwire.ports import held
from tools.http_call import Answer, BadAnswer, Picture, picture, request
from tools.server import free_ports

PNG = b"\x89PNG\r\n\x1a\n" + struct.pack(">I4sII", 13, b"IHDR", 96, 64)


def answer(data: bytes, status: int = 200, **headers: str) -> Answer:
    body = json.dumps({"images": [base64.b64encode(data).decode()]}).encode()
    return Answer(status, headers, body)


def test_a_picture_is_its_size_its_digest_and_its_engine() -> None:
    found = picture(Answer(200, {"x-latentwire-engine": "onnx"}, answer(PNG).body), 96, 64)
    assert found == Picture(96, 64, hashlib.sha256(PNG).hexdigest(), "onnx")


def test_an_answer_that_names_no_engine_has_an_empty_one() -> None:
    assert picture(answer(PNG), 96, 64).engine == ""


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        (answer(PNG, status=500), "asked for a picture, got status 500"),
        (answer(PNG[1:]), "asked for a PNG of 96 by 64, got"),
        (answer(PNG[:16] + struct.pack(">II", 64, 96)), "asked for a PNG of 96 by 64, got"),
        (Answer(200, {}, b'{"images": []}'), "IndexError"),
        (Answer(200, {}, b'{"images": null}'), "TypeError"),
        (Answer(200, {}, b"<html>"), "JSONDecodeError"),
        (Answer(200, {}, b'{"images": ["no base64!"]}'), "Error"),
    ],
)
def test_anything_else_is_refused_with_what_came(wrong: Answer, message: str) -> None:
    with pytest.raises(BadAnswer, match=message):
        picture(wrong, 96, 64)


def test_a_port_where_nobody_listens_is_an_os_error() -> None:
    with held("127.0.0.1", 0, "--port") as port, pytest.raises(ConnectionError):
        request(port, "GET", "/")


def test_free_ports_are_all_different_and_can_be_had() -> None:
    ports = free_ports(3)
    assert len(set(ports)) == 3
    for port in ports:
        with socket.create_server(("127.0.0.1", port)) as taken:
            assert taken.getsockname()[1] == port
