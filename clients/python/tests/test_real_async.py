"""The asynchronous agent does what the other does, and keeps no loop waiting."""

import asyncio
import logging
import socket

from mission_control import AsyncAgent, async_agent
from tests.support.case import RealCase
from tests.support.patience import PATIENCE, until


class Async(RealCase):
    def agent(self, name: str = "a", **more: object) -> AsyncAgent:
        return async_agent(name, url=self.url, token=self.token, spool=self.spool, **more)  # type: ignore[arg-type]

    def test_a_block_starts_and_stops_an_agent(self) -> None:
        async def main() -> None:
            async with self.agent(labels={"team": "x"}) as a:
                a.activity("one")
                self.assertTrue(await a.flush(20))
                a.waiting("two")

        asyncio.run(main())
        self.assertEqual(self.server.told("a"), ["start", "one", "two", "stop"])

    def test_an_exception_is_a_crash_and_a_cancelled_task_is_a_stop(self) -> None:
        async def fails() -> None:
            async with self.agent("crashes"):
                raise ValueError("planted")

        async def waits(begun: asyncio.Event) -> None:
            async with self.agent("cancelled"):
                begun.set()
                await asyncio.Event().wait()

        async def main() -> None:
            with self.assertRaises(ValueError):
                await fails()
            begun = asyncio.Event()
            task = asyncio.create_task(waits(begun))
            await begun.wait()
            task.cancel()
            with self.assertRaises(asyncio.CancelledError):
                await task

        asyncio.run(main())
        self.assertEqual(self.server.told("crashes"), ["start", "crash"])
        self.assertEqual(self.server.told("cancelled"), ["start", "stop"])

    def test_the_loop_goes_on_while_the_end_waits_for_a_server_that_hangs(self) -> None:
        async def main() -> int:
            turns = 0
            async with self.agent(close_within=1) as a:
                ending = asyncio.create_task(a.close())
                while not ending.done():
                    turns += 1
                    await asyncio.sleep(0.01)
            return turns

        hanging = self.enterContext(socket.create_server(("127.0.0.1", 0)))
        self.url = f"http://127.0.0.1:{hanging.getsockname()[1]}"
        self.assertGreater(asyncio.run(main()), 10)

    def test_what_was_said_while_the_server_was_away_comes_in_order_and_once(self) -> None:
        async def main() -> None:
            async with self.agent() as a:
                self.assertTrue(await a.flush(20))
                self.door.shut()
                for number in range(200):
                    a.activity(number)
                await asyncio.to_thread(until, lambda: a.stats.spooled >= 200, "all on the disk")
                self.door.behind = self.server.url
                self.assertTrue(await a.flush(PATIENCE))

        with self.assertLogs("mission_control", logging.WARNING) as logs:
            asyncio.run(main())
        self.assertEqual(len(logs.output), 1, logs.output)
        self.assertEqual(self.server.told("a"), ["start", *(str(number) for number in range(200)), "stop"])
