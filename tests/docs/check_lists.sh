#!/bin/sh
# Lists that stand in a page and in the sources are the same: reasons of review, events, statuses, fields of an order,
# options, bands of result codes. Files that a page names are there, anchors lead to a heading, the index has every page.
set -u
LC_ALL=C.UTF-8
export LC_ALL
tmp=$(mktemp -d "${TMPDIR:-/tmp}/payroute-lists.XXXXXX") || exit 1
trap 'rm -rf "$tmp"' EXIT
failed=0
complain() { echo "$*" && failed=1; }

section() { awk -v title="## $2" '/^## / { on = $0 == title } on' "docs/$1"; }
first() { # the words in backticks of a table's first column
    sed -n 's/^| *\(`[^|]*\) *|.*/\1/p' | tr -d '` ' | tr ',' '\n' | sort
}
same() { # what; the page's list is in $tmp/page, the sources' in $tmp/source
    if [ ! -s "$tmp/source" ]; then complain "$1: the sources' list was not found"; fi
    diff "$tmp/source" "$tmp/page" >"$tmp/diff" || { cat "$tmp/diff" && complain "$1: < sources, > page"; }
}
enumerators() { sed -n "s/^ *PAYROUTE_$1_\([A-Z_]*\) = .*/\1/p" include/payroute/payment.h | tr '[:upper:]' '[:lower:]' | sort; }

section operations.md 'What review means' | first >"$tmp/page"
awk '/review_words\[\]/ { on = 1 } on { print } /};/ { on = 0 }' lib/flow/view.c | grep -o '"[a-z_]*"' | tr -d '"' | sort >"$tmp/source"
same 'docs/operations.md, reasons of review'

enumerators EVENT >"$tmp/source"
section integrating.md 'Events' | first >"$tmp/page"
same 'docs/integrating.md, events'

enumerators STATUS >"$tmp/source"
section integrating.md 'Look at the result' | first >"$tmp/page"
same 'docs/integrating.md, statuses'
section concepts.md 'Status of a payment' | first >"$tmp/page"
same 'docs/concepts.md, statuses'

{
    sed -n '/order_fields\[\]/,/};/p' lib/flow/order.c | grep -o 'FIELD_OF([a-z_]*)' | sed 's/.*(\(.*\))/\1/'
    sed -n '/own\[\] = {/,/};/p' lib/flow/order.c | grep -o '"[a-z_]*"' | tr -d '"'
    sed -n 's/.*{FACT(\([a-z]*\)),.*/\1/p; s/.*strcmp(name, "\([a-z]*\)") == 0.*/\1/p' lib/registry/rules_facts.c
} | sort -u >"$tmp/source"
section integrating.md 'Checkout' | first >"$tmp/page"
same 'docs/integrating.md, fields of an order'

sed -n '/known\[\] = {/s/.*{\(.*\)}.*/\1/p' lib/host/engine_open.c | grep -o '[a-z_]*' | sort >"$tmp/source"
section configuration.md 'Options' | first >"$tmp/page"
same 'docs/configuration.md, options'

section operations.md 'Alerts' | first | grep -v '^event' | sed 's/^review$//' >"$tmp/page"
for field in $(cat "$tmp/page"); do
    grep -q "\"$field\"" lib/host/engine_sweep.c || complain "docs/operations.md: the sweep says no $field"
done

# Each result code lies in a band of docs/abi.md whose class is that of lib/base/rc.def.
section abi.md 'Result codes' | sed -n 's/^| -\([0-9]*\) | -\([0-9]*\) | \([a-z]*\) .*/\1 \2 \3/p' >"$tmp/bands"
sed -n 's/^X(\([A-Z_]*\), *-\([0-9]*\),.*/\1 \2/p' lib/base/rc.def | while read -r name number; do
    awk -v n="$number" 'n >= $1 && n <= $2 { found = 1 } END { exit !found }' "$tmp/bands" || echo "$name"
done >"$tmp/bandless"
if [ -s "$tmp/bandless" ]; then complain "docs/abi.md has no band for" "$(cat "$tmp/bandless")"; fi

# What php.ini must say stands on two pages.
awk -v dir="$tmp" '/^```ini by=/ { n++; on = 1; next } /^```/ { on = 0 } on { print > (dir "/ini" n) }' docs/integrating.md docs/zh-CN.md
cmp "$tmp/ini1" "$tmp/ini2" || complain 'docs/zh-CN.md: another php.ini than docs/integrating.md'

for page in docs/*.md; do
    name=$(basename "$page")
    if [ "$name" != README.md ] && ! grep -q "](${name})" docs/README.md; then complain "docs/README.md: $name is not in the index"; fi
    for file in $(grep -o '`\(tests\|lib\|include\|examples\|docs\|pkgconfig\)/[A-Za-z0-9_./-]*`' "$page" | tr -d '`'); do
        # In bold at the beginning of a line: the page itself makes it.
        [ -e "$file" ] || grep -q "^\*\*\`$file\`" "$page" || complain "$page: $file is not there"
    done
    for link in $(grep -o '](\([a-z0-9A-Z_.-]*\)#[^)]*)' "$page" | sed 's/](\(.*\))/\1/'); do
        target=docs/${link%%#*}
        if [ "${link%%#*}" = '' ]; then target=$page; fi
        sed -n 's/^#* //p' "$target" | tr '[:upper:]' '[:lower:]' | sed -e 's/[^a-z0-9 _-]//g' -e 's/ /-/g' |
            grep -qx -e "${link#*#}" || complain "$page: $link leads to no heading"
    done
done
grep -q '](docs/README.md)' README.md || complain 'README.md does not lead to docs/README.md'
exit $failed
