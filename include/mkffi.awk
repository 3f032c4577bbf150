# The text that foreign-function loaders read: what stands between FFI-BEGIN and FFI-END of the public headers,
# without the export macro. No loader accepts a real C header (PHP skips preprocessor lines but reads both branches
# of a condition, cffi and LuaJIT refuse them), and a copy kept by hand would drift: so it is made at each build.
#   awk -v library=payroute[-host] [-v soname=FILE] -f include/mkffi.awk include/payroute/*.h
# A header follows what it includes. host.h, host_*.h and what includes them belong to payroute-host alone; its text
# is complete, so that one scope serves a shop. With a soname it is PHP's: the two lines that FFI::load looks
# for come first, since it finds them nowhere else.
function fail(text) {
    print "mkffi: " text | "cat 1>&2"
    close("cat 1>&2")
    failed = 1
    exit 1
}
function is_host(name,    n, list, i) {
    if (name ~ /^host(_.*)?\.h$/) return 1
    n = split(needs[name], list, " ")
    for (i = 1; i <= n; i++)
        if (is_host(list[i])) return 1
    return 0
}
function emit(name,    n, list, i) {
    if (name in done) return
    done[name] = 1
    if (!(name in given)) fail("<payroute/" name "> is included and not given")
    n = split(needs[name], list, " ")
    for (i = 1; i <= n; i++) emit(list[i])
    if (name in text) printf "\n/* ---- %s ---- */\n%s", name, text[name]
}
FNR == 1 {
    if (inside) fail(name ": FFI-BEGIN without FFI-END")
    name = FILENAME
    sub(/^.*\//, "", name)
    names[++count] = name
    given[name] = 1
    needs[name] = ""
}
/^#include <payroute\// {
    dep = $2
    gsub(/^<payroute\/|>$/, "", dep)
    needs[name] = needs[name] " " dep
}
/FFI-BEGIN/ { inside = 1; next }
/FFI-END/ { inside = 0; next }
inside {
    line = $0
    if (prototype) sub(/^             /, "", line) # as far to the left as its first line moves
    if (sub(/^PAYROUTE_API /, "", line)) prototype = 1
    if (line ~ /;/) prototype = 0
    text[name] = text[name] line "\n"
}
END {
    if (failed) exit 1
    if (inside) fail(name ": FFI-BEGIN without FFI-END")
    if (library != "payroute" && library != "payroute-host") fail("library is payroute or payroute-host")
    if (soname != "") printf "#define FFI_SCOPE \"%s\"\n#define FFI_LIB \"%s\"\n", library, soname
    printf "/* lib%s for foreign-function loaders: made by `make ffi` of include/payroute, never edited. */\n", library
    for (i = 1; i <= count; i++)
        if (!is_host(names[i])) emit(names[i])
    for (i = 1; i <= count && library == "payroute-host"; i++) emit(names[i])
}
