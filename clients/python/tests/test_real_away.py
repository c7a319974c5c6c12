"""A server that is away for a while: nothing is missing, nothing doubled, and all is in order."""

import logging
import os
import signal
import subprocess

from mission_control import Agent, agent
from tests.support.case import RealCase
from tests.support.patience import PATIENCE, until

STORED = "import sys\nfrom mission_control import agent\n"


class Away(RealCase):
    def setUp(self) -> None:
        super().setUp()
        # It is said that the server is away; that is no news here.
        logging.getLogger("mission_control").setLevel(logging.CRITICAL)
        self.addCleanup(logging.getLogger("mission_control").setLevel, logging.NOTSET)

    def agent(self, name: str = "a") -> Agent:
        return agent(name, url=self.url, token=self.token, spool=self.spool)

    def numbers(self, name: str = "a") -> list[int]:
        return [int(text) for text in self.server.told(name) if text.isdigit()]

    def test_what_was_said_while_the_server_was_away_comes_in_order_and_once(self) -> None:
        with self.agent() as a:
            for number in range(100):
                a.activity(number)
            self.assertTrue(a.flush(20))
            self.door.shut()
            for number in range(100, 400):
                a.activity(number)
            until(lambda: a.stats.spooled >= 300, "all on the disk")
            for number in range(400, 500):
                a.activity(number)
            self.door.behind = self.server.url
            for number in range(500, 600):
                a.activity(number)
            self.assertTrue(a.flush(PATIENCE))
        self.assertEqual(self.numbers(), list(range(600)))
        self.assertEqual(self.server.told("a")[::601], ["start", "stop"])

    def test_a_server_that_is_killed_and_started_again_has_all_of_it_once(self) -> None:
        with self.agent() as a:
            for number in range(1_000):
                a.activity(number)
                if number == 500:
                    self.server.end(hard=True)
                    until(lambda: a.stats.spooled, "something on the disk")
                    self.server.start()
                    self.door.behind = self.server.url
            self.assertTrue(a.flush(PATIENCE))
        self.assertEqual(self.numbers(), list(range(1_000)))

    def test_answers_that_are_lost_double_nothing(self) -> None:
        with self.agent() as a:
            self.door.swallows = True
            for number in range(300):
                a.activity(number)
            until(lambda: self.server.told("a"), "that the server has it")
            until(lambda: a.stats.spooled, "that the reporter does not know")
            self.door.swallows = False
            self.assertTrue(a.flush(PATIENCE))
        self.assertEqual(self.numbers(), list(range(300)))

    def test_what_a_process_left_is_sent_by_the_next_one_before_its_own(self) -> None:
        self.door.shut()
        ran = self.run_program(STORED + "with agent('a') as a: a.activity(1); sys.exit(3)")
        self.assertEqual(ran.returncode, 3)
        self.door.behind = self.server.url
        ran = self.run_program(STORED + "with agent('a') as a: a.activity(2)")
        self.assertEqual((ran.returncode, ran.stderr), (0, ""))
        self.assertEqual(self.server.told("a"), ["start", "1", "crash", "start", "2", "stop"])

    def test_a_process_that_is_killed_while_the_server_is_away_loses_nothing_that_is_on_the_disk(self) -> None:
        self.door.shut()
        text = (
            "import time\n" + STORED + "with agent('a') as a:\n"
            "    for n in range(50): a.activity(n)\n"
            "    while a.stats.spooled < 51: time.sleep(0.01)\n"
            "    print('kept')\n"
            "    sys.stdin.read()\n"
        )
        with self.program(text) as process:
            self.assertEqual(self.line(process), "kept")
            process.send_signal(signal.SIGKILL)
        self.door.behind = self.server.url
        with self.agent() as a:
            self.assertTrue(a.flush(20))
        self.assertEqual(self.server.told("a"), ["start", *(str(n) for n in range(50)), "start", "stop"])

    def test_several_processes_take_turns_and_each_ones_reports_are_in_order(self) -> None:
        self.door.shut()
        text = (
            "import time\n" + STORED + "name = sys.stdin.readline().strip()\n"
            "with agent(name) as a:\n"
            "    for n in range(150): a.activity(n)\n"
            "    while a.stats.spooled < 151: time.sleep(0.01)\n"
            "    print('kept')\n"
            "    sys.stdin.readline()\n"
            "    for n in range(150, 300): a.activity(n)\n"
            "    assert a.flush(25)\n"
        )
        names = [f"p{number}" for number in range(4)]
        processes: list[subprocess.Popen[str]] = []
        for name in names:
            process = self.enterContext(self.program(text))
            assert process.stdin is not None
            process.stdin.write(f"{name}\n")
            process.stdin.flush()
            processes.append(process)
        for process in processes:
            self.assertEqual(self.line(process), "kept")
        self.door.behind = self.server.url
        for process in processes:
            process.communicate("\n", timeout=PATIENCE)
            self.assertEqual(process.returncode, 0)
        for name in names:
            self.assertEqual(self.numbers(name), list(range(300)))

    def test_a_server_that_hangs_keeps_no_program_from_ending(self) -> None:
        import socket
        import time

        with socket.create_server(("127.0.0.1", 0)) as hanging:
            self.url = f"http://127.0.0.1:{hanging.getsockname()[1]}"
            began = time.monotonic()
            ran = self.run_program(STORED + "with agent('a') as a: a.activity(1)")
            self.assertEqual(ran.returncode, 0)
            # Two seconds for the server; the rest is the interpreter and a busy machine.
            self.assertLess(time.monotonic() - began, 9)
        self.assertTrue(any(file.name == "reports.db" for file in self.spool.rglob("*")))


