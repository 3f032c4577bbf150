#!/bin/sh
# What `make catalog-export` wrote: PHP and Python say what the library says, and the page works in a real browser.
#   SEED=n QUESTIONS=n   the same random questions again, or more of them
set -u
: "${B:=build/release}"
here=tests/export
failed=0
passed=0
count() { # log
    read -r p f <<EOF
$(awk '/^[0-9]+ passed, [0-9]+ failed$/ { p = $1; f = $3 } END { print p + 0, f + 0 }' "$1")
EOF
    passed=$((passed + p)) failed=$((failed + f))
}
log=$(mktemp "${TMPDIR:-/tmp}/payroute-export.XXXXXX") || exit 1
trap 'rm -f "$log"' EXIT

python3 -B $here/compare.py "$B/payroute" "$B/catalog" ${SEED:+"$SEED"} ${QUESTIONS:+${SEED:+"$QUESTIONS"}} >"$log" 2>&1 ||
    { grep -q '[1-9][0-9]* failed$' "$log" || failed=1; }
cat "$log" && count "$log"

# The examples of docs/add-a-code.md.
for language in php python; do
    awk -v head='```'"$language by=tests/export/run.sh" '$0 == head { on = 1; next } /^```/ { on = 0 } on' \
        docs/add-a-code.md >"$log"
    case $language in
    php) said=$(cd "$B/catalog" && { echo '<?php' && cat "$log"; } | php) ;;
    python) said=$(cd "$B/catalog" && python3 -B - <"$log") ;;
    esac
    case $said in
    insufficient_funds:\ *余额*) passed=$((passed + 1)) ;;
    *) echo "the $language of docs/add-a-code.md says \"$said\"" && failed=$((failed + 1)) ;;
    esac
done

# Debian's Python has Debian's selenium, whatever other Python stands in front of it.
python=python3
/usr/bin/python3 -c 'import selenium' 2>/dev/null && python=/usr/bin/python3
if $python -c 'import selenium' 2>/dev/null && command -v chromium >/dev/null && command -v chromedriver >/dev/null; then
    $python -B $here/browse.py "$B/catalog/payroute-catalog.html" >"$log" 2>&1 ||
        { grep -q '[1-9][0-9]* failed$' "$log" || failed=$((failed + 1)); }
    cat "$log" && count "$log"
else
    echo "skipped: no browser to look at the page with: make deps-export"
fi
echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
