#!/bin/sh
# What the texts for people say can be relied on: each link leads to a file, and no path of the machine it was
# written on has crept in. (check_readme.sh runs the README's code.)
set -u
LC_ALL=C
export LC_ALL
failed=0

for text in README.md SECURITY.md CHANGELOG.md docs/*.md; do
    folder=$(dirname "$text")
    for link in $(sed 's/](/\n](/g' "$text" | sed -n 's/^](\([^)#]*\).*/\1/p' | grep -v '^http'); do
        if [ ! -e "$folder/$link" ]; then echo "$text: $link is not there" && failed=1; fi
    done
done

# Written in brackets so that this file does not find itself.
if grep -rnE '/[w]ork/|/[t]mp/me|[s]hared/(DESIGN|reliability)' Makefile README.md SECURITY.md CHANGELOG.md .ci include lib examples tests docs; then
    echo "a path of one machine"
    failed=1
fi
exit $failed
