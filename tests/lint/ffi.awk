# The text between FFI-BEGIN and FFI-END must load in PHP, cffi, LuaJIT and koffi as it stands: prototypes that
# start with PAYROUTE_API, opaque structs, enumerators with literal values, and a comment with the fixed words
# before each prototype, or before a group of them without a blank line between.
function complain(text) {
    print FILENAME ":" FNR ": " text
    bad = 1
}
function trim(s) {
    gsub(/^[ \t]+|[ \t]+$/, "", s)
    gsub(/[ \t]+/, " ", s)
    return s
}
function type_allowed(t) {
    return t ~ /^(void|int32_t|int64_t|size_t|char \*|const char \*|const char \*\*)$/ ||
           t ~ /^(int32_t|int64_t|size_t) \*$/ ||
           t ~ /^(const )?payroute_[a-z0-9_]+ \*$/ || t ~ /^payroute_[a-z0-9_]+ \*\*$/
}
# "const char *text" -> "const char *"
function type_of(param) {
    param = trim(param)
    gsub(/ ?\* ?/, "*", param)
    if (param !~ /^(void|[a-z0-9_]+\*+)$/ && match(param, /[A-Za-z_][A-Za-z0-9_]*$/) && RSTART > 1)
        param = substr(param, 1, RSTART - 1)
    param = trim(param)
    gsub(/\*+/, " &", param)
    return param
}
function check_prototype(s,    open, head, params, n, list, i, name, t) {
    sub(/^PAYROUTE_API /, "", s)
    open = index(s, "(")
    head = trim(substr(s, 1, open - 1))
    params = substr(s, open + 1)
    sub(/\)[^)]*$/, "", params)
    match(head, /[A-Za-z_][A-Za-z0-9_]*$/)
    name = substr(head, RSTART)
    if (name !~ /^payroute_[a-z0-9_]+$/) complain(name ": not named payroute_...")
    t = type_of(head)
    if (!type_allowed(t) || t ~ /\*\*/) complain(name ": return type '" t "' is not in the FFI subset")
    if (params ~ /[(\[]|\.\.\./) complain(name ": callback, array or varargs")
    n = split(params, list, ",")
    for (i = 1; i <= n; i++) {
        t = type_of(list[i])
        if (!type_allowed(t)) complain(name ": '" t "' is not in the FFI subset")
    }
    n = split("Returns Allocates Lifetime Threads Since", list, " ")
    for (i = 1; i <= n; i++)
        if (index(comment, list[i]) == 0) complain(name ": its comment lacks '" list[i] "'")
    if (name in seen) complain(name ": declared twice")
    seen[name] = 1
}
function check_enum(s,    n, list, i) {
    sub(/^[^{]*\{/, "", s)
    sub(/\}.*$/, "", s)
    n = split(s, list, ",")
    for (i = 1; i <= n; i++) {
        if (trim(list[i]) == "" && i == n) continue
        if (trim(list[i]) !~ /^PAYROUTE_[A-Z0-9_]+ = -?[0-9]+$/) complain("'" trim(list[i]) "' is not NAME = literal")
    }
}
function check_statement(s) {
    s = trim(s)
    sub(/;$/, "", s)
    s = trim(s)
    if (s ~ /^PAYROUTE_API .*\(.*\)$/) check_prototype(s)
    else if (s ~ /^enum payroute_[a-z0-9_]+ \{.*\}$/) check_enum(s)
    else if (s !~ /^typedef struct payroute_[a-z0-9_]+ payroute_[a-z0-9_]+$/)
        complain("not in the FFI subset: " substr(s, 1, 60))
    if (s !~ /^PAYROUTE_API /) comment = ""
}
FNR == 1 { inside = 0; in_comment = 0; statement = ""; comment = "" }
/FFI-BEGIN/ { if (inside) complain("FFI-BEGIN twice"); inside = 1; blocks++; next }
/FFI-END/ { if (trim(statement) != "") complain("unfinished: " statement); inside = 0; next }
!inside { next }
!in_comment && /^[ \t]*$/ && trim(statement) == "" { comment = "" }
{
    rest = $0
    if (!in_comment && rest ~ /^[ \t]*#/) { complain("no preprocessor lines in the FFI subset"); next }
    while (rest != "") {
        if (in_comment) {
            at = index(rest, "*/")
            if (at == 0) { comment = comment " " rest; break }
            comment = comment " " substr(rest, 1, at - 1)
            rest = substr(rest, at + 2)
            in_comment = 0
            continue
        }
        at = index(rest, "/*")
        end = match(rest, /;/)
        if (at > 0 && (end == 0 || at < end)) {
            statement = statement " " substr(rest, 1, at - 1)
            # A remark behind a prototype belongs to it, one on a line of its own begins a group.
            if (trim(statement) == "" && $0 ~ /^[ \t]*\/\*/) comment = ""
            rest = substr(rest, at + 2)
            in_comment = 1
            continue
        }
        if (end == 0) { statement = statement " " rest; break }
        statement = statement " " substr(rest, 1, end)
        rest = substr(rest, end + 1)
        check_statement(statement)
        statement = ""
    }
}
END {
    if (blocks == 0) { print "no FFI-BEGIN anywhere"; bad = 1 }
    exit bad
}
