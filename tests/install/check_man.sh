#!/bin/sh
# The man page: without a warning of those who format it, and in it every subcommand, option and exit status
# that the command tells of, as a reader sees them.
set -u
LC_ALL=C
export LC_ALL
B=${B:-build/release}
page=$B/payroute.1
failed=0
tmp=$(mktemp -d "${TMPDIR:-/tmp}/payroute-man.XXXXXX") || exit 1
trap 'rm -rf "$tmp"' EXIT

sed -e 's/^\.[A-Z][a-z] //' -e 's/\\-/-/g' -e 's/\\&//g' "$page" >"$tmp/text"
if command -v mandoc >/dev/null 2>&1; then
    # Long lines come from the command's own sentences; a page that others bring is not missing here.
    mandoc -Tlint -W warning "$page" >"$tmp/lint" 2>&1 || { cat "$tmp/lint" && failed=1; }
    mandoc -Tascii -O width=100 "$page" | sed "s/.$(printf '\b')//g" >"$tmp/text"
fi
if man --warnings -l "$page" >/dev/null 2>&1; then # man-db's: others know no --warnings
    LC_ALL=C.UTF-8 MANROFFOPT=-ww man -l --warnings "$page" >"$tmp/man" 2>"$tmp/warnings"
    if [ -s "$tmp/warnings" ]; then cat "$tmp/warnings" && failed=1; fi
    [ "$(wc -l <"$tmp/man")" -gt 100 ] || { echo "man shows next to nothing" && failed=1; }
fi

missing() {
    echo "$page says nothing about $1"
    failed=1
}
"$B/payroute" help >"$tmp/help"
commands=$(awk '/^Subcommands/ { on = 1; next } /^$/ { on = 0 } on && /^  [a-z]/ { print $1 }' "$tmp/help")
statuses=$(awk '/^Exit status/ { on = 1; next } /^$/ { on = 0 } on && /^  [0-9]/ { print $1 }' "$tmp/help")
[ "$(echo "$commands" | wc -l)" -ge 20 ] || missing "the list of subcommands"
[ "$(echo "$statuses" | wc -l)" -ge 7 ] || missing "the list of exit statuses"
for command in $commands; do
    grep -qE "^ *(It Cm |Cm )?$command( |\$)" "$tmp/text" || missing "$command"
    for option in $("$B/payroute" help "$command" | awk '/^  --/ { print $1 }'); do
        grep -qE -e "^ *(It Fl -?|Fl -?)?-*${option#--}( |\$)" "$tmp/text" || missing "$option of $command"
    done
done
for status in $statuses; do
    grep -qE "^ *(It )?$status( |\$)" "$tmp/text" || missing "exit status $status"
done
if grep -n '@[A-Z]*@' "$page"; then failed=1; fi
exit $failed
