#!/usr/bin/env bash
# Checks types and runs the tests of the Python client: `MISSION_CONTROL_BIN=… clients/python/test.sh [TEST…]`.
# Needs Python 3.11 or newer and a built server. Installs mypy by name, or fails: nothing is skipped.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
target=$(realpath -m "${CARGO_TARGET_DIR:-$here/../../target}")
binary=$(realpath -m "${MISSION_CONTROL_BIN:-$target/debug/mission-control}")
cd "$here"
if [[ ! -x $binary ]]; then
    echo "no server at $binary: build it, or say where it is in MISSION_CONTROL_BIN" >&2
    exit 1
fi

place=$target/python-client
if [[ ! -x $place/bin/mypy ]]; then
    mkdir -p "$target"
    python3 -m venv --clear "$place"
    "$place/bin/python" -m pip install --quiet --disable-pip-version-check --only-binary :all: "mypy>=1.11"
fi

echo "-- types"
"$place/bin/mypy" --strict --cache-dir "$place/mypy"

echo "-- tests"
export MISSION_CONTROL_BIN=$binary PYTHONPATH=$here/src PYTHONDONTWRITEBYTECODE=1
# Nothing of whoever runs this: tests say all of it themselves.
unset MISSION_CONTROL_URL MISSION_CONTROL_TOKEN MISSION_CONTROL_TOKEN_FILE MISSION_CONTROL_SPOOL_DIR
if (($# == 0)); then
    set -- discover --start-directory tests --top-level-directory .
fi
exec "$place/bin/python" -W error::ResourceWarning -m unittest "$@"
