"""What is remembered of a few thousand things, and no more."""

from __future__ import annotations

from collections import OrderedDict


class Newest:
    """Words by key: those that were put last, at most `most`."""

    def __init__(self, most: int) -> None:
        self._kept: OrderedDict[str, str] = OrderedDict()
        self._most = most

    def put(self, key: str, word: str) -> None:
        """Keeps a word, and forgets the oldest beyond the bound."""
        self._kept[key] = word
        self._kept.move_to_end(key)
        if len(self._kept) > self._most:
            self._kept.popitem(last=False)

    def get(self, key: str) -> str:
        """The word; empty where none is kept."""
        return self._kept.get(key, "")
