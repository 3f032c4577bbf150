# Rules on stripped code (see code.awk): who may include what, which functions are banned, names of statics,
# function length.
function complain(text) {
    print where ": " text
    bad = 1
}
function level_of(module) {
    return (module in level) ? level[module] : -1
}
function check_include(    name, from) {
    if (match(code, /<[^>]*>/)) {
        name = substr(code, RSTART + 1, RLENGTH - 2)
        if (name ~ /^mbedtls\// && module != "sign") complain("only lib/sign may include <" name ">")
        if (name ~ /^cjson\// && module != "base") complain("only lib/base may include <" name ">")
        if (name ~ /^(curl\/|sqlite3)/ && module != "host") complain("only lib/host may include <" name ">")
        if (module == "core" && name !~ /^(stdint|stddef|string)\.h$/ && name != "payroute/base.h")
            complain("lib/core may not include <" name ">")
        if (module != "host" && !tool &&
            name ~ /^((time|unistd|pthread|threads|signal|errno|fcntl|locale|assert)\.h|sys\/.*)$/)
            complain("the pure library may not include <" name ">")
    } else if (match(code, /"[^"]*"/)) {
        name = substr(code, RSTART + 1, RLENGTH - 2)
        from = name
        if (sub(/\/.*/, "", from) == 0) {
            if (!tool && name !~ /\.inc$/) complain("write the folder: \"" module "/" name "\"")
        } else if (from == "payroute") {
            complain("write <" name ">")
        } else if (from != module &&
                   (module == "host" || level_of(from) < 0 || level_of(from) >= level_of(module))) {
            complain("lib/" module " may not include \"" name "\"")
        }
    }
}
# Calls: a banned word, a parenthesis behind it, and no other word character, arrow or dot before it.
function check_calls(    rest, word, before) {
    rest = code
    while (match(rest, /[A-Za-z_][A-Za-z0-9_]*[ ]*\(/)) {
        word = substr(rest, RSTART, RLENGTH - 1)
        sub(/ +$/, "", word)
        before = substr(rest, 1, RSTART - 1)
        rest = substr(rest, RSTART + RLENGTH)
        if (before ~ /(->|\.)$/) continue
        if (word in banned || (module != "host" && word in banned_pure)) {
            if (module == "base" && file ~ /\/mem\.c$/ && word ~ /^(calloc|free)$/) continue
            complain(word "() is banned here")
        }
    }
    # Money is counted, chances are weighed: only what weighs them has fractions, and with + - * / alone.
    if (module != "host" && module != "health" && module != "route" &&
        code ~ /(^|[^A-Za-z0-9_])(float|double)([^A-Za-z0-9_]|$)/)
        complain("no floating point in the pure library but in health and route")
    if (code ~ /#[ ]*include[ ]*<math\.h>/) complain("no math library: its last bit differs from machine to machine")
    if (code ~ /(^|[^A-Za-z0-9_])(stdout|stderr)([^A-Za-z0-9_]|$)/) complain("a library writes to no stream")
}
function check_static(    name) {
    if (code !~ /^static / || code ~ /;[ ]*$/ || !match(code, /[A-Za-z_][A-Za-z0-9_]*\(/)) return
    if (code ~ /=/) return
    name = substr(code, RSTART, RLENGTH - 1)
    if ((name in owner) && owner[name] != file) complain("static " name " is also in " owner[name])
    owner[name] = file
}
BEGIN {
    split("base 0 core 1 catalog 1 sign 1 provider 1 registry 2 health 2 route 3 guard 3 adapters 3 flow 4 " \
          "host 5", pairs, " ")
    for (i = 1; i in pairs; i += 2) level[pairs[i]] = pairs[i + 1] + 0
    n = split("printf vprintf fprintf vfprintf puts putchar fputs perror abort exit _exit quick_exit atexit " \
              "assert strcpy strcat sprintf vsprintf gets strtok rand srand random srandom drand48 getenv " \
              "setenv putenv system popen signal setlocale alloca cJSON_InitHooks", list, " ")
    for (i = 1; i in list; i++) banned[list[i]] = 1
    n = split("time clock clock_gettime gettimeofday localtime localtime_r gmtime gmtime_r mktime strftime " \
              "sleep usleep nanosleep malloc calloc realloc free strdup strndup fopen fread fwrite fclose open " \
              "read write close socket atoi atol atof strtod strtof strtol strtoll fork pthread_create", list, " ")
    for (i = 1; i in list; i++) banned_pure[list[i]] = 1
}
{
    match($0, /^[^:]*:[0-9]+:/)
    where = substr($0, 1, RLENGTH - 1)
    code = substr($0, RLENGTH + 1)
    split(where, part, ":")
    if (file != part[1]) {
        file = part[1]
        split(file, folder, "/")
        module = folder[2]
        tool = file ~ /\/mkcatalog/
        body = 0
    }
    if (code ~ /^[ \t]*#[ \t]*include/) { check_include(); next }
    if (code ~ /^[ \t]*#/) next
    if (tool) next
    check_calls()
    check_static()
    if (code ~ /^\{[ ]*$/) body = part[2]
    if (code ~ /^\}[ ]*$/ && body) {
        if (part[2] - body > 80) complain("function of " (part[2] - body) " lines; 80 at most")
        body = 0
    }
}
END { exit bad }
