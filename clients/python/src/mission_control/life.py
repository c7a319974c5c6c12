"""What can be said of an agent: the reports, each from one process life. It never raises, and never waits."""

import json
import sys
import uuid
from collections.abc import Mapping
from datetime import datetime
from typing import Final

from . import endings, faults, limits, words
from .complaints import log
from .pulse import Pulse
from .report import Report
from .reporter import Reporter
from .stats import Stats
from .words import Event, Status

MAIN: Final = "main"


class Life:
    """One process life of an agent. `Agent` and `AsyncAgent` are two ways to begin and end one.

    Every method here returns at once, raises nothing and may be called from any thread, from a signal handler and
    from an event loop. What is wrong with a report is told once through `logging`. Texts of more than 4 KiB are cut.
    """

    def __init__(
        self,
        agent_id: str,
        reporter: Reporter,
        *,
        session: str,
        lease: float,
        labels: Mapping[str, str] | None,
        message: str | None,
    ) -> None:
        self._agent = words.checked_id(agent_id, "an agent's id")
        self._session = words.checked_id(session, "a session's id")
        self._labels = None if labels is None else words.checked_labels(labels)
        self._message = message
        if not limits.LEASE_MIN <= lease <= limits.LEASE_MAX:
            raise ValueError(f"a lease has {limits.LEASE_MIN:g} to {limits.LEASE_MAX:g} seconds")
        self._reporter = reporter
        self._instance = str(uuid.uuid4())
        self._started_at = reporter.clock.wall()
        self.pulse = Pulse(self._agent, self._instance, self._started_at, lease)
        self._up = False
        self._over = False

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self._agent!r})"

    @property
    def agent_id(self) -> str:
        """Its name."""
        return self._agent

    @property
    def instance_id(self) -> str:
        """The id of this process life. Late reports of an older one change nothing."""
        return self._instance

    @property
    def stats(self) -> Stats:
        """What became of reports of its reporter."""
        return self._reporter.stats

    def activity(self, message: object, *, session: str | None = None, state: str | None = None) -> None:
        """Says what a session is doing. `state` is `working`, `waiting`, `idle` or a word of your own."""
        fields: dict[str, object] = {"sessionId": self._session, "lastMessage": words.cut(message)}
        try:
            if session is not None:
                fields["sessionId"] = words.checked_id(session, "a session's id")
        except ValueError as error:
            self._reporter.complain("session", f"an activity was not reported: {error}")
            return
        self._say("activity", fields | self._state(state))

    def working(self, message: object, *, session: str | None = None) -> None:
        """The session works, on this."""
        self.activity(message, session=session, state="working")

    def waiting(self, message: object, *, session: str | None = None) -> None:
        """The session waits for a person or another program: for this."""
        self.activity(message, session=session, state="waiting")

    def idle(self, message: object = "idle", *, session: str | None = None) -> None:
        """The session has nothing to do."""
        self.activity(message, session=session, state="idle")

    def status(
        self, status: Status, message: object = None, *, state: str | None = None,
        labels: Mapping[str, str] | None = None,
    ) -> None:  # fmt: skip
        """Says how the agent is: `online`, `offline` or `error`. No message and no state clear those it had."""
        if status not in ("online", "offline", "error"):
            self._reporter.complain("status", "a status was not reported: it is online, offline or error")
            return
        fields: dict[str, object] = {"status": status, **self._message_field(message)}
        self._say("status", fields | self._state(state) | self._label_field(labels), lease=True)

    def restart(self, message: object = None, *, labels: Mapping[str, str] | None = None) -> None:
        """The agent began anew within this process. Three within 5 minutes are a crash loop."""
        self._lifecycle("restart", message, labels=labels)

    def busy_for(self, seconds: float) -> None:
        """Nothing need be heard for so long, at most a day: for a step that keeps even the heartbeats from being
        sent, such as foreign code that holds the interpreter's lock. Other steps need no such word."""
        try:
            until = self._reporter.clock.wall() + round(min(max(seconds, 0.0), limits.BUSY_MAX) * 1_000)
        except (TypeError, ValueError):
            self._reporter.complain("busy", "how long the agent is busy was not reported: seconds are needed")
            return
        self.pulse.busy_until = until
        self.pulse.hurry(self._reporter.clock.monotonic())
        self._reporter.hurry()

    def busy_until(self, when: datetime) -> None:
        """The same until then. A time without a zone is local time."""
        try:
            seconds = when.timestamp() - self._reporter.clock.wall() / 1_000
        except (AttributeError, OverflowError, OSError, ValueError):
            self._reporter.complain("busy", "until when the agent is busy was not reported: a datetime is needed")
            return
        self.busy_for(seconds)

    def start(self, message: object = None) -> None:
        """The agent began: it is online. A `with` block says so by itself."""
        self._lifecycle("start", self._message if message is None else message, labels=self._labels)

    def stop(self, message: object = None, *, exit_code: int | None = None, signal: str | None = None) -> None:
        """The agent ended as it should: it is offline. Nothing is said after that, by this object."""
        self._end("stop", message, exit_code, signal)

    def crash(self, message: object = None, *, exit_code: int | None = 1, signal: str | None = None) -> None:
        """The agent failed. Nothing is said after that, by this object."""
        self._end("crash", message, exit_code, signal)

    def at_exit(self) -> None:
        """The interpreter ends, and nobody said how the agent did."""
        # Set where an exception that nobody caught ended the program; in a conversation it ended nothing.
        error = None if hasattr(sys, "ps1") else getattr(sys, "last_value", None)
        if isinstance(error, BaseException):
            self._end_as(endings.of(error))
        else:
            # With which exit code the program ends nobody can tell from here.
            self.stop()

    def _end_as(self, ending: endings.Ending) -> None:
        self._end(ending.event, ending.message, ending.exit_code, ending.signal)

    def _end(self, event: Event, message: object, exit_code: int | None, signal: str | None) -> None:
        if self._over:
            return
        self._over = True
        fields: dict[str, object] = {}
        if isinstance(exit_code, int):
            fields["exitCode"] = words.exit_code(int(exit_code))
        try:
            if signal is not None:
                fields["signal"] = words.checked_signal(signal)
        except ValueError as error:
            self._reporter.complain("signal", f"a signal was left out: {error}")
        self._lifecycle(event, message, fields, ends=True)
        self._reporter.part(self)

    def _lifecycle(
        self, event: Event, message: object, more: Mapping[str, object] | None = None,
        labels: Mapping[str, str] | None = None, ends: bool = False,
    ) -> None:  # fmt: skip
        fields = {"event": event, **self._message_field(message), **(more or {}), **self._label_field(labels)}
        self._say("lifecycle", fields, lease=not ends, ends=ends)

    def _say(self, kind: str, fields: dict[str, object], lease: bool = False, ends: bool = False) -> None:
        if self._over and not ends:
            self._reporter.complain("over", "something was reported of an agent after its end: it was left out")
            return
        try:
            self._put(kind, fields, lease, ends)
        except Exception as error:
            if not faults.is_own(error):
                raise
            log.error("a report was lost for a fault of the reporter: %r", error)

    def _put(self, kind: str, fields: dict[str, object], lease: bool, ends: bool) -> None:
        now = self._reporter.clock.wall()
        if lease:
            fields["leaseMs"] = self.pulse.lease_ms
        if not ends:
            fields |= self.pulse.busy(now)

        def make(number: int) -> Report:
            key = f"{self._instance}:{number}"
            report = {
                "kind": kind,
                "agentId": self._agent,
                **fields,
                "timestamp": now,
                "instanceId": self._instance,
                "instanceStartedAt": self._started_at,
                "reportSeq": number,
                "idempotencyKey": key,
            }
            text = json.dumps(report, separators=(",", ":"), ensure_ascii=False)
            return Report(self._agent, key, kind == "activity", now, text)

        if ends:
            self.pulse.end()
        elif not self._up:
            self._up = True
            self._reporter.join(self)
            self.pulse.begin(self._reporter.clock.monotonic())
            if not lease:
                # Nobody said that it started, so nothing asked for a lease.
                self.pulse.hurry(self._reporter.clock.monotonic())
        self._reporter.put(make)

    def _message_field(self, message: object) -> dict[str, object]:
        return {} if message is None else {"message": words.cut(message)}

    def _state(self, state: str | None) -> dict[str, object]:
        try:
            return {} if state is None else {"state": words.checked_state(state)}
        except ValueError as error:
            self._reporter.complain("state", f"a state was left out: {error}")
            return {}

    def _label_field(self, labels: Mapping[str, str] | None) -> dict[str, object]:
        try:
            return {} if labels is None else {"labels": words.checked_labels(labels)}
        except Exception as error:
            self._reporter.complain("labels", f"labels were left out: {error}")
            return {}
