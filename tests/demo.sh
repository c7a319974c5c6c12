#!/usr/bin/env bash
# The demonstration: what people are promised, done as they would do it, and compared by this script.
#   1. a program that crashes and is started again, seen by two users as the same lines with the same seqs
#   2. a program that is killed
#   3. a shell loop of reports while the server is gone for ten seconds: each line is there, once, in order
# Needs the built binary ($MISSION_CONTROL_BIN, or target/debug/mission-control) and Python.
set -euo pipefail

bin=${MISSION_CONTROL_BIN:-$(cd "$(dirname "$0")/.." && pwd)/target/debug/mission-control}
work=$(mktemp -d)
server=
watchers=()
finish() {
    for pid in "${watchers[@]}" $server; do kill "$pid" 2>/dev/null || true; done
    rm -rf "$work"
}
trap finish EXIT
fail() {
    echo "demo: $*" >&2
    exit 1
}
# Waits until a command succeeds, at most half a minute.
until_true() {
    local tries=300
    until "$@"; do
        ((tries--)) || fail "this never came true: $*"
        sleep 0.1
    done
}

cd "$work"
export HOME=$work XDG_STATE_HOME=$work/state RUST_LOG=warn
port=$(python3 -c "import socket; s = socket.socket(); s.bind(('127.0.0.1', 0)); print(s.getsockname()[1])")
url=http://127.0.0.1:$port
serve() {
    "$bin" serve --listen "127.0.0.1:$port" --data-dir "$work/data" >serve.log 2>&1 &
    server=$!
    until_true grep -q 'is running at' serve.log
}
serve

for user in alice bob; do
    : >$user.jsonl
    MISSION_CONTROL_TOKEN=$("$bin" token --sub $user --scope watch --data-dir data) \
        "$bin" watch --json --url "$url" >$user.jsonl 2>$user.log &
    watchers+=($!)
done
for user in alice bob; do until_true grep -q sync:end $user.jsonl; done
MISSION_CONTROL_TOKEN=$("$bin" token --sub ci --scope "report watch" --data-dir data)
export MISSION_CONTROL_TOKEN

echo "-- a program that crashes and is started again"
code=0
"$bin" run --url "$url" --agent demo --restart on-failure --restart-max 1 -- \
    python3 -c "import time,sys; print('working', flush=True); time.sleep(2); sys.exit(3)" >demo.out || code=$?
[[ $code == 3 ]] || fail "run ended with $code instead of 3"
[[ $(cat demo.out) == $'working\nworking' ]] || fail "the output did not go through"

echo "-- a program that is killed"
"$bin" run --url "$url" --agent killed -- sleep 600 &
run=$!
child_of() { child=$(cat /proc/"$1"/task/*/children 2>/dev/null) && [[ -n $child ]]; }
until_true child_of "$run"
until_true grep -q '"agentId":"killed","event":"start"' alice.jsonl
kill -9 ${child% }
code=0
wait "$run" || code=$?
[[ $code == 137 ]] || fail "run ended with $code instead of 137"

for user in alice bob; do until_true grep -q '"signal":"SIGKILL"' $user.jsonl; done
for user in alice bob; do until_true grep -q '"agentId":"killed","status":"error"' $user.jsonl; done
python3 - <<'CHECK' || fail "the two users did not see what they should"
import json
lines = {user: [line for line in open(f"{user}.jsonl") if json.loads(line)["type"] != "hello"] for user in ("alice", "bob")}
assert lines["alice"] == lines["bob"], "two users see different lines"
frames = [json.loads(line) for line in lines["alice"]][1:]
assert [frame["seq"] for frame in frames] == list(range(1, len(frames) + 1)), "seqs have holes"
told = []
for frame in frames:
    payload, detail = frame["payload"], frame.get("detail", {})
    what = payload.get("event") or payload.get("status") or payload.get("lastMessage")
    told.append((payload["agentId"], what, detail.get("exitCode"), detail.get("signal")))
expected = []
for event in ("start", "restart"):
    expected += [("demo", event, None, None), ("demo", "online", None, None), ("demo", "working", None, None),
                 ("demo", "crash", 3, None), ("demo", "error", None, None)]
expected += [("killed", "start", None, None), ("killed", "online", None, None),
             ("killed", "crash", None, "SIGKILL"), ("killed", "error", None, None)]
assert told == expected, told
CHECK

echo "-- a loop of reports while the server is gone for ten seconds"
loop() {
    local index
    for index in $(seq 1 150); do
        "$bin" report --url "$url" activity loop main "line $index"
        sleep 0.1
    done
}
loop 2>loop.log &
loop=$!
until_true grep -q '"line 20"' alice.jsonl
kill -TERM "$server"
wait "$server" || true
until_true grep -q goodbye alice.jsonl
sleep 10
serve
wait "$loop" || fail "the loop was failed by the server's absence: $(cat loop.log)"
"$bin" report --url "$url" --flush
grep -q 'the report is kept' loop.log || fail "the server was never missed"
python3 - "$url" <<'CHECK' || fail "the loop's lines are not all there once, in order"
import json, os, sys, urllib.request
def page(after):
    request = urllib.request.Request(f"{sys.argv[1]}/api/v1/events?limit=1000{after}")
    request.add_header("Authorization", f"Bearer {os.environ['MISSION_CONTROL_TOKEN']}")
    return json.load(urllib.request.urlopen(request))
# What was before the server went away is in its log with the rest.
kept = page("")
assert kept["next"] is None
messages = [frame["payload"]["lastMessage"] for frame in kept["events"]
            if frame["type"] == "session:activity" and frame["payload"]["agentId"] == "loop"]
assert messages == [f"line {index}" for index in range(1, 151)], messages
CHECK
echo "demo: all as promised"
