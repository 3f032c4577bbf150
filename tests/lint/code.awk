# Prints "file:line:code" with comments and the contents of strings and characters taken out, so that a rule about
# code never stumbles over prose. Includes keep their names.
FNR == 1 { in_comment = 0 }
{
    rest = $0
    code = ""
    if (!in_comment && rest ~ /^[ \t]*#[ \t]*include/) {
        sub(/\/\*.*/, "", rest)
        print FILENAME ":" FNR ":" rest
        next
    }
    while (rest != "") {
        if (in_comment) {
            at = index(rest, "*/")
            if (at == 0) break
            rest = substr(rest, at + 2)
            in_comment = 0
            continue
        }
        if (!match(rest, /["']|\/\*|\/\//)) {
            code = code rest
            break
        }
        found = substr(rest, RSTART, RLENGTH)
        code = code substr(rest, 1, RSTART - 1)
        rest = substr(rest, RSTART + RLENGTH)
        if (found == "//") break
        if (found == "/*") {
            in_comment = 1
            continue
        }
        code = code found found
        while (rest != "") {
            c = substr(rest, 1, 1)
            rest = substr(rest, c == "\\" ? 3 : 2)
            if (c == found) break
        }
    }
    print FILENAME ":" FNR ":" code
}
