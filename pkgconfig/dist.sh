#!/bin/sh
# $B/payroute-VERSION.tar.gz: the files that git knows, as they are now, or those of MANIFEST where there is no git (in
# a tarball, which has one). The same files give the same bytes: order, owner, mode and time say nothing of the machine.
set -eu
LC_ALL=C
export LC_ALL
name=payroute-$VERSION
work=$(mktemp -d "${TMPDIR:-/tmp}/payroute-dist.XXXXXX")
trap 'rm -rf "$work"' EXIT

# Also for root in the clone of a user; who says make here, trusts what is here.
ask_git() { git -c safe.directory="$PWD" -c core.quotePath=false "$@"; }
if [ -e .git ]; then
    ask_git ls-files >"$work/names"
    sort "$work/names" >"$work/MANIFEST"
    if ! ask_git diff --quiet HEAD --; then echo "note: with changes that are not committed" >&2; fi
    time=${SOURCE_DATE_EPOCH:-$(ask_git log -1 --format=%ct)}
elif [ -f MANIFEST ]; then
    cp MANIFEST "$work/MANIFEST"
    time=${SOURCE_DATE_EPOCH:-$(stat -c %Y MANIFEST)}
else
    echo "dist: neither git nor MANIFEST says which files belong to it" >&2
    exit 1
fi

mkdir -p "$B"
tar --create --format=ustar --owner=root:0 --group=root:0 --mode=u+rw,go+r,go-w --mtime="@$time" \
    --no-recursion --transform="flags=rSH;s,^,$name/," --file="$work/tar" \
    --verbatim-files-from --files-from="$work/MANIFEST" --directory="$work" MANIFEST
gzip -9 -n <"$work/tar" >"$work/gz"
mv -f "$work/gz" "$B/$name.tar.gz"
echo "$B/$name.tar.gz: $(wc -l <"$work/MANIFEST") files, $(wc -c <"$B/$name.tar.gz") bytes"
