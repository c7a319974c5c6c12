#!/usr/bin/env python3
"""A hook of a coding agent: reads the event from standard input and reports it with `mission-control report`.

It prints nothing, always ends with 0 and is back within 2 seconds, so that it can neither stop nor slow the agent.
Of what the agent does it tells the names of tools; prompts, arguments and answers stay where they are.
"""

import json
import os
import subprocess
import sys

# Event: (state of the session, what it is doing).
SAYS = {
    "SessionStart": ("idle", "session started"),
    "UserPromptSubmit": ("working", "thinking"),
    "PreToolUse": ("working", "{tool}"),
    "PostToolUse": ("working", "{tool} done"),
    "PostToolUseFailure": ("working", "{tool} failed"),
    "PermissionRequest": ("waiting", "waits for permission: {tool}"),
    "Notification": ("waiting", "waits for you"),
    "Stop": ("idle", "done"),
    "StopFailure": ("idle", "stopped by an error"),
    "SubagentStop": ("working", "a helper is done"),
    "SessionEnd": ("idle", "session ended"),
}


def main():
    event = json.load(sys.stdin)
    name, session = event.get("hook_event_name"), event.get("session_id")
    if name not in SAYS or not session:
        return
    state, doing = SAYS[name]
    agent = os.environ.get("MISSION_CONTROL_AGENT") or f"coder-{os.uname().nodename}"
    doing = doing.format(tool=event.get("tool_name", "a tool"))
    command = ["mission-control", "report", "activity", agent, session, "--state", state, "--", doing]
    subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, timeout=3)


try:
    main()
except Exception:
    pass
