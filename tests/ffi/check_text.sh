#!/bin/sh
# The texts of `make ffi`, as far as a bare machine can judge: each block of each header is in them, they are the same
# each time, a C compiler reads them alone, and every function in them is exported where PHP will look for it
# (it resolves all of them when it loads the text). `make ffi-check` loads them into PHP, Python and LuaJIT.
set -u
LC_ALL=C
export LC_ALL
B=${B:-build/release}
failed=0
tmp=$(mktemp -d "${TMPDIR:-/tmp}/payroute-ffi.XXXXXX") || exit 1
trap 'rm -rf "$tmp"' EXIT
fail() { echo "check_text: $*" && failed=1; }

# Names of functions without the comments around them.
declared() { awk '{ while (match($0, /\/\*[^*]*\*+([^\/*][^*]*\*+)*\//)) $0 = substr($0, 1, RSTART - 1) substr($0, RSTART + RLENGTH); print }' RS='\001' "$1" |
    sed -n 's/^[a-z].*[ *]\(payroute_[a-z0-9_]*\)(.*/\1/p' | sort; }
exported() { nm -D --defined-only "$1" | awk '{ print $NF }' | sed 's/@.*//' | sort; }

for library in payroute payroute-host; do
    plain=$B/ffi/$library.cdef.h
    php=$B/ffi/$library.php.h
    awk -v library=$library -f include/mkffi.awk include/payroute/*.h >"$tmp/again" || fail "mkffi failed"
    cmp "$tmp/again" "$plain" || fail "$plain is not what the headers say now"
    printf '#define FFI_SCOPE "%s"\n#define FFI_LIB "lib%s.so.0"\n' $library $library | cat - "$plain" | cmp - "$php" ||
        fail "$php is not the same text with its two lines"
    grep -q 'PAYROUTE_API\|^#' "$plain" && fail "$plain holds what loaders refuse"

    { printf '#include <stddef.h>\n#include <stdint.h>\n' && cat "$plain"; } >"$tmp/text.c"
    ${CC:-cc} -std=c99 -Wall -Wpedantic -Werror -fsyntax-only "$tmp/text.c" || fail "$plain is not C"

    declared "$plain" >"$tmp/$library"
    [ -s "$tmp/$library" ] || fail "$plain declares nothing"
    [ -z "$(uniq -d "$tmp/$library")" ] || fail "$plain declares twice: $(uniq -d "$tmp/$library")"
    # PHP asks the library and whatever it is linked with.
    { exported "$B/lib$library.so.0" && exported "$B/libpayroute.so.0"; } | sort -u >"$tmp/exported"
    comm -23 "$tmp/$library" "$tmp/exported" >"$tmp/missing"
    [ -s "$tmp/missing" ] && fail "lib$library.so.0 does not export" "$(cat "$tmp/missing")"
done

# A block more in any header is a function more in the complete text.
inside=$(awk '/FFI-BEGIN/ { on = 1 } /FFI-END/ { on = 0 } on && /^PAYROUTE_API / { n++ } END { print n }' include/payroute/*.h)
[ "$inside" -eq "$(wc -l <"$tmp/payroute-host")" ] || fail "$inside prototypes in headers, $(wc -l <"$tmp/payroute-host") in the text"
comm -23 "$tmp/payroute" "$tmp/payroute-host" | grep . && fail "the text of payroute-host is not complete"
exported "$B/libpayroute-host.so.0" | comm -23 - "$tmp/payroute-host" | grep . && fail "exported by libpayroute-host and not declared"

# What is wrong is said, and no half text is left.
printf '/* FFI-BEGIN */\nvoid f(void);\n' >"$tmp/bad.h"
awk -v library=payroute -f include/mkffi.awk "$tmp/bad.h" >/dev/null 2>&1 && fail "an unfinished block was taken"
printf '#include <payroute/gone.h>\n' >"$tmp/bad.h"
awk -v library=payroute -f include/mkffi.awk "$tmp/bad.h" >/dev/null 2>&1 && fail "a missing header was not noticed"
exit $failed
