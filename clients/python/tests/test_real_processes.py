"""Forks, kills, and the end of the interpreter: seen by a real server."""

import signal

from tests.support.case import RealCase
from tests.support.patience import until

HEAD = "import os, sys, threading\nfrom mission_control import agent\n"


class Processes(RealCase):
    def test_a_process_that_is_killed_is_noticed_by_its_lease(self) -> None:
        text = HEAD + "with agent('a', lease=1) as a:\n    print(a.flush(20))\n    sys.stdin.read()\n"
        with self.program(text) as process:
            self.assertEqual(self.line(process), "True")
            self.assertEqual(self.server.status("a"), ("online", "start"))
            process.send_signal(signal.SIGKILL)
            until(lambda: self.server.status("a") == ("offline", "lease_expired"), "the end of the lease")

    def test_a_child_is_silent_about_its_parents_agent_and_speaks_for_its_own(self) -> None:
        ran = self.run_program(
            HEAD + "with agent('parent') as a:\n"
            "    a.activity('before')\n"
            "    child = os.fork()\n"
            "    if child == 0:\n"
            "        a.activity('from the child')\n"
            "        with agent('child') as own: own.activity('mine')\n"
            "        sys.exit(3)\n"
            "    _, status = os.waitpid(child, 0)\n"
            "    a.activity(f'child ended with {os.waitstatus_to_exitcode(status)}')\n"
        )
        self.assertEqual(ran.returncode, 0, ran.stderr)
        self.assertEqual(self.server.told("parent"), ["start", "before", "child ended with 3", "stop"])
        self.assertEqual(self.server.told("child"), ["start", "mine", "stop"])

    def test_forks_while_all_threads_report_neither_hang_nor_lose(self) -> None:
        ran = self.run_program(
            HEAD + "with agent('a') as a:\n"
            "    over = threading.Event()\n"
            "    def say():\n"
            "        n = 0\n"
            "        while not over.is_set() and n < 3000: a.activity(n); n += 1\n"
            "    others = [threading.Thread(target=say) for _ in range(3)]\n"
            "    for each in others: each.start()\n"
            "    for _ in range(50):\n"
            "        child = os.fork()\n"
            "        if child == 0:\n"
            "            a.activity('silent'); a.close(); os._exit(0)\n"
            "        os.waitpid(child, 0)\n"
            "    over.set()\n"
            "    for each in others: each.join()\n"
            "    assert a.flush(20)\n"
        )
        self.assertEqual(ran.returncode, 0, ran.stderr)
        self.assertNotIn("silent", self.server.told("a"))

    def test_children_that_outlive_a_killed_parent_do_not_keep_what_waits_from_the_next_process(self) -> None:
        self.door.shut()
        text = (
            "import time\n" + HEAD + "with agent('a') as a:\n"
            "    for n in range(50):\n"
            "        a.activity(n)\n"
            "        if n % 5 == 0 and os.fork() == 0:\n"
            "            os.read(0, 1)\n"
            "            os._exit(0)\n"
            "    while a.stats.spooled < 51: time.sleep(0.01)\n"
            "    print('kept')\n"
            "    sys.stdin.read()\n"
        )
        with self.program(text) as process:
            self.assertEqual(self.line(process), "kept")
            process.send_signal(signal.SIGKILL)
            self.door.behind = self.server.url
            ran = self.run_program(HEAD + "with agent('a') as a: print(a.flush(20))")
            self.assertEqual(ran.stdout, "True\n", ran.stderr)
        self.assertEqual(self.server.told("a"), ["start", *(str(n) for n in range(50)), "start", "stop"])

    def test_what_a_signal_handler_raises_in_the_middle_of_a_report_is_the_programs(self) -> None:
        ran = self.run_program(
            "import signal\n" + HEAD + "class Limit(Exception): pass\n"
            "raised = 0\n"
            "def handler(number, frame):\n"
            "    global raised\n"
            "    if frame.f_globals['__name__'].startswith('mission_control'):\n"
            "        raised += 1\n"
            "        raise Limit\n"
            "caught = 0\n"
            "with agent('a') as a:\n"
            "    signal.signal(signal.SIGALRM, handler)\n"
            "    signal.setitimer(signal.ITIMER_REAL, 0.0003, 0.0003)\n"
            "    for n in range(20000):\n"
            "        try: a.activity(n)\n"
            "        except Limit: caught += 1\n"
            "    signal.setitimer(signal.ITIMER_REAL, 0)\n"
            "    a.activity('the last')\n"
            "    assert a.flush(20), a.stats\n"
            "assert caught, 'none came in the middle of a report'\n"
            "assert raised - caught <= raised // 10, (raised, caught)\n"
        )
        self.assertEqual(ran.returncode, 0, ran.stderr)
        self.assertEqual(self.server.told("a")[-2:], ["the last", "stop"])

    def test_pools_that_fork_work_within_a_block(self) -> None:
        ran = self.run_program(
            "import multiprocessing\n" + HEAD + "def double(n): return 2 * n\n"
            "with agent('a') as a:\n"
            "    a.activity('before')\n"
            "    with multiprocessing.get_context('fork').Pool(3) as pool: print(sum(pool.map(double, range(100))))\n"
        )
        self.assertEqual((ran.returncode, ran.stdout), (0, "9900\n"), ran.stderr)
        self.assertEqual(self.server.told("a"), ["start", "before", "stop"])

    def test_an_agent_that_nobody_ended_stops_with_the_interpreter(self) -> None:
        ran = self.run_program("import gc\n" + HEAD + "agent('a').start()\ngc.collect()\nsys.exit(3)")
        self.assertEqual((ran.returncode, ran.stderr), (3, ""))
        self.assertEqual(self.server.told("a"), ["start", "stop"])
        *_, stop, _ = self.server.events("a")
        self.assertNotIn("exitCode", stop.get("detail", {}), "nobody could know it")

    def test_an_agent_that_nobody_ended_crashes_with_the_interpreter(self) -> None:
        ran = self.run_program(HEAD + "a = agent('a')\na.start()\nraise ValueError('nobody caught it')")
        self.assertEqual(ran.returncode, 1)
        self.assertEqual(self.server.told("a"), ["start", "crash"])

    def test_a_report_at_the_very_end_of_the_interpreter_breaks_nothing(self) -> None:
        ran = self.run_program(
            "import atexit\nlate = []\natexit.register(lambda: late[0].activity('too late'))\n" + HEAD
            + "late.append(agent('a'))\nlate[0].start()\n"
            "def first():\n"
            "    from mission_control import agent\n"
            "    with agent('b') as b: b.activity('at the end')\n"
            "atexit.register(first)\n"
            "class Last:\n"
            "    def __del__(self): late[0].activity('much too late')\n"
            "last = Last()\n"
        )  # fmt: skip
        self.assertEqual(ran.returncode, 0, ran.stderr)
        self.assertNotIn("Traceback", ran.stderr)
        self.assertEqual(self.server.told("a"), ["start", "stop"])
        self.assertEqual(self.server.told("b"), ["start", "at the end", "stop"])

    def test_ctrl_c_while_the_end_waits_ends_the_program(self) -> None:
        self.door.shut()
        ran = self.run_program(
            "import signal, socket\n" + HEAD
            + "with socket.create_server(('127.0.0.1', 0)) as hanging:\n"
            "    try:\n"
            "        with agent('a', url=f'http://127.0.0.1:{hanging.getsockname()[1]}', close_within=60) as a:\n"
            "            main = threading.main_thread().ident\n"
            "            threading.Timer(0.3, signal.pthread_kill, (main, signal.SIGINT)).start()\n"
            "    except KeyboardInterrupt: print('ended', a.stats.spooled)\n"
        )  # fmt: skip
        self.assertEqual((ran.returncode, ran.stdout), (0, "ended 2\n"), ran.stderr)
