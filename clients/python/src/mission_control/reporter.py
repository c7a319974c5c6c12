"""A reporter: the way from this process to one server, for any number of agents."""

import os
from collections.abc import Callable
from types import TracebackType
from typing import TYPE_CHECKING

from . import limits, processes
from .clock import Clock, SystemClock
from .complaints import Complaints
from .courier import Courier
from .keeping import Keeping
from .memory_queue import Queue
from .post import HttpPost
from .pulse import Pulses
from .report import Report
from .sender import Sender
from .settings import PathText, Settings
from .stats import Stats

if TYPE_CHECKING:
    from .life import Life


def reporter_of(
    given: "Reporter | None", url: str | None, token: str | Callable[[], str] | None, token_file: PathText | None,
    spool: PathText | bool,
) -> "Reporter":  # fmt: skip
    """The reporter that was given, or one of these. Raises `ValueError` for both."""
    if given is None:
        return Reporter(url, token=token, token_file=token_file, spool=spool)
    if url is not None or token is not None or token_file is not None:
        raise ValueError("a reporter has its own url and token: give one or the others")
    return given


class Reporter:
    """The way to one server: one queue, one thread, one connection, for any number of agents.

    A program that is one agent need not know of it: `agent()` makes one. One that runs many agents makes one
    reporter and gives it to each, `agent("build-7", reporter=reporter)`, and closes it at the end, or uses `with`.

    `url`, `token` and `token_file` go before the environment: `MISSION_CONTROL_URL`, `MISSION_CONTROL_TOKEN_FILE`,
    `MISSION_CONTROL_TOKEN`. `token` may be a function, which is called at each need on the sender's thread.
    `spool` is the directory in which reports wait beyond the life of the process, `False` for none.

    Raises `ValueError` for a URL that is none or for two tokens. A token that is missing or not taken, a server that
    is away and a disk that takes nothing are told through `logging`, by the name `mission_control`.
    """

    def __init__(
        self,
        url: str | None = None,
        *,
        token: str | Callable[[], str] | None = None,
        token_file: PathText | None = None,
        spool: PathText | bool = True,
    ) -> None:
        settings = Settings.of(url, token, token_file, spool, os.environ)
        self.clock: Clock = SystemClock()
        self.pulses = Pulses()
        self._complaints = Complaints()
        self._address = settings.address
        self._stats = Stats()
        self._queue = Queue()
        self._post = HttpPost(settings.address)
        self._keeping = Keeping(settings.address, settings.spools, self._stats, self._complaints)
        courier = Courier(
            settings.address, settings.tokens, self._post, self._queue, self.pulses, self._keeping,
            self.clock, self._stats, self._complaints,
        )  # fmt: skip
        self._sender = Sender(courier, self._queue, self._keeping)
        self._lives: dict[int, Life] = {}

    def __repr__(self) -> str:
        return f"Reporter({str(self._address)!r})"

    def __enter__(self) -> "Reporter":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    @property
    def stats(self) -> Stats:
        """What became of reports so far: a copy."""
        now, queue = self._stats, self._queue
        return Stats(now.sent, now.late, now.refused, now.dropped + queue.dropped, now.spooled, len(queue))

    def flush(self, within: float = limits.CLOSE_WITHIN) -> bool:
        """Waits until the server has all that was reported, so many seconds at most; whether it has."""
        return self._sender.is_of_this_process and self._sender.flush(within)

    def close(self, within: float = limits.CLOSE_WITHIN) -> None:
        """Sends what waits for so many seconds at most, and keeps the rest on the disk for the next process.

        A disk that hangs may take one second more. Where the server cannot be reached it is tried once and not
        waited for. What is lost, since neither takes it, is told. Later reports are dropped.
        """
        if not self._sender.is_of_this_process or self._sender.closing:
            return
        self._sender.ask_to_end(within)
        self._finish()

    def _finish(self) -> None:
        self._sender.end()
        if self._sender.has_ended:
            processes.part(self)
        self._tell_what_is_left()

    def _tell_what_is_left(self) -> None:
        stats = self.stats
        if stats.waiting:
            words = f"{stats.waiting} reports are lost: neither the server nor the disk took them"
            self._complaints.once("lost", words)
        if stats.dropped:
            words = f"{stats.dropped} activities were dropped: more was said than was sent, and the room was full"
            self._complaints.once("dropped", words)

    # What agents need of it.

    @property
    def is_open(self) -> bool:
        """Whether reports are taken: not after `close`, and not in the child of a fork."""
        if not self._sender.is_of_this_process:
            words = "this process is a fork of the one that reports: it is silent until it makes an agent of its own"
            self._complaints.once("fork", words)
            return False
        if self._sender.closing:
            self._complaints.once("closed", "something was reported after the end of the reporter: it was left out")
            return False
        return True

    def put(self, make: Callable[[int], Report]) -> None:
        """Takes a report and returns at once; `make` makes it of its number."""
        if not self.is_open:
            return
        if not self._queue.put(make):
            self._stats.dropped += 1
            self._complaints.once("full", "a report was dropped: the memory for reports is full of such that stay")
        self._begin()

    def hurry(self) -> None:
        """A heartbeat is due now."""
        if self.is_open:
            self._queue.wake()
            self._begin()

    def _begin(self) -> None:
        if self._sender.has_begun:
            return
        processes.join(self)
        self._sender.begin()

    def complain(self, kind: str, words: str) -> None:
        """Tells once what a report had wrong."""
        self._complaints.once(kind, words)

    def join(self, life: "Life") -> None:
        """An agent that lives by this reporter."""
        self.pulses.add(life.pulse)
        self._lives[id(life)] = life

    def part(self, life: "Life") -> None:
        """It does no more."""
        self.pulses.remove(life.pulse)
        self._lives.pop(id(life), None)

    # What the process tells it.

    def begin_exit(self, within: float) -> None:
        """Ends agents that nobody ended, and sends what waits."""
        if self._sender.is_of_this_process and not self._sender.closing:
            for life in list(self._lives.values()):
                life.at_exit()
            self._sender.ask_to_end(within)

    def finish_exit(self) -> None:
        """Waits for it."""
        if self._sender.is_of_this_process:
            self._finish()

    def before_fork(self) -> None:
        """No child is born while the disk is in use."""
        if self._keeping.spool is not None:
            self._keeping.spool.before_fork()

    def after_fork_in_parent(self) -> None:
        """Goes on."""
        if self._keeping.spool is not None:
            self._keeping.spool.after_fork_in_parent()

    def after_fork_in_child(self) -> None:
        """Lets go of what is the parent's."""
        try:
            if self._keeping.spool is not None:
                self._keeping.spool.after_fork_in_child()
            self._post.let_go_in_child()
        except OSError:
            pass
