"""Faults planted among the files: machines, indexes, keys, weights, a contract renewed in silence."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.guard.planted import after, said
from tools.guard.generated import CHANGELOG, IMAGE


# A tilde stands for nothing: what is looked for must not stand here either.
@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("/ho~me/r", "a folder of one machine"),
        ("/ro~ot/i", "a folder of one machine"),
        ("C:\\Us~ers\\", "a folder of one machine"),
        ("pypi~.org", "a package index"),
        ("--extra-index~-url", "a package index"),
        ("-----BEGIN RSA PRIVATE~ KEY-----", "a private key"),
        (f"ghp~_{'a' * 36}", "a token"),
    ],
)
def test_what_is_not_of_the_product_is_found(checkout: Path, text: str, what: str) -> None:
    word = text.replace("~", "")
    assert after(checkout, "docs/it.txt", "", f"see {word}") == [f"docs/it.txt: '{word}' names {what} (product)"]


@pytest.mark.parametrize("name", [".env", ".env.local", "certs/server.pem", "id_ed25519", ".pypirc"])
def test_a_place_for_secrets_is_found(checkout: Path, name: str) -> None:
    assert after(checkout, name, "", "x") == [f"{name}: is a place for secrets (product)"]


@pytest.mark.parametrize("text", ["tests/work/it", "~/.local/share", "an example: /home/ann/it", "$HOME/root/x"])
def test_a_path_of_no_machine_is_left_alone(checkout: Path, text: str) -> None:
    assert after(checkout, "docs/it.txt", "", text) == []


def test_what_is_large_is_found(checkout: Path) -> None:
    (checkout / "weights.bin").write_bytes(bytes(1_500_000))
    assert said(checkout) == ["weights.bin: has 1.5 MB, and every clone takes it along (large)"]


def test_a_contract_renewed_in_silence_is_found(checkout: Path) -> None:
    words = "'contract image 24006a277ce2'"
    assert after(checkout, IMAGE, "", "another contract") == [
        f"{IMAGE}: was renewed in silence: say in {CHANGELOG} what changed, with the words {words} (released)"
    ]


def test_a_contract_that_is_gone_is_found(checkout: Path) -> None:
    (checkout / IMAGE).unlink()
    assert said(checkout) == [f"{IMAGE}: is missing: without it no change breaks anybody (released)"]
