from __future__ import annotations

import asyncio

import pytest

from gateway_svc.shared_answers import SharedAnswers


class Question:
    """Answers with how often it was asked."""

    def __init__(self) -> None:
        self.asked = 0
        self.fails = False

    async def __call__(self) -> int:
        self.asked += 1
        number = self.asked
        await asyncio.sleep(0)
        if self.fails:
            raise ValueError("no")
        return number


class Clock:
    """Stands still."""

    now_s = 0.0

    def __call__(self) -> float:
        return self.now_s


async def test_a_crowd_asks_once() -> None:
    shared, question = SharedAnswers(clock=Clock()), Question()
    answers = await asyncio.gather(*(shared.get("key", question) for _ in range(64)))
    assert (answers, question.asked) == ([1] * 64, 1)


async def test_an_answer_is_kept_for_its_time_and_asked_for_anew() -> None:
    clock, question = Clock(), Question()
    shared = SharedAnswers(0.05, clock)
    answers = []
    for clock.now_s in (0.0, 0.04, 0.06):
        answers.append(await shared.get("key", question))
    assert answers == [1, 1, 2]


async def test_keys_have_their_own_answers_and_all_can_be_forgotten() -> None:
    shared, question = SharedAnswers(0.05, Clock()), Question()
    answers = [await shared.get(key, question) for key in ("one", "other", "one")]
    shared.forget()
    assert (answers, await shared.get("one", question)) == ([1, 2, 1], 3)


async def test_a_failure_is_told_and_not_kept() -> None:
    shared, question = SharedAnswers(0.05, Clock()), Question()
    question.fails = True
    with pytest.raises(ValueError, match="no"):
        await shared.get("key", question)
    question.fails = False
    assert await shared.get("key", question) == 2


async def test_one_who_goes_away_takes_nothing_from_the_others() -> None:
    shared, question = SharedAnswers(clock=Clock()), Question()
    gone, stays = (asyncio.create_task(shared.get("key", question)) for _ in range(2))
    await asyncio.sleep(0)
    gone.cancel()
    assert (await stays, question.asked) == (1, 1)


async def test_old_answers_make_room() -> None:
    clock, question = Clock(), Question()
    shared = SharedAnswers(0.05, clock)
    for clock.now_s in range(200):
        await shared.get(clock.now_s, question)
    assert len(shared) <= 65
