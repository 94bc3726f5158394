"""The workroom does what waits together, keeps jobs apart that fail, and forgets those nobody waits for."""

import asyncio
from collections.abc import Callable
from threading import Event
from typing import Any

import pytest

from tsifra.server.problems import ProblemError
from tsifra.server.workroom import Workroom


async def never() -> None:
    await asyncio.Event().wait()


async def at_once() -> None:
    return None


def run(body: Callable[[Workroom], Any], queue: int = 20, answer_s: float = 10) -> Any:
    async def main() -> Any:
        room = Workroom(1, queue, answer_s)
        try:
            return await body(room)
        finally:
            room.close()

    return asyncio.run(main())


def test_what_waits_is_done_together() -> None:
    calls: list[int] = []

    def double(numbers: list[int]) -> list[int]:
        calls.append(len(numbers))
        return [2 * number for number in numbers]

    async def body(room: Workroom) -> list[int]:
        free = Event()
        first = asyncio.create_task(room.do(lambda _: [free.wait()], None, None, never))
        await asyncio.sleep(0.05)
        rest = [asyncio.create_task(room.do(double, number, "numbers", never)) for number in range(10)]
        await asyncio.sleep(0.05)
        free.set()
        assert await first
        return await asyncio.gather(*rest)

    assert run(body) == [2 * number for number in range(10)]
    assert calls == [10]


def test_nobody_fails_for_his_neighbor() -> None:
    def invert(numbers: list[int]) -> list[float]:
        return [1 / number for number in numbers]

    async def body(room: Workroom) -> list[Any]:
        jobs = (room.do(invert, number, "numbers", never) for number in (1, 0, 2))
        return await asyncio.gather(*jobs, return_exceptions=True)

    one, failed, half = run(body)
    assert (one, half) == (1, 0.5)
    assert isinstance(failed, ZeroDivisionError)


def test_what_nobody_waits_for_is_not_begun() -> None:
    begun: list[str] = []

    def begin(names: list[str]) -> list[None]:
        begun.extend(names)
        return [None for _ in names]

    async def body(room: Workroom) -> None:
        free = Event()
        first = asyncio.create_task(room.do(lambda _: [free.wait()], None, None, never))
        await asyncio.sleep(0.05)
        with pytest.raises(ProblemError, match="went away"):
            await room.do(begin, "left", None, at_once)
        assert room.inside == 1
        free.set()
        await first
        await room.do(begin, "stayed", None, never)

    run(body)
    assert begun == ["stayed"]


def test_what_is_over_its_time_or_too_much_is_told() -> None:
    async def body(room: Workroom) -> None:
        free = Event()
        with pytest.raises(ProblemError, match=r"no answer within 0\.2 s"):
            await room.do(lambda _: [free.wait()], None, None, never)
        assert room.is_full, "it still fills its thread"
        with pytest.raises(ProblemError, match="too many"):
            await room.do(lambda _: [None], None, None, never)
        free.set()
        while room.is_full:
            await asyncio.sleep(0.01)
        assert await room.do(lambda _: ["done"], None, None, never) == "done"

    run(body, queue=0, answer_s=0.2)
