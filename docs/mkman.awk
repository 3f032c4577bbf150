# Fills docs/payroute.1.in from `payroute help` (general) and all `payroute help SUBCOMMAND` (pages).
function plain(s) {
    gsub(/\\/, "\\e", s)
    gsub(/…/, "...", s)
    gsub(/-/, "\\-", s)
    return s
}
# A line of text: never taken for a macro, and a sentence begins a line, as mdoc wants it.
function text(s) {
    s = plain(s)
    gsub(/[.] /, ".\n", s)
    if (s ~ /^[.']/) s = "\\&" s
    return s
}
function title(s) {
    return toupper(substr(s, 1, 1)) substr(s, 2)
}
# Rows "  name      text" with their continuations, of one section of the general help.
function rows(heading, file,    line, on, n, at) {
    for (n = 0; (getline line <file) > 0;) {
        if (line ~ "^" heading) on = 1
        else if (line == "") on = 0
        else if (on && line ~ /^  [^ ]/) {
            row_name[++n] = line
            sub(/^ +/, "", row_name[n])
            at = match(row_name[n], /  +/)
            row_text[n] = at ? substr(row_name[n], at + RLENGTH) : ""
            if (at) row_name[n] = substr(row_name[n], 1, at - 1)
        } else if (on) {
            sub(/^ +/, "", line)
            row_text[n] = row_text[n] (row_text[n] == "" ? "" : " ") line
        }
    }
    close(file)
    return n
}
function exits(    n, i) {
    n = rows("Exit status", general)
    for (i = 1; i <= n; i++) printf ".It %s\n%s.\n", row_name[i], text(title(row_text[i]))
}
# One page: "payroute NAME: summary.", "Usage: …", options, notes. Wrapped lines are joined, examples are not.
function end_page() {
    if (name == "") return
    flush()
    if (example) print ".Ed"
    example = 0
    if (used != "") printf ".Pp\nOptions:\n%s.\n", plain(used)
}
function flush() {
    if (note == "") return
    if (example) print ".Ed"
    example = 0
    printf ".Pp\n%s\n", text(note)
    note = ""
}
function begin_page(line,    usage) {
    end_page()
    name = line
    sub(/^payroute /, "", name)
    sub(/:.*/, "", name)
    summary = line
    sub(/^[^:]*: /, "", summary)
    used = ""
    note = ""
    part = "usage"
}
function usage_line(line) {
    sub(/^Usage: payroute [^ ]+ ?/, "", line)
    sub(/ ?\[OPTIONS\]$/, "", line)
    printf ".It Cm %s%s\n%s\n", plain(name), line == "" ? "" : " No \"" plain(line) "\"", text(title(summary))
}
function option_line(line,    o) {
    o = line
    sub(/^ +/, "", o)
    current = o
    sub(/ .*/, "", current)
    if (!(current in option_text)) option_order[++option_count] = current
    filling = !(current in option_text)
    if (filling) {
        at = match(o, /  +/)
        option_head[current] = at ? substr(o, 1, at - 1) : o
        option_text[current] = at ? substr(o, at + RLENGTH) : ""
    }
    if (current != "--json" && current != "--help") used = used (used == "" ? "" : ",\n") current
}
function note_line(line) {
    if (line ~ /^  /) {
        flush()
        if (!example) print ".Bd -literal -offset indent"
        example = 1
        print plain(line) ~ /^[.']/ ? "\\&" plain(line) : plain(substr(line, 3))
    } else if (line !~ /^Exit statuses: payroute help/ && line != "") {
        note = note (note == "" ? "" : " ") line
    }
}
function subcommands(    line) {
    while ((getline line <pages) > 0) {
        if (line ~ /^payroute [a-z-]+: / && part != "usage") begin_page(line)
        else if (line ~ /^Usage: /) usage_line(line)
        else if (line ~ /^Options/) part = "options"
        else if (part == "usage" && line != "") summary = summary " " line
        else if (part == "options" && line == "") part = "notes"
        else if (part == "options" && line ~ /^  --/) option_line(line)
        else if (part == "options" && filling) {
            sub(/^ +/, "", line)
            option_text[current] = option_text[current] (option_text[current] == "" ? "" : " ") line
        } else if (part == "notes") note_line(line)
    }
    end_page()
}
function options(    i, n, head) {
    for (i = 1; i <= option_count; i++) {
        head = option_head[option_order[i]]
        sub(/^--/, "", head)
        n = index(head, " ")
        printf ".It Fl \\-%s%s\n%s.\n", plain(n ? substr(head, 1, n - 1) : head),
            n ? " Ar \"" plain(substr(head, n + 1)) "\"" : "", text(title(option_text[option_order[i]]))
    }
}
{ gsub(/@VERSION@/, version) }
/^@SUBCOMMANDS@$/ { subcommands(); next }
/^@OPTIONS@$/ { options(); next }
/^@EXIT@$/ { exits(); next }
{ print }
