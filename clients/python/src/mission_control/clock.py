"""Time and chance, in one place so that tests can decide both."""

import random
import time
from typing import Protocol


class Clock(Protocol):
    """Where time comes from."""

    def wall(self) -> int:
        """Milliseconds since 1970."""

    def monotonic(self) -> float:
        """Seconds that only rise."""

    def chance(self) -> float:
        """A number from 0 to 1, at random."""


class SystemClock:
    """The time of this machine."""

    def wall(self) -> int:
        """Milliseconds since 1970."""
        return time.time_ns() // 1_000_000

    def monotonic(self) -> float:
        """Seconds that only rise."""
        return time.monotonic()

    def chance(self) -> float:
        """A number from 0 to 1, at random. Children of a fork do not wait in step: each process seeds anew."""
        return _dice.random()


_dice = random.SystemRandom()
