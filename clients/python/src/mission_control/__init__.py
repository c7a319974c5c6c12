"""Reports what this program does to Mission Control, the live backend for fleets of agents.

    from mission_control import agent

    with agent("build-7") as a:
        a.activity("compiling")

The server is `MISSION_CONTROL_URL`, the token `MISSION_CONTROL_TOKEN`. Reporting neither blocks nor breaks the
program: reports wait in memory, then on the disk, and go out in order and count once.
"""

from .agent import Agent, agent
from .aio import AsyncAgent, async_agent
from .reporter import Reporter
from .stats import Stats

__all__ = ["Agent", "AsyncAgent", "Reporter", "Stats", "agent", "async_agent"]
