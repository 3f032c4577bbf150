#!/bin/sh
# What is installed and where: each file is put in its place by one line below, and written down in a list beside the
# schema, so that `uninstall` takes away exactly that, whatever tree or version it is called from.
#   install.sh install | uninstall | pc TEMPLATE     with the variables of install.mk in the environment
set -eu
LC_ALL=C
export LC_ALL
umask 022 # root may have a private one; what is installed is for everybody
PATH=$PATH:/usr/sbin:/sbin
for place in "$PREFIX" "$BINDIR" "$LIBDIR" "$INCLUDEDIR" "$DATADIR" "$MANDIR" "$DOCDIR" "$FFIDIR" "$PKGCONFIGDIR"; do
    case $place in
    /*) ;;
    *) echo "install: '$place' is not an absolute path" >&2 && exit 2 ;;
    esac
done
list=$DATADIR/payroute/installed
fresh=   # the list under way
pending= # the file under way

# ---- putting ----

# Makes a folder and writes down those that were not there. Into DESTDIR a package is put together, and nobody knows
# which of the common folders the machine will have: they count only while it stands in DESTDIR.
folder() { # path without DESTDIR
    if [ -d "$DESTDIR$1" ] || [ "$1" = / ]; then return 0; fi
    folder "$(dirname "$1")"
    mkdir "$DESTDIR$1"
    case $DESTDIR:$1 in
    :* | *:*/payroute | *:*/payroute/*) echo "dir $1" ;;
    *) echo "stage $1" ;;
    esac >>"$fresh"
}

# A process that starts meanwhile finds the old file or the new one, never half of one.
put() { # mode, source, destination
    folder "$(dirname "$3")"
    pending=$DESTDIR$3.new
    install -m "$1" ${STRIP:+$(strippable "$2")} "$2" "$pending"
    mv -f "$pending" "$DESTDIR$3"
    echo "file $3" >>"$fresh"
}
strippable() {
    case $1 in *.so.* | */payroute) echo -s ;; esac
}

point() { # to, link
    pending=$DESTDIR$2.new
    ln -sf "$1" "$pending"
    mv -f "$pending" "$DESTDIR$2"
    echo "file $2" >>"$fresh"
}

