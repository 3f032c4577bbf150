#!/bin/sh
# House rules that a machine can check: layering, banned functions, sizes, include guards, the FFI subset.
set -u
LC_ALL=C
export LC_ALL
here=tests/lint
[ -d "$here" ] || { echo "run it from the top folder" >&2; exit 1; }
tmp=$(mktemp -d "${TMPDIR:-/tmp}/payroute-lint.XXXXXX") || exit 1
trap 'rm -rf "$tmp"' EXIT
failed=0
columns=${LINT_COLUMNS:-120}

lib=$(find lib -name '*.c' -o -name '*.h' | sort)
public=$(find include -name '*.h' | sort)
ours=$(find lib include examples tests -name '*.c' -o -name '*.h' | sort)

# shellcheck disable=SC2086
awk -f "$here/code.awk" $lib >"$tmp/code" || failed=1
awk -f "$here/rules.awk" "$tmp/code" || failed=1
# shellcheck disable=SC2086
awk -f "$here/ffi.awk" $public || failed=1

# Lines are counted in characters: bytes that continue a UTF-8 character do not count.
# shellcheck disable=SC2086
awk -v columns="$columns" '
    function complain(text) { print FILENAME ":" FNR ": " text; bad = 1 }
    {
        line = $0
        gsub(/[\200-\277]/, "", line)
        if (length(line) > columns) complain("line of " length(line) " columns; " columns " at most")
        if (line ~ /[ \t]$/) complain("blank at the end of the line")
        if (line ~ /\t/) complain("tabulator")
    }
    END { exit bad }' $ours || failed=1

for file in $lib $public; do
    lines=$(wc -l <"$file")
    if [ "$lines" -gt 500 ]; then echo "$file: $lines lines; 500 at most" && failed=1; fi
    if ! head -n 1 "$file" | grep -q '^/\*'; then echo "$file: begins without saying its idea" && failed=1; fi
    case $file in
    */mkcatalog*) ;; # parts of one program, included once
    *.h)
        # PR_<MODULE>_<FILE>_H; a file named like its module may say that once; the host may say PRH_.
        module=$(echo "$file" | cut -d/ -f2 | tr 'a-z' 'A-Z')
        base=$(basename "$file" .h | tr 'a-z' 'A-Z')
        guard=$(sed -n 's/^#ifndef \([A-Z0-9_]*\)$/\1/p' "$file" | head -n 1)
        case $file:$guard in
        include/*:"PAYROUTE_${base}_H" | lib/*:"PR_${module}_${base}_H" | lib/*:"PR_${module%S}_${base}_H") ;;
        lib/*:"PR_${base}_H")
            if [ "$base" != "$module" ] && [ "$base" != "${module%S}" ]; then
                echo "$file: include guard '$guard' does not name the folder" && failed=1
            fi
            ;;
        lib/host/*:"PRH_${base}_H") ;;
        *) echo "$file: include guard '$guard' does not follow the path" && failed=1 ;;
        esac
        if ! grep -q "^#define $guard\$" "$file"; then echo "$file: the guard is not defined" && failed=1; fi
        ;;
    esac
done
exit $failed
