"""An agent of a program that is not asynchronous."""

from collections.abc import Callable, Mapping
from types import TracebackType

from . import endings, faults, limits
from .complaints import log
from .life import MAIN, Life
from .reporter import Reporter, reporter_of
from .settings import PathText


class Agent(Life):
    """An agent, made by `agent()`. As a `with` block it starts, and stops or crashes as the block ends."""

    _owned: bool = False
    _close_within: float = limits.CLOSE_WITHIN

    def __enter__(self) -> "Agent":
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        # Whatever goes wrong here, the program's own exception goes on.
        try:
            self._end_as(endings.of(error))
            self.close()
        except Exception as fault:
            if not faults.is_own(fault):
                raise
            log.error("the end of an agent was not reported for a fault of the reporter: %r", fault)

    def flush(self, within: float = limits.CLOSE_WITHIN) -> bool:
        """Waits until the server has all that was reported, so many seconds at most; whether it has."""
        return self._reporter.flush(within)

    def close(self, within: float | None = None) -> None:
        """Ends the agent as stopped, if nobody said how it ended, and closes its reporter, unless that was given.

        What that means, and for how long it waits, says `Reporter.close`; 2 seconds if nothing else was said.
        """
        self.stop()
        if self._owned:
            self._reporter.close(self._close_within if within is None else within)


def agent(
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
) -> Agent:
    """An agent that this program is: `with agent("build-7") as a: a.activity("compiling")`.

    `lease` is for how many seconds (1 to 3,600) the server believes the agent without hearing of it; heartbeats go
    out in the background at a third of it. `session` is the one of activities that name none. `labels` and
    `message` go with the start: at most 16 labels, 64 bytes for each key and value. `close_within` is how many
    seconds the end waits for the server. The rest is as for `Reporter`; a `reporter` that is given is shared, and
    closed by whoever made it.

    Raises `ValueError` for an id, lease, label or URL that no server takes, for two tokens, and for a reporter beside a
    URL or token. After that nothing raises: what goes wrong is told through `logging`, by the name `mission_control`.
    """
    own = reporter_of(reporter, url, token, token_file, spool)
    made = Agent(agent_id, own, session=session, lease=lease, labels=labels, message=message)
    made._owned, made._close_within = reporter is None, close_within
    return made
