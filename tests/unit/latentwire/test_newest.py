from __future__ import annotations

from latentwire.newest import Newest


def test_only_the_newest_are_remembered() -> None:
    words = Newest(most=2)
    for key in ("a", "b", "a", "c"):
        words.put(key, key.upper())
    assert [words.get(key) for key in "abc"] == ["A", "", "C"]
