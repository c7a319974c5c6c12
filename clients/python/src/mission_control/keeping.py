"""Between memory and disk: what cannot be sent is put away in time, and comes back before what is newer.

A disk that does not do its part is left alone for a while; reports then wait in memory, and are sent from there.
"""

import threading
from collections.abc import Collection, Set
from typing import Final, Protocol

from .address import Address
from .complaints import Complaints
from .memory_queue import Queue
from .report import Report
from .spool import DiskSpool, Spool, SpoolError
from .stats import Stats

# While the server is away, what is new is put on the disk as often.
_STOWED_EVERY: Final = 0.2
# How long after it failed the disk is tried again.
_REST: Final = 30.0
# How often to look whether another process is still sending: while something waits here behind it, and otherwise.
_LOOK_SOON: Final = 0.1
_LOOK_CALMLY: Final = 1.0
_LOOK: Final = 60.0
# Putting away takes turns in a process; at its end it is not waited for longer.
_STOW_WITHIN: Final = 1.0


class Places(Protocol):
    """Gives the spool for a token, and its name."""

    def of(self, address: Address, token: str) -> tuple[str, DiskSpool]:
        """The name and spool of whoever holds this token."""


class Keeping:
    """What this process has on the disk. Used by one thread, but for `stow`, `owes` and the fork."""

    def __init__(self, address: Address, places: Places | None, stats: Stats, complaints: Complaints) -> None:
        self._address = address
        self._places = places
        self._stats = stats
        self._complaints = complaints
        self._token: str | None = None
        self._name: str | None = None
        self._spool: DiskSpool | None = None
        # Nobody knows yet what an earlier process left, so it is looked for at once.
        self._look_at = 0.0
        self._looked_for: Set[str] = set()
        self._blocked: Set[str] = set()
        self._others_turn = False
        self._own_waits = False
        self._after = 0
        self._rest_until = float("-inf")
        self._stowed_at = float("-inf")
        self._stowing = threading.RLock()

    @property
    def owes(self) -> bool:
        """Whether reports of this process wait on the disk, as far as it knows."""
        return self._own_waits

    @property
    def spool(self) -> DiskSpool | None:
        """The spool in use."""
        return self._spool

    def belongs_to(self, token: str) -> None:
        """Whoever holds this token reports from now on."""
        if self._places is None or token == self._token:
            return
        name, spool = self._places.of(self._address, token)
        self._token = token
        if name != self._name:
            self._give_turn_back()
            self._name, self._spool = name, spool
            self._look_at, self._after, self._rest_until = 0.0, 0, float("-inf")

    def is_for(self, token: str) -> bool:
        """Whether what waits may be sent with this token."""
        return self._places is None or self._places.of(self._address, token)[0] == self._name

    def from_the_beginning(self) -> None:
        """Those that were passed by may go now: they are older than the rest."""
        self._after, self._look_at = 0, 0.0

    def next(
        self, now: float, count: int, size: int, held: Collection[str], agents: Set[str], idle: bool
    ) -> tuple[list[tuple[int, Report]], Set[str]]:
        """What waits on the disk and may be sent now; and, of these agents, those of whom nothing may go before it.

        `idle`: nothing waits in memory.
        """
        spool = self._spool
        if spool is None or now < self._rest_until:
            return [], set()
        if count < 1 or (now < self._look_at and agents == self._looked_for):
            return [], self._blocked
        try:
            return self._read(spool, now, count, size, held, agents, idle)
        except SpoolError as error:
            self._fail(error, now)
            return [], set()

    def _read(
        self, spool: Spool, now: float, count: int, size: int, held: Collection[str], agents: Set[str], idle: bool
    ) -> tuple[list[tuple[int, Report]], Set[str]]:
        self._blocked, self._looked_for, self._others_turn = set(), agents, False
        if not spool.may_hold_some():
            return [], self._nothing_waits(now)
        if not spool.take_turn():
            # Another process sends. What it has not sent yet of our agents goes before what we have of them.
            self._others_turn, self._look_at = True, 0.0
            if not idle or self._own_waits:
                self._blocked = spool.waiting_of(agents)
                self._own_waits = self._own_waits and bool(self._blocked)
                self._look_at = now + _LOOK_SOON
            return [], self._blocked
        rows = spool.after(self._after, count, size, held)
        if rows or held:
            # Without rows all that is left is of agents that must wait; they are looked for again when they may go.
            self._look_at = 0.0 if rows else now + _LOOK
            return rows, set()
        return [], self._nothing_waits(now)

    def _nothing_waits(self, now: float) -> Set[str]:
        self._own_waits, self._after, self._look_at = False, 0, now + _LOOK
        self._give_turn_back()
        return set()

    def look_again_in(self, now: float, idle: bool) -> float:
        """In how many seconds to look at the disk again, if nothing else happens."""
        if self._spool is None:
            return _LOOK
        if now < self._rest_until:
            return self._rest_until - now
        if self._others_turn:
            return _LOOK_CALMLY if idle and not self._own_waits else _LOOK_SOON
        return max(self._look_at - now, _LOOK_SOON)

    def forget(self, numbers: list[int], looked_at: int, now: float) -> None:
        """These are done, and all up to that number were looked at."""
        self._after = max(self._after, looked_at)
        if self._spool is None:
            return
        try:
            self._spool.remove(numbers)
        except SpoolError as error:
            # A full disk forgets nothing: the rest goes out all the same, and these count once if they go again.
            self._complaints.once("forget", f"reports that were sent cannot be taken off the disk: {error}")

    def stow_when_due(self, queue: Queue, now: float) -> float:
        """Puts on the disk what waits in memory, but not for each report by itself; gives when it is due again."""
        if not len(queue) or self._spool is None:
            return float("inf")
        if now < self._rest_until:
            return self._rest_until - now
        due = self._stowed_at + _STOWED_EVERY
        if now < due:
            return due - now
        self._stowed_at = now
        self.stow(queue, now)
        return max(_STOWED_EVERY, self._rest_until - now)

    def stow(self, queue: Queue, now: float) -> None:
        """Puts on the disk what waits in memory. From any thread."""
        spool = self._spool
        if spool is None or not self._stowing.acquire(timeout=_STOW_WITHIN):
            return
        try:
            while some := queue.first(2_000, 4 * 1024 * 1024):
                self._stats.dropped += spool.put([report for _, report in some])
                self._stats.spooled += len(some)
                self._own_waits, self._look_at = True, 0.0
                queue.remove(number for number, _ in some)
        except SpoolError as error:
            self._fail(error, now)
        finally:
            self._stowing.release()

    def leave(self) -> None:
        """Others may send."""
        self._give_turn_back()

    def _fail(self, error: SpoolError, now: float) -> None:
        self._rest_until = now + _REST
        self._blocked = set()
        words = f"reports cannot wait on the disk, only in the memory of this process: {error}"
        self._complaints.once("spool", words)
        self._give_turn_back()

    def _give_turn_back(self) -> None:
        if self._spool is None:
            return
        for note in self._spool.notes:
            self._complaints.once(note, note)
        self._spool.notes.clear()
        try:
            self._spool.give_turn_back()
        except SpoolError:
            pass  # Who dies or stands still loses it all the same.
