"""A block starts an agent, and stops or crashes it as it ends: seen by a real server."""

import logging
import threading
from datetime import datetime, timedelta
from typing import Any
from unittest import mock

from mission_control import Agent, Reporter, agent
from tests.support.case import RealCase
from tests.support.patience import PATIENCE, until


class Block(RealCase):
    def agent(self, name: str = "a", **more: object) -> Agent:
        return agent(name, url=self.url, token=self.token, spool=self.spool, **more)  # type: ignore[arg-type]

    def ending(self, name: str = "a") -> tuple[str, dict[str, object]]:
        last = [event for event in self.server.events(name) if event["type"] == "agent:lifecycle"][-1]
        return last["payload"]["event"], last.get("detail", {})

    def test_an_exception_is_a_crash_and_goes_on_untouched(self) -> None:
        error = ValueError("no such batch")
        with self.assertRaises(ValueError) as caught, self.agent() as a:
            a.activity("working")
            raise error
        self.assertIs(caught.exception, error)
        self.assertIsNone(error.__context__)
        self.assertEqual(self.ending(), ("crash", {"exitCode": 1, "message": "ValueError: no such batch"}))
        self.assertEqual(self.server.status("a"), ("error", "crash"))

    def test_a_clean_end_is_a_stop_and_ctrl_c_too(self) -> None:
        with self.agent():
            pass
        self.assertEqual(self.ending(), ("stop", {"exitCode": 0}))
        with self.assertRaises(KeyboardInterrupt), self.agent("b"):
            raise KeyboardInterrupt
        self.assertEqual(self.ending("b"), ("stop", {"signal": "SIGINT"}))

    def test_exit_codes_go_on_and_say_what_the_end_was(self) -> None:
        text = "import sys\nfrom mission_control import agent\nwith agent('{0}'): sys.exit({1})"
        for name, code, status, end in (
            ("zero", "0", 0, "stop"),
            ("three", "3", 3, "crash"),
            ("text", "'no'", 1, "crash"),
        ):
            ran = self.run_program(text.format(name, code))
            self.assertEqual(ran.returncode, status)
            self.assertEqual(self.ending(name)[0], end)

    def test_a_fault_of_the_reporter_hides_no_exception_of_the_program(self) -> None:
        with self.assertLogs("mission_control", logging.ERROR), self.assertRaises(ZeroDivisionError):
            with self.agent() as a:
                self.addCleanup(a.close)
                self.enterContext(mock.patch.object(a, "_end_as", side_effect=RuntimeError("planted")))
                raise ZeroDivisionError

    def test_a_late_report_of_an_older_life_changes_nothing(self) -> None:
        with Reporter(self.url, token=self.token, spool=self.spool) as reporter:
            older = agent("a", reporter=reporter)
            older.start()
            began = reporter.clock.wall()
            until(lambda: reporter.clock.wall() > began, "another millisecond")
            newer = agent("a", reporter=reporter)
            self.assertNotEqual(older.instance_id, newer.instance_id)
            newer.start()
            older.activity("too late")
            newer.activity("in time")
            self.assertTrue(reporter.flush(20))
            self.assertEqual(reporter.stats.late, 1)
            older.crash("too late as well")
            newer.stop()
        self.assertEqual(self.server.told("a"), ["start", "start", "in time", "stop"])

    def test_a_lease_is_asked_for_and_renewed_while_the_program_is_busy(self) -> None:
        with self.agent(lease=1) as a:
            self.assertTrue(a.flush(20))
            before = self.door.requests
            total = 0
            while self.door.requests < before + 6:
                total += sum(range(1_000))
            self.assertEqual(self.server.status("a"), ("online", "start"))

    def test_states_labels_and_sessions_are_those_that_were_said(self) -> None:
        with self.agent(labels={"team": "data"}) as a:
            a.waiting("for you", session="s1")
            a.working("on it", session="s1")
            a.status("online", "fine", state="idle", labels={"team": "web"})
            a.activity("wrong state", state="No!")
            a.activity("wrong session", session="a b")
            a.busy_for(60)
            a.busy_until(datetime.now() + timedelta(minutes=2))
            a.restart("anew", labels={"team": "web"})
            self.assertTrue(a.flush(20))
            known = self.server.ask("/api/v1/agents/a")
            self.assertEqual(known["agent"]["detail"]["labels"], {"team": "web"})
            self.assertEqual(known["agent"]["detail"]["restarts"], 1)
        activities = [event for event in self.server.events("a") if event["type"] == "session:activity"]
        said = [(each["payload"]["sessionId"], each.get("detail", {}).get("state")) for each in activities]
        self.assertEqual(said, [("s1", "waiting"), ("s1", "working"), ("main", None)])

    def test_a_long_text_is_cut_and_the_event_says_so(self) -> None:
        with self.agent() as a:
            a.activity("é" * 100_000)
            a.activity("\0\ud800\x1b[31m\u202e")
        cut, odd = [event for event in self.server.events("a") if event["type"] == "session:activity"]
        self.assertEqual((len(cut["payload"]["lastMessage"].encode()), cut["detail"]["truncated"]), (4_096, True))
        self.assertEqual(odd["payload"]["lastMessage"], "\0?\x1b[31m\u202e")

    def test_threads_report_together_and_nothing_is_lost(self) -> None:
        with self.agent() as a:

            def say(name: int) -> None:
                for number in range(200):
                    a.activity(f"{name} {number}")

            threads = [threading.Thread(target=say, args=(name,)) for name in range(8)]
            for each in threads:
                each.start()
            for each in threads:
                each.join()
            self.assertTrue(a.flush(30))
        told = self.server.told("a")
        self.assertEqual(len(told), 8 * 200 + 2)
        for name in range(8):
            own = [int(text.split()[1]) for text in told if text.startswith(f"{name} ")]
            self.assertEqual(own, list(range(200)))

    def test_many_agents_share_a_reporter(self) -> None:
        threads = threading.active_count()
        with Reporter(self.url, token=self.token, spool=self.spool) as reporter:
            for name in ("a", "b", "c"):
                with agent(name, reporter=reporter) as a:
                    a.activity(f"I am {name}")
            self.assertLessEqual(threading.active_count(), threads + 4)
        for name in ("a", "b", "c"):
            self.assertEqual(self.server.told(name), ["start", f"I am {name}", "stop"])

    def test_after_its_end_an_agent_says_nothing_and_can_be_closed_again(self) -> None:
        with self.assertLogs("mission_control", logging.WARNING):
            with self.agent() as a:
                a.crash("I know why", exit_code=7)
                a.activity("a dead agent speaks")
        a.close()
        a.activity("again")
        self.assertEqual(self.server.told("a"), ["start", "crash"])
        self.assertEqual(self.ending()[1], {"exitCode": 7, "message": "I know why"})

    def test_a_report_from_a_signal_handler_in_the_middle_of_a_report_is_taken(self) -> None:
        ran = self.run_program(
            "import signal\nfrom mission_control import agent\n"
            "with agent('a') as a:\n"
            "    signal.signal(signal.SIGALRM, lambda *_: a.activity('from a signal'))\n"
            "    signal.setitimer(signal.ITIMER_REAL, 0.0005, 0.0005)\n"
            "    for n in range(5000): a.activity(str(n))\n"
            "    signal.setitimer(signal.ITIMER_REAL, 0)\n"
            "    assert a.flush(25)\n"
            "    assert a.stats.late == 0 and a.stats.dropped == 0, a.stats\n"
        )
        self.assertEqual((ran.returncode, ran.stderr), (0, ""))
        told = self.server.told("a")
        self.assertEqual([text for text in told if text.isdigit()], [str(n) for n in range(5_000)])
        self.assertIn("from a signal", told)


