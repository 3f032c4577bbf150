#!/bin/sh
# The version is written once, in base.h; whatever else must name it says the same, and nothing else does.
set -u
LC_ALL=C
export LC_ALL
B=${B:-build/release}
failed=0
version=$(awk '
    / PAYROUTE_VERSION_(MAJOR|MINOR|PATCH) [0-9]+$/ { v = v dot $3; dot = "." }
    END { print v }' include/payroute/base.h)
echo "$version" | grep -qxE '[0-9]+\.[0-9]+\.[0-9]+' || { echo "base.h: the version is '$version'" && exit 1; }

says() { # where, what it says
    if [ "$2" != "$version" ]; then echo "$1 says '$2', base.h says $version" && failed=1; fi
}
says "payroute --version" "$("$B/payroute" --version | sed 's/^payroute //')"
says "CHANGELOG.md, first heading" "$(sed -n 's/^## \[\{0,1\}\([0-9.]*[0-9]\).*/\1/p' CHANGELOG.md | head -n 1)"
says "the man page" "$(sed -n 's/^\.Os libpayroute //p' "$B/payroute.1")"
for file in "$B"/*-uninstalled.pc; do says "${file##*/}" "$(sed -n 's/^Version: //p' "$file")"; done
for name in payroute payroute-host; do
    so=$(readelf -d "$B/lib$name.so.0" | sed -n 's/.*SONAME.*\.so\.\([0-9]*\)\]/\1/p')
    if [ "$so" != "${version%%.*}" ]; then echo "lib$name.so.$so: the major version is ${version%%.*}" && failed=1; fi
done
pattern=$(echo "$version" | sed 's/\./\\./g')
if grep -rnE "(^|[^0-9.])$pattern([^0-9.]|\$)" Makefile include lib examples pkgconfig docs tests \
    --include='*.[ch]' --include='*.sh' --include='*.mk' --include='*.in' --include='*.json' --include='*.php' \
    --include='*.py' --include=Makefile --exclude=package-lock.json; then
    echo "the version written a second time"
    failed=1
fi
exit $failed
