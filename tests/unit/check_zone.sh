#!/bin/sh
# zones.def and the evaluator against the machine's own time zones, where Python has them: offsets of many instants, and
# each local time that is skipped or shown twice. A zone whose law differs in the machine's release is counted, not failed.
set -u
B=${B:-build/release}
if ! python3 -c 'import zoneinfo; zoneinfo.ZoneInfo("Europe/Berlin")' 2>/dev/null; then
    echo "no zones of the machine to compare with"
    exit 0
fi
"$B/tests/unit/test_zone" --table | python3 tests/unit/zone_table.py