class NoDisk(RealCase):
    def test_a_spool_that_cannot_be_made_does_not_break_the_program(self) -> None:
        self.spool.write_text("a file where the directory should be")
        with self.assertLogs("mission_control", logging.WARNING) as logs:
            with agent("a", url=self.url, token=self.token, spool=self.spool) as a:
                self.assertTrue(a.flush(20))
                self.door.shut()
                a.activity("while away")
                until(lambda: any("disk" in line for line in logs.output), "that it is said")
                self.door.behind = self.server.url
                self.assertTrue(a.flush(PATIENCE))
        self.assertEqual(self.server.told("a"), ["start", "while away", "stop"])

    def test_a_full_disk_does_not_break_the_program_and_what_is_lost_is_said(self) -> None:
        self.door.shut()
        ran = self.run_program(
            "import resource\nresource.setrlimit(resource.RLIMIT_FSIZE, (2048, 2048))\n" + STORED
            + "with agent('a') as a:\n    for n in range(100): a.activity('x' * 1000)\nprint('ran')"
        )  # fmt: skip
        self.assertEqual((ran.returncode, ran.stdout), (0, "ran\n"))
        self.assertIn("only in the memory", ran.stderr)
        self.assertIn("102 reports are lost", ran.stderr)

    def test_a_disk_that_hangs_keeps_no_program_from_ending(self) -> None:
        self.door.shut()
        ran = self.run_program(
            STORED + "import threading\nfrom mission_control.spool import DiskSpool\n"
            "DiskSpool.put = lambda *_: threading.Event().wait()\n"
            "with agent('a') as a: a.activity(1)\nprint('ran')"
        )
        self.assertEqual((ran.returncode, ran.stdout), (0, "ran\n"), ran.stderr)
        self.assertIn("3 reports are lost", ran.stderr)

    def test_a_directory_without_rights_does_not_break_the_program(self) -> None:
        self.door.shut()
        self.spool.mkdir(mode=0o500)
        # Who may do everything is not held up by rights.
        if os.geteuid() == 0:
            self.spool.rmdir()
            self.spool = self.folder / ("x" * 300)
        ran = self.run_program(STORED + "with agent('a') as a: a.activity(1)\nprint('ran', file=sys.stdout)")
        self.assertEqual((ran.returncode, ran.stdout), (0, "ran\n"))
        self.assertIn("only in the memory", ran.stderr)
