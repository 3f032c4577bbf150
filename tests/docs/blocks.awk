# Cuts the fenced blocks out of Markdown pages: the text of each into dir/NUMBER, and one line for each to standard
# output, tabs between: number, page, line, language, mode. The words behind the fence are the language and the mode:
# `sh` is run, `sh exit=3` is run and ends with 3, `sh by=FILE` is run by that test, `sh not-run=why` is not run.
# `text` behind a block that is run is what it prints. What happens in between is a line <!-- test: COMMAND -->.
FNR == 1 { open = 0 }
!open && /^<!-- test: .* -->$/ {
    text = $0
    sub(/^<!-- test: /, "", text)
    sub(/ -->$/, "", text)
    n++
    print text > (dir "/" n)
    close(dir "/" n)
    printf "%d\t%s\t%d\tsh\ttest\n", n, FILENAME, FNR
    next
}
/^ *```/ {
    if (open) {
        close(file)
        open = 0
        next
    }
    open = 1
    n++
    file = dir "/" n
    printf "" > file
    word = $0
    sub(/^ *```/, "", word)
    split(word, info, " ")
    mode = info[2] == "" ? "-" : substr(word, length(info[1]) + 2)
    indent = match($0, /[^ ]/) - 1
    printf "%d\t%s\t%d\t%s\t%s\n", n, FILENAME, FNR, info[1] == "" ? "-" : info[1], mode
    next
}
open { print substr($0, indent + 1) > file }
