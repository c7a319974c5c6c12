"""The turn to send what waits on the disk: a lock on a file, which the system takes back from a dead process.

A stopped process keeps its locks, so the file also says by its time when its holder last moved. Who finds it too
old puts another file in its place. Should both send then, each report counts once by its key.
"""

import os
import sys
import time
from pathlib import Path
from typing import Final

if sys.platform != "win32":
    import fcntl

# Longer than a request may take: the holder renews before each.
HONOURED: Final = 30.0


class Turn:
    """The turn of this process, once `take` gave it."""

    def __init__(self, directory: Path) -> None:
        self._path = directory / "turn"
        self._handle: int | None = None

    def take(self) -> bool:
        """Whether this process has the turn now: it has, it renewed it, or nobody else had it. Never waits."""
        if self._handle is not None:
            if self._is_in_its_place():
                os.utime(self._handle)
                return True
            self.give_back()
            return False
        self._path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._handle = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(self._handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            age = abs(time.time() - os.fstat(self._handle).st_mtime)
            if age > HONOURED and self._is_in_its_place():
                self._path.unlink(missing_ok=True)
            self.let_go()
            return False
        except OSError:
            self.let_go()
            raise
        if not self._is_in_its_place():
            self.give_back()
            return False
        os.utime(self._handle)
        return True

    def give_back(self) -> None:
        """Another may take it. Unlocked in words, since a child of a fork may hold the same lock."""
        if self._handle is not None:
            fcntl.flock(self._handle, fcntl.LOCK_UN)
        self.let_go()

    def let_go(self) -> None:
        """Closes the file and unlocks nothing: in the child of a fork the lock is its parent's."""
        handle, self._handle = self._handle, None
        if handle is not None:
            os.close(handle)

    def _is_in_its_place(self) -> bool:
        assert self._handle is not None
        try:
            there = os.stat(self._path)
        except FileNotFoundError:
            return False
        own = os.fstat(self._handle)
        return (there.st_dev, there.st_ino) == (own.st_dev, own.st_ino)
