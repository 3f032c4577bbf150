#!/bin/sh
# Installs what building or testing needs and is missing: as root, else by `sudo -n`, else it prints the command
# and fails. Fast and silent when everything is there. Usage: deps.sh [build|model|peers|fuzz|ffi|export|ci]
set -eu
what=${1:-build}

have_command() { command -v "$1" >/dev/null 2>&1; }
have_header() { echo "#include <$1>" | ${CC:-cc} -E -x c - >/dev/null 2>&1; }

complete() {
    case $what in
    model) have_command spin && have_command cc ;;
    peers) have_command node && have_command npm ;;
    bench) have_command valgrind && have_header valgrind/callgrind.h ;;
    ffi)
        have_command luajit && have_command php && php -m | grep -qx FFI && php -m | grep -qx pcntl &&
            { have_command php-fpm || ls /usr/sbin/php-fpm* >/dev/null 2>&1; } &&
            { python3 -c 'import cffi' 2>/dev/null || /usr/bin/python3 -c 'import cffi' 2>/dev/null; }
        ;;
    export) # two languages, and a browser to look at the page
        have_command php && have_command chromium && have_command chromedriver &&
            /usr/bin/python3 -c 'import selenium' 2>/dev/null
        ;;
    fuzz) # the compiler, and its library with main
        clang=$(command -v clang || command -v clang-14 || echo clang)
        echo 'int LLVMFuzzerTestOneInput(void) { return 0; }' |
            "$clang" -x c -fsanitize=fuzzer,address -o /dev/null - 2>/dev/null
        ;;
    ci) have_command c++ && have_command clang && have_command mandoc && have_command git ;; # headers, man page, dist
    build)
        have_command cc && have_command make && have_command pkg-config &&
            pkg-config --exists libcurl libcjson sqlite3 libmicrohttpd cmocka &&
            have_header mbedtls/pk.h
        ;;
    *) echo "deps.sh: build, model, peers, bench, fuzz, ffi, export or ci" >&2 && exit 2 ;;
    esac
}
if complete; then exit 0; fi

if have_command apt-get; then
    install='env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends'
    refresh='apt-get update -qq'
    build='gcc make libc6-dev pkg-config libcurl4-openssl-dev libcjson-dev libmbedtls-dev libcmocka-dev
           libsqlite3-dev libmicrohttpd-dev ca-certificates'
    model='spin gcc libc6-dev'
    peers='nodejs npm ca-certificates'
    bench=valgrind
    fuzz='clang-14 libclang-rt-14-dev'
    ffi='php-cli php-fpm python3 python3-cffi luajit'
    export='php-cli python3 python3-selenium chromium chromium-driver'
    ci='g++ clang mandoc git'
elif have_command dnf; then
    install='dnf install -y -q'
    refresh=:
    build='gcc make pkgconf-pkg-config libcurl-devel cjson-devel mbedtls-devel libcmocka-devel sqlite-devel
           libmicrohttpd-devel'
    model='spin gcc'
    peers='nodejs npm'
    bench='valgrind valgrind-devel'
    fuzz='clang compiler-rt'
    ffi='php-cli php-fpm php-ffi php-opcache php-process python3 python3-cffi luajit'
    export='php-cli python3 python3-selenium chromium chromedriver'
    ci='gcc-c++ clang mandoc git'
elif have_command apk; then
    install='apk add --quiet'
    refresh=:
    build='gcc make musl-dev pkgconf curl-dev cjson-dev mbedtls2-dev cmocka-dev sqlite-dev libmicrohttpd-dev'
    model='spin gcc musl-dev'
    peers='nodejs npm'
    bench='valgrind valgrind-dev'
    fuzz='clang compiler-rt'
    ffi='php83 php83-fpm php83-ffi php83-opcache php83-pcntl python3 py3-cffi luajit'
    export='php83 python3 py3-selenium chromium chromium-chromedriver'
    ci='g++ clang mandoc git'
elif have_command brew; then
    install='brew install --quiet'
    refresh=:
    build='pkg-config curl cjson mbedtls@2 cmocka sqlite libmicrohttpd'
    model='spin'
    peers='node'
    bench=valgrind
    fuzz='llvm'
    ffi='php python cffi luajit'
    export='php python'
    ci=
else
    echo 'deps.sh: none of apt-get, dnf, apk and brew is here; see the list in .ci/deps.sh' >&2
    exit 1
fi

case $what in
build) list=$build ;;
model) list=$model ;;
peers) list=$peers ;;
bench) list=$bench ;;
fuzz) list=$fuzz ;;
ffi) list=$ffi ;;
export) list=$export ;;
ci) list=$ci ;;
esac
list=$(echo "$list" | tr -s ' \n' ' ')

if [ "$(id -u)" -eq 0 ] || [ "${install%% *}" = brew ]; then
    as=
elif have_command sudo && sudo -n true 2>/dev/null; then
    as='sudo -n'
else
    echo "Missing packages. Please run as root:" >&2
    echo "  $refresh && $install $list" >&2
    exit 1
fi

# The lists of a fresh machine are empty, those of another may be stale: ask for news only when it is needed.
# shellcheck disable=SC2086
if ! $as $install $list >/dev/null 2>&1; then
    $as $refresh >/dev/null || true
    $as $install $list >/dev/null
fi
if ! complete; then
    echo "deps.sh: installed, but something is still missing for '$what'" >&2
    exit 1
fi
