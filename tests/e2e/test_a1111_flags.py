"""A1111's start flags through real sockets: HTTPS, a subpath, and clients that end the pair."""

from __future__ import annotations

import re
from pathlib import Path

import httpx2
import pytest

from tests import certificate
from tests.e2e.pair import served, status
from tests.e2e.processes import PATIENCE_S, command, eventually, is_gone

READY = re.compile(r"^Latentwire is ready after [\d.]+ s: (https?://\S+) ", re.MULTILINE)
FIXED = ("serve", "--engine=fake", "--port=0", "--inference-port=0")


def test_https_below_a_subpath_is_announced_and_answers(tmp_path: Path) -> None:
    tls = certificate.make(tmp_path)
    files = (f"--tls-keyfile={tls.key}", f"--tls-certfile={tls.certificate}")
    with command(tmp_path, *FIXED, *files, "--subpath=/sd", f"--data-dir={tmp_path}") as serve:
        (url,) = serve.wait_for(READY).groups()
        with httpx2.Client(verify=tls.trusted(), timeout=PATIENCE_S) as client:
            answers = [client.get(f"{url}{path}").status_code for path in ("/", "/docs", "/sdapi/v1/samplers")]
    assert (url.startswith("https://"), url.endswith("/sd")) == (True, True)
    assert answers == [200, 200, 200]


def test_half_a_certificate_is_one_sentence(tmp_path: Path) -> None:
    tls = certificate.make(tmp_path)
    with command(tmp_path, *FIXED, f"--tls-certfile={tls.certificate}", f"--data-dir={tmp_path}") as serve:
        assert serve.ended() == 1
        assert "latentwire gateway: tls_keyfile and tls_certfile go together: give both, or neither." in serve.output


@pytest.mark.parametrize("way", ["stop", "kill"])
def test_a_client_that_may_ends_the_pair(tmp_path: Path, way: str) -> None:
    with served(tmp_path, "--engine=fake", "--api-server-stop") as pair:
        children = [pair.serve.child(module) for module in ("inference_svc", "gateway_svc")]
        try:
            answer = httpx2.post(f"{pair.url}/sdapi/v1/server-{way}", timeout=PATIENCE_S).text
        except httpx2.TransportError:
            answer = "none"
        assert (pair.serve.ended(), answer) == (0, {"stop": "Stopping.", "kill": "none"}[way])
        assert all(map(is_gone, children))
        assert "A client asked for the end." in pair.serve.output


def test_a_client_that_may_restarts_the_pair(tmp_path: Path) -> None:
    with served(tmp_path, "--engine=fake", "--api-server-stop") as pair:
        before = pair.serve.child("inference_svc")
        assert httpx2.post(f"{pair.url}/sdapi/v1/server-restart", timeout=PATIENCE_S).status_code == 200
        eventually(lambda: len(READY.findall(pair.serve.output)) == 2, "the pair is ready again")
        assert status(pair.url, "/readyz") == 200
        assert pair.serve.child("inference_svc") != before
