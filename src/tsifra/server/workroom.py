"""Work that must not stop the event loop: threads, and a queue of a stated length before them.

Flows in: functions that take milliseconds to seconds. Flows out: what they return, or a ProblemError where the queue is
full or the time is up. Knows nothing of pictures.
"""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from tsifra.server.problems import ProblemError

_T = TypeVar("_T")


class Workroom:
    """Threads of one worker process. What is over its time still fills its thread until it is done."""

    def __init__(self, threads: int, queue: int, answer_s: float) -> None:
        """queue: how many wait at most; answer_s: how long one waits and is worked on together."""
        self._pool = ThreadPoolExecutor(threads, thread_name_prefix="tsifra-server")
        self._most = threads + queue
        self._answer_s = answer_s
        self.inside = 0

    @property
    def is_full(self) -> bool:
        """Whether the next one would be refused."""
        return self.inside >= self._most

    async def do(self, work: Callable[[], _T]) -> _T:
        """Run `work` in a thread. Raises ProblemError("busy") at once where too many wait, and when its time is up."""
        if self.is_full:
            raise ProblemError("busy", "too many requests at once; try again in a moment")
        loop = asyncio.get_running_loop()
        try:
            future = self._pool.submit(work)
        except RuntimeError:  # closed
            raise ProblemError("busy", "this server is ending") from None
        self.inside += 1
        future.add_done_callback(lambda _: loop.call_soon_threadsafe(self._left))
        try:
            return await asyncio.wait_for(asyncio.wrap_future(future), self._answer_s)
        except TimeoutError:
            raise ProblemError(
                "busy", f"no answer within {self._answer_s:g} s; try again, or send less at once"
            ) from None

    def _left(self) -> None:
        self.inside -= 1

    def close(self) -> None:
        """Finish what runs, drop what waits."""
        self._pool.shutdown(wait=True, cancel_futures=True)
