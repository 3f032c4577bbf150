#!/bin/sh
# One staged install, moved to its place as a packager would, then used with nothing but what pkg-config says: shared
# and static, in C and C++; and taken away again. Nothing is rebuilt for it.
set -eu
LC_ALL=C
export LC_ALL
B=${B:-build/release}
CC=${CC:-cc}
make=${MAKE:-make}
pkg_config=${PKG_CONFIG:-pkg-config}
unset MAKEFLAGS MFLAGS MAKELEVEL DESTDIR PREFIX BINDIR LIBDIR INCLUDEDIR DATADIR MANDIR DOCDIR PKGCONFIGDIR STRIP
unset PKG_CONFIG_LIBDIR PKG_CONFIG_SYSROOT_DIR LD_LIBRARY_PATH
if grep -q 'fsanitize' "$B/flags"; then echo "not with sanitizers" && exit 0; fi
tmp=$(mktemp -d "${TMPDIR:-/tmp}/payroute-staged.XXXXXX")
trap 'rm -rf "$tmp"' EXIT
stage=$tmp/stage prefix=$tmp/prefix libdir=$tmp/prefix/lib/multi-arch
failed=0
complain() {
    echo "$*"
    failed=1
}
quietly() { "$@" >"$tmp/out" 2>&1 || { cat "$tmp/out" && echo "failed: $*" && exit 1; }; }

# ---- installing ----
: >"$tmp/before"
quietly "$make" --no-print-directory B="$B" install DESTDIR="$stage" PREFIX="$prefix" LIBDIR="$libdir" LDCONFIG=:
rebuilt=$(find "$B" \( -name '*.o' -o -name '*.a' -o -name '*.so.*' -o -name payroute -o -name 'payroute*.1' \) \
    -newer "$tmp/before")
if [ -n "$rebuilt" ]; then complain "make install built again:" $rebuilt; fi
(cd "$stage" && find . -not -type d) | sed 's/^\.//' | sort >"$tmp/files"
if grep -v "^$prefix/" "$tmp/files"; then complain "it left the prefix"; fi
if grep -rlIF -e "$stage" -e "$PWD" "$stage"; then complain "the stage or the source folder is written into it"; fi
odd=$(find "$stage" -type f \( -perm /022 -o -not -perm -444 \))
if [ -n "$odd" ]; then complain "modes:" $odd; fi
mv "$stage$prefix" "$prefix"

version=$(awk '
    / PAYROUTE_VERSION_(MAJOR|MINOR|PATCH) [0-9]+$/ { v = v dot $3; dot = "." }
    END { print v }' include/payroute/base.h)
for name in payroute payroute-host; do
    so=$libdir/lib$name.so
    [ "$(readlink "$so")" = "lib$name.so.${version%%.*}" ] || complain "lib$name.so is no link to the soname"
    [ "$(readlink "$so.${version%%.*}")" = "lib$name.so.$version" ] || complain "the soname is no link to the version"
    readelf -d "$so" | grep -q "SONAME.*\[lib$name.so.${version%%.*}\]" || complain "lib$name.so: soname"
    ffi=$prefix/share/payroute/ffi/$name.php.h
    if [ -f "$ffi" ]; then
        grep -q "FFI_LIB \"lib$name.so.${version%%.*}\"" "$ffi" || complain "ffi/$name.php.h: soname"
    fi
done
for header in include/payroute/*.h; do
    [ -f "$prefix/$header" ] || complain "$header is not installed"
done

# ---- using ----
PKG_CONFIG_PATH=$libdir/pkgconfig
export PKG_CONFIG_PATH
for name in payroute payroute-host payroute-static payroute-host-static; do
    [ "$($pkg_config --modversion "$name")" = "$version" ] || complain "$name.pc: version"
done
[ -f "$($pkg_config --variable=schema payroute)" ] || complain "payroute.pc: schema leads nowhere"
# A program must not need the headers of what is behind ours, nor link it.
if $pkg_config --libs payroute-host | grep -E 'curl|sqlite|cjson|mbed'; then complain "--libs says too much"; fi
for library in curl sqlite3 cjson mbedx509 mbedcrypto; do
    $pkg_config --static --libs payroute-host | grep -q -e "-l$library" || complain "--static does not name $library"
done

cxx=
for candidate in "${CXX:-c++}" g++ clang++; do
    if command -v "$candidate" >/dev/null 2>&1; then cxx=$candidate && break; fi
done
strict='-Wall -Wextra -pedantic -Werror'
build() { # program, compiler, package, options... sources
    program=$tmp/$1 compiler=$2 package=$3
    shift 3
    # shellcheck disable=SC2046,SC2086
    $compiler "$@" $strict $($pkg_config --cflags "$package") -o "$program" $source $($pkg_config --libs "$package")
}
runs() { # program, shared or static
    if [ "$2" = shared ]; then
        ldd_out=$(LD_LIBRARY_PATH=$libdir ldd "$tmp/$1")
        echo "$ldd_out" | grep -q "libpayroute.so.* => $libdir/" || complain "$1 does not load the installed library"
        (cd "$tmp" && LD_LIBRARY_PATH=$libdir "./$1" >out 2>&1) || { cat "$tmp/out" && complain "$1 failed"; }
    else
        if readelf -d "$tmp/$1" | grep 'NEEDED.*payroute'; then complain "$1 is not static"; fi
        (cd "$tmp" && "./$1" >out 2>&1) || { cat "$tmp/out" && complain "$1 failed"; }
    fi
}
source=tests/install/use.c
build use-shared "$CC" payroute-host -std=c99
runs use-shared shared
build use-static "$CC" payroute-host-static -std=c11
runs use-static static
if [ -n "$cxx" ]; then
    build use-cxx "$cxx" payroute-host -x c++ -std=c++11
    runs use-cxx shared
else
    echo "no C++ compiler: C++ not tried"
fi
source=$prefix/share/doc/payroute/examples/pure.c # the installed copy: nothing of this folder is needed
build pure-shared "$CC" payroute -std=c11
runs pure-shared shared
# Where there is only the archive, --static is what links it.
mv "$libdir/libpayroute.so" "$tmp/libpayroute.so"
# shellcheck disable=SC2046
$CC -std=c11 $($pkg_config --cflags payroute) -o "$tmp/pure-static" "$source" $($pkg_config --static --libs payroute)
runs pure-static static
mv "$tmp/libpayroute.so" "$libdir/libpayroute.so"
[ "$("$prefix/bin/payroute" --version)" = "payroute $version" ] || complain "the installed command"

# ---- taking away: exactly what was installed; what others put beside it stays ----
echo "of somebody else" >"$prefix/include/payroute/theirs.h"
quietly "$make" --no-print-directory B="$B" uninstall PREFIX="$prefix" LDCONFIG=:
left=$(find "$prefix" -not -type d)
[ "$left" = "$prefix/include/payroute/theirs.h" ] || complain "after uninstall:" $left
if find "$prefix" -type d -name payroute | grep -vx "$prefix/include/payroute"; then complain "our folders are left"; fi
if "$make" --no-print-directory B="$B" uninstall PREFIX="$prefix" LDCONFIG=: >"$tmp/out" 2>&1; then
    complain "uninstall of nothing says it is fine"
fi
exit $failed
