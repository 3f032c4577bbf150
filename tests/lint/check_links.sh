#!/bin/sh
# What the linker knows: which libraries ours need, that the pure one asks the system for nothing but memory
# and strings, and that nothing is exported beside payroute_*.
set -u
LC_ALL=C
export LC_ALL
B=${B:-build/release}
failed=0
for file in libpayroute.so.0 libpayroute-host.so.0 libpayroute.a; do
    if [ ! -f "$B/$file" ]; then echo "$B/$file is not built" && exit 1; fi
done

needed() { readelf -d "$1" | sed -n 's/.*(NEEDED).*\[\(.*\)\].*/\1/p'; }
undefined() { nm -D -u "$1" | awk '{print $NF}' | sed 's/@.*//' | sort -u; }

check_needed() { # library, allowed pattern
    for name in $(needed "$1"); do
        if ! echo "$name" | grep -Eqx "$2"; then echo "${1##*/} needs $name" && failed=1; fi
    done
}

sanitizer=
if undefined "$B/libpayroute.so.0" | grep -q '^__asan'; then sanitizer='|lib(asan|ubsan|m|pthread|dl|gcc_s)\.so.*'; fi
libc='libc\.(so\.6|musl-.*)|ld-(linux|musl)-.*'
check_needed "$B/libpayroute.so.0" "libcjson\.so.*|libmbedcrypto\.so.*|libmbedx509\.so.*|$libc$sanitizer"
check_needed "$B/libpayroute-host.so.0" "libcurl.*\.so.*|libsqlite3\.so.*|libpayroute\.so\.0|$libc$sanitizer"

# No I/O, no clock, no thread, no end of the process: whatever is not memory, text or one of the two libraries
# must not be asked for.
allowed='cJSON_.*|mbedtls_.*|mem(cpy|set|cmp|move|chr|rchr)|str(len|cmp|ncmp|chr|rchr|str|spn|cspn|nlen|pbrk)'
allowed="$allowed|v?snprintf|qsort|bsearch|calloc|free|malloc|realloc|__stack_chk_fail|__.*_chk|__ctype_b_loc"
allowed="$allowed|_ITM_.*|__cxa_finalize|__gmon_start__|_GLOBAL_OFFSET_TABLE_|__(asan|ubsan|sanitizer)_.*"
bad=$(undefined "$B/libpayroute.so.0" | grep -Evx "$allowed")
bad="$bad$(undefined "$B/libpayroute.so.0" | grep -Ex '__(printf|fprintf|vprintf|vfprintf|puts|read|recv|longjmp)_chk')"
if [ -n "$bad" ]; then
    echo "libpayroute.so asks for:" "$bad"
    failed=1
fi
banned='abort|_?exit|_Exit|quick_exit|__assert_fail|printf|puts|putchar|__printf_chk'
banned="$banned|signal|sigaction|setenv|getenv|system|pthread_create"
bad=$(undefined "$B/libpayroute-host.so.0" | grep -Ex "$banned")
if [ -n "$bad" ]; then
    echo "libpayroute-host.so asks for:" "$bad"
    failed=1
fi

for so in "$B/libpayroute.so.0" "$B/libpayroute-host.so.0"; do
    bad=$(nm -D --defined-only "$so" | awk '{print $NF}' | sed 's/@.*//' | grep -Ev '^payroute_')
    if [ -n "$bad" ]; then echo "${so##*/} exports" "$bad" && failed=1; fi
    data=$(nm -D --defined-only "$so" | awk '$2 ~ /^[BDGRSV]$/ {print $NF}')
    if [ -n "$data" ]; then echo "${so##*/} exports data:" "$data" && failed=1; fi
    if readelf -lW "$so" | grep -q 'GNU_STACK.*RWE'; then echo "${so##*/} has an executable stack" && failed=1; fi
    if ! readelf -d "$so" | grep -q 'BIND_NOW\|NOW'; then echo "${so##*/} binds lazily" && failed=1; fi
done

# Writable data of our own in the pure library is global state. (Relocated tables stand in .data.rel.ro and are read-only.)
if [ -z "$sanitizer" ]; then
    objdump -t "$B/libpayroute.a" | awk '
        $0 ~ / \.(data|bss|tdata|tbss)[^ \t]*\t/ && $0 !~ / \.data\.rel\.ro/ && $NF !~ /^\./ {
            print "libpayroute.a: writable " $NF; bad = 1
        }
        END { exit bad }' || failed=1
fi
exit $failed
