#!/bin/sh
# What is too slow for `check`: the shop against an installation, packing, an unprivileged and a root's install, an
# upgrade. With PR_SYSTEM=1 as root it installs into /usr/local of this machine, and takes it away again.
set -u
LC_ALL=C
export LC_ALL
B=${B:-build/release}
CC=${CC:-cc}
unset MAKEFLAGS MFLAGS MAKELEVEL DESTDIR PREFIX BINDIR LIBDIR INCLUDEDIR DATADIR MANDIR DOCDIR FFIDIR PKGCONFIGDIR STRIP
unset PKG_CONFIG_PATH PKG_CONFIG_LIBDIR LD_LIBRARY_PATH
tmp=$(mktemp -d "${TMPDIR:-/tmp}/payroute-install.XXXXXX") || exit 1
trap 'rm -rf "$tmp"' EXIT
chmod 755 "$tmp"
passed=0 failed=0
try() { # what it shows, function
    if ("$2") >"$tmp/log" 2>&1; then
        passed=$((passed + 1))
        echo "ok    $1"
    else
        failed=$((failed + 1))
        echo "FAIL  $1"
        sed 's/^/      /' "$tmp/log" | tail -n 40
    fi
}
mk() { make --no-print-directory B="$B" "$@"; }

everything_goes() {
    mk install DESTDIR="$tmp/all" && mk install DESTDIR="$tmp/all" && mk uninstall DESTDIR="$tmp/all" || return 1
    [ ! -e "$tmp/all" ] || { find "$tmp/all" && false; }
}

# An installation of another version lies there: what it had and the new one has not is gone, what is others' stays.
upgrade() {
    p=$tmp/up
    mk install PREFIX="$p" LDCONFIG=: || return 1
    for file in lib/libpayroute.so.0.0.9 include/payroute/gone.h; do
        echo old >"$p/$file" && echo "file $p/$file" >>"$p/share/payroute/installed"
    done
    echo theirs >"$p/include/payroute/theirs.h"
    mk install PREFIX="$p" LDCONFIG=: || return 1
    [ ! -e "$p/lib/libpayroute.so.0.0.9" ] && [ ! -e "$p/include/payroute/gone.h" ] || return 1
    [ -e "$p/include/payroute/theirs.h" ] && [ -e "$p/lib/libpayroute.so.0" ] || return 1
    rm "$p/include/payroute/theirs.h"
    mk uninstall PREFIX="$p" LDCONFIG=: && [ ! -e "$p" ]
}

unprivileged() {
    mkdir "$tmp/user" && chmod 777 "$tmp/user"
    as=
    if [ "$(id -u)" -eq 0 ]; then as='setpriv --reuid=65534 --regid=65534 --clear-groups'; fi
    # shellcheck disable=SC2086
    $as test -r "$B/flags" || { echo "$B cannot be read by others: not tried" && return 0; }
    # shellcheck disable=SC2086
    HOME=/nonexistent $as make --no-print-directory B="$B" install DESTDIR="$tmp/user/stage" PREFIX=/usr \
        LIBDIR=/usr/lib64 || return 1
    lib=$tmp/user/stage/usr/lib64
    [ -f "$lib/libpayroute.a" ] && grep -qx 'libdir=${prefix}/lib64' "$lib/pkgconfig/payroute.pc" || return 1
    # The folders that the compiler searches anyway are not named again: that would change their order.
    ! PKG_CONFIG_PATH=$lib/pkgconfig pkg-config --cflags payroute | grep -qE -e '-I/usr/include( |$)'
}

odd_places() {
    if mk install DESTDIR="$tmp/odd" PREFIX=relative; then return 1; fi
    [ ! -e "$tmp/odd" ] || return 1
    mk install DESTDIR="$tmp/with blank" PREFIX="/opt/pay & route|1" && grep -qx 'prefix=/opt/pay & route|1' \
        "$tmp/with blank/opt/pay & route|1/lib/pkgconfig/payroute.pc" || return 1
    mk uninstall DESTDIR="$tmp/with blank" PREFIX="/opt/pay & route|1" && [ ! -e "$tmp/with blank" ]
}