# A folder below the prefix is named relative to it, so that the prefix can be moved.
from_prefix() {
    case $1 in
    "$PREFIX"/*) printf '${prefix}%s' "${1#"$PREFIX"}" ;;
    *) printf '%s' "$1" ;;
    esac
}
escaped() { printf '%s' "$1" | sed 's/[\\&|]/\\&/g'; }
pc() { # template
    sed -e "s|@PREFIX@|$(escaped "$PREFIX")|" -e "s|@VERSION@|$(escaped "$VERSION")|" \
        -e "s|@LIBDIR@|$(escaped "$(from_prefix "$LIBDIR")")|" \
        -e "s|@INCLUDEDIR@|$(escaped "$(from_prefix "$INCLUDEDIR")")|" \
        -e "s|@DATADIR@|$(escaped "$(from_prefix "$DATADIR")")|" \
        -e "s|@FFIDIR@|$(escaped "$(from_prefix "$FFIDIR")")|" \
        -e "s|@MBEDTLS_LIBS@|$(escaped "$MBEDTLS_LIBS")|" "$1"
}

put_all() {
    put 755 "$B/payroute" "$BINDIR/payroute"
    put 644 "$B/payroute.1" "$MANDIR/man1/payroute.1"
    for name in payroute payroute-host; do
        put 644 "$B/lib$name.a" "$LIBDIR/lib$name.a"
        put 755 "$B/lib$name.so.$SOVERSION" "$LIBDIR/lib$name.so.$VERSION"
        point "lib$name.so.$VERSION" "$LIBDIR/lib$name.so.$SOVERSION"
        point "lib$name.so.$SOVERSION" "$LIBDIR/lib$name.so"
    done
    for template in pkgconfig/*.pc.in; do
        pc "$template" >"$work/pc"
        put 644 "$work/pc" "$PKGCONFIGDIR/$(basename "$template" .in)"
    done
    for file in include/payroute/*.h; do put 644 "$file" "$INCLUDEDIR/payroute/${file##*/}"; done
    put 644 include/payroute/payroute.schema.json "$DATADIR/payroute/payroute.schema.json"
    for file in "$B"/ffi/*.h; do # what PHP, Python and others load: `make ffi`
        if [ -f "$file" ]; then put 644 "$file" "$FFIDIR/${file##*/}"; fi
    done
    for file in LICENSE *.md docs/*.md examples/*.c examples/*.json examples/*/*.php examples/*/*.py; do
        if [ -f "$file" ]; then put 644 "$file" "$DOCDIR/$file"; fi
    done
}

# ---- taking away ----

forget() { # lines of a list on standard input
    cat >"$work/gone"
    sed -n 's/^file //p' "$work/gone" >"$work/paths"
    while read -r path; do rm -f "$DESTDIR$path"; done <"$work/paths"
    # The inner folder before the outer one; a folder that somebody else uses by now stays.
    sed -n -e 's/^dir //p' ${DESTDIR:+-e 's/^stage //p'} "$work/gone" | sort -r >"$work/paths"
    while read -r path; do rmdir "$DESTDIR$path" 2>/dev/null || :; done <"$work/paths"
}

# ---- the loader ----

# As root into the system the loader's cache is renewed; where it does not look, that is said once, with the way out.
tell_loader() {
    if [ -n "$DESTDIR" ]; then return 0; fi
    if [ "$(id -u)" -eq 0 ]; then $LDCONFIG >/dev/null 2>&1 || :; fi
}
say_loader() {
    if [ -n "$DESTDIR" ] || ! ldconfig -p >"$work/cache" 2>/dev/null; then return 0; fi
    if grep -qF "=> $LIBDIR/libpayroute.so." "$work/cache"; then return 0; fi
    echo "note: programs find the libraries with LD_LIBRARY_PATH=$LIBDIR or when linked with -Wl,-rpath,$LIBDIR;"
    echo "      for all of them: a line '$LIBDIR' in a file below /etc/ld.so.conf.d, then ldconfig"
}

work=$(mktemp -d "${TMPDIR:-/tmp}/payroute-install.XXXXXX")
# What was put before it failed is written down all the same: uninstall, or the next install, finds it.
end() {
    rc=$?
    if [ "$rc" -ne 0 ] && [ -n "$pending" ]; then
        rm -f "$pending"
        folder "$(dirname "$list")" && { cat "$fresh" && echo "file $list"; } >>"$DESTDIR$list"
    fi
    rm -rf "$work"
    exit "$rc"
}
trap end EXIT
trap 'exit 130' HUP INT TERM
case $1 in
install)
    fresh=$work/installed
    : >"$fresh"
    if [ -n "$DESTDIR" ] && [ ! -d "$DESTDIR" ]; then mkdir -p "$DESTDIR" && echo "stage /" >"$fresh"; fi
    put_all
    folder "$(dirname "$list")"
    # An installation over an older one: its folders are still ours, its files that have no successor go.
    if [ -f "$DESTDIR$list" ]; then
        grep '^dir \|^stage ' "$DESTDIR$list" >>"$fresh" || :
        sort "$DESTDIR$list" | sed -n 's/^file //p' >"$work/old"
        sort "$fresh" | sed -n 's/^file //p' >"$work/now"
        comm -23 "$work/old" "$work/now" | grep -vxF "$list" | sed 's/^/file /' | forget
    fi
    { cat "$fresh" && echo "file $list"; } | sort -u >"$work/list"
    put 644 "$work/list" "$list"
    pending=
    tell_loader
    say_loader
    ;;
uninstall)
    if [ ! -f "$DESTDIR$list" ]; then
        echo "nothing is installed there: $DESTDIR$list is missing" >&2
        exit 1
    fi
    forget <"$DESTDIR$list"
    tell_loader
    ;;
pc) pc "$2" ;;
*) echo "install.sh: install, uninstall or pc" >&2 && exit 2 ;;
esac
