"""Path templates of `google.api.http`: segments, `*`, `**`, `{field=segments}` and a verb.

Template = "/" Segments [ ":" LITERAL ]      Segments = Segment { "/" Segment }
Segment  = "*" | "**" | LITERAL | Variable   Variable = "{" IDENT { "." IDENT } [ "=" Segments ] "}"
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final
from urllib.parse import unquote

_LITERAL: Final = r"[A-Za-z0-9\-._~!$&'()+,;@%]+"
_PLAIN: Final = rf"(?:\*\*|\*|{_LITERAL})"
_FIELD: Final = r"[A-Za-z_]\w*(?:\.[A-Za-z_]\w*)*"
_VARIABLE: Final = rf"\{{(?P<field>{_FIELD})(?:=(?P<segments>{_PLAIN}(?:/{_PLAIN})*))?\}}"
_SEGMENT: Final = re.compile(rf"/(?:(?P<plain>{_PLAIN})|{_VARIABLE})")
_VERB: Final = re.compile(rf":(?P<verb>{_LITERAL})")
_ESCAPE: Final = re.compile(r"%([0-9A-Fa-f]{2})")
_UNRESERVED: Final = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~")
_ORDER: Final = {"*": 1, "**": 2}


class BadTemplate(ValueError):
    """What stands in an annotation is no path template."""


@dataclass(frozen=True, slots=True)
class Variable:
    """A part of the path that becomes a field: `segments` is what it may be, `*` where the template does not say."""

    field: str
    segments: str

    @property
    def spans(self) -> bool:
        """Whether it may hold slashes, which then stay escaped where they were."""
        return "/" in self.segments or self.segments == "**"


@dataclass(frozen=True, slots=True)
class Template:
    """One template. `rank` orders templates: of two that fit a path, the lower one is meant."""

    text: str
    variables: tuple[Variable, ...]
    rank: tuple[bool, tuple[int, ...]]
    _pattern: re.Pattern[str]

    def match(self, path: str) -> dict[str, str] | None:
        """The variables' values by field, decoded, where a path fits; None where not.

        The path is as `normalized` returns it.
        """
        found = self._pattern.fullmatch(path)
        if found is None:
            return None
        return {
            variable.field: _decoded(found[f"v{number}"] or "", spans=variable.spans)
            for number, variable in enumerate(self.variables)
        }


def parse(text: str) -> Template:
    """Reads a template. Raises BadTemplate."""
    segments, verb = _split(text)
    plain = [part for segment in segments for part in _parts(segment)]
    if "**" in plain[:-1]:
        raise BadTemplate(f"{text!r}: ** stands in the last place only")
    variables = tuple(Variable(s["field"], s["segments"] or "*") for s in segments if s["field"])
    if len({variable.field for variable in variables}) < len(variables):
        raise BadTemplate(f"{text!r}: a field stands in it twice")
    rank = (not verb, tuple(_ORDER.get(part, 0) for part in plain))
    return Template(text, variables, rank, re.compile(_expression(segments, verb), re.DOTALL))


def normalized(raw_path: str) -> str:
    """A path as it came, without escapes that no path needs: `%41` is `A`, `%2F` stays."""
    return _ESCAPE.sub(lambda escape: _plain(escape[0]), raw_path)


def _split(text: str) -> tuple[list[re.Match[str]], str]:
    segments, end = [], 0
    while found := _SEGMENT.match(text, end):
        segments.append(found)
        end = found.end()
    verb = _VERB.fullmatch(text, end)
    if not segments or (end < len(text) and verb is None):
        raise BadTemplate(f"{text!r} is no path template, from {text[end:]!r} on")
    return segments, verb["verb"] if verb else ""


def _parts(segment: re.Match[str]) -> Sequence[str]:
    return (segment["plain"] or segment["segments"] or "*").split("/")


def _expression(segments: Sequence[re.Match[str]], verb: str) -> str:
    names = (f"v{number}" for number in range(len(segments)))
    body = "".join(_segment(_parts(s), next(names) if s["field"] else "") for s in segments)
    return body + (re.escape(f":{verb}") if verb else "")


def _segment(parts: Sequence[str], name: str) -> str:
    first, *others = parts
    rest = "".join("(?:/.*)?" if part == "**" else f"/{_one(part)}" for part in others)
    begin, end = (f"(?P<{name}>", ")") if name else ("(?:", ")")
    return f"(?:/{begin}.*{end})?" if first == "**" else f"/{begin}{_one(first)}{rest}{end}"


def _one(part: str) -> str:
    return "[^/]+" if part == "*" else re.escape(normalized(part))


def _plain(escape: str) -> str:
    letter = chr(int(escape[1:], 16))
    return letter if letter in _UNRESERVED else escape.upper()


def _decoded(text: str, *, spans: bool) -> str:
    if spans:
        text = text.replace("%2F", "%252F")
    return unquote(text, errors="strict")