stripped() {
    mk install-strip DESTDIR="$tmp/strip" PREFIX=/p || return 1
    for name in payroute payroute-host; do
        so=$tmp/strip/p/lib/lib$name.so
        if readelf -SW "$so" | grep -q '\.debug_info'; then return 1; fi
        nm -D --defined-only "$so" | awk '{ print $NF }' >"$tmp/names"
        nm -D --defined-only "$B/lib$name.so" | awk '{ print $NF }' | cmp - "$tmp/names" || return 1
        nm "$tmp/strip/p/lib/lib$name.a" | grep -q payroute_ || return 1
    done
}

# A full disk, say: what was put is written down, and goes.
half_way() {
    p=$tmp/half
    mkdir -p "$p" && echo theirs >"$p/lib" || return 1 # no folder can be made there
    if mk install PREFIX="$p" LDCONFIG=:; then return 1; fi
    [ -e "$p/bin/payroute" ] || return 1
    mk uninstall PREFIX="$p" LDCONFIG=: && [ "$(find "$p" | sort | tr '\n' ' ')" = "$p $p/lib " ]
}

installed_headers() {
    mk install PREFIX="$tmp/p" LDCONFIG=: && HEADERS=$tmp/p/include sh tests/lint/check_headers.sh
}

# The demonstration's shop, built from the installation only (it uses libcurl and SQLite itself, too).
shop() {
    mkdir "$tmp/shop" "$tmp/shop-run" && cp examples/shop/* "$tmp/shop" && cd "$tmp/shop" || return 1
    PKG_CONFIG_PATH=$tmp/p/lib/pkgconfig
    export PKG_CONFIG_PATH
    # shellcheck disable=SC2046
    set -- $(pkg-config --cflags --libs payroute-host libcurl sqlite3)
    $CC -std=c11 -D_GNU_SOURCE= -O1 -o shop ./*.c "$@" || return 1
    LD_LIBRARY_PATH=$tmp/p/lib ./shop "$sandbox" "$tmp/shop-run"
}

uninstalled() {
    PKG_CONFIG_PATH=$B
    export PKG_CONFIG_PATH
    [ "$(pkg-config --variable=libdir payroute)" = "$B" ] || return 1
    [ -f "$(pkg-config --variable=schema payroute)" ] || return 1
    use=tests/install/use.c
    # shellcheck disable=SC2046
    $CC -o "$tmp/here" $use $(pkg-config --cflags --libs payroute-host-static) && "$tmp/here" || return 1
    # shellcheck disable=SC2046
    $CC -o "$tmp/here" $use $(pkg-config --cflags --libs payroute-host) && LD_LIBRARY_PATH=$B "$tmp/here"
}

# Into the system, with nothing set: found by the compiler, by pkg-config, by the loader and by man.
system_wide() {
    find /usr/local -not -path '*/.cache*' | sort >"$tmp/before"
    if grep -q payroute "$tmp/before"; then echo "payroute is in /usr/local already" && return 1; fi
    mk install >"$tmp/said" || return 1
    if [ -s "$tmp/said" ]; then cat "$tmp/said" && ok=1; else ok=0; fi
    # shellcheck disable=SC2046
    $CC -o "$tmp/sys" tests/install/use.c $(pkg-config --cflags --libs payroute-host) || ok=1
    "$tmp/sys" && payroute --version || ok=1
    if man -w ls >/dev/null 2>&1; then man -w payroute || ok=1; fi
    mk uninstall || ok=1
    find /usr/local -not -path '*/.cache*' | sort | diff "$tmp/before" - || ok=1
    if ldconfig -p | grep payroute; then ok=1; fi
    return $ok
}

B=$(cd "$B" && pwd)
sandbox=$B/payroute-sandbox
try "uninstall from DESTDIR leaves nothing, not a folder" everything_goes
try "an upgrade takes away what the older version had more" upgrade
try "an install that fails half way can be taken away" half_way
try "a user installs into DESTDIR, with other folders" unprivileged
try "a relative PREFIX is refused; blanks and marks in it are not" odd_places
try "install-strip: no debug information, the same exports" stripped
try "the installed headers alone, every compiler and standard" installed_headers
try "the shop, built from the installation, against the sandbox" shop
try "use without installing" uninstalled
if [ "${PR_SYSTEM:-}" = 1 ] && [ "$(id -u)" -eq 0 ]; then
    try "into /usr/local, as root, with nothing set" system_wide
fi
distcheck() { sh tests/install/distcheck.sh; }
try "the tarball: same bytes, builds, passes, installs" distcheck
printf '\n%d passed, %d failed\n' "$passed" "$failed"
[ "$failed" -eq 0 ]
