"""Brings reports to the server, one step at a time: what to send next, and what its answer means.

Order is kept for each agent: what waits on the disk goes before what waits in memory, and of an agent whose next
report is not taken now nothing goes. A step never waits but for the server and the disk, so that it can be tested
without threads.
"""

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Final

from . import backoff, limits
from .address import Address
from .answer import Item, Meaning, Refused, Taken, Unreachable, meaning
from .clock import Clock
from .complaints import Complaints
from .keeping import Keeping
from .memory_queue import Queue
from .post import Carrier
from .pulse import Pulse, Pulses
from .report import Report
from .stats import Stats
from .tokens import NoToken, Tokens

# How many reports go at once after one agent had too many.
_AFTER_LIMIT: Final = 100


class Came(Enum):
    """What came of a step."""

    SOMETHING = "something was done, there may be more"
    NOTHING = "nothing is to be done now"
    TROUBLE = "nothing can be sent now"


@dataclass(frozen=True, slots=True)
class Step:
    """What came of it, and in how many seconds the next one is due if nothing else happens."""

    came: Came
    wait: float


@dataclass(frozen=True, slots=True)
class _Parcel:
    """One request: heartbeats, then reports from the disk or from memory."""

    beats: Sequence[Pulse]
    numbered: Sequence[tuple[int, Report]]
    kept: bool


