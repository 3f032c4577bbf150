#!/bin/sh
# Each public header alone: C99, C11 and C++11, without a single warning.
set -u
CC=${CC:-cc}
failed=0
tmp=$(mktemp -d "${TMPDIR:-/tmp}/payroute-headers.XXXXXX") || exit 1
trap 'rm -rf "$tmp"' EXIT
strict='-Iinclude -Wall -Wextra -Wpedantic -Wundef -Werror -fsyntax-only'
have_cxx=1
echo 'int main() { return 0; }' >"$tmp/probe.cpp"
$CC -x c++ -std=c++11 -fsyntax-only "$tmp/probe.cpp" >/dev/null 2>&1 || have_cxx=0

for header in include/payroute/*.h; do
    name=${header#include/}
    printf '#include <%s>\n#include <%s>\nint main(void) { return 0; }\n' "$name" "$name" >"$tmp/unit.c"
    for std in c99 c11; do
        $CC -std=$std $strict -Wstrict-prototypes "$tmp/unit.c" || failed=1
    done
    if [ $have_cxx -eq 1 ]; then
        $CC -x c++ -std=c++11 $strict "$tmp/unit.c" || failed=1
    fi
done
if [ $have_cxx -eq 0 ]; then echo "no C++ compiler: C++11 not checked"; fi
exit $failed
