#!/bin/sh
# What the texts for people say can be relied on: the README's C compiles against the headers, each link leads to a
# file, and no path of the machine it was written on has crept in.
set -u
LC_ALL=C
export LC_ALL
failed=0
tmp=$(mktemp -d "${TMPDIR:-/tmp}/payroute-texts.XXXXXX") || exit 1
trap 'rm -rf "$tmp"' EXIT

{
    cat <<'END'
#include <payroute/host.h>
#include <payroute/payroute.h>
#include <string.h>
int refuse(const char *why);
void page(const char *json);
void reply(const char *json);
int shop(const char *config, const char *options, const char *order, const char *headers, const char *body, size_t body_len);
int shop(const char *config, const char *options, const char *order, const char *headers, const char *body, size_t body_len) {
    char why[512];
    size_t len;
    int64_t id;
END
    awk '/^```c$/ { code = 1; next } /^```$/ { if (code) exit } code' README.md
    echo '    payroute_engine_close(engine);'
    echo '    return 0;'
    echo '}'
} >"$tmp/readme.c"
${CC:-cc} -std=c11 -Wall -Wextra -Werror -Iinclude -fsyntax-only "$tmp/readme.c" || failed=1

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
