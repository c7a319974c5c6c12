"""Where reports go and as whom; and that nothing shows a token."""

import base64
import json
import os
import tempfile
import unittest
from pathlib import Path

from mission_control import agent
from mission_control.address import Address
from mission_control.settings import Settings
from mission_control.tokens import NoToken, Tokens, holder

HERE = Address.parse("http://h:1")


def token(**claims: object) -> str:
    payload = base64.urlsafe_b64encode(json.dumps(claims).encode()).rstrip(b"=").decode()
    return f"e30.{payload}.c2ln"


class Places(unittest.TestCase):
    def test_addresses_are_taken_with_a_prefix_and_without_secrets(self) -> None:
        self.assertEqual(str(Address.parse("https://watch.example/team/")), "https://watch.example/team")
        self.assertEqual(Address.parse("http://[::1]:3000").reports, "/api/v1/reports")
        for bad in ("", "localhost", "ftp://h", "http://", "http://a:b@h", "http://h?token=x", "http://h/ x", "http://h:x"):
            with self.subTest(bad), self.assertRaises(ValueError):
                Address.parse(bad)

    def test_arguments_go_before_the_environment_and_a_file_before_a_token(self) -> None:
        with tempfile.TemporaryDirectory() as folder:
            file = Path(folder) / "token"
            file.write_text(" of.the.file\r\n")
            environment = {"MISSION_CONTROL_TOKEN": "of.the.environment"}
            self.assertEqual(Settings.of(None, None, None, False, environment).tokens.token(), "of.the.environment")
            environment["MISSION_CONTROL_TOKEN_FILE"] = str(file)
            self.assertEqual(Settings.of(None, None, None, False, environment).tokens.token(), "of.the.file")
            self.assertEqual(Settings.of(None, "an.argu.ment", None, False, environment).tokens.token(), "an.argu.ment")

    def test_a_wrong_environment_breaks_no_program_and_a_wrong_argument_does(self) -> None:
        environment = {"MISSION_CONTROL_URL": "nonsense", "MISSION_CONTROL_TOKEN": "a.b.c"}
        with self.assertRaises(NoToken):
            Settings.of(None, None, None, False, environment).tokens.token()
        with self.assertRaises(ValueError):
            Settings.of("nonsense", None, None, False, {})
        with self.assertRaises(ValueError):
            Settings.of(None, "a.b.c", "file", False, {})
        for name, lease, labels in (("a b", 90.0, {}), ("a", 0.5, {}), ("a", 90.0, {"": ""})):
            with self.assertRaises(ValueError):
                agent(name, url="http://127.0.0.1:1", token="a.b.c", spool=False, lease=lease, labels=labels)


class Holders(unittest.TestCase):
    def test_a_renewed_token_is_of_the_same_holder_and_all_else_of_another(self) -> None:
        one = holder(HERE, token(sub="a", scope="report", exp=1, iat=0, jti="1"))
        self.assertEqual(one, holder(HERE, token(sub="a", scope="report", exp=9, iat=8, jti="2")))
        others = {
            one,
            holder(Address.parse("http://h:2"), token(sub="a", scope="report")),
            holder(HERE, token(sub="b", scope="report")),
            holder(HERE, token(sub="a", scope="report", agents=["x"])),
            holder(HERE, "opaque"),
            holder(HERE, "a.W10.c"),
        }
        self.assertEqual(len(others), 6)


class Secrets(unittest.TestCase):
    def test_no_error_and_no_repr_shows_a_token(self) -> None:
        secret = "canary.7f3a.token"
        made = agent("a", url="http://127.0.0.1:1", token=secret, spool=False)

        def fails() -> str:
            raise RuntimeError(secret)

        shown = repr(made) + repr(made.__dict__) + repr(Tokens.given(secret, "test"))
        for source in (fails, lambda: secret + "\n" + secret):
            with self.assertRaises(NoToken) as caught:
                Tokens.given(source, "test").token()
            shown += repr(caught.exception) + str(caught.exception)
        self.assertNotIn("canary", shown)

    def test_a_pipe_for_a_token_file_is_refused_and_not_waited_for(self) -> None:
        with tempfile.TemporaryDirectory() as folder:
            pipe = Path(folder) / "pipe"
            os.mkfifo(pipe)
            with self.assertRaises(NoToken):
                Tokens.of_file(pipe).token()
