"""Says that an agent lives while all is quiet.

A heartbeat is about now, so it waits behind no report, and is not kept while the server is away. It names no place
among the reports, so it makes none late; and not the life of the process before the server knows of that, since a
life that it hears of makes all reports of earlier ones late.
"""

import json

from . import limits


class Pulse:
    """The heartbeats of one agent, at a third of its lease: two may be lost, the third one ends it."""

    def __init__(self, agent: str, instance: str, started_at: int, lease: float) -> None:
        self.agent = agent
        self.instance = instance
        self.known = False
        self.busy_until: int | None = None
        self._started_at = started_at
        self._lease = lease
        self._due: float | None = None

    def begin(self, now: float) -> None:
        """The agent lives: its start gave it a lease just now."""
        self._due = now + self._lease / 3

    def end(self) -> None:
        """The agent stopped or crashed."""
        self._due = None

    def hurry(self, now: float) -> None:
        """There is something to say at once."""
        if self._due is not None:
            self._due = now

    def due(self) -> float | None:
        """When the next one goes out."""
        return self._due

    def beat(self, now: float) -> None:
        """One goes out."""
        if self._due is not None:
            self._due = now + self._lease / 3

    def text(self, now: int) -> str:
        """The heartbeat of now."""
        fields: dict[str, object] = {"kind": "heartbeat", "agentId": self.agent, "leaseMs": self.lease_ms}
        if self.known:
            fields |= {"instanceId": self.instance, "instanceStartedAt": self._started_at}
        fields |= self.busy(now)
        return json.dumps(fields, separators=(",", ":"))

    @property
    def lease_ms(self) -> int:
        """The lease that is asked for, in milliseconds."""
        return round(self._lease * 1_000)

    def busy(self, now: int) -> dict[str, object]:
        """Until when nothing need be heard, as a field of a report, while that is still to come."""
        until = self.busy_until
        if until is None or until <= now:
            return {}
        return {"busyUntil": min(until, now + round(limits.BUSY_MAX * 1_000))}


class Pulses:
    """The pulses of all agents of a reporter."""

    def __init__(self) -> None:
        # No lock: a child of a fork could find it locked for ever. Each use of these is one step.
        self._pulses: dict[int, Pulse] = {}
        self._agents: dict[str, None] = {}

    def add(self, pulse: Pulse) -> None:
        """One more. It comes before anything is reported of its agent."""
        self._agents[pulse.agent] = None
        self._pulses[id(pulse)] = pulse

    def remove(self, pulse: Pulse) -> None:
        """One less; reports of its agent may still wait."""
        self._pulses.pop(id(pulse), None)

    @property
    def agents(self) -> frozenset[str]:
        """All agents of whom something was or may be reported."""
        return frozenset(self._agents)

    def due(self, now: float) -> list[Pulse]:
        """Those that go out now."""
        return [pulse for pulse in list(self._pulses.values()) if (due := pulse.due()) is not None and due <= now]

    def next(self) -> float | None:
        """When the next one goes out."""
        return min((due for pulse in list(self._pulses.values()) if (due := pulse.due()) is not None), default=None)

    def know(self, key: str) -> None:
        """The server took the report with this key, so it knows of the life of whoever wrote it."""
        instance = key.partition(":")[0]
        for pulse in list(self._pulses.values()):
            pulse.known |= pulse.instance == instance
