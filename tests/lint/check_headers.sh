#!/bin/sh
# Each public header alone: C99, C11 and C++11, without a single warning, by every compiler that is here (.ci/deps.sh ci
# brings gcc and clang with C++).
set -u
CC=${CC:-cc}
failed=0
tmp=$(mktemp -d "${TMPDIR:-/tmp}/payroute-headers.XXXXXX") || exit 1
trap 'rm -rf "$tmp"' EXIT
include=${HEADERS:-include} # or that of an installation
strict="-I$include -Wall -Wextra -pedantic -pedantic-errors -Wundef -Wshadow -Werror -fsyntax-only"
echo 'int main() { return 0; }' >"$tmp/probe.cpp"

for header in "$include"/payroute/*.h; do
    name=payroute/${header##*/}
    unit=$(basename "$header" .h)
    printf '#include <%s>\n#include <%s>\nint main(void) { return 0; }\n' "$name" "$name" >"$tmp/$unit.c"
done
tried=
for compiler in "$CC" gcc clang; do
    case " $tried" in *" $compiler "*) continue ;; esac
    # shellcheck disable=SC2086
    $compiler --version >/dev/null 2>&1 || continue
    tried="$tried $compiler "
    for std in c99 c11; do
        # shellcheck disable=SC2086
        $compiler -std=$std $strict -Wstrict-prototypes "$tmp"/*.c || failed=1
    done
    # shellcheck disable=SC2086
    if $compiler -x c++ -std=c++11 -fsyntax-only "$tmp/probe.cpp" >/dev/null 2>&1; then
        $compiler -x c++ -std=c++11 $strict "$tmp"/*.c || failed=1
    else
        echo "$compiler without C++: C++11 not checked"
    fi
done
[ -n "$tried" ] || { echo "no compiler" && failed=1; }
echo "checked with:$tried"
exit $failed
