"""Guard: the generated code is what the contract gives, and the released contract changes in the open."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path

from tools import proto
from tools.guard.finding import Finding

IMAGE = "proto/released.binpb"
CHANGELOG = "CHANGELOG.md"


def check(root: Path) -> Iterator[Finding]:
    """Each generated file that is stale."""
    try:
        stale = proto.stale(root)
    except SystemExit as status:
        yield Finding("proto", 1, f"does not compile: protoc ended with {status}")
        return
    yield from (Finding(path, 1, "is not what proto/ gives: make proto") for path in stale)


def released(root: Path) -> Iterator[Finding]:
    """The image that `buf breaking` compares with, when it was renewed without a word to users."""
    if not (root / IMAGE).exists():
        yield Finding(IMAGE, 1, "is missing: without it no change breaks anybody")
        return
    says = words((root / IMAGE).read_bytes())
    if says not in (root / CHANGELOG).read_text():
        yield Finding(IMAGE, 1, f"was renewed in silence: say in {CHANGELOG} what changed, with the words '{says}'")


def words(image: bytes) -> str:
    """How the changelog names an image."""
    return f"contract image {hashlib.sha256(image).hexdigest()[:12]}"
