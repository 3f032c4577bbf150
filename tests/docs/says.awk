# Is the first file, line by line and in this order, in the second? "…" stands for anything, alone on a line for any
# lines. Prints the first line that is not, and fails.
function fits(line, pattern,    parts, count, i, at) {
    count = split(pattern, parts, "…")
    if (substr(line, 1, length(parts[1])) != parts[1]) return 0
    line = substr(line, length(parts[1]) + 1)
    for (i = 2; i < count; i++) {
        at = index(line, parts[i])
        if (!at) return 0
        line = substr(line, at + length(parts[i]))
    }
    if (count == 1) return line == ""
    return length(line) >= length(parts[count]) && substr(line, length(line) - length(parts[count]) + 1) == parts[count]
}
{ sub(/[ \t]+$/, "") }
NR == FNR { if ($0 !~ /^ *(…)?$/) wanted[++lines] = $0; next }
at < lines && fits($0, wanted[at + 1]) { at++ }
END {
    if (at < lines) { print "the page says, and it does not: " wanted[at + 1]; exit 1 }
}
