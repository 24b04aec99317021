"""Who begins a picture next."""

from __future__ import annotations

from inference_svc.engine.admission import Contender, Place, Places

OLD_LONG = Contender("old", arrival=0, evaluations=100)
NEW_SHORT = Contender("new", arrival=1, evaluations=8)
LONGS = [Contender(f"long{number}", number, 60) for number in range(4)]


def full(reserved_used: int = 0) -> Places:
    return Places(open_limit=4, reserved_limit=2, open_used=4, reserved_used=reserved_used)


def test_nobody_waits_nobody_gets_a_place() -> None:
    assert Places(4, 2, 0, 0).next([], []) is None


def test_a_place_for_all_goes_to_the_oldest() -> None:
    assert Places(4, 2, 3, 2).next([NEW_SHORT, OLD_LONG], LONGS) == Place("old", reserved=False)


def test_a_reserved_place_goes_to_one_that_is_shorter_than_most() -> None:
    assert full().next([OLD_LONG, NEW_SHORT], LONGS) == Place("new", reserved=True)


def test_no_reserved_place_goes_to_an_equal() -> None:
    assert full().next([Contender("equal", 9, 60)], LONGS) is None


def test_nobody_gets_in_when_the_reserved_places_are_taken_too() -> None:
    assert full(reserved_used=2).next([NEW_SHORT], LONGS) is None


def test_a_higher_priority_goes_before_the_oldest_and_into_reserved_places() -> None:
    important = Contender("important", 9, 1000, priority=1)
    assert Places(4, 2, 3, 0).next([OLD_LONG, important], LONGS) == Place("important", reserved=False)
    assert full().next([NEW_SHORT, important], LONGS) == Place("important", reserved=True)


def test_an_urgent_request_goes_before_others_of_its_priority() -> None:
    urgent = Contender("urgent", 9, 1000, urgent=True)
    assert full().next([NEW_SHORT, urgent], LONGS) == Place("urgent", reserved=True)


def test_with_nobody_running_there_is_nobody_to_pass() -> None:
    assert full().next([OLD_LONG], []) == Place("old", reserved=True)
