"""The thread that sends: it takes steps until it is told to end, and then puts away what is left."""

import os
import threading
import time
from typing import Final

from . import limits
from .complaints import log
from .courier import Came, Courier
from .keeping import Keeping
from .line import Queue

# How much longer than it should the disk may keep whoever closes.
_SLACK: Final = 1.0
# A thread that fails for a reason nobody thought of rests so long, in seconds.
_AFTER_FAULT: Final = 5.0


class Sender:
    """Sends in the background. Begins with the first report; ends with `close`, or with the process."""

    def __init__(self, courier: Courier, queue: Queue, keeping: Keeping) -> None:
        self._courier = courier
        self._queue = queue
        self._keeping = keeping
        self._process = os.getpid()
        self._thread: threading.Thread | None = None
        self._ended = threading.Event()
        self._until: float | None = None

    @property
    def is_of_this_process(self) -> bool:
        """False in the child of a fork, which has no sender: the thread is its parent's."""
        return self._process == os.getpid()

    @property
    def closing(self) -> bool:
        """Whether the end was asked for."""
        return self._until is not None

    def begin(self) -> None:
        """Starts the thread, once. Where the interpreter is about to end there is none: `close` puts all away."""
        with self._queue.changed:
            if self._thread is not None:
                return
            # A daemon: a server that hangs must not keep a program from ending.
            self._thread = threading.Thread(target=self._run, name="mission-control", daemon=True)
            try:
                self._thread.start()
            except RuntimeError:
                self._ended.set()

    def flush(self, within: float) -> bool:
        """Waits until the server has all that was reported, so many seconds at most; whether it has."""
        until = time.monotonic() + within
        while (left := until - time.monotonic()) > 0:
            calls = self._queue.calls
            if not len(self._queue) and not self._keeping.owes:
                return True
            if self._ended.is_set():
                return False
            self._queue.wait(calls, min(left, 0.5))
        return not len(self._queue) and not self._keeping.owes

    def close(self, within: float) -> None:
        """Sends for so many seconds at most, and puts on the disk what is left. Another call does nothing more."""
        with self._queue.changed:
            first = self._until is None
            if first:
                self._until = time.monotonic() + within
            began = self._thread is not None
        if not began or not first:
            return
        self._queue.wake()
        try:
            self._ended.wait(within + 0.05)
        finally:
            # The thread may be in the middle of a request. What it carries is put away too: it counts once.
            if not self._ended.is_set() or len(self._queue):
                self._keeping.stow(self._queue, time.monotonic())
            if not self._ended.is_set():
                self._ended.wait(0.05)

    def _run(self) -> None:
        tried = False
        while True:
            calls = self._queue.calls
            try:
                if self._until is not None and not tried:
                    self._courier.retry_now()
                    tried = True
                came, wait = self._step()
            except Exception as error:
                log.error("reports cannot be sent for a fault of the reporter: %r", error)
                came, wait = Came.TROUBLE, _AFTER_FAULT
            if self._until is not None:
                if tried and (came is Came.TROUBLE or (came is Came.NOTHING and not self._courier.waits)):
                    break
                wait = min(wait, self._until - time.monotonic())
                if self._until <= time.monotonic():
                    break
            if wait > 0:
                self._queue.wait(calls, wait)
        self._keeping.stow(self._queue, time.monotonic())
        self._keeping.leave()
        self._courier.close()
        self._ended.set()
        self._queue.wake()

    def _step(self) -> tuple[Came, float]:
        within = limits.REQUEST_WITHIN
        if self._until is not None:
            within = min(within, max(self._until - time.monotonic(), 0.1))
        step = self._courier.step(within)
        if step.came is not Came.SOMETHING:
            # Whoever waits for the end of all of it may look.
            with self._queue.changed:
                self._queue.changed.notify_all()
        return step.came, step.wait
