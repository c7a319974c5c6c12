"""A test with a real server, a door before it, and a folder that goes with it."""

import contextlib
import os
import signal
import subprocess
import sys
import tempfile
import unittest
from collections.abc import Iterator
from pathlib import Path

from .door import Door
from .patience import PATIENCE
from .server import Server


class RealCase(unittest.TestCase):
    """Each test has a server of its own; `url` and `token` lead to it, through the door."""

    settings: dict[str, str] = {}

    def setUp(self) -> None:
        folder = self.enterContext(tempfile.TemporaryDirectory())
        self.folder = Path(folder)
        (self.folder / "data").mkdir()
        self.server = Server(self.folder / "data", **self.settings)
        self.addCleanup(self.server.end, hard=True)
        self.door = Door(self.server.url)
        self.addCleanup(self.door.close)
        self.url, self.token = self.door.url, self.server.token
        self.spool = self.folder / "spool"

    def environment(self) -> dict[str, str]:
        """What a program needs that reports by its environment alone."""
        return dict(os.environ) | {
            "MISSION_CONTROL_URL": self.url,
            "MISSION_CONTROL_TOKEN": self.token,
            "MISSION_CONTROL_SPOOL_DIR": str(self.spool),
        }

    def run_program(self, text: str) -> subprocess.CompletedProcess[str]:
        """Runs a Python program to its end."""
        command = [sys.executable, "-c", text]
        return subprocess.run(command, capture_output=True, text=True, env=self.environment(), timeout=PATIENCE)

    @contextlib.contextmanager
    def program(self, text: str) -> Iterator[subprocess.Popen[str]]:
        """Runs a Python program beside the test, and kills it at the end if it still runs."""
        command = [sys.executable, "-u", "-c", text]
        with subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=self.environment()
        ) as process:
            try:
                yield process
            finally:
                if process.poll() is None:
                    process.send_signal(signal.SIGKILL)

    def line(self, process: subprocess.Popen[str]) -> str:
        """The next line that it prints."""
        assert process.stdout is not None
        return process.stdout.readline().strip()
