#!/usr/bin/env bash
# A shell loop that says how far it is. A server that is away neither slows nor fails it.
set -euo pipefail
agent=${1:-backup}

say() {
    # Whatever goes wrong with the report is no reason to stop the work.
    mission-control report "$@" || true
}

say lifecycle "$agent" start --label kind=shell
for folder in one two three; do
    say activity "$agent" main "copying $folder" --state working
    # … the work …
done
say lifecycle "$agent" stop --exit-code 0
