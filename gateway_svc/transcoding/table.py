"""Which binding a request means."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from gateway_svc.transcoding.errors import Refused
from gateway_svc.transcoding.rules import Binding

ANY_VERB = "*"


@dataclass(frozen=True, slots=True)
class Found:
    """A binding, and the values of its path by field."""

    binding: Binding
    variables: dict[str, str]


class Table:
    """All bindings. Of several that fit the most exact path wins: a name before `*`, `*` before `**`; verbs first."""

    def __init__(self, bindings: Iterable[Binding]) -> None:
        self.bindings = tuple(sorted(bindings, key=lambda binding: binding.template.rank))

    def find(self, verb: str, path: str) -> Found | frozenset[str]:
        """What is meant by a verb and a normalized path; else the verbs that the path has, none where it is unknown.

        Raises Refused where a value of the path is not UTF-8.
        """
        verbs: set[str] = set()
        for binding in self.bindings:
            variables = _match(binding, path)
            if variables is None:
                continue
            if binding.verb in (verb, ANY_VERB):
                return Found(binding, variables)
            verbs.add(binding.verb)
        return frozenset(verbs)


def _match(binding: Binding, path: str) -> dict[str, str] | None:
    try:
        return binding.template.match(path)
    except UnicodeDecodeError:
        raise Refused(f"{path!r:.80} is not UTF-8", field="path") from None
