#!/bin/sh
# Spin over payment.pml, which includes the shipped lib/core/attempt.def and action.def: the tables must hold in every variant, and
# each removed rule must be caught. One line a search, the last line is the count, the exit status tells the truth.
#
# The removed rules, each a -DBUG_...:
#   TIMEOUT_IS_FAIL        a lost answer counts as a failure                     (INTENT x LOST, UNCLEAR)
#   NOTFOUND_IS_FAIL       'no such order' frees while a request may still arrive (GONE)
#   NO_WAL                 the request leaves before its intent is in the journal
#   NEW_KEY                a retry after a lost answer uses a new reference
#   NO_CLOSE               failover from a shown attempt without a confirmed close
#   NO_QUERY               recovery waits for webhooks only
#   RACY_CLAIM             'nothing open' is checked and the intent written in two steps
#   SECOND_COPY            a proof about one copy frees the other                (UNKNOWN x NOT_SENT, REFUSED_BEFORE)
#   LATE_SEND              'not found' frees though the provider still takes a copy that a paused worker holds
#   DECLINE_IN_CONTAINER   a decline inside a container frees it                 (CONTAINER, CLIENT_WANTED)
#   SHOW_FIRST             the QR code is shown before shown = 1 is in the journal
#   IGNORE_LATE            'paid' for a closed or failed attempt is dropped      (FAILED, CLOSED x PAID, AUTH)
#   NO_REFUND_INTENT       the surplus is refunded without a journal entry first (F)
#   NO_WINNER_CLOSE        a winner does not close the other attempts            (UNWANTED)
#   GUARD_ON_STATE         the unique index is on the state and so rejects late money
#   UNLEARN_REVERSAL       the newest notice wins over the money join
# and those that the reference has not:
#   STALE_STEP             an answer to the create of a container counts as one to its confirm
#   UNCONFIRMED            late money is taken up without a lookup               (UNCONFIRMED)
#   STUCK_STEP             a free step is kept for a resend that nobody wants any more (FREE_AGAIN)
#   CLOSE_BY_SILENCE       a close without an answer counts as done             (action.def: LOST, UNCLEAR)
#   KEYLESS_AGAIN          a refund without a key goes out again                (action.def: SENDABLE)
#   REFUND_SECOND_COPY     a refusal of one copy of a refund fails it while another may arrive  (action.def: REPLAYS)
#
# Measured (Spin 6.5.2, gcc 12 -O2, two searches at a time on a shared 2-core machine; complete, 0 errors; states, MB, seconds):
#   (LONG=1: CANCEL and LATEPAY with two workers, and the last line)
#   2 attempts, 2 workers each   4,088,110 320 47    ... NOHOOK     4,290,363 330 59     ... REVERSE     5,360,601 379 38
#   ... CANCEL                   9,335,700 561 150   ... LATEPAY   10,632,678 620 174
#   2 attempts, 1 worker LATEPAY 1,747,567 213 35    ... REVERSE    3,109,744 276 20     ... CANCEL      5,515,968 386 52
#   ... REVERSE REVCLOSE         1,223,825 189 27    ... CANCEL NOHOOK 1,881,060 219 48  ... CANCEL SLOWBACK 1,947,828 222 39
#   3 attempts, 1 worker CARD QR 2,280,300 255 26    ... AUTH CONT  3,240,259 306 42     ... CONT        2,003,645 240 37
#   LONG=1: 2 attempts, 1 worker, LATEPAY REVERSE CANCEL REVCLOSE SLOWBACK   14,351,717 790 106
# The whole default run: about 500 s of processor time, 200 s of it the compiler over pan.c.
#
#   JOBS=2 searches at a time; LONG=1 adds the big ones; ONLY=word runs those whose line contains it.
# Needs spin and a C compiler (make deps-model).
set -u
here=$(cd "$(dirname "$0")" && pwd)
CC=${CC:-cc}
# MB and seconds of one search; those of the default run need 620 MB at most
if [ "${LONG:-0}" = 1 ]; then MEMLIM=${MEMLIM:-12000} LIMIT=${LIMIT:-3600}; fi
MEMLIM=${MEMLIM:-3000} LIMIT=${LIMIT:-1800}
TABLE=${TABLE:-$here/../../lib/core}    # the folder of attempt.def and action.def; mutate.sh gives another one

