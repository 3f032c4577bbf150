#!/bin/sh
# docs/write-an-adapter.md is followed to the letter: its blocks go into a copy of the sources (with the objects, so
# that only what depends on them is built again), its commands are run there. PR_ADAPTER=1 runs it (.ci/run does);
# KEEP=1 keeps the folder.
set -u
LC_ALL=C.UTF-8
export LC_ALL
if [ "${PR_ADAPTER:-}" != 1 ]; then
    echo "skipped: the made-up provider of docs/write-an-adapter.md is not built: PR_ADAPTER=1, or .ci/run"
    exit 0
fi
unset MAKEFLAGS MFLAGS MAKELEVEL VARIANT
B=$(cd "${B:-build/release}" && pwd) || exit 1
TOP=$(pwd)
page=$TOP/docs/write-an-adapter.md
tmp=$(mktemp -d "${TMPDIR:-/tmp}/payroute-adapter.XXXXXX") || exit 1
if [ -n "${KEEP:-}" ]; then echo "kept: $tmp"; else trap 'rm -rf "$tmp"' EXIT; fi
failed=0
complain() { echo "$*" && failed=1; }

# ---- a copy: the folders that the build knows, and what was built of them, by the compiler that built it ----
mkdir -p "$tmp/build/release" || exit 1
cp -a Makefile lib include tests docs examples pkgconfig "$tmp/" && cp -a "$B/." "$tmp/build/release/" || exit 1
rm -rf "$tmp/build/release/tests/unit/"test_adapter_*
find "$tmp/build/release" -name '*.d' -exec sed -i -e "s#$B/#build/release/#g" -e "s#${B#"$TOP"/}/#build/release/#g" {} +
if grep -q -- '-Werror' "$B/flags"; then WERROR=1 && export WERROR; fi
CC=$(sed 's/ -std=c11 .*//' "$B/flags") && export CC
unset B # the copy has its own
cd "$tmp" || exit 1
sums() { find lib tests include -type f -exec cksum {} + | sort; }
sums >before

# ---- the blocks: "**`FILE`**" in front of one says where it goes, before which line, or behind what is there ----
awk '
    function take(path, mark) {
        if (mark == "") { print text >> path; close(path); return }
        found = n = 0
        while ((getline line < path) > 0) {
            if (!found && index(line, mark) > 0) { all[++n] = text; found = 1 }
            all[++n] = line
        }
        close(path)
        if (!found) { print "no line with " mark " in " path; exit 1 }
        printf "" > path
        for (i = 1; i <= n; i++) print all[i] > path
        close(path)
    }
    /^\*\*`[^`]*`\*\*/ {
        path = $0; sub(/^\*\*`/, "", path); sub(/`.*/, "", path)
        mark = ""
        if (match($0, /before `.*`/)) mark = substr($0, RSTART + 8, RLENGTH - 9)
        gap = $0 ~ /continued|at its end/ ? "\n" : ""
        next
    }
    /^```/ && !open { open = 1; shell = $1 == "```sh"; text = ""; first = 1; next }
    /^```/ {
        open = 0
        if (shell) { print text > "commands"; next }
        if (path == "") { print FILENAME ":" FNR ": a block without a file"; exit 1 }
        text = (path ~ /adapters.def/ ? "" : gap) text
        take(path, mark)
        path = ""
        next
    }
    open { text = text (first ? "" : "\n") $0; first = 0 }' "$page" || exit 1
chmod 600 channels.json

# ---- what the page says was touched is what was touched ----
sums | comm -13 before - | cut -d ' ' -f 3- | sort >files
printf '%s\n' lib/adapters/acme.c lib/adapters/adapters.def lib/catalog/data/acme.tsv lib/provider/providers.def \
    tests/unit/adapter_acme_fixture.h tests/unit/adapter_shelf.h tests/unit/test_adapter_acme.c | sort >expected
diff expected files || complain "the page touches other files than it says"

# ---- its commands ----
sed -e 's/^make$/make -j2/' commands >script
if ! sh -eux script >said 2>&1; then
    cat said
    echo "a command of the page failed"
    exit 1
fi
for words in 'channels.json: fine, 1 channels' 'same_key_other_content' 'nobody knows yet whether money moved'; do
    grep -q "$words" said || complain "nothing said \"$words\""
done
passed=$(sed -n 's/^\[  PASSED  \] \([0-9]*\) test.*/\1/p' said | awk '{ n += $1 } END { print n + 0 }')
[ "$passed" -ge 14 ] || complain "only $passed tests"
grep -q credential_acme include/payroute/payroute.schema.json || complain "the schema does not know acme"

# ---- what else looks at all providers, and the house rules ----
others="provider schema catalog catalog_lint adapter_common registry"
make -j2 $(for t in $others; do echo "build/release/tests/unit/test_$t"; done) build/release/tests/fuzz/test_read \
    >more 2>&1 || { cat more && exit 1; }
for t in $others; do
    "build/release/tests/unit/test_$t" >more 2>&1 || { cat more && complain "test_$t"; }
done
build/release/tests/fuzz/test_read >more 2>&1 || { cat more && complain "tests/fuzz/test_read"; }
for t in schema made; do
    B=build/release sh "tests/docs/check_$t.sh" >more 2>&1 || { cat more && complain "check_$t"; }
done
sh tests/lint/check_lint.sh || complain "the page's code breaks a house rule"

# ---- and the tests can fail: an adapter that does not look at signatures is found ----
grep -q 'pr_sign_equal(want' lib/adapters/acme.c || complain "nothing to plant"
sed -i 's/pr_sign_equal(want, sign, sizeof sign - 1) && who < 0/who < 0/' lib/adapters/acme.c
make -j2 build/release/tests/unit/test_adapter_all_read >more 2>&1 || { cat more && exit 1; }
if build/release/tests/unit/test_adapter_all_read >more 2>&1; then complain "a forger was paid, and no test saw it"; fi
echo "$passed passed, $failed failed"
exit $failed
