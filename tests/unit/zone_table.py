"""Compares the lines of test_zone --table with zoneinfo; see check_zone.sh."""
import sys
import zoneinfo
from datetime import datetime, timezone
from importlib import resources
from pathlib import Path


def rule_of(name):
    """The rule behind the last change that the machine's file lists."""
    for folder in zoneinfo.TZPATH:
        path = Path(folder) / name
        if path.is_file():
            return path.read_bytes().rstrip(b"\n").rsplit(b"\n", 1)[-1].decode()
    try:
        data = resources.files("tzdata.zoneinfo").joinpath(name).read_bytes()
    except (ImportError, OSError):
        return None
    return data.rstrip(b"\n").rsplit(b"\n", 1)[-1].decode()


def offset(zone, instant):
    return int(datetime.fromtimestamp(instant, timezone.utc).astimezone(zone).utcoffset().total_seconds())


zone = None
name = ""
other_law, compared, instants, odd, wrong = [], 0, 0, 0, 0
for line in sys.stdin:
    words = line.split()
    if words[0] == "rule":
        name = words[1]
        rule = rule_of(name)
        zone = zoneinfo.ZoneInfo(name) if rule == words[2] else None
        if zone is None:
            other_law.append(name)
        compared += zone is not None
    elif zone is None:
        continue
    elif words[0] == "local":
        local, first, last = (int(w) for w in words[1:])
        before, at = offset(zone, first - 1), offset(zone, first)
        if first < last:  # shown twice
            good = at == local - first and offset(zone, last) == local - last
        else:  # skipped: it is the change, and no clock shows it before or after
            good = first - 1 + before < local < first + at
        odd += 1
        wrong += not good
        if not good:
            print(f"{name}: local {local}: {first} {last}, zoneinfo {before} {at}")
    else:
        instants += 1
        if offset(zone, int(words[0])) != int(words[1]):
            wrong += 1
            print(f"{name}: {words[0]}: {words[1]}, zoneinfo {offset(zone, int(words[0]))}")
print(f"{compared} zones, {instants} instants, {odd} skipped or doubled times compared, {wrong} wrong")
if other_law:
    print("another law in this machine's release: " + " ".join(other_law))
sys.exit(wrong > 0 or compared < 100 or odd < 100)
