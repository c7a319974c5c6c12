"""Waiting for what must come, with an end."""

import threading
import time
from collections.abc import Callable

# Longer than anything here takes on a slow machine.
PATIENCE = 30.0


def until(true: Callable[[], object], what: str) -> None:
    """Waits until it is so; fails with these words if it never is."""
    end = time.monotonic() + PATIENCE
    pause = threading.Event()
    while not true():
        if time.monotonic() > end:
            raise AssertionError(f"this never came: {what}")
        pause.wait(0.01)
