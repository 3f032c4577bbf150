#!/bin/sh
# The man page: standard input with the subcommands, options and exit statuses as the program itself tells them.
#   VERSION=x.y.z mkman.sh PROGRAM <payroute.1.in >payroute.1
set -eu
LC_ALL=C
export LC_ALL
work=$(mktemp -d "${TMPDIR:-/tmp}/payroute-man.XXXXXX")
trap 'rm -rf "$work"' EXIT
"$1" help >"$work/general"
for name in $(awk '/^Subcommands/ { on = 1; next } /^$/ { on = 0 } on && /^  [a-z]/ { print $1 }' "$work/general"); do
    "$1" help "$name"
done >"$work/pages"
awk -v version="$VERSION" -v pages="$work/pages" -v general="$work/general" -f docs/mkman.awk
