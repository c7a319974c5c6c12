#!/usr/bin/env bash
# Checks types and runs the tests of the Python client: `MISSION_CONTROL_BIN=… clients/python/test.sh [TEST…]`.
# Needs Python 3.11 or newer and a built server. Installs mypy by name, or fails: nothing is skipped.
set -euo pipefail
cd "$(dirname "$0")"
target=${CARGO_TARGET_DIR:-$PWD/../../target}
binary=${MISSION_CONTROL_BIN:-$target/debug/mission-control}
[[ -x $binary ]] || { echo "no server at $binary: build it, or say where it is in MISSION_CONTROL_BIN" >&2; exit 1; }
binary=$(realpath "$binary")
mkdir -p "$target"
place=$(realpath "$target")/python-client
if [[ ! -x $place/bin/mypy ]]; then
    python3 -m venv --clear "$place"
    "$place/bin/python" -m pip install --quiet --disable-pip-version-check --only-binary :all: "mypy>=1.11"
fi

echo "-- types"
"$place/bin/mypy" --strict --cache-dir "$place/mypy"

echo "-- tests"
export MISSION_CONTROL_BIN=$binary PYTHONPATH=$PWD/src PYTHONDONTWRITEBYTECODE=1
# Nothing of whoever runs this: tests say all of it themselves.
unset MISSION_CONTROL_URL MISSION_CONTROL_TOKEN MISSION_CONTROL_TOKEN_FILE MISSION_CONTROL_SPOOL_DIR
if (($# > 0)); then
    exec "$place/bin/python" -W error::ResourceWarning -m unittest "$@"
fi
exec "$place/bin/python" -W error::ResourceWarning -m unittest discover --start-directory tests --top-level-directory .