class Courier:
    """Brings what waits to the server. Used by one thread, but for what says otherwise."""

    def __init__(
        self, address: Address, tokens: Tokens, post: Carrier, queue: Queue, pulses: Pulses, keeping: Keeping,
        clock: Clock, stats: Stats, complaints: Complaints,
    ) -> None:  # fmt: skip
        self._address = address
        self._tokens = tokens
        self._post = post
        self._queue = queue
        self._pulses = pulses
        self._keeping = keeping
        self._clock = clock
        self._stats = stats
        self._complaints = complaints
        self._at_once = limits.REPORTS_IN_BATCH_MAX
        self._failures = 0
        self._not_before = 0.0
        # Agents whose next report is not taken now, and until when.
        self._held: dict[str, float] = {}

    @property
    def waits(self) -> bool:
        """Whether some agent's reports must wait before they can be sent."""
        return bool(self._held)

    def retry_now(self) -> None:
        """Forgets how long to wait; for the last try before the end."""
        self._not_before = 0.0

    def close(self) -> None:
        """Lets the connection go."""
        self._post.close()

    def step(self, within: float = limits.REQUEST_WITHIN) -> Step:
        """Sends one request, if there is something to send; it may take so many seconds."""
        now = self._clock.monotonic()
        for agent in [agent for agent, until in self._held.items() if until <= now]:
            del self._held[agent]
            self._keeping.from_the_beginning()
        if now < self._not_before:
            stowed_in = self._keeping.stow_when_due(self._queue, now)
            return Step(Came.TROUBLE, min(self._not_before - now, stowed_in))
        try:
            token = self._tokens.token()
        except NoToken as error:
            return self._fail(f"token {error}", logging.ERROR, f"nothing can be reported: {error}", stubborn=True)
        self._keeping.belongs_to(token)
        parcel = self._parcel(now)
        if not parcel.beats and not parcel.numbered:
            return Step(Came.NOTHING, self._until_next(now))
        return self._send(parcel, token, within)

    def _until_next(self, now: float) -> float:
        times = [60.0, self._keeping.look_again_in(now, not len(self._queue))]
        beat = self._pulses.next()
        if beat is not None:
            times.append(beat - now)
        times += [until - now for until in self._held.values()]
        return max(0.0, min(times))

    def _parcel(self, now: float) -> _Parcel:
        beats = self._pulses.due(now)[: self._at_once]
        room = self._at_once - len(beats)
        kept, blocked = self._keeping.next(
            now, room, limits.BATCH_BYTES_MAX, self._held.keys(), self._pulses.agents, not len(self._queue)
        )
        if kept or not room:
            return _Parcel(beats, kept, True)
        without = blocked | self._held.keys()
        return _Parcel(beats, self._queue.first(room, limits.BATCH_BYTES_MAX, without), False)

    def _send(self, parcel: _Parcel, token: str, within: float) -> Step:
        wall = self._clock.wall()
        texts = [pulse.text(wall) for pulse in parcel.beats]
        texts += [report.aged(wall) for _, report in parcel.numbered]
        answer = self._post.send(texts, token, within)
        if isinstance(answer, Refused) and answer.status == 401:
            # Whoever renews tokens may have done so just now.
            another = self._another_than(token)
            if another is not None:
                answer = self._post.send(texts, another, within)
        if isinstance(answer, Taken) and len(answer.items) != len(texts):
            answer = Unreachable("the answer is not that of a Mission Control server")
        if isinstance(answer, Taken):
            return self._settle(parcel, answer.items)
        if isinstance(answer, Refused):
            return self._refused(parcel, answer)
        words = f"the server at {self._address} cannot be reached: {answer.why}; reports wait until it can"
        return self._fail("away", logging.WARNING, words)

    def _another_than(self, token: str) -> str | None:
        try:
            another = self._tokens.token()
        except NoToken:
            return None
        if another == token or not self._keeping.is_for(another):
            return None
        return another

    def _settle(self, parcel: _Parcel, items: Sequence[Item]) -> Step:
        now = self._clock.monotonic()
        self._failures = 0
        self._complaints.well()
        beats, reports = items[: len(parcel.beats)], items[len(parcel.beats) :]
        for pulse, item in zip(parcel.beats, beats, strict=True):
            pulse.beat(now)
            self._tell_refusal(pulse.agent, item)
        done: list[int] = []
        held = False
        for (number, report), item in zip(parcel.numbered, reports, strict=True):
            if item.code is not None and item.passes:
                held = True
                self._held.setdefault(report.agent, now + backoff.told(item.retry_after))
                continue
            done.append(number)
            if item.code is None:
                self._stats.sent += 1
                self._stats.late += not item.applied
                self._pulses.know(report.key)
            else:
                self._stats.refused += 1
                self._tell_refusal(report.agent, item)
        # An agent has so many a second: asking for more at once only sends the same again.
        if held:
            self._at_once = min(self._at_once, _AFTER_LIMIT)
        else:
            self._at_once = min(self._at_once * 2, limits.REPORTS_IN_BATCH_MAX)
        self._forget(parcel, done)
        return Step(Came.SOMETHING, 0.0)

    def _tell_refusal(self, agent: str, item: Item) -> None:
        if item.code is not None and not item.passes:
            words = f"a report about {agent} was refused for good: {item.code}: {item.detail}"
            self._complaints.once(f"{item.code} {agent} {item.detail}", words)

    def _refused(self, parcel: _Parcel, refused: Refused) -> Step:
        said = f"{refused.status} {refused.code}: {refused.detail}"
        match meaning(refused):
            case Meaning.AWAY:
                words = f"the server at {self._address} takes no reports now: {said}; they wait"
                return self._fail("away", logging.WARNING, words, refused.retry_after)
            case Meaning.TOKEN:
                words = f"the server at {self._address} does not take the token: {said}; reports wait"
                return self._fail("token", logging.ERROR, words, stubborn=True)
            case (Meaning.TOO_LARGE | Meaning.BROKEN) as what:
                count = len(parcel.beats) + len(parcel.numbered)
                if count > 1:
                    # Halves find the one that is not taken, and take it out of the way of the others.
                    self._at_once = max(1, count // 2)
                    return Step(Came.SOMETHING, 0.0)
                # A proxy may be set up anew; only our own server knows what it never takes.
                if what is Meaning.BROKEN or refused.code == "body_too_large":
                    self._settle(parcel, [Item(False, refused.code, refused.detail)])
                    return Step(Came.SOMETHING, 0.0)
            case Meaning.STRANGE:
                pass
        words = f"what answers at {self._address} is not what was expected: {said}; reports wait"
        return self._fail(f"strange {refused.status}", logging.ERROR, words, stubborn=True)

    def _forget(self, parcel: _Parcel, done: list[int]) -> None:
        if parcel.kept:
            looked_at = parcel.numbered[-1][0] if parcel.numbered else 0
            self._keeping.forget(done, looked_at, self._clock.monotonic())
        else:
            self._queue.remove(done)

    def _fail(
        self, kind: str, level: int, words: str, retry_after: float | None = None, stubborn: bool = False
    ) -> Step:
        self._failures += 1
        chance = self._clock.chance()
        if stubborn:
            wait = backoff.stubborn(self._failures, chance)
        else:
            wait = backoff.away(self._failures, chance, retry_after)
        now = self._clock.monotonic()
        self._not_before = now + wait
        self._complaints.trouble(kind, level, words)
        self._post.close()
        stowed_in = self._keeping.stow_when_due(self._queue, now)
        # Another process may have a token that is taken.
        self._keeping.leave()
        return Step(Came.TROUBLE, min(wait, stowed_in))
