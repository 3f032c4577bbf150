#!/bin/sh
# $B/payroute-VERSION.tar.gz: the files that git knows, as they are now, or those of MANIFEST where there is no git (in a
# tarball, which has one). The same files give the same bytes: order, owner, mode and time say nothing of the machine.
set -eu
LC_ALL=C
export LC_ALL
name=payroute-$VERSION
work=$(mktemp -d "${TMPDIR:-/tmp}/payroute-dist.XXXXXX")
trap 'rm -rf "$work"' EXIT

if [ -e .git ]; then
    git ls-files -z | tr '\0' '\n' | sort >"$work/MANIFEST"
    if ! git diff --quiet HEAD --; then echo "note: with changes that are not committed" >&2; fi
    time=${SOURCE_DATE_EPOCH:-$(git log -1 --format=%ct)}
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
