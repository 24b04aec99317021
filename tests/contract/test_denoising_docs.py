"""What docs/denoising.md shows can be sent as it stands there."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from google.protobuf import json_format
from google.protobuf.message_factory import GetMessageClass

from latentwire.v1 import denoising_service_pb2 as d

PAGE = (Path(__file__).parents[2] / "docs" / "denoising.md").read_text()
METHODS = d.DESCRIPTOR.services_by_name["DenoisingService"].methods_by_name


def test_its_bodies_are_requests_of_the_rpcs_that_they_are_sent_to() -> None:
    sent = re.findall(r"echo '(\{.*?\})' \\\n\s*\| call (\w+)", PAGE)
    requests: dict[str, Any] = {
        name: json_format.Parse(body, GetMessageClass(METHODS[name].input_type)()) for body, name in sent
    }
    assert {*requests} == {"PrepareLatents", "EncodePrompt"}
    assert (requests["PrepareLatents"].noises[0].seed, list(requests["EncodePrompt"].prompts)) == (
        7,
        ["a red house under a starry sky"],
    )


def test_it_speaks_of_every_rpc_and_of_no_other() -> None:
    assert {*re.findall(r"^\| `(\w+)` \|", PAGE, re.MULTILINE)} == {*METHODS}
    (shell,) = re.findall(r"^```bash$(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)
    assert {*re.findall(r"(?:^|\| )call (\w+)", shell, re.MULTILINE)} <= {*METHODS}
