"""Hostile text, exit codes and names are made to fit, or refused before anything is sent."""

import unittest

from mission_control import endings, words


class Hostile:
    def __str__(self) -> str:
        raise RuntimeError("no text")


class Texts(unittest.TestCase):
    def test_a_long_text_is_cut_between_characters_to_just_more_than_a_server_takes(self) -> None:
        for letter in ("a", "ü", "€", "😀"):
            cut = words.cut(letter * 1_000_000)
            self.assertLessEqual(len(cut.encode()), 4_100)
            self.assertGreater(len(cut.encode()), 4_096)
            self.assertEqual(cut.strip(letter), "")

    def test_what_is_no_character_becomes_a_question_mark(self) -> None:
        self.assertEqual(words.cut("a\ud800b"), "a?b")

    def test_anything_has_a_text(self) -> None:
        self.assertEqual(words.cut(7), "7")
        self.assertEqual(words.cut(Hostile()), "<Hostile that has no text>")

    def test_names_that_no_server_takes_are_refused(self) -> None:
        for bad in ("", "a b", "ü", "a/b", "x" * 129, "a\n"):
            with self.assertRaises(ValueError):
                words.checked_id(bad, "an agent's id")
        for bad in ("Working", "", "9", "w" * 33, "a\n"):
            with self.assertRaises(ValueError):
                words.checked_state(bad)
        for labels in ({"": "x"}, {"k": "ü" * 33}, {str(number): "" for number in range(17)}):
            with self.assertRaises(ValueError):
                words.checked_labels(labels)
        self.assertEqual(words.checked_id("A-z_0.9:@", "it"), "A-z_0.9:@")


class Endings(unittest.TestCase):
    def test_each_way_to_end_is_a_stop_or_a_crash(self) -> None:
        import asyncio

        Ending = endings.Ending
        for error, expected in [
            (None, Ending("stop", exit_code=0)),
            (SystemExit(), Ending("stop", exit_code=0)),
            (SystemExit(0), Ending("stop", exit_code=0)),
            (SystemExit(3), Ending("crash", exit_code=3)),
            (SystemExit(True), Ending("crash", exit_code=1)),
            (SystemExit(2**40 + 7), Ending("crash", exit_code=7)),
            (SystemExit("no disk"), Ending("crash", "no disk", 1)),
            (KeyboardInterrupt(), Ending("stop", signal="SIGINT")),
            (asyncio.CancelledError(), Ending("stop", "cancelled")),
            (GeneratorExit(), Ending("stop")),
            (ValueError("no such batch"), Ending("crash", "ValueError: no such batch", 1)),
            (MemoryError(), Ending("crash", "MemoryError", 1)),
        ]:
            with self.subTest(error=error):
                self.assertEqual(endings.of(error), expected)

    def test_an_exception_without_a_text_is_a_crash_all_the_same(self) -> None:
        class Silent(Exception):
            def __str__(self) -> str:
                raise RuntimeError("no text")

        ending = endings.of(Silent())
        self.assertEqual((ending.event, ending.exit_code), ("crash", 1))
        self.assertIn("Silent", ending.message or "")
