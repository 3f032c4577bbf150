#!/bin/sh
# Writes everything in docs/ that is made of the sources into a folder: states.md, configuration.md and catalog-coverage.md
# whole, and in the other pages what stands between "<!-- made: NAME -->" and "<!-- end -->". Usage: docs/make.sh TOOLS-FOLDER OUT-FOLDER
set -eu
tools=$1
out=$2
cc=${HOSTCC:-${CC:-cc}}
mkdir -p "$tools" "$out"
# shellcheck disable=SC2086
$cc -std=c11 ${OPT:--O1} ${WARN:-} -Ilib -o "$tools/mkstates" docs/mkstates.c
# shellcheck disable=SC2086
$cc -std=c11 ${OPT:--O1} ${WARN:-} -D_GNU_SOURCE= -Iinclude -Ilib -Idocs -o "$tools/mkref" docs/mkref.c docs/mkref_main.c \
    lib/provider/provider.c -lcjson
# shellcheck disable=SC2086
$cc -std=c11 ${OPT:--O1} ${WARN:-} -Ilib -o "$tools/mkrules" docs/mkrules.c

"$tools/mkstates" >"$tools/states.md"
"$tools/mkref" configuration include/payroute/payroute.schema.json >"$tools/configuration.md"
"$tools/mkstates" overview >"$tools/states"
for table in flows proofs forks; do "$tools/mkref" $table >"$tools/$table"; done
for network in visa mastercard elo; do "$tools/mkrules" $network >"$tools/rules$network"; done
"${B:-build/release}/mkexport" --report >"$tools/catalog-coverage.md"
for table in places gaps; do "$tools/mkrules" $table >"$tools/$table"; done
# Through the tools' folder, since a page may be written over itself.
for page in $(grep -l '^<!-- made: ' docs/*.md); do
    awk -v tools="$tools" -v page="$page" '
        /^<!-- made: [a-z]+ -->$/ {
            print
            file = tools "/" $3
            n = 0
            while ((getline line < file) > 0) { print line; n++ }
            close(file)
            if (n == 0) { print page ": no such table: " $3 > "/dev/stderr"; failed = 1 }
            on = 1
            next
        }
        /^<!-- end -->$/ { on = 0 }
        !on
        END { if (on) { print page ": <!-- end --> is missing" > "/dev/stderr"; failed = 1 } exit failed }
    ' "$page" >"$tools/$(basename "$page")"
done
for page in "$tools"/*.md; do
    cmp -s "$page" "$out/$(basename "$page")" || cp "$page" "$out/"
done
