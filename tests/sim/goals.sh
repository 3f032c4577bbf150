#!/bin/sh
# The cheap part of the simulator, for each change: some of the worlds, the best baselines, half a minute. Its seeds are
# fixed and it uses no libm, so the figures are the same each time until the code is another. What must hold: nobody is
# charged twice, an outage is noticed, left and come back from as docs/routing.md says, and the mean gap is well below
# the best baseline's: at most LEAST percent of it (with these few seeds, half of it is luck; `make sim` asks for that).
set -u
LC_ALL=C
export LC_ALL
: "${B:=build/release}" "${LEAST:=75}"
out=$B/sim-goals.txt
"$B/payroute-sim" --quick --only 'clairvoyant payroute epsilon-greedy rates+breaker window, tuned' >"$out" || failed=1
sed -n '/^Over all worlds/,$p' "$out"
awk -v least="$LEAST" -v failed="${failed:-0}" '
    /^Over all worlds/ { on = 1 }
    /^Goals/ { on = 0 }
    on && match($0, /[0-9.]+±/) {
        name = substr($0, 1, RSTART - 1)
        gap = substr($0, RSTART) + 0
        sub(/ +$/, "", name)
        if (name == "payroute") ours = gap
        else if (name != "clairvoyant" && (best == "" || gap < best)) best = gap
        rows++
    }
    /^(met|MISSED) / && !/mean gap/ { if ($1 == "met") met++; else { missed++; print "missed: " $0 } }
    END {
        if (rows != 5 || met + missed != 5) { print "the tables of payroute-sim are not as they were"; missed++ }
        if (ours > best * least / 100) { printf "gap %s is more than %s %% of %s\n", ours, least, best; missed++ }
        else met++
        missed += failed
        printf "\n%d passed, %d failed\n", met, missed
        exit missed > 0
    }' "$out"