if [ "${1:-}" = one ]; then             # one search: model.sh one WORK want flags...
    work=$2; want=$3; shift 3
    d=$(mktemp -d "$work/XXXXXX") && cd "$d" || exit 1
    errors=none states=none seconds=none mb=none cut=1
    # the compiler takes longer over pan.c than a search that ends at its first error
    case $want in fail) opt=-O0 ;; *) opt=-O2 ;; esac
    # cpp by hand: spin would run it too, but its line marks inside an inline are not to be relied on
    if $CC -E -P -x c -I "$TABLE" "$@" "$here/payment.pml" >m.pml 2>log && spin -a m.pml >>log 2>&1 &&
        $CC $opt -w -DSAFETY -DMEMLIM="$MEMLIM" -o pan pan.c >>log 2>&1; then
        # --foreground: in a group of its own it would outlive whoever stops this script
        timeout --foreground "$LIMIT" ./pan -m100000 >out 2>&1; rc=$?
        errors=$(sed -n 's/.*errors: \([0-9]*\).*/\1/p' out); states=$(sed -n 's/^ *\([0-9.e+]*\) states, stored.*/\1/p' out)
        seconds=$(sed -n 's/.*elapsed time \([0-9.e+]*\) .*/\1/p' out)
        mb=$(sed -n 's/^ *\([0-9]*\)[.0-9]*[[:space:]]*total actual memory usage.*/\1/p' out)
        cut=$(grep -cE 'max search depth too small|memory limit|out of memory|not completed' out)
        [ "$rc" = 0 ] || cut=1
        ! grep -qE 'memory limit|out of memory' out || echo "model: $MEMLIM MB are not enough for $*: MEMLIM=..." >&2
        [ "$rc" -le 124 ] || echo "model: the search was ended from outside (status $rc): $*" >&2
        [ "$rc" != 124 ] || echo "model: $LIMIT s are not enough for $*: LIMIT=..." >&2
    else
        head -3 log >&2
    fi
    r=WRONG
    [ "$want" = hold ] && [ "${errors:-x}" = 0 ] && [ "$cut" = 0 ] && r=ok
    # a missing row is an error of the table, not a rule that was caught: only the stated properties count
    [ "$want" = fail ] && [ "${errors:-0}" -ge 1 ] 2>/dev/null && ! grep -q 'assertion violated 0 ' out && r=ok
    printf '%-5s %-58s errors=%s states=%s s=%s MB=%s\n' "$r" "$want $*" "${errors:-none}" "${states:-none}" \
        "${seconds:-none}" "${mb:-none}" |
        tee -a "$work/all"
    [ "$r" = ok ] || [ "${SHOW:-0}" = 0 ] || cat out >&2
    cd / && rm -rf "$d"
    exit 0
fi

command -v spin >/dev/null || { echo "model: spin is not installed (make deps-model)"; exit 1; }
work=$(mktemp -d) || exit 1
trap 'rm -rf "$work"' EXIT
trap 'exit 1' INT TERM
# The longest first, so that two at a time end together.
searches() {
    [ "${LONG:-0}" = 1 ] && cat <<END
hold -DN=3 -DW=1
hold -DN=2 -DW=1 -DLATEPAY -DREVERSE -DCANCEL -DREVCLOSE -DSLOWBACK
hold -DN=2 -DW=2 -DLATEPAY
hold -DN=2 -DW=2 -DCANCEL
END
    cat <<END
hold -DN=2 -DW=2 -DREVERSE
hold -DN=2 -DW=1 -DLATEPAY -DREVERSE
hold -DN=2 -DW=1 -DLATEPAY -DCANCEL
hold -DN=3 -DW=1 -DKINDS=K(K_CARD)K(K_QR)
hold -DN=3 -DW=1 -DKINDS=K(K_AUTH)K(K_CONT)
hold -DN=2 -DW=2
hold -DN=2 -DW=2 -DNOHOOK
hold -DN=3 -DW=1 -DKINDS=K(K_CONT)
hold -DN=2 -DW=1 -DLATEPAY
hold -DN=2 -DW=1 -DREVERSE -DREVCLOSE
hold -DN=2 -DW=1 -DCANCEL -DNOHOOK
hold -DN=2 -DW=1 -DCANCEL -DSLOWBACK
hold -DN=3 -DW=2 -DKINDS=K(K_CARD)
hold -DN=3 -DW=1 -DKINDS=K(K_CARD)K(K_LOOSE)
fail -DW=2 -DBUG_TIMEOUT_IS_FAIL
fail -DW=2 -DBUG_NOTFOUND_IS_FAIL
fail -DW=2 -DBUG_NO_WAL
fail -DW=2 -DBUG_NEW_KEY
fail -DW=2 -DBUG_NO_CLOSE -DKINDS=K(K_QR)
fail -DW=2 -DBUG_NO_QUERY
fail -DW=2 -DBUG_RACY_CLAIM
fail -DW=2 -DBUG_SECOND_COPY
fail -DW=2 -DBUG_LATE_SEND
fail -DW=1 -DBUG_DECLINE_IN_CONTAINER
fail -DW=2 -DBUG_SHOW_FIRST -DKINDS=K(K_SCAN)
fail -DW=2 -DBUG_STALE_STEP -DKINDS=K(K_CONT)
fail -DW=1 -DCANCEL -DBUG_STUCK_STEP
fail -DW=1 -DLATEPAY -DBUG_IGNORE_LATE
fail -DW=1 -DLATEPAY -DBUG_NO_REFUND_INTENT
fail -DW=1 -DLATEPAY -DBUG_NO_WINNER_CLOSE
fail -DW=1 -DLATEPAY -DBUG_GUARD_ON_STATE
fail -DW=1 -DLATEPAY -DREVERSE -DBUG_UNCONFIRMED
fail -DW=1 -DREVERSE -DBUG_UNLEARN_REVERSAL
fail -DN=1 -DW=1 -DBUG_CLOSE_BY_SILENCE
fail -DN=1 -DW=1 -DCANCEL -DBUG_KEYLESS_AGAIN
fail -DN=1 -DW=1 -DCANCEL -DSLOWBACK -DBUG_REFUND_SECOND_COPY
END
}
searches | grep -e "${ONLY:-}" >"$work/list"
# the search's words are safe for xargs: letters, digits, = ( ) only
xargs -P "${JOBS:-2}" -L 1 sh "$here/model.sh" one "$work" <"$work/list"
passed=$(grep -c '^ok' "$work/all"); failed=$(grep -c '^WRONG' "$work/all")
[ "$((passed + failed))" = "$(wc -l <"$work/list")" ] || { echo "model: a search did not report"; failed=$((failed + 1)); }
echo "$passed passed, $failed failed"
[ "$failed" = 0 ] && [ "$passed" -gt 0 ]
