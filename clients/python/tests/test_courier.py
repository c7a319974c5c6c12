"""What is sent next, and what answers mean: with a time that is given, and a server that is a list of answers."""

import json
import logging
import tempfile
import unittest
from collections.abc import Sequence
from pathlib import Path

from mission_control.answer import Answer, Item, Refused, Taken, Unreachable
from mission_control.courier import Came
from tests.support.rig import Rig

AWAY = Unreachable("Connection refused")


class Refusals(unittest.TestCase):
    def test_a_server_that_is_away_is_tried_after_one_second_then_up_to_thirty(self) -> None:
        rig = Rig()
        rig.say("a", "one")
        waits = []
        with self.assertLogs("mission_control", logging.WARNING) as logs:
            for _ in range(7):
                rig.server.answers.append(AWAY)
                step = rig.courier.step()
                self.assertIs(step.came, Came.TROUBLE)
                waits.append(step.wait)
                rig.clock.now += step.wait
        self.assertEqual(waits, [1, 2, 4, 8, 16, 30, 30])
        self.assertEqual(len(logs.output), 1, "said once")

    def test_the_wait_is_spread_over_its_whole_length(self) -> None:
        rig = Rig()
        rig.clock.dice = 0.25
        rig.say("a", "one")
        rig.server.answers.append(AWAY)
        with self.assertLogs("mission_control"):
            self.assertEqual(rig.courier.step().wait, 0.25)

    def test_nothing_is_sent_before_the_server_said(self) -> None:
        for status in (429, 503, 507):
            rig = Rig()
            rig.clock.dice = 0.0
            rig.say("a", "one")
            rig.server.answers.append(Refused(status, "overloaded", "", 7.0))
            with self.assertLogs("mission_control", logging.WARNING):
                self.assertEqual(rig.courier.step().wait, 7)
            rig.clock.now += 6.9
            self.assertIs(rig.courier.step().came, Came.TROUBLE)
            self.assertEqual(len(rig.server.batches), 1)
            rig.clock.now += 0.2
            rig.run()
            self.assertEqual(rig.sent(), [["one"], ["one"]])

    def test_a_report_that_is_sent_again_has_its_key_and_says_how_long_it_waited(self) -> None:
        rig = Rig()
        rig.say("a", "one")
        rig.server.answers.append(AWAY)
        with self.assertLogs("mission_control"):
            rig.clock.now += rig.courier.step().wait
        rig.run()
        (first,), (again,) = rig.server.batches
        self.assertNotIn("ageMs", first)
        self.assertEqual(again.pop("ageMs"), 1_000)
        self.assertEqual(first, again)

    def test_a_batch_that_is_too_large_is_halved_until_it_fits(self) -> None:
        rig = Rig()
        rig.say("a", *(str(number) for number in range(8)))

        def small(texts: Sequence[str]) -> Answer:
            return Taken([Item()] * len(texts)) if len(texts) <= 2 else Refused(413, "body_too_large")

        rig.server.answers += [small] * 20
        rig.run()
        taken = [batch for batch in rig.sent() if len(batch) <= 2]
        self.assertEqual([message for batch in taken for message in batch], [str(number) for number in range(8)])
        self.assertEqual(rig.stats.sent, 8)

    def test_one_report_that_cannot_be_read_does_not_hold_up_the_others(self) -> None:
        rig = Rig()
        rig.say("a", "one", "poison", "three", "four", "five")

        def strict(texts: Sequence[str]) -> Answer:
            poisoned = any("poison" in text for text in texts)
            return Refused(400, "invalid_json", "no JSON") if poisoned else Taken([Item()] * len(texts))

        rig.server.answers += [strict] * 40
        with self.assertLogs("mission_control", logging.WARNING) as logs:
            rig.run()
        self.assertEqual((rig.stats.sent, rig.stats.refused, len(rig.queue)), (4, 1, 0))
        self.assertIn("invalid_json", logs.output[0])

    def test_a_report_that_is_refused_for_good_is_dropped_and_said_once(self) -> None:
        rig = Rig()
        rig.say("a", "one", "two", "three")
        bad = Item(False, "invalid_value", "not this (/state)")
        rig.server.answers.append(Taken([bad, bad, Item()]))
        with self.assertLogs("mission_control", logging.WARNING) as logs:
            rig.run()
        self.assertEqual((rig.stats.sent, rig.stats.refused, len(rig.queue)), (1, 2, 0))
        self.assertEqual(len(logs.output), 1)

    def test_an_agent_over_its_rate_waits_and_others_do_not(self) -> None:
        rig = Rig()
        rig.say("a", "a1", "a2")
        limited = Item(False, "rate_limited", "", 0.9)
        rig.server.answers.append(Taken([Item(), limited]))
        rig.run()
        rig.say("a", "a3")
        rig.say("b", "b1")
        rig.run()
        self.assertEqual(rig.sent(), [["a1", "a2"], ["b1"]])
        rig.clock.now += 1
        rig.run()
        self.assertEqual(rig.sent()[2:], [["a2", "a3"]])

    def test_a_token_that_is_not_taken_is_said_once_and_tried_less_often(self) -> None:
        for status in (401, 403):
            rig = Rig()
            rig.say("a", "one")
            waits = []
            with self.assertLogs("mission_control", logging.ERROR) as logs:
                for _ in range(6):
                    rig.server.answers.append(Refused(status, "no"))
                    step = rig.courier.step()
                    waits.append(step.wait)
                    rig.clock.now += step.wait
            self.assertEqual(waits, [10, 20, 40, 60, 60, 60])
            self.assertEqual(len(logs.output), 1)
            rig.run()
            self.assertEqual(rig.stats.sent, 1)

    def test_a_token_that_was_renewed_is_used_at_once(self) -> None:
        tokens = ["old", "new", "new"]
        rig = Rig(lambda: tokens.pop(0) if len(tokens) > 1 else tokens[0])
        rig.say("a", "one")
        rig.server.answers.append(Refused(401, "token_expired"))
        rig.run()
        self.assertEqual(rig.server.tokens, ["old", "new"])
        self.assertEqual(rig.stats.sent, 1)

    def test_something_else_at_the_address_gets_little_and_loses_nothing(self) -> None:
        for refused in (Refused(404), Refused(302), Refused(421, "misdirected_request"), Refused(405)):
            rig = Rig()
            rig.say("a", "one", "two")
            rig.server.answers.append(refused)
            with self.assertLogs("mission_control", logging.ERROR):
                self.assertEqual(rig.courier.step().wait, 10)
            self.assertEqual(len(rig.queue), 2)

    def test_an_answer_for_fewer_reports_than_were_sent_is_none(self) -> None:
        rig = Rig()
        rig.say("a", "one", "two")
        rig.server.answers.append(Taken([Item()]))
        with self.assertLogs("mission_control", logging.WARNING):
            rig.courier.step()
        self.assertEqual((len(rig.queue), rig.stats.sent), (2, 0))

    def test_batches_have_a_thousand_reports_at_most(self) -> None:
        rig = Rig()
        rig.say("a", *(str(number) for number in range(2_500)))
        rig.run()
        self.assertEqual([len(batch) for batch in rig.server.batches], [1_000, 1_000, 500])

    def test_batches_have_so_many_bytes_at_most(self) -> None:
        rig = Rig()
        rig.say("a", *("x" * 4_096 for _ in range(300)))
        rig.run()
        self.assertTrue(all(len(json.dumps(batch)) <= 400 * 1_024 for batch in rig.server.batches))


