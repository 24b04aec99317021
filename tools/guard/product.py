"""Guard: the repository speaks of the product alone: no machine, no index, no key."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path, PurePosixPath

from tools.guard.checkout import files, texts
from tools.guard.finding import Finding

_WORDS = {
    re.compile(
        r"(?<![\w.})\]-])/((home|Users)/(?!(ann|me|someone)\b)|root/|work/|mnt/|workspace/)\w|\b[A-Z]:\\Users\\"
    ): "a folder of one machine",
    re.compile(r"\b(pypi\.org|pythonhosted\.org|download\.pytorch\.org|registry\.npmjs\.org)\b"): "a package index",
    re.compile(r"--(extra-)?index-url\b|--index[= ]https?:"): "a package index",
    re.compile(r"-----BEGIN ([A-Z]+ )*PRIVATE KEY-----"): "a private key",
    re.compile(r"\b(gh[pousr]_[A-Za-z0-9]{36}|AKIA[0-9A-Z]{16}|hf_[A-Za-z]{34}|pypi-AgE\w{20})"): "a token",
}
_FILES = re.compile(r"\.env(\..+)?|id_(rsa|dsa|ecdsa|ed25519)|.*\.(pem|key|p12|pfx|jks|keystore)|\.netrc|\.pypirc")


def check(root: Path) -> Iterator[Finding]:
    """Each machine path, index host, token and key in the files of the checkout."""
    for name in files(root):
        if _FILES.fullmatch(PurePosixPath(name).name):
            yield Finding(name, 1, "is a place for secrets")
    for name, text in texts(root):
        for pattern, what in _WORDS.items():
            for match in pattern.finditer(text):
                yield Finding(name, text.count("\n", 0, match.start()) + 1, f"'{match[0]}' names {what}")
