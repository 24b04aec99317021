"""Guard: what CI installs is exact, and comes from a package registry: no clone, no script from the network."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

from tools.guard import checkout
from tools.guard.checkout import named
from tools.guard.finding import Finding
from tools.guard.lines import lines
from tools.guard.workflow import settings

_PIP = re.compile(
    r"\b(?:pip[\d.]*|uv\s+(?:-\S+\s+)*pip)\s+(?:[\w-]+=\S+\s+|-\S+\s+)*(?:install|download|wheel|sync)\b([^;&|]*)"
)
_EXACT = re.compile(r"[A-Za-z0-9._-]+(\[[\w,-]+\])?==[A-Za-z0-9.!+_]+")
# A value follows these; what follows any other word that begins with a dash is looked at by itself.
_VALUED = frozenset(
    {"--python", "-r", "--requirement", "-c", "--constraint", "--target", "--prefix", "-e", "--editable"}
)
_OTHER = {
    re.compile(
        r"\bgit\s+(-\S+\s+\S+\s+)*(clone|submodule|fetch|pull)\b|\bgh\s+(repo|release|run)\b"
    ): "takes code from elsewhere",
    re.compile(r"\b(hf|huggingface-cli)\s+download\b|\bsnapshot_download\b"): "takes a model from the network",
    re.compile(r"\b(curl|wget)\b(?![^|;]*\b(127\.0\.0\.1|localhost)\b)"): "takes a file from the network",
    re.compile(r"\b(npm|pnpm|yarn)\s+(install|i|add)\b|\bnpx\b"): "installs without a lock: npm ci keeps to one",
    re.compile(
        r"\b(apt|apt-get|apk|dnf|yum)\s+(-\S+\s+)*(install|add)\b(?!(\s+(-\S+|\S+=\S+))+\s*$)"
    ): "names no version",
    re.compile(r"\b(go|gem|brew|conda|mamba|pipx)\s+install\b|\bcargo\s+install\b(?!.*--locked)"): "names no hash",
    re.compile(r"\buvx\b|\buv\s+(tool\s+|run\b.*--with\b|add\b)"): "installs besides the lock",
    re.compile(r"\buv\s+sync\b(?!.*--(locked|frozen))"): "may resolve anew: --locked",
    re.compile(r"\bplaywright\s+install\b"): "takes a browser from the network",
    re.compile(r"\bdocker\s+(run|pull)\b(?!.*@sha256:[0-9a-f]{64})"): "names an image without its digest",
}
_COMMIT = re.compile(r"[0-9a-f]{40}")


def check(root: Path) -> Iterator[Finding]:
    """Each command that brings in something unpinned: workflows, hooks, .ci, Makefiles, tools."""
    for path in checkout.shell(root):
        for line in lines(path):
            yield from (Finding(named(root, path), line.number, text, line.target) for text in _faults(line.text))
    for path in checkout.hooks(root):
        yield from _hooks(root, path)
    for path in checkout.python_tools(root):
        yield from _tool(root, path)


def _faults(text: str) -> Iterator[str]:
    for match in _PIP.finditer(text):
        if not _pinned(match[1].split()):
            yield f"'{match[0].strip()}' is neither from a hashed lock nor an exact version"
    for pattern, message in _OTHER.items():
        if found := pattern.search(text):
            yield f"'{found[0].strip()}' {message}"


def _pinned(words: list[str]) -> bool:
    """From a lock with --require-hashes, exact versions, or what was built here, and that without its dependencies."""
    locked, alone = "--require-hashes" in words, "--no-deps" in words
    if any(word in {"-r", "--requirement"} for word in words):
        return locked
    if any(word in {"-e", "--editable"} for word in words):
        return alone
    wanted = [word.strip("'\"") for word, before in zip(words, ["", *words], strict=False) if _wanted(word, before)]
    return bool(wanted) and all(_EXACT.fullmatch(word) or (alone and _built_here(word)) for word in wanted)


def _wanted(word: str, before: str) -> bool:
    return not word.startswith("-") and before not in _VALUED


def _built_here(word: str) -> bool:
    return word.startswith((".", "$", "dist/")) or word.endswith(".whl")


def _hooks(root: Path, path: Path) -> Iterator[Finding]:
    for setting in settings(path):
        if setting.key == "rev" and not _COMMIT.fullmatch(setting.value):
            yield Finding(
                named(root, path), setting.line, f"rev: {setting.value} is a name that can be moved: a commit"
            )
    for line in lines(path):
        for wish in re.findall(r"[\w.-]+", line.text.partition("additional_dependencies:")[2].replace("==", ".EXACT.")):
            if ".EXACT." not in wish:
                yield Finding(named(root, path), line.number, f"{wish} is not an exact version")


def _tool(root: Path, path: Path) -> Iterator[Finding]:
    for node in ast.walk(checkout.parsed(path)):
        if isinstance(node, ast.List | ast.Tuple):
            words = [item.value if isinstance(item, ast.Constant) else "$it" for item in node.elts]
            for text in _faults(" ".join(str(word) for word in words)):
                yield Finding(named(root, path), node.lineno, text)
