"""Reports that wait on the disk, for one server and one holder of tokens, in a small SQLite database.

Processes share it: whoever uses it locks a file beside it, opens it, does one thing and closes it again. So no
connection outlives its use, none is carried over a fork, and a database that turns out to be damaged is put aside
while nobody else writes to it.
"""

import os
import sqlite3
import sys
import threading
import time
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Final, Protocol, TypeVar

from . import limits
from .report import Report
from .turn import Turn

if sys.platform != "win32":
    import fcntl

T = TypeVar("T")

# How long others that use the database are waited for, in seconds.
_BUSY_WITHIN: Final = 1.2
_LOOK_AGAIN: Final = 0.005
_VERSION: Final = 1
# Most damaged databases that are kept for whoever wants to look.
_DAMAGED_MAX: Final = 10
# The size is kept beside the rows, so that nobody has to add them up.
_TABLES: Final = """
    CREATE TABLE waiting (
        number INTEGER PRIMARY KEY AUTOINCREMENT,
        agent TEXT NOT NULL,
        key TEXT NOT NULL,
        activity INTEGER NOT NULL,
        since INTEGER NOT NULL,
        bytes INTEGER NOT NULL,
        report TEXT NOT NULL
    );
    CREATE INDEX agents ON waiting (agent);
    CREATE INDEX activities ON waiting (number) WHERE activity = 1;
    CREATE TABLE size (bytes INTEGER NOT NULL);
    INSERT INTO size VALUES (0);
    CREATE TRIGGER put AFTER INSERT ON waiting BEGIN UPDATE size SET bytes = bytes + NEW.bytes; END;
    CREATE TRIGGER gone AFTER DELETE ON waiting BEGIN UPDATE size SET bytes = bytes - OLD.bytes; END;
    PRAGMA user_version = 1;
"""


class SpoolError(Exception):
    """The disk does not keep or give what it should; why, in words for people."""


class Spool(Protocol):
    """Where reports wait beyond the life of a process. Everything here raises `SpoolError` and nothing else."""

    def may_hold_some(self) -> bool:
        """Whether it is worth a look."""

    def put(self, reports: Sequence[Report]) -> int:
        """Keeps these behind all others, all or none; gives how many of the oldest activities went for them."""

    def after(self, number: int, count: int, size: int, without: Collection[str]) -> list[tuple[int, Report]]:
        """What waits behind this number, of all agents but these: at most so many and so many bytes, one at least."""

    def remove(self, numbers: Iterable[int]) -> None:
        """Forgets these."""

    def waiting_of(self, agents: Collection[str]) -> set[str]:
        """Of which of these agents something waits."""

    def take_turn(self) -> bool:
        """Whether this process may send what waits. Asked again before each request."""

    def give_turn_back(self) -> None:
        """Another process may send."""


