"""An agent of an asynchronous program."""

import asyncio
import threading
from collections.abc import Callable, Mapping
from types import TracebackType
from typing import TypeVar

from . import endings, faults, limits
from .complaints import log
from .life import MAIN, Life
from .reporter import Reporter, reporter_of
from .settings import PathText

T = TypeVar("T")


class AsyncAgent(Life):
    """An agent, made by `async_agent()`. As an `async with` block it starts, and stops or crashes as the block ends.

    Reports are said as by `Agent`, without `await`, since they return at once. What waits is awaited: `flush` and
    `close`. Sending goes on in a thread, so that a loop that is busy, or was stopped, keeps the agent alive too.
    """

    _owned: bool = False
    _close_within: float = limits.CLOSE_WITHIN

    async def __aenter__(self) -> "AsyncAgent":
        self.start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        # Whatever goes wrong here, the program's own exception goes on.
        try:
            self._end_as(endings.of(error))
            await self.close()
        except Exception as fault:
            if not faults.is_own(fault):
                raise
            log.error("the end of an agent was not reported for a fault of the reporter: %r", fault)

    async def flush(self, within: float = limits.CLOSE_WITHIN) -> bool:
        """Waits until the server has all that was reported, so many seconds at most; whether it has."""
        return await _beside(lambda: self._reporter.flush(within))

    async def close(self, within: float | None = None) -> None:
        """Ends the agent as stopped, if nobody said how it ended, and closes its reporter, unless that was given.

        A task that is cancelled meanwhile does not wait; the reports are sent or kept all the same.
        """
        self.stop()
        if self._owned:
            seconds = self._close_within if within is None else within
            await _beside(lambda: self._reporter.close(seconds))


async def _beside(work: Callable[[], T]) -> T:
    """Does it on a thread of its own: the loop's own threads may all be busy, or closed already."""
    loop = asyncio.get_running_loop()
    done: asyncio.Future[T] = loop.create_future()

    def tell(result: T | None, error: BaseException | None) -> None:
        if done.done():
            return
        if error is not None:
            done.set_exception(error)
        else:
            done.set_result(result)  # type: ignore[arg-type]

    def run() -> None:
        result, error = None, None
        try:
            result = work()
        except BaseException as caught:
            error = caught
        try:
            loop.call_soon_threadsafe(tell, result, error)
        except RuntimeError:
            pass  # The loop is closed: nobody waits.

    threading.Thread(target=run, name="mission-control-close", daemon=True).start()
    return await done


def async_agent(
    agent_id: str,
    *,
    session: str = MAIN,
    lease: float = limits.LEASE_DEFAULT,
    labels: Mapping[str, str] | None = None,
    message: str | None = None,
    url: str | None = None,
    token: str | Callable[[], str] | None = None,
    token_file: PathText | None = None,
    spool: PathText | bool = True,
    close_within: float = limits.CLOSE_WITHIN,
    reporter: Reporter | None = None,
) -> AsyncAgent:
    """The agent that an asynchronous program is: `async with async_agent("build-7") as a: a.activity("compiling")`.

    Takes and raises what `agent()` does.
    """
    own = reporter_of(reporter, url, token, token_file, spool)
    made = AsyncAgent(agent_id, own, session=session, lease=lease, labels=labels, message=message)
    made._owned, made._close_within = reporter is None, close_within
    return made
