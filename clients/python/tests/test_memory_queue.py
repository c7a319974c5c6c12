"""The line in memory: bounded, in order, and safe against reports in the middle of a report."""

import unittest

from mission_control.memory_queue import Queue
from mission_control.report import Report


def report(text: str, activity: bool = True, agent: str = "a") -> Report:
    return Report(agent, text, activity, 1, text)


def put(line: Queue, text: str, activity: bool = True, agent: str = "a") -> bool:
    return line.put(lambda _: report(text, activity, agent))


class TheLine(unittest.TestCase):
    def texts(self, line: Queue) -> list[str]:
        return [report.text for _, report in line.first(1_000, 10_000_000)]

    def test_a_full_line_drops_the_oldest_activity_and_nothing_else(self) -> None:
        line = Queue(reports_max=3)
        self.assertTrue(put(line, "start", activity=False))
        for text in ("one", "two", "three"):
            self.assertTrue(put(line, text))
        self.assertEqual(self.texts(line), ["start", "two", "three"])
        self.assertEqual(line.dropped, 1)

    def test_a_line_full_of_what_must_stay_takes_no_more(self) -> None:
        line = Queue(reports_max=2)
        for text in ("start", "stop"):
            put(line, text, activity=False)
        self.assertFalse(put(line, "one too many"))
        self.assertEqual(self.texts(line), ["start", "stop"])

    def test_bytes_are_bounded_too(self) -> None:
        line = Queue(bytes_max=10_000)
        for _ in range(100):
            put(line, "ü" * 1_000)
        self.assertEqual((len(line), line.dropped), (4, 96))

    def test_ten_thousand_and_one_activities_leave_the_newest_ten_thousand(self) -> None:
        line = Queue()
        for _ in range(10_001):
            line.put(lambda number: report(str(number)))
        ((_, oldest),) = line.first(1, 1_000_000)
        self.assertEqual((len(line), line.dropped, oldest.text), (10_000, 1, "2"))

    def test_a_report_in_the_middle_of_another_comes_after_it(self) -> None:
        line = Queue()

        def interrupted(number: int) -> Report:
            line.put(lambda inner: report(f"inner {inner}"))
            return report(f"outer {number}")

        line.put(interrupted)
        self.assertEqual(self.texts(line), ["outer 1", "inner 2"])

    def test_a_batch_has_one_report_at_least_and_leaves_out_whom_it_is_told_to(self) -> None:
        line = Queue()
        for agent in ("a", "b", "a"):
            put(line, "x", agent=agent)
        self.assertEqual([number for number, _ in line.first(10, 1)], [1])
        self.assertEqual([number for number, _ in line.first(10, 10_000, {"a"})], [2])

    def test_what_was_dropped_meanwhile_can_be_removed(self) -> None:
        line = Queue(reports_max=1)
        put(line, "one")
        put(line, "two")
        line.remove([1, 2])
        self.assertEqual(len(line), 0)
        self.assertEqual(self.texts(line), [])
