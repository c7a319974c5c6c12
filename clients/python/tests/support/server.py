"""A real server on a free port, with data of its own."""

import json
import os
import subprocess
import urllib.request
from pathlib import Path
from typing import Any

_SECRET = "a secret of the tests, of 32 bytes or more"


class Server:
    """A server that may be stopped, killed and started again over the same data."""

    def __init__(self, folder: Path, **settings: str) -> None:
        self._folder = folder
        self._binary = os.environ["MISSION_CONTROL_BIN"]
        clean = {name: value for name, value in os.environ.items() if not name.startswith("MISSION_CONTROL")}
        limits = {"REPORTS_PER_SECOND": "100000", "REPORTS_BURST": "100000"} | settings
        self._environment = clean | {f"MISSION_CONTROL__LIMITS__{name}": value for name, value in limits.items()}
        self._environment["MISSION_CONTROL__AUTH__SECRET"] = _SECRET
        self._process: subprocess.Popen[str] | None = None
        self.url = ""
        self.start()
        self.token = self.token_for("watch report")

    def start(self) -> None:
        """Starts it, on another port each time."""
        command = [self._binary, "serve", "--data-dir", str(self._folder), "--listen", "127.0.0.1:0"]
        with open(self._folder.with_suffix(".log"), "a") as log:
            self._process = subprocess.Popen(
                command, stdout=subprocess.PIPE, stderr=log, text=True, env=self._environment, cwd=self._folder.parent
            )
        assert self._process.stdout is not None
        first = self._process.stdout.readline()
        assert "http://" in first, f"the server did not start: {first}"
        self.url = "http://" + first.partition("http://")[2].strip()

    def end(self, hard: bool = False) -> None:
        """Stops it, or kills it."""
        process, self._process = self._process, None
        if process is not None:
            process.kill() if hard else process.terminate()
            process.wait(30)
            assert process.stdout is not None
            process.stdout.close()

    def token_for(self, scope: str, agents: str = "*", ttl: str = "1h") -> str:
        """A token of the user `tests`."""
        command = [self._binary, "token", "--sub", "tests", "--scope", scope, "--agents", agents, "--ttl", ttl]
        done = subprocess.run(
            [*command, "--data-dir", str(self._folder)],
            capture_output=True, text=True, check=True, env=self._environment, cwd=self._folder.parent,
        )  # fmt: skip
        return done.stdout.strip()

    def ask(self, path: str) -> Any:
        """What it answers to a read."""
        request = urllib.request.Request(self.url + path, headers={"Authorization": f"Bearer {self.token}"})
        with urllib.request.urlopen(request, timeout=30) as answer:
            return json.load(answer)

    def events(self, agent: str) -> list[Any]:
        """All events of an agent, in order."""
        found: list[Any] = []
        after = ""
        while True:
            page = self.ask(f"/api/v1/events?agents={agent}&limit=1000{after}")
            found += page["events"]
            if page["next"] is None:
                return found
            after = f"&after={page['next']}"

    def told(self, agent: str) -> list[str]:
        """The agent's life in words: lifecycle events and last messages, in order."""
        words = []
        for event in self.events(agent):
            match event["type"]:
                case "agent:lifecycle":
                    words.append(str(event["payload"]["event"]))
                case "session:activity":
                    words.append(str(event["payload"]["lastMessage"]))
        return words

    def status(self, agent: str) -> tuple[str, str]:
        """The agent's status and its reason; empty texts while it is not known."""
        for each in self.ask("/api/v1/fleet")["agents"]:
            if each["payload"]["agentId"] == agent:
                return each["payload"]["status"], each["detail"]["reason"]
        return "", ""
