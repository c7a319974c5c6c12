#!/usr/bin/env python3
"""A small agent for the browser tests: standard library only, plain HTTP.

It reports a start, three activities and a crash. Before each report it waits for a line on standard input, and after
the server's answer it prints one line of JSON: {"step", "status", "answeredAt"}, the time in milliseconds.
"""

import argparse
import json
import sys
import time
import urllib.error
import urllib.parse
import urllib.request

HOSTILE = '<img src=x onerror="window.hacked=1"><script>window.hacked=1</script> & "quotes"'


def steps(agent, session):
    """The reports, in order: name, path, body."""
    lifecycle = f"/api/v1/agents/{agent}/lifecycle"
    activity = f"/api/v1/agents/{agent}/sessions/{session}/activity"
    yield "start", lifecycle, {"event": "start", "labels": {"team": "data"}}
    yield "first", activity, {"lastMessage": "Reading the task", "state": "working"}
    yield "hostile", activity, {"lastMessage": HOSTILE}
    yield "last", activity, {"lastMessage": "Importing batch 41 of 60", "state": "working"}
    yield "crash", lifecycle, {"event": "crash", "exitCode": 137, "signal": "SIGKILL", "message": "out of memory"}


def post(url, token, body):
    """Sends one report; answers the HTTP status."""
    request = urllib.request.Request(
        url,
        data=json.dumps(body).encode(),
        headers={"Authorization": f"Bearer {token}", "Content-Type": "application/json"},
        method="POST",
    )
    try:
        with urllib.request.urlopen(request, timeout=5) as response:
            response.read()
            return response.status
    except urllib.error.HTTPError as refusal:
        print(refusal.read().decode(errors="replace"), file=sys.stderr)
        return refusal.code


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--url", required=True, help="the server, as http://host:port")
    parser.add_argument("--token-file", required=True, help="a file that holds a token with scope report")
    parser.add_argument("--agent", default="agent-1")
    parser.add_argument("--session", default="main")
    arguments = parser.parse_args()
    with open(arguments.token_file, encoding="utf-8") as file:
        token = file.read().strip()
    for step, path, body in steps(urllib.parse.quote(arguments.agent), urllib.parse.quote(arguments.session)):
        if not sys.stdin.readline():
            return 0
        status = post(arguments.url + path, token, body)
        print(json.dumps({"step": step, "status": status, "answeredAt": time.time() * 1000}), flush=True)
        if status != 200:
            return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