class DiskSpool:
    """The spool in a directory of its own, made for its owner alone."""

    def __init__(self, directory: Path, whose: str = "", bytes_max: int = limits.SPOOL_BYTES_MAX) -> None:
        self.notes: list[str] = []
        self._directory = directory
        self._database = directory / "reports.db"
        self._whose = whose
        self._bytes_max = bytes_max
        self._turn = Turn(directory)
        # One use at a time in this process; held over a fork, so that no child is born in the middle of one.
        self._alone = threading.RLock()
        self._lock_handle: int | None = None

    def may_hold_some(self) -> bool:
        """Whether there is a database."""
        return os.path.exists(self._database)

    def put(self, reports: Sequence[Report]) -> int:
        """Keeps these behind all others, all or none; gives how many of the oldest activities went for them."""

        def work(database: sqlite3.Connection) -> int:
            database.executemany(
                "INSERT INTO waiting (agent, key, activity, since, bytes, report) VALUES (?, ?, ?, ?, ?, ?)",
                [
                    (each.agent, each.key, each.activity, each.since, each.size, each.text) for each in reports
                ],
            )
            return self._make_room(database)

        return self._with_database(work)

    def _make_room(self, database: sqlite3.Connection) -> int:
        dropped = 0
        while True:
            (size,) = database.execute("SELECT bytes FROM size").fetchone()
            if size <= self._bytes_max:
                return dropped
            oldest = "SELECT number, bytes FROM waiting WHERE activity = 1 ORDER BY number LIMIT 256"
            rows = database.execute(oldest).fetchall()
            if not rows:
                raise SpoolError(f"{self._bytes_max} bytes wait there already, and no activity is left to drop")
            for number, weight in rows:
                database.execute("DELETE FROM waiting WHERE number = ?", (number,))
                dropped += 1
                size -= weight
                if size <= self._bytes_max:
                    break

    def after(self, number: int, count: int, size: int, without: Collection[str]) -> list[tuple[int, Report]]:
        """What waits behind this number, of all agents but these: at most so many and so many bytes, one at least."""

        def work(database: sqlite3.Connection) -> list[tuple[int, Report]]:
            marks = ",".join("?" * len(without))
            query = (
                "SELECT number, agent, key, activity, since, report FROM waiting"
                f" WHERE number > ? AND agent NOT IN ({marks}) ORDER BY number LIMIT ?"
            )
            some: list[tuple[int, Report]] = []
            left = size
            for at, agent, key, activity, since, text in database.execute(query, (number, *without, count)):
                report = Report(str(agent), str(key), bool(activity), int(since), str(text))
                left -= report.size
                if some and left < 0:
                    break
                some.append((at, report))
            return some

        return self._with_database(work) if self.may_hold_some() else []

    def remove(self, numbers: Iterable[int]) -> None:
        """Forgets these."""

        def work(database: sqlite3.Connection) -> None:
            gone = [(number,) for number in numbers]
            database.executemany("DELETE FROM waiting WHERE number = ?", gone)

        self._with_database(work)

    def waiting_of(self, agents: Collection[str]) -> set[str]:
        """Of which of these agents something waits."""

        def work(database: sqlite3.Connection) -> set[str]:
            query = "SELECT 1 FROM waiting WHERE agent = ? LIMIT 1"
            return {agent for agent in agents if database.execute(query, (agent,)).fetchone()}

        return self._with_database(work) if self.may_hold_some() else set()

    def take_turn(self) -> bool:
        """Whether this process may send what waits. Asked again before each request."""
        try:
            return self._turn.take()
        except OSError as error:
            raise SpoolError(_words(error)) from None

    def give_turn_back(self) -> None:
        """Another process may send."""
        try:
            self._turn.give_back()
        except OSError as error:
            raise SpoolError(_words(error)) from None

    def before_fork(self) -> None:
        """Waits for what is under way, but not for a disk that hangs."""
        self._alone.acquire(timeout=0.2)

    def after_fork_in_parent(self) -> None:
        """Goes on."""
        try:
            self._alone.release()
        except RuntimeError:
            pass  # It was not had in time.

    def after_fork_in_child(self) -> None:
        """Lets go of locks that are the parent's: a child that lives longer must not hold them."""
        self._turn.let_go()
        handle, self._lock_handle = self._lock_handle, None
        if handle is not None:
            os.close(handle)

    def _with_database(self, work: Callable[[sqlite3.Connection], T]) -> T:
        if not self._alone.acquire(timeout=_BUSY_WITHIN):
            raise SpoolError("the disk does not answer")
        try:
            with self._locked():
                try:
                    return self._done(work)
                except sqlite3.DatabaseError as error:
                    if getattr(error, "sqlite_errorcode", 0) & 0xFF not in (
                        sqlite3.SQLITE_CORRUPT,
                        sqlite3.SQLITE_NOTADB,
                    ):
                        raise
                    self._put_aside(error)
                    return self._done(work)
        except (OSError, sqlite3.Error, OverflowError) as error:
            raise SpoolError(_words(error)) from None
        finally:
            self._alone.release()

    def _done(self, work: Callable[[sqlite3.Connection], T]) -> T:
        # Transactions are begun by hand. Nobody else has it open, so no time is needed for others.
        with closing(sqlite3.connect(self._database, isolation_level=None, timeout=_BUSY_WITHIN)) as database:
            database.execute("PRAGMA journal_mode = WAL")
            database.execute("BEGIN IMMEDIATE")
            try:
                (version,) = database.execute("PRAGMA user_version").fetchone()
                if version == 0:
                    for statement in _statements():
                        database.execute(statement)
                elif version != _VERSION:
                    raise SpoolError(f"what waits is of version {version}; this program knows {_VERSION}")
                done = work(database)
                database.execute("COMMIT")
                return done
            except BaseException:
                if database.in_transaction:
                    database.execute("ROLLBACK")
                raise

    @contextmanager
    def _locked(self) -> Iterator[None]:
        made = not self._directory.exists()
        self._directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        if made and self._whose:
            (self._directory / "whose").write_text(self._whose)
        handle = os.open(self._directory / "use", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        self._lock_handle = handle
        try:
            until = time.monotonic() + _BUSY_WITHIN
            while True:
                try:
                    fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
                    break
                except BlockingIOError:
                    if time.monotonic() > until:
                        raise SpoolError("another process does not let go of it") from None
                    time.sleep(_LOOK_AGAIN)
            yield
            fcntl.flock(handle, fcntl.LOCK_UN)
        finally:
            self._lock_handle = None
            os.close(handle)

    def _put_aside(self, why: sqlite3.Error) -> None:
        names = (self._directory / f"reports.db.damaged.{number}" for number in range(1, _DAMAGED_MAX + 1))
        aside = next((name for name in names if not name.exists()), None)
        if aside is None:
            raise SpoolError(f"{self._directory} holds {_DAMAGED_MAX} damaged databases: move them away")
        for ending in ("-wal", ""):
            there = Path(f"{self._database}{ending}")
            if there.exists():
                there.rename(f"{aside}{ending}")
        Path(f"{self._database}-shm").unlink(missing_ok=True)
        self.notes.append(f"reports that waited cannot be read ({why}) and are put aside as {aside}")


def _statements() -> Iterator[str]:
    """Each by itself: a script would commit what is under way."""
    whole = ""
    for line in _TABLES.splitlines(keepends=True):
        whole += line
        if sqlite3.complete_statement(whole):
            yield whole
            whole = ""


def _words(error: Exception) -> str:
    if isinstance(error, OSError) and error.strerror:
        return error.strerror
    return str(error)
