"""Work that must not stop the event loop: threads, and a queue of a stated length before them.

Flows in: functions that take milliseconds to seconds, and what they are to work on. Flows out: what they return, or a
ProblemError where the queue is full, the time is up or nobody waits any more. Knows nothing of pictures.
"""

import asyncio
from collections import defaultdict, deque
from collections.abc import Awaitable, Callable, Hashable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from threading import Lock
from typing import Any, Generic, TypeVar

from tsifra.server.problems import BUSY, ProblemError

_TOGETHER = 16  # jobs at most; 8 and 32 were no quicker
_PATIENCE_S = 0.5  # after which a look is taken at whether anybody still waits; most answers are there by then

_Given = TypeVar("_Given")
_Made = TypeVar("_Made")


@dataclass(frozen=True, slots=True, eq=False)
class _Job(Generic[_Given, _Made]):
    given: _Given
    made: "asyncio.Future[_Made]"


class Workroom:
    """Threads of one worker process. What is over its time still fills its thread until it is done."""

    def __init__(self, threads: int, queue: int, answer_s: float) -> None:
        """queue: how many wait at most; answer_s: how long one waits and is worked on together."""
        self._pool = ThreadPoolExecutor(threads, thread_name_prefix="tsifra-server")
        self._most = threads + queue
        self._answer_s = answer_s
        self._waiting: defaultdict[Hashable, deque[_Job[Any, Any]]] = defaultdict(deque)
        self._lock = Lock()  # around the queues
        self.inside = 0

    @property
    def is_full(self) -> bool:
        """Whether the next one would be refused."""
        return self.inside >= self._most

    async def do(
        self,
        work: Callable[[list[_Given]], list[_Made]],
        given: _Given,
        kind: Hashable | None,
        left: Callable[[], Awaitable[object]],
    ) -> _Made:
        """What `work` makes of `given`, in a thread.

        kind: jobs of one kind that wait at the same time are done in one call; None: alone. left: comes back once
        nobody waits any more; the job is withdrawn then unless it was begun. Raises ProblemError("busy") at once where
        too many wait, and when its time is up; what `work` raises.
        """
        if self.is_full:
            raise ProblemError("busy", BUSY)
        job: _Job[_Given, _Made] = _Job(given, asyncio.get_running_loop().create_future())
        kind = job if kind is None else kind
        with self._lock:
            self._waiting[kind].append(job)
        self.inside += 1
        try:
            self._pool.submit(self._begin, work, kind)
        except RuntimeError:  # closed
            self._withdraw(job, kind)
            raise ProblemError("busy", "this server is ending") from None
        try:
            return await self._made(job, left)
        finally:
            self._withdraw(job, kind)

    async def _made(self, job: _Job[_Given, _Made], left: Callable[[], Awaitable[object]]) -> _Made:
        patience_s = min(_PATIENCE_S, self._answer_s)
        await asyncio.wait((job.made,), timeout=patience_s)
        if not job.made.done():
            gone = asyncio.ensure_future(left())
            await asyncio.wait(
                (job.made, gone), timeout=self._answer_s - patience_s, return_when=asyncio.FIRST_COMPLETED
            )
            if not job.made.done() and gone.done():
                raise ProblemError("timeout", "the client went away")
            gone.cancel()
        if not job.made.done():
            raise ProblemError("busy", f"no answer within {self._answer_s:g} s; try again, or send less at once")
        return job.made.result()

    def _withdraw(self, job: _Job[Any, Any], kind: Hashable) -> None:
        """Take a job back that no thread has begun."""
        with self._lock:
            if job in self._waiting[kind]:
                self._waiting[kind].remove(job)
                self.inside -= 1
            if not self._waiting[kind]:
                del self._waiting[kind]

    def _begin(self, work: Callable[[list[Any]], list[Any]], kind: Hashable) -> None:
        """Do what waits of a kind, in a thread. There is a call for each job, so that most find nothing to do."""
        with self._lock:
            waiting = self._waiting.get(kind) or deque()
            jobs = [waiting.popleft() for _ in range(min(_TOGETHER, len(waiting)))]
        if jobs:
            outcomes = _outcomes(work, [job.given for job in jobs])
            jobs[0].made.get_loop().call_soon_threadsafe(self._end, jobs, outcomes)

    def _end(self, jobs: list[_Job[Any, Any]], outcomes: list[Any]) -> None:
        self.inside -= len(jobs)
        for job, outcome in zip(jobs, outcomes, strict=True):
            if isinstance(outcome, Exception):
                job.made.set_exception(outcome)
                job.made.exception()  # so that nobody complains if nobody waits any more
            else:
                job.made.set_result(outcome)

    def close(self) -> None:
        """Finish what runs, drop what waits."""
        self._pool.shutdown(wait=True, cancel_futures=True)


def _outcomes(work: Callable[[list[Any]], list[Any]], given: list[Any]) -> list[Any]:
    """What was made of each, or the exception: nobody's job fails for his neighbor's."""
    try:
        return work(given)
    except Exception as error:
        return [error] if len(given) == 1 else [outcome for each in given for outcome in _outcomes(work, [each])]