class Heartbeats(unittest.TestCase):
    def test_a_quiet_agent_beats_at_a_third_of_its_lease(self) -> None:
        rig = Rig()
        rig.agent("a", lease=90)
        rig.run()
        self.assertEqual(rig.courier.step().wait, 30)
        for _ in range(3):
            rig.clock.now += 30
            rig.run()
        self.assertEqual(rig.sent(), [["beat"]] * 3)
        self.assertEqual(rig.server.batches[0][0]["leaseMs"], 90_000)

    def test_an_agent_that_ended_beats_no_more(self) -> None:
        rig = Rig()
        rig.agent("a").end()
        rig.clock.now += 1_000
        rig.run()
        self.assertEqual(rig.sent(), [])

    def test_a_heartbeat_names_its_life_once_the_server_knows_of_that(self) -> None:
        rig = Rig()
        rig.agent("a")
        rig.clock.now += 30
        rig.run()
        rig.say("a", "one")
        rig.run()
        rig.clock.now += 30
        rig.run()
        before, _, after = rig.server.batches
        self.assertNotIn("instanceId", before[0])
        self.assertEqual(after[0]["instanceId"], "life-of-a")
        self.assertNotIn("reportSeq", after[0])

    def test_a_heartbeat_waits_behind_no_report(self) -> None:
        rig = Rig()
        rig.agent("a")
        rig.say("a", "one", "two")
        limited = Item(False, "rate_limited", "", 60.0)
        rig.server.answers.append(Taken([Item(), limited]))
        rig.run()
        rig.clock.now += 30
        rig.run()
        self.assertEqual(rig.sent(), [["one", "two"], ["beat"]])

    def test_a_busy_agent_says_until_when_and_not_longer_than_a_day(self) -> None:
        rig = Rig()
        pulse = rig.agent("a")
        pulse.busy_until = rig.clock.wall() + 60_000
        self.assertEqual(pulse.busy(rig.clock.wall()), {"busyUntil": rig.clock.wall() + 60_000})
        self.assertEqual(pulse.busy(rig.clock.wall() + 60_000), {})
        pulse.busy_until = rig.clock.wall() + 10**12
        self.assertEqual(pulse.busy(0), {"busyUntil": 24 * 3_600_000})


