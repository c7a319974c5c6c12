"""What waits in memory: in order, bounded, and quick for whoever reports."""

import threading
from collections import OrderedDict
from collections.abc import Callable, Container, Iterable

from . import limits
from .report import Report


class Queue:
    """Reports that wait in this process. At the bound the oldest activity goes; nothing else ever does.

    The lock may be taken again by the thread that has it: a signal handler or a finaliser that reports can come
    at any moment, also in the middle of a report.
    """

    def __init__(
        self, reports_max: int = limits.QUEUE_REPORTS_MAX, bytes_max: int = limits.QUEUE_BYTES_MAX
    ) -> None:
        # Taken by itself and not through the condition: a signal handler that raises must find no step in which it
        # is had and not yet given back.
        self.lock = threading.RLock()
        self.changed = threading.Condition(self.lock)
        self.dropped = 0
        self._reports_max = reports_max
        self._bytes_max = bytes_max
        self._all: OrderedDict[int, Report] = OrderedDict()
        self._activities: OrderedDict[int, None] = OrderedDict()
        self._bytes = 0
        self._number = 0
        self._newest = 0
        self._disordered = False
        self._calls = 0

    def __len__(self) -> int:
        return len(self._all)

    def put(self, make: Callable[[int], Report]) -> bool:
        """Adds what `make` makes of the report's number in this process. False: no activity was left to drop."""
        with self.lock:
            self._number = number = self._number + 1
            report = make(number)
            while len(self._all) >= self._reports_max or self._bytes + report.size > self._bytes_max:
                if not self._drop_oldest_activity():
                    return False
            self._all[number] = report
            if report.activity:
                self._activities[number] = None
            self._bytes += report.size
            # One that came in the middle of this one has the higher number, and stands before it.
            self._disordered |= number < self._newest
            self._newest = max(self._newest, number)
            self.wake()
            return True

    def wake(self) -> None:
        """Lets whoever waits look again."""
        with self.lock:
            self._calls += 1
            self.changed.notify_all()

    @property
    def calls(self) -> int:
        """How often there was reason to look again."""
        return self._calls

    def wait_for(self, so: Callable[[], bool], within: float) -> bool:
        """Waits until it is so, so many seconds at most; whether it is. Looked at whenever something is done."""
        with self.lock:
            return self.changed.wait_for(so, within)

    def wait(self, calls: int, within: float) -> None:
        """Waits until there is reason to look again that was not there at so many calls."""
        with self.lock:
            self.changed.wait_for(lambda: self._calls != calls, within)

    def _drop_oldest_activity(self) -> bool:
        if not self._activities:
            return False
        number, _ = self._activities.popitem(last=False)
        self._bytes -= self._all.pop(number).size
        self.dropped += 1
        return True

    def first(self, count: int, size: int, without: Container[str] = ()) -> list[tuple[int, Report]]:
        """The oldest, at most so many and so many bytes but one at least, of all agents but these."""
        with self.lock:
            if self._disordered:
                self._all = OrderedDict(sorted(self._all.items()))
                self._activities = OrderedDict(sorted(self._activities.items()))
                self._disordered = False
            some: list[tuple[int, Report]] = []
            for number, report in self._all.items():
                if report.agent in without:
                    continue
                size -= report.size
                if len(some) >= count or (some and size < 0):
                    break
                some.append((number, report))
            return some

    def remove(self, numbers: Iterable[int]) -> None:
        """Forgets these: they are elsewhere now. Those that were dropped meanwhile are gone already."""
        with self.lock:
            for number in numbers:
                report = self._all.pop(number, None)
                if report is not None:
                    self._activities.pop(number, None)
                    self._bytes -= report.size
            self.changed.notify_all()

    def agents(self) -> set[str]:
        """Of whom something waits."""
        with self.lock:
            return {report.agent for report in self._all.values()}
