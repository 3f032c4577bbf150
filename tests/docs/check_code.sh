#!/bin/sh
# docs/add-a-code.md is followed to the letter in a copy of the sources (with the objects, so that only what depends on
# the tables is built again): the answer changes, a wrong row is refused by file and line, and it takes minutes at most.
# PR_ADAPTER=1 runs it (.ci/run does); KEEP=1 keeps the folder.
set -u
LC_ALL=C.UTF-8
export LC_ALL
if [ "${PR_ADAPTER:-}" != 1 ]; then
    echo "skipped: the made-up code of docs/add-a-code.md is not built: PR_ADAPTER=1, or .ci/run"
    exit 0
fi
unset MAKEFLAGS MFLAGS MAKELEVEL VARIANT
B=$(cd "${B:-build/release}" && pwd) || exit 1
TOP=$(pwd)
tmp=$(mktemp -d "${TMPDIR:-/tmp}/payroute-code.XXXXXX") || exit 1
if [ -n "${KEEP:-}" ]; then echo "kept: $tmp"; else trap 'rm -rf "$tmp"' EXIT; fi
failed=0
complain() { echo "$*" && failed=1; }
expect() { # file, words
    grep -q -e "$2" "$1" || complain "nothing says \"$2\""
}

mkdir -p "$tmp/build/release" || exit 1
cp -a Makefile lib include tests docs examples pkgconfig .ci "$tmp/" && cp -a "$B/." "$tmp/build/release/" || exit 1
find "$tmp/build/release" -name '*.d' -exec sed -i -e "s#$B/#build/release/#g" -e "s#${B#"$TOP"/}/#build/release/#g" {} +
if grep -q -- '-Werror' "$B/flags"; then WERROR=1 && export WERROR; fi
CC=$(sed 's/ -std=c11 .*//' "$B/flags") && export CC
unset B # the copy has its own
cd "$tmp" || exit 1
rows=lib/catalog/data/alipay.tsv
cp $rows before

# ---- the page's commands; the first line of what they say is about a code that nobody knows ----
awk '/^```sh by=tests\/docs\/check_code.sh$/ { on = 1; next } /^```/ { on = 0 } on' docs/add-a-code.md |
    sed -e 's/^make /make -j2 /' >script
begun=$(date +%s)
sh -ux script >said 2>&1 || { cat said && complain "a command of the page failed"; }
took=$(($(date +%s) - begun))
[ "$took" -le 240 ] || complain "it takes $took s"
expect said '^not known yet$'
expect said "^$rows:[0-9]*: contradiction: advice \"other_channel\" does not fit the class of \"spending_limit_exceeded\"$"
expect said '^alipay  acq.example_limit$'
expect said '^  reason  *spending_limit_exceeded$'
expect said 'normalized'
diff before $rows | grep '^[<>]' >changed
[ "$(wc -l <changed)" -eq 1 ] && grep -q 'ACQ.EXAMPLE_LIMIT' changed || { cat changed && complain "more than one row changed"; }

# ---- what a hurried hand does wrong; each is refused with its line, and the tables stay as they were ----
refused() { # sed script for the new row, words
    cp $rows right
    sed -i -e "/ACQ.EXAMPLE_LIMIT/$1" $rows
    line=$(grep -n 'ACQ.EXAMPLE_LIMIT' $rows | head -n 1 | cut -d : -f 1)
    cksum build/release/gen/catalog_tables.inc >tables
    if make -j2 build/release/payroute >said 2>&1; then complain "nobody minds \"$1\""; fi
    grep -q "^$rows:[0-9]*: .*$2" said || { cat said && complain "nothing says \"$2\""; }
    grep -q "^$rows:\($line\|$((line + 1))\):" said || complain "not at line $line: \"$1\""
    cksum build/release/gen/catalog_tables.inc | cmp -s - tables || complain "half-made tables"
    mv right $rows
}
refused 's/spending_limit_exceeded/spending_limit/' 'unknown reason "spending_limit"'
refused 's#https://example.com/manual##' 'missing source'
refused 's/$/x/' 'reviewed is no date'
refused 's/.*/&\n&/' 'duplicate'
refused 's/ACQ.EXAMPLE_LIMIT/ZZZ.EXAMPLE_LIMIT/;s/ZZZ/ACQ.ZZZ.ACQ/' 'unsorted'
refused 's/\tspending_limit_exceeded\t/\tspending_limit_exceeded\tother_instrument/' 'the reason.s own; leave it out\|fields instead of'
echo "$took s from the first command to the new answer"
exit $failed
