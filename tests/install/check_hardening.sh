#!/bin/sh
# The hardening flags of the Makefile, read off what was built: a flag that the compiler ignored or a linker script
# undid is not hardening.
set -u
LC_ALL=C
export LC_ALL
B=${B:-build/release}
failed=0
complain() {
    echo "${file##*/}: $*"
    failed=1
}
sanitized=$(grep -c 'fsanitize' "$B/flags")
fortified=$(grep -c 'D_FORTIFY_SOURCE' "$B/flags")

for name in libpayroute.so.0 libpayroute-host.so.0 payroute payroute-sandbox shop loop pure; do
    file=$B/$name
    [ -f "$file" ] || continue # an example may go; the libraries and the command are asked for below
    segments=$(readelf -lW "$file")
    dynamic=$(readelf -dW "$file")
    symbols=$(nm -D -u "$file" | sed 's/.* //; s/@.*//')
    echo "$segments" | grep -q 'GNU_RELRO' || complain "no RELRO segment"
    echo "$dynamic" | grep -q 'BIND_NOW\|FLAGS_1.*NOW' || complain "binds lazily: the GOT stays writable"
    echo "$segments" | grep -q 'GNU_STACK' || complain "says nothing about its stack"
    if echo "$segments" | grep 'GNU_STACK' | grep -q ' RWE '; then complain "executable stack"; fi
    if echo "$segments" | awk '$1 == "LOAD"' | grep -q ' RWE '; then complain "a segment is writable and executable"; fi
    if echo "$dynamic" | grep -q 'TEXTREL'; then complain "relocations in its text"; fi
    if echo "$dynamic" | grep -qE 'RPATH|RUNPATH'; then complain "carries a search path"; fi
    readelf -hW "$file" | grep -q 'Type: *DYN' || complain "is not position-independent"
    [ "$sanitized" -ne 0 ] || echo "$symbols" | grep -qx '__stack_chk_fail' || complain "no stack protector"
    # musl has no checked functions; glibc shows them by name.
    if [ "$fortified" -ne 0 ] && echo "$dynamic" | grep -q 'libc\.so\.6'; then
        echo "$symbols" | grep -qE '^__[a-z]+_chk$' || complain "no checked function: _FORTIFY_SOURCE did nothing"
    fi
done
for file in "$B"/libpayroute.so.0 "$B"/libpayroute-host.so.0 "$B"/payroute; do
    [ -f "$file" ] || complain "is not built"
done

# Control-flow enforcement: each object says so where the compiler can (the linker drops the mark from the whole when
# the system's own start files lack it, as Debian's do), and each exported function begins with a landing pad.
if grep -q 'fcf-protection' "$B/flags" && readelf -hW "$B/payroute" | grep -q 'Machine:.*X86-64'; then
    for file in "$B"/libpayroute.a "$B"/libpayroute-host.a; do
        objects=$(ar t "$file" | wc -l)
        marked=$(readelf -nW "$file" 2>/dev/null | grep -c 'IBT, SHSTK')
        [ "$objects" -gt 0 ] && [ "$objects" -eq "$marked" ] || complain "IBT and SHSTK: $marked of $objects objects"
    done
    for file in "$B"/libpayroute.so.0 "$B"/libpayroute-host.so.0; do
        bad=$(objdump -d --no-show-raw-insn "$file" | awk '
            /^[0-9a-f]+ <payroute_[a-z0-9_]+>:$/ { name = $2; next }
            name != "" { if ($2 != "endbr64") print name; name = "" }' | head -n 3)
        [ -z "$bad" ] || complain "no landing pad:" $bad
    done
fi
exit $failed
