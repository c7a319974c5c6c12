"""The spool on the disk and the turn to send it."""

import fcntl
import os
import sqlite3
import tempfile
import unittest
from pathlib import Path

from mission_control.report import Report
from mission_control.spool import DiskSpool, SpoolError
from mission_control.turn import HONOURED, Turn


def report(text: str, activity: bool = True, agent: str = "a") -> Report:
    return Report(agent, text, activity, 1, text)


class TheSpool(unittest.TestCase):
    def setUp(self) -> None:
        self.place = Path(self.enterContext(tempfile.TemporaryDirectory())) / "spool"

    def texts(self, spool: DiskSpool) -> list[str]:
        return [report.text for _, report in spool.after(0, 1_000, 10_000_000, ())]

    def test_what_was_put_is_there_for_another_in_order_and_until_it_is_removed(self) -> None:
        DiskSpool(self.place).put([report("one"), report("two", activity=False), report("thrée")])
        spool = DiskSpool(self.place)
        rows = spool.after(0, 10, 1_000_000, ())
        self.assertEqual([row for _, row in rows], [report("one"), report("two", activity=False), report("thrée")])
        spool.remove([rows[0][0]])
        self.assertEqual(self.texts(DiskSpool(self.place)), ["two", "thrée"])

    def test_a_full_spool_drops_the_oldest_activities_and_nothing_else(self) -> None:
        spool = DiskSpool(self.place, bytes_max=1_000)
        spool.put([report("start", activity=False)])
        dropped = sum(spool.put([report(f"{number}" * 100)]) for number in range(10))
        self.assertEqual(dropped, 7)
        self.assertEqual(self.texts(spool), ["start", "7" * 100, "8" * 100, "9" * 100])

    def test_a_spool_full_of_what_must_stay_keeps_it_and_takes_no_more(self) -> None:
        spool = DiskSpool(self.place, bytes_max=300)
        spool.put([report("start", activity=False), report("stop", activity=False)])
        with self.assertRaises(SpoolError):
            spool.put([report("one too many", activity=False)])
        self.assertEqual(self.texts(spool), ["start", "stop"])

    def test_only_its_owner_can_read_it(self) -> None:
        DiskSpool(self.place, "u1\n").put([report("one")])
        self.assertEqual(self.place.stat().st_mode & 0o777, 0o700)

    def test_a_damaged_database_is_put_aside_and_a_new_one_begun(self) -> None:
        spool = DiskSpool(self.place)
        spool.put([report("one")])
        (self.place / "reports.db").write_bytes(b"no database at all" * 1_000)
        spool.put([report("two")])
        self.assertEqual(self.texts(spool), ["two"])
        self.assertTrue((self.place / "reports.db.damaged.1").exists())
        self.assertEqual(len(spool.notes), 1)

    def test_a_database_of_a_newer_version_is_left_as_it_is(self) -> None:
        spool = DiskSpool(self.place)
        spool.put([report("one")])
        database = sqlite3.connect(self.place / "reports.db")
        database.execute("PRAGMA user_version = 9")
        database.close()
        with self.assertRaises(SpoolError):
            spool.put([report("two")])

    def test_nothing_but_its_own_error_comes_out_of_a_disk_that_fails(self) -> None:
        self.place.write_text("a file where the directory should be")
        spool = DiskSpool(self.place)
        for use in (lambda: spool.put([report("one")]), spool.take_turn, lambda: spool.remove([1])):
            with self.assertRaises(SpoolError):
                use()
        self.assertEqual(spool.after(0, 1, 1, ()), [])


    def test_a_process_that_stands_still_in_the_middle_of_it_holds_others_up_for_a_moment_only(self) -> None:
        spool = DiskSpool(self.place)
        spool.put([report("one")])
        with open(self.place / "use") as held:
            fcntl.flock(held, fcntl.LOCK_EX)
            with self.assertRaises(SpoolError):
                spool.put([report("two")])
        spool.put([report("three")])
        self.assertEqual(self.texts(spool), ["one", "three"])

    def test_many_that_use_it_at_once_lose_nothing(self) -> None:
        children = []
        for name in range(6):
            child = os.fork()
            if child == 0:
                try:
                    for number in range(10):
                        DiskSpool(self.place).put([report(f"{name} {number}")])
                    os._exit(0)
                finally:
                    os._exit(1)
            children.append(child)
        self.assertEqual([os.waitpid(child, 0)[1] for child in children], [0] * 6)
        texts = self.texts(DiskSpool(self.place))
        self.assertEqual(len(texts), 60)
        for name in range(6):
            own = [text for text in texts if text.startswith(f"{name} ")]
            self.assertEqual(own, [f"{name} {number}" for number in range(10)])


class TheTurn(unittest.TestCase):
    def setUp(self) -> None:
        self.place = Path(self.enterContext(tempfile.TemporaryDirectory()))

    def turn(self) -> Turn:
        turn = Turn(self.place)
        self.addCleanup(turn.let_go)
        return turn

    def test_one_has_it_until_it_is_given_back(self) -> None:
        one, other = self.turn(), self.turn()
        self.assertTrue(one.take())
        self.assertTrue(one.take())
        self.assertFalse(other.take())
        one.give_back()
        self.assertTrue(other.take())
        self.assertFalse(one.take())

    def test_who_stood_still_for_long_has_lost_it(self) -> None:
        one, other = self.turn(), self.turn()
        self.assertTrue(one.take())
        past = os.stat(self.place / "turn").st_mtime - HONOURED - 1
        os.utime(self.place / "turn", (past, past))
        self.assertFalse(other.take(), "it makes way")
        self.assertTrue(other.take())
        self.assertFalse(one.take())

    def test_a_child_that_outlives_its_parent_does_not_hold_it(self) -> None:
        one, other = self.turn(), self.turn()
        self.assertTrue(one.take())
        ready, said = os.pipe()
        wait, end = os.pipe()
        child = os.fork()
        if child == 0:
            one.let_go()
            os.close(end)
            os.write(said, b".")
            os.read(wait, 1)
            os._exit(0)
        os.read(ready, 1)
        # A process that dies closes its files, and says nothing.
        one.let_go()
        taken = other.take()
        os.close(end)
        os.waitpid(child, 0)
        for handle in (ready, said, wait):
            os.close(handle)
        self.assertTrue(taken)