class Disk(unittest.TestCase):
    def setUp(self) -> None:
        self.place = Path(self.enterContext(tempfile.TemporaryDirectory()))

    def rig(self) -> Rig:
        return Rig(spool=self.place)

    def away(self, rig: Rig) -> None:
        rig.server.answers.append(AWAY)
        with self.assertLogs("mission_control", logging.WARNING):
            rig.courier.step()

    def test_what_cannot_be_sent_goes_to_the_disk_and_before_what_is_newer(self) -> None:
        rig = self.rig()
        rig.say("a", "one", "two")
        self.away(rig)
        self.assertEqual((len(rig.queue), rig.stats.spooled), (0, 2))
        rig.say("a", "three")
        rig.clock.now += 1
        rig.run()
        self.assertEqual(rig.sent()[1:], [["one", "two"], ["three"]])
        self.assertFalse(rig.keeping.owes)

    def test_the_next_process_sends_first_what_the_last_one_left(self) -> None:
        first = self.rig()
        first.say("a", "one")
        self.away(first)
        first.keeping.leave()
        second = self.rig()
        second.agent("a")
        second.say("a", "two")
        second.run()
        self.assertEqual(second.sent(), [["one"], ["two"]])

    def test_another_holder_of_tokens_does_not_send_it(self) -> None:
        first = self.rig()
        first.say("a", "one")
        self.away(first)
        first.keeping.leave()
        other = Rig(token=lambda: "d.e.f", spool=self.place)
        other.say("a", "two")
        other.run()
        self.assertEqual(other.sent(), [["two"]])

    def test_while_another_process_sends_nothing_overtakes_what_waits_of_the_same_agent(self) -> None:
        first, second = self.rig(), self.rig()
        first.say("a", "one")
        self.away(first)
        first.clock.now += 1
        limited = Item(False, "rate_limited", "", 60.0)
        first.server.answers.append(Taken([limited]))
        first.run()
        second.agent("a")
        second.agent("b")
        second.say("a", "two")
        second.say("b", "other")
        second.run()
        self.assertEqual(second.sent(), [["other"]])
        second.say("a", "three")
        second.run()
        self.assertEqual(second.sent(), [["other"]])
        first.clock.now += 60
        first.run()
        second.clock.now += 1
        second.run()
        self.assertEqual(second.sent(), [["other"], ["two", "three"]])

    def test_a_rate_that_is_reached_while_the_disk_is_emptied_keeps_the_order(self) -> None:
        rig = self.rig()
        rig.say("a", *(f"a{number}" for number in range(5)))
        rig.say("b", "b0")
        self.away(rig)
        limited = Item(False, "rate_limited", "", 1.0)
        rig.server.answers.append(Taken([Item(), Item(), limited, limited, limited, Item()]))
        rig.clock.now += 1
        rig.say("a", "a5")
        rig.say("b", "b1")
        rig.run()
        rig.clock.now += 1
        rig.run()
        self.assertEqual(rig.sent()[2:], [["b1"], ["a2", "a3", "a4"], ["a5"]])

    def test_a_disk_that_takes_nothing_is_said_once_and_memory_goes_on(self) -> None:
        file = self.place / "file"
        file.write_text("")
        rig = Rig(spool=file)
        rig.say("a", "one")
        rig.server.answers += [AWAY, AWAY]
        with self.assertLogs("mission_control", logging.WARNING) as logs:
            rig.clock.now += rig.courier.step().wait
            rig.clock.now += rig.courier.step().wait
        self.assertEqual(sum("disk" in line for line in logs.output), 1)
        rig.clock.now += 60
        rig.say("a", "two")
        rig.run()
        self.assertEqual(rig.sent()[2:], [["one", "two"]])
