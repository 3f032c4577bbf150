#!/bin/sh
# The page docs/command.md and the program say the same: every subcommand, every option, every exit status.
set -u
: "${B:=build/release}"
page=docs/command.md
failed=0
missing() {
    echo "$page says nothing about $1"
    failed=1
}

commands=$("$B/payroute" help | awk '/^Subcommands/ {on = 1; next} /^$/ {on = 0} on && /^  [a-z]/ {print $1}')
[ "$(echo "$commands" | wc -l)" -ge 20 ] || missing "the list of subcommands"
for command in $commands; do
    grep -q "[\`]\(payroute \)\{0,1\}$command[ \`]" "$page" || missing "$command"
    for option in $("$B/payroute" help "$command" | awk '/^  --/ {print $1}'); do
        [ "$option" = --help ] || grep -q -e "[\` ]$option[ \`]" "$page" || missing "$option of $command"
    done
done
for status in $("$B/payroute" help | awk '/^Exit status/ {on = 1; next} /^$/ {on = 0} on {print $1}'); do
    grep -q "^| $status |" "$page" || missing "exit status $status"
done
exit $failed
