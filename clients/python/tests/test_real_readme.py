"""What the README shows runs as it stands."""

import re
from pathlib import Path

from tests.support.case import RealCase

README = Path(__file__).parents[1] / "README.md"


class Readme(RealCase):
    def test_its_programs_run_as_they_stand_and_the_server_has_what_they_say(self) -> None:
        first, second = re.findall(r"```python\n(.*?)```", README.read_text(), re.DOTALL)
        self.assertLessEqual(len(first.splitlines()), 10)
        ran = self.run_program(first)
        self.assertEqual((ran.returncode, ran.stdout, ran.stderr), (0, "", ""))
        expected = ["start", "compiling", "step 1 of 3", "step 2 of 3", "step 3 of 3", "needs a signature", "stop"]
        self.assertEqual(self.server.told("build-7"), expected)
        self.assertEqual(self.server.status("build-7"), ("offline", "stop"))

        ran = self.run_program(second)
        self.assertEqual((ran.returncode, ran.stdout, ran.stderr), (0, "True\n", ""))
        self.assertEqual(self.server.told("importer"), ["start", "reading", "stop"])
