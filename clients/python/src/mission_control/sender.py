"""The thread that sends: it takes steps until it is told to end, and then puts away what is left."""

import os
import threading
import time
from typing import Final

from . import limits
from .complaints import log
from .courier import Came, Courier
from .keeping import Keeping
from .memory_queue import Queue

# How long a thread that is about to end by itself is waited for beyond its time.
_GRACE: Final = 0.05
# How much longer than it should the disk may keep whoever closes.
_SLACK: Final = 1.5
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
        # The interpreter is about to end and gives no more threads: whoever ends it sends.
        self._threadless = False

    @property
    def is_of_this_process(self) -> bool:
        """False in the child of a fork, which has no sender: the thread is its parent's."""
        return self._process == os.getpid()

    @property
    def has_begun(self) -> bool:
        """Whether there is a thread, or was one."""
        return self._thread is not None

    @property
    def has_ended(self) -> bool:
        """Whether the thread is done, or was never begun."""
        return self._thread is None or self._ended.is_set()

    @property
    def closing(self) -> bool:
        """Whether the end was asked for."""
        return self._until is not None

    def begin(self) -> None:
        """Starts the thread, once."""
        with self._queue.lock:
            if self._thread is not None:
                return
            # A daemon: a server that hangs must not keep a program from ending.
            self._thread = threading.Thread(target=self._run, name="mission-control", daemon=True)
            try:
                self._thread.start()
            except RuntimeError:
                self._threadless = True

    def flush(self, within: float) -> bool:
        """Waits until the server has all that was reported, so many seconds at most; whether it has."""
        self._queue.wait_for(lambda: self._has_sent_all() or self._ended.is_set(), within)
        return self._has_sent_all()

    def _has_sent_all(self) -> bool:
        return not len(self._queue) and not self._keeping.owes

    def ask_to_end(self, within: float) -> None:
        """Sends for so many seconds at most; `end` waits for it."""
        with self._queue.lock:
            if self._until is None:
                self._until = time.monotonic() + within
        self._queue.wake()

    def end(self) -> None:
        """Waits for the end that was asked for, and puts on the disk what is left."""
        if self._until is None or self._thread is None:
            return
        if self._threadless:
            self._run()
        try:
            self._ended.wait(max(0.0, self._until - time.monotonic()) + _GRACE)
        finally:
            # The thread may be in the middle of a request. What it carries is put away too: it counts once.
            if not self._ended.is_set():
                self._put_away()

    def _put_away(self) -> None:
        """Beside this thread: no disk that hangs may keep a program from ending."""
        done = threading.Event()

        def work() -> None:
            try:
                self._keeping.stow(self._queue, time.monotonic())
            finally:
                done.set()

        try:
            threading.Thread(target=work, name="mission-control-end", daemon=True).start()
        except RuntimeError:
            work()
        done.wait(_SLACK)

    def _run(self) -> None:
        try:
            self._run_until_end()
            self._keeping.stow(self._queue, time.monotonic())
            self._keeping.leave()
            self._courier.close()
        except Exception as error:
            log.error("reports cannot be put away for a fault of the reporter: %r", error)
        finally:
            self._ended.set()
            self._queue.wake()

    def _run_until_end(self) -> None:
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

    def _step(self) -> tuple[Came, float]:
        within = limits.REQUEST_WITHIN
        if self._until is not None:
            within = min(within, max(self._until - time.monotonic(), 0.1))
        step = self._courier.step(within)
        if step.came is not Came.SOMETHING:
            # Whoever waits for the end of all of it may look.
            with self._queue.lock:
                self._queue.changed.notify_all()
        return step.came, step.wait