class Wrong(RealCase):
    def test_nothing_that_is_said_wrongly_raises(self) -> None:
        with self.assertLogs("mission_control", logging.WARNING) as logs:
            with agent("a", url=self.url, token=self.token, spool=self.spool) as a:
                said: Any = a
                said.status("well")
                said.status("online", labels={"k": "x" * 65}, state=7)
                said.status("online", labels=7)
                said.busy_for("long")
                said.busy_for(float("nan"))
                said.busy_until("soon")
                said.activity(None, session=7)
                said.activity(b"bytes")
                said.crash("", exit_code="seven", signal="KILL ME")
        self.assertEqual(self.server.told("a"), ["start", "b'bytes'", "crash"])
        self.assertTrue(all("Traceback" not in line for line in logs.output))


class Rate(RealCase):
    settings = {"REPORTS_PER_SECOND": "400", "REPORTS_BURST": "100"}

    def test_an_agent_over_its_rate_loses_nothing_and_keeps_its_order(self) -> None:
        with agent("a", url=self.url, token=self.token, spool=self.spool) as a:
            for number in range(1_000):
                a.activity(number)
            self.assertTrue(a.flush(PATIENCE))
            self.assertEqual((a.stats.late, a.stats.refused, a.stats.dropped), (0, 0, 0))
        self.assertEqual(self.server.told("a"), ["start", *(str(number) for number in range(1_000)), "stop"])


class Bounds(RealCase):
    def test_a_full_memory_keeps_the_start_and_the_newest_and_counts_what_went(self) -> None:
        behind, self.door.behind = self.door.behind, None
        with self.assertLogs("mission_control", logging.WARNING):
            with agent("a", url=self.url, token=self.token, spool=False) as a:
                for number in range(10_500):
                    a.activity(number)
                self.assertEqual((a.stats.waiting, a.stats.dropped), (10_000, 501))
                self.door.behind = behind
                self.assertTrue(a.flush(PATIENCE))
        self.assertEqual(self.server.told("a"), ["start", *(str(number) for number in range(501, 10_500)), "stop"])


class BadToken(RealCase):
    def test_a_bad_token_is_said_once_breaks_nothing_and_is_not_shown(self) -> None:
        bad = "canary." + self.token.split(".")[1] + ".7f3a"
        with self.assertLogs("mission_control", logging.DEBUG) as logs:
            with agent("a", url=self.url, token=bad, spool=self.spool, close_within=1) as a:
                for number in range(1_000):
                    a.activity(number)
                until(lambda: self.door.requests, "a request")
        errors = [record for record in logs.records if record.levelno >= logging.ERROR]
        self.assertEqual(len(errors), 1, logs.output)
        self.assertLessEqual(self.door.requests, 4)
        self.assertNotIn("canary", "".join(logs.output) + repr(a))

    def test_a_token_for_other_agents_is_said_and_breaks_nothing(self) -> None:
        token = self.server.token_for("report", agents="b-*")
        with self.assertLogs("mission_control", logging.WARNING) as logs:
            with agent("a", url=self.url, token=token, spool=self.spool) as a:
                a.activity("one")
        self.assertIn("forbidden_agent", logs.output[0])
        self.assertEqual(a.stats.refused, 3)

    def test_without_a_token_the_program_runs_and_is_told_why_nothing_is_seen(self) -> None:
        self.token = ""
        ran = self.run_program("from mission_control import agent\nwith agent('a') as a: a.activity('x'); print('ran')")
        self.assertEqual((ran.returncode, ran.stdout), (0, "ran\n"))
        self.assertIn("MISSION_CONTROL_TOKEN", ran.stderr)
        self.assertIn("3 reports are lost", ran.stderr)


