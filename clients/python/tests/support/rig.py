"""A courier without threads: time is given, and a server is a list of answers."""

import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from mission_control.address import Address
from mission_control.answer import Answer, Item, Taken
from mission_control.complaints import Complaints
from mission_control.courier import Courier
from mission_control.keeping import Keeping
from mission_control.memory_queue import Queue
from mission_control.pulse import Pulse, Pulses
from mission_control.report import Report
from mission_control.spools import Spools
from mission_control.stats import Stats
from mission_control.tokens import Tokens


class HandClock:
    """A clock that stands until it is moved."""

    def __init__(self) -> None:
        self.now = 1_000.0
        self.dice = 1.0

    def wall(self) -> int:
        """Milliseconds."""
        return round(self.now * 1_000)

    def monotonic(self) -> float:
        """Seconds."""
        return self.now

    def chance(self) -> float:
        """What was said."""
        return self.dice


class Scripted:
    """A server: gives the answers in order, and takes all when there are no more."""

    def __init__(self) -> None:
        self.answers: list[Answer | Callable[[Sequence[str]], Answer]] = []
        self.batches: list[list[dict[str, Any]]] = []
        self.tokens: list[str] = []

    def send(self, texts: Sequence[str], token: str, within: float) -> Answer:
        """Notes what was sent."""
        self.batches.append([json.loads(text) for text in texts])
        self.tokens.append(token)
        answer = self.answers.pop(0) if self.answers else Taken([Item()] * len(texts))
        return answer if isinstance(answer, (Taken,)) or not callable(answer) else answer(texts)

    def close(self) -> None:
        """There is nothing to close."""


class Rig:
    """A courier and all around it."""

    def __init__(self, token: Callable[[], str] = lambda: "a.b.c", spool: Path | None = None) -> None:
        self.clock = HandClock()
        self.server = Scripted()
        self.queue = Queue()
        self.pulses = Pulses()
        self.stats = Stats()
        complaints = Complaints()
        address = Address.parse("http://server.test")
        self.keeping = Keeping(address, None if spool is None else Spools(spool), self.stats, complaints)
        self.courier = Courier(
            address, Tokens.given(token, "test"), self.server, self.queue, self.pulses, self.keeping,
            self.clock, self.stats, complaints,
        )  # fmt: skip

    def agent(self, name: str, lease: float = 90.0) -> Pulse:
        """An agent that lives."""
        pulse = Pulse(name, f"life-of-{name}", self.clock.wall(), lease)
        self.pulses.add(pulse)
        pulse.begin(self.clock.now)
        return pulse

    def say(self, agent: str, *messages: str) -> None:
        """Activities of an agent."""
        for message in messages:

            def make(number: int, message: str = message) -> Report:
                text = json.dumps({"kind": "activity", "agentId": agent, "lastMessage": message})
                return Report(agent, f"life-of-{agent}:{number}", True, self.clock.wall(), text)

            self.queue.put(make)

    def run(self) -> None:
        """Steps until nothing is to be done now."""
        while self.courier.step().wait <= 0:
            pass

    def sent(self) -> list[list[str]]:
        """The messages of each batch; heartbeats are `beat`."""
        return [[item.get("lastMessage", "beat") for item in batch] for batch in self.server.batches]
