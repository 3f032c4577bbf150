#!/bin/sh
# Every block of every page in docs/ is run, or a page says by which other test it is, or why it is not; those are
# listed. Shell blocks run in the order of their page, in one shell, against the sandbox and a store of the page's own;
# folders of the page (/etc/shop, /var/lib/shop …) are folders of this test. What a page may say: blocks.awk.
#   ONLY='operations zh-CN' runs some pages, KEEP=1 keeps the folder.
set -u
LC_ALL=C.UTF-8
export LC_ALL
B=$(cd "${B:-build/release}" && pwd) || exit 1
TOP=$(pwd)
tmp=$(mktemp -d "${TMPDIR:-/tmp}/payroute-blocks.XXXXXX") || exit 1
if [ -n "${KEEP:-}" ]; then echo "kept: $tmp"; else trap 'exec 3>&-; rm -rf "$tmp"' EXIT; fi
failed=0
complain() { echo "$*" && failed=1; }

mkdir "$tmp/blocks" && awk -v dir="$tmp/blocks" -f tests/docs/blocks.awk docs/*.md >"$tmp/list" || exit 1

# ---- the sandbox ----
mkfifo "$tmp/leash" || exit 1
"$B/payroute-sandbox" --dir "$tmp/sandbox" --port 0 --channels all --stdin-exit <"$tmp/leash" >"$tmp/ready" &
exec 3>"$tmp/leash" # the sandbox ends when this does
tries=0
while ! grep -q ready "$tmp/ready" 2>/dev/null; do
    tries=$((tries + 1))
    if [ $tries -gt 400 ]; then echo "the sandbox does not start" && exit 1; fi
    sleep 0.05
done
SANDBOX=http://127.0.0.1:$(sed 's/.*"port":\([0-9]*\).*/\1/' "$tmp/ready")
${CC:-cc} -std=c11 -Wall -Wextra -Werror -Iinclude -o "$tmp/world" tests/docs/world.c "$B/libpayroute.a" -lcurl -lcjson \
    -lmbedx509 -lmbedcrypto || exit 1
PATH=$B:$tmp:$PATH
export SANDBOX PATH TOP B

# ---- what each kind of block must be ----
keys="$tmp/keys" # of the sandbox's channels, for configurations that shorten theirs to "…"
sed -n 's/^[ \t]*"\([a-z_]*\)":[ \t]*"\(-----BEGIN.*\)",*$/\1 \2/p' "$tmp/sandbox/channels.json" |
    awk '!seen[$1]++' >"$keys"

whole() { # a channel, several, or a file of them; keys that the page shortens are taken from the sandbox
    awk -v keys="$keys" '
        BEGIN { while ((getline line < keys) > 0) { name = line; sub(/ .*/, "", name); key[name] = substr(line, length(name) + 2) } }
        { for (name in key) { at = "\"" name "\": \"…\""; while ((i = index($0, at)) > 0)
              $0 = substr($0, 1, i - 1) "\"" name "\": \"" key[name] "\"" substr($0, i + length(at)) }
          print }' "$1" >"$tmp/whole"
    if grep -q '"channels"' "$tmp/whole"; then cat "$tmp/whole"; else
        echo '{"schema":1,"allow_plain_loopback":true,"channels":[' && cat "$tmp/whole" && echo ']}'
    fi
}

json() { # number, where
    if grep -q '"provider"' "$tmp/blocks/$1" && ! grep -q '"code"' "$tmp/blocks/$1"; then
        whole "$tmp/blocks/$1" >"$tmp/channels.json"
        payroute check "$tmp/channels.json" >"$tmp/said" 2>&1 || { cat "$tmp/said"; complain "$2: not a configuration"; }
    elif grep -q '"code"' "$tmp/blocks/$1"; then
        payroute explain alipay ACQ.SYSTEM_ERROR --catalog "$tmp/blocks/$1" >"$tmp/said" 2>&1 ||
            { cat "$tmp/said"; complain "$2: not rows for a catalogue"; }
    elif grep -q '"order_id"' "$tmp/blocks/$1"; then
        payroute pay - --config "$tmp/sandbox/channels.json" --store "$tmp/json.db" --budget-ms 0 \
            <"$tmp/blocks/$1" >"$tmp/said" 2>&1
        case $? in 0 | 5) ;; *) cat "$tmp/said"; complain "$2: not an order" ;; esac
    elif grep -q '"store"' "$tmp/blocks/$1"; then
        tr -d '\n{}" ' <"$tmp/blocks/$1" | tr ',' '\n' | sed 's/:.*//' |
            grep -vxE 'store|instance|state_dir|catalog' && complain "$2: an option that there is not"
    else
        complain "$2: JSON that no test knows; a configuration, an order, options, or a catalogue"
    fi
}

