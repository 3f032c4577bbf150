#!/bin/sh
# The tarball is the whole of it: the same bytes twice, and from its own unpacked tree; from a tree that nobody may
# write to it builds elsewhere, passes the quick tests, installs and leaves nothing.
set -eu
LC_ALL=C
export LC_ALL
CC=${CC:-cc}
unset MAKEFLAGS MFLAGS MAKELEVEL DESTDIR PREFIX B VARIANT SOURCE_DATE_EPOCH
tmp=$(mktemp -d "${TMPDIR:-/tmp}/payroute-dist.XXXXXX")
trap 'chmod -R u+w "$tmp" && rm -rf "$tmp"' EXIT
jobs=${JOBS:-$(nproc 2>/dev/null || echo 2)}
same() { cmp "$1" "$2" || { echo "$3" && exit 1; }; }

make --no-print-directory B="$tmp/first" dist
# Nothing of the machine: another mask, language and time zone.
(umask 077 && TZ=Asia/Shanghai LC_ALL=C.UTF-8 make --no-print-directory B="$tmp/second" dist)
tarball=$(ls "$tmp"/first/payroute-*.tar.gz)
name=$(basename "$tarball" .tar.gz)
same "$tarball" "$tmp/second/$name.tar.gz" "make dist gives other bytes the second time"
tar -C "$tmp" -xzf "$tarball"
tar -tzf "$tarball" >"$tmp/names"
if grep -vE "^$name/[A-Za-z0-9_.]" "$tmp/names" || grep -E '\.(o|a|so|db)$|/build/|/\.git/' "$tmp/names"; then
    echo "foreign files in the tarball" && exit 1
fi

source=$tmp/$name
chmod -R a-w "$source"
state() { (cd "$source" && find . -type f -exec cksum {} + | sort -k 3); }
state >"$tmp/before"
cd "$source"
make -j"$jobs" --no-print-directory CC="$CC" WERROR=1 B="$tmp/build" all check-quick >"$tmp/log" 2>&1 ||
    { tail -n 60 "$tmp/log" && exit 1; }
tail -n 1 "$tmp/log"
for check in tests/install/check_*.sh; do B=$tmp/build CC=$CC sh "$check" || { echo "$check failed" && exit 1; }; done
make --no-print-directory B="$tmp/third" dist
same "$tarball" "$tmp/third/$name.tar.gz" "make dist gives other bytes from the unpacked tree"
state >"$tmp/after"
same "$tmp/before" "$tmp/after" "the source tree was written to"
echo "$name: $(wc -c <"$tarball") bytes, sha256 $(sha256sum <"$tarball" | cut -d ' ' -f 1)"
