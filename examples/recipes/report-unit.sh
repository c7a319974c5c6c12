#!/usr/bin/env bash
# Reports the start or the end of a systemd unit: report-unit.sh UNIT start|stop. For ExecStartPost and ExecStopPost,
# which tell how it ended by SERVICE_RESULT, EXIT_CODE and EXIT_STATUS (systemd.exec(5)).
set -euo pipefail
unit=$1
when=$2

say() {
    # Its spool is the unit's own directory. A failed report must not fail the unit.
    mission-control report --url "$MISSION_CONTROL_URL" --token-file "$MISSION_CONTROL_TOKEN_FILE" \
        --spool "$STATE_DIRECTORY/reports" lifecycle "$unit" "$@" || true
}

if [ "$when" = start ]; then
    say start
elif [ "${SERVICE_RESULT:-success}" = success ]; then
    say stop --exit-code 0
elif [ "${EXIT_CODE:-}" = exited ]; then
    say crash --exit-code "$EXIT_STATUS" --message "systemd: $SERVICE_RESULT"
elif [ -n "${EXIT_STATUS:-}" ]; then
    # Killed or dumped: then the status is the signal's name.
    say crash --signal "SIG$EXIT_STATUS" --message "systemd: $SERVICE_RESULT"
else
    say crash --message "systemd: $SERVICE_RESULT"
fi
