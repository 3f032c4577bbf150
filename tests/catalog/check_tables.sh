#!/bin/sh
# The tables lie in the file as they lie in memory: constant, not a relocation, and no larger than promised, with all
# texts of all languages. Read off the object and off the shared library.
set -u
LC_ALL=C
export LC_ALL
: "${B:=build/release}"
failed=0
complain() { echo "$*" && failed=1; }

if grep -q 'fsanitize' "$B/flags"; then exit 0; fi # a sanitizer lays them out anew
object=$B/obj/lib/catalog/tables.o
size -A "$object" | awk '$1 ~ /^\.(data|bss|text|tdata|tbss)/ && $2 > 0 { print "tables.o: " $1 " holds " $2 " bytes" }' >"$B/tables-said"
# Those for the debugger are no part of a program.
readelf -rW "$object" | awk '/^Relocation section/ && !/debug/ { print "tables.o: " $0 }' >>"$B/tables-said"
[ ! -s "$B/tables-said" ] || complain "$(cat "$B/tables-said")"
rm -f "$B/tables-said"

bytes=$(sed -n 's/.*: \([0-9]*\) B$/\1/p' "$B/catalog-sizes")
section=$(size -A "$object" | awk '$1 ~ /^\.rodata/ { n += $2 } END { print n + 0 }')
[ "${bytes:-0}" -gt 1000000 ] || complain "the generator did not say how large the tables are"
[ "$section" -le 2500000 ] && [ "${bytes:-0}" -le 2500000 ] || complain "tables: $section bytes, at most 2500000"
rows=$(sed -n 's/^catalogue: \([0-9]*\) rows of \([0-9]*\) tables, \([0-9]*\) locales.*/\1 \2 \3/p' "$B/catalog-sizes")
if [ ! -s "$B/catalog-only" ] || ! grep -q '[^[:space:]]' "$B/catalog-only"; then
    # shellcheck disable=SC2086
    set -- $rows
    [ "${1:-0}" -ge 7500 ] && [ "${2:-0}" -ge 90 ] && [ "${3:-0}" -eq 13 ] || complain "rows, tables, locales: $rows"
fi
exit $failed