while IFS='	' read -r n page line language mode; do
    where=$page:$line
    name=$(basename "$page" .md)
    case $mode in
    not-run=?*) echo "skipped: $where: $language, not run: ${mode#not-run=}" && continue ;;
    by=?*)
        for test in ${mode#by=}; do
            [ -f "$test" ] || complain "$where: $test is not there"
        done
        continue
        ;;
    - | test | exit=[0-9]*) ;;
    *) complain "$where: mode $mode; there are exit=N, by=TEST, not-run=WHY" ;;
    esac
    case $language in
    sh | cron | text | mermaid) ;;
    json) json "$n" "$where" ;;
    sql) [ -f "tests/docs/$name.c" ] || complain "$where: no tests/docs/$name.c runs it" ;;
    c | php) [ -f "tests/docs/$name.$language" ] || complain "$where: no tests/docs/$name.$language runs it" ;;
    python) [ -f "tests/docs/${name}_py.py" ] || complain "$where: no tests/docs/${name}_py.py runs it" ;;
    *) complain "$where: a block of a language that no test knows: $language" ;;
    esac
done <"$tmp/list"

# ---- shell blocks, page by page ----
localize() {
    sed -e "s#/etc/shop#$dir/etc/shop#g" -e "s#/var/lib/shop#$dir/var/lib/shop#g" \
        -e "s#/var/backups/shop#$dir/var/backups/shop#g" -e "s#/srv/shop#$dir/srv/shop#g" "$1"
}

script() { # page -> the shell script of its blocks
    echo 'set -eu'
    echo "exec >'$dir/out.0' 2>&1"
    echo "cd '$TOP' && . '$TOP/tests/docs/stage.sh'"
    echo "cd '$dir/srv/shop'"
    awk -F '\t' -v page="$1" '$2 == page && ($4 == "sh" || $4 == "cron") && $5 !~ /^(by|not-run)=/' "$tmp/list" |
        while IFS='	' read -r n _ line language mode; do
            echo "echo $line >'$dir/line'; exec >'$dir/out.$n' 2>&1"
            if [ "$language" = cron ]; then
                localize "$tmp/blocks/$n" | awk '/^#/ || /^$/ || /^[A-Z_]+=/ { next }
                    { for (i = 1; i <= 5; i++) {
                          if ($1 !~ /^[0-9*\/,-]+$/) { print "not a time of cron: " $1 >"/dev/stderr"; print "false" }
                          sub(/^[^ ]+ +/, "") }
                      print }'
            elif [ "${mode%%=*}" = exit ]; then
                printf 'rc=0; (\nset -e\n' && localize "$tmp/blocks/$n"
                printf ') || rc=$?\nif [ $rc -ne %s ]; then echo "ends with $rc"; exit 1; fi\n' "${mode#exit=}"
            else
                localize "$tmp/blocks/$n"
            fi
        done
}

for page in $(cut -f 2 "$tmp/list" | uniq); do
    name=$(basename "$page" .md)
    case " ${ONLY:-$name} " in *" $name "*) ;; *) continue ;; esac
    dir=$tmp/$name
    mkdir -p "$dir/etc/shop" "$dir/var/lib" "$dir/var/backups/shop" "$dir/var/lib/shop" "$dir/var/lib/shop-state" \
        "$dir/srv/shop"
    cp "$tmp/sandbox/channels.json" "$dir/etc/shop/" || exit 1
    script "$page" >"$dir/script"
    PAYROUTE_CONFIG=$dir/etc/shop/channels.json PAYROUTE_STORE=$dir/var/lib/shop/payments.db DIR=$dir \
        sh "$dir/script" >"$dir/err" 2>&1 </dev/null
    rc=$?
    if [ $rc -ne 0 ]; then
        complain "$page:$(cat "$dir/line"): the block below this line ends with $rc"
        cat "$dir/err" "$(ls -t "$dir"/out.* | head -n 1)"
        continue
    fi
    # A block of text right behind one that was run is what that one prints.
    awk -F '\t' -v page="$page" '$2 == page' "$tmp/list" | awk -F '\t' '
        $4 == "text" && $5 == "-" && ran { print ran "\t" $1 "\t" $3 }
        { ran = ($4 == "sh" || $4 == "cron") && $5 !~ /^(by|not-run|test)/ ? $1 : "" }' |
        while IFS='	' read -r n text line; do
            if ! awk -f tests/docs/says.awk "$tmp/blocks/$text" "$dir/out.$n" >"$dir/says"; then
                echo "$page:$line: $(cat "$dir/says")" && cat "$dir/out.$n"
                echo failed >"$tmp/failed"
            fi
        done
done
[ ! -f "$tmp/failed" ] || failed=1

# ---- C, PHP and Python ----
if [ -z "${ONLY:-}" ]; then SANDBOX_DIR=$tmp/sandbox sh tests/docs/code.sh || failed=1; fi
exit $failed
