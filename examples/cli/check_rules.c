/* The merchant's rules in words: when each holds and what it then does, in the order in which they are asked. The
   library has checked them; here nothing is judged. */
#include "check.h"
#include "cli.h"

#include <stdio.h>
#include <string.h>

typedef struct sentence {
    char at[1200];
    size_t len;
} sentence;

static void say(sentence *s, const char *text)
{
    int n = snprintf(s->at + s->len, sizeof s->at - s->len, "%s", text);
    s->len += n > 0 && (size_t)n < sizeof s->at - s->len ? (size_t)n : 0;
}

static const char *word_of(const payroute_json_node *node)
{
    const char *text = payroute_json_text(node);
    int32_t flag = payroute_json_flag(node);
    return text ? text : flag == 1 ? "true" : flag == 0 ? "false" : "";
}

static void say_list(sentence *s, const payroute_json_node *list, const char *between)
{
    if (payroute_json_type(list) != PAYROUTE_JSON_ARRAY) {
        say(s, word_of(list));
        return;
    }
    for (const payroute_json_node *e = payroute_json_first(list); e; e = payroute_json_next(e)) {
        say(s, e == payroute_json_first(list) ? "" : between);
        say(s, word_of(e));
    }
}

static void say_words(sentence *s, const payroute_json_node *words)
{
    const payroute_json_node *not =
        payroute_json_type(words) == PAYROUTE_JSON_OBJECT ? payroute_json_get(words, "not") : NULL;
    say(s, not ? "not " : "");
    say_list(s, not ? not : words, not ? ", nor " : " or ");
}

static void say_range(sentence *s, const payroute_json_node *range)
{
    const payroute_json_node *min = payroute_json_get(range, "min"), *max = payroute_json_get(range, "max");
    say(s, min ? word_of(min) : "at most ");
    say(s, min && max ? " to " : min ? " or more" : "");
    say(s, max ? word_of(max) : "");
}

static void say_metadata(sentence *s, const payroute_json_node *pairs)
{
    for (const payroute_json_node *m = payroute_json_first(pairs); m; m = payroute_json_next(m)) {
        say(s, m == payroute_json_first(pairs) ? "" : ", ");
        say(s, payroute_json_name(m));
        say(s, " ");
        say_words(s, m);
    }
}

static void say_condition(sentence *s, const payroute_json_node *m)
{
    const char *name = payroute_json_name(m);
    say(s, name);
    say(s, " ");
    if (strcmp(name, "amount") == 0 || strcmp(name, "risk") == 0) {
        say_range(s, m);
    } else if (strcmp(name, "metadata") == 0) {
        say_metadata(s, m);
    } else if (strcmp(name, "hours") == 0) {
        say(s, text_of(m, "from"));
        say(s, " to ");
        say(s, text_of(m, "to"));
    } else {
        say_words(s, m);
    }
}

static void say_when(sentence *s, const payroute_json_node *when)
{
    const payroute_json_node *first = payroute_json_first(when);
    say(s, first ? "when " : "always");
    for (const payroute_json_node *m = first; m; m = payroute_json_next(m)) {
        say(s, m == first ? "" : "; ");
        say_condition(s, m);
    }
}

static void say_split(sentence *s, const payroute_json_node *split)
{
    for (const payroute_json_node *m = payroute_json_first(split); m; m = payroute_json_next(m)) {
        say(s, m == payroute_json_first(split) ? "deals " : " : ");
        say(s, payroute_json_name(m));
        say(s, " ");
        say(s, word_of(m));
    }
}

static void say_channels(sentence *s, const payroute_json_node *then, const char *key, const char *does)
{
    const payroute_json_node *list = payroute_json_get(then, key);
    if (list) {
        say(s, s->len ? "; " : "");
        say(s, does);
        say_list(s, list, ", ");
    }
}

static void say_then(sentence *s, const payroute_json_node *then)
{
    const payroute_json_node *split = payroute_json_get(then, "split"), *deny = payroute_json_get(then, "deny");
    say_channels(s, then, "only", "only ");
    say_channels(s, then, "prefer", "prefers ");
    say_channels(s, then, "avoid", "avoids ");
    if (split) {
        say(s, s->len ? "; " : "");
        say_split(s, split);
    }
    if (flag_of(then, "authenticate")) {
        say(s, s->len ? "; asks for 3-D Secure" : "asks for 3-D Secure");
    }
    if (deny) {
        say(s, s->len ? "; refuses the payment: " : "refuses the payment: ");
        say(s, word_of(deny));
    }
    if (flag_of(then, "stop")) {
        say(s, s->len ? "; no later rule is asked" : "no later rule is asked");
    }
}

void print_own_rules(const payroute_json_node *registry)
{
    const payroute_json_node *rules = payroute_json_get(registry, "rules");
    if (!payroute_json_first(rules)) {
        return;
    }
    table t;
    put("\n");
    table_begin(&t, "RULE|HOLDS|DOES");
    for (const payroute_json_node *r = payroute_json_first(rules); r; r = payroute_json_next(r)) {
        sentence when = {.len = 0}, then = {.len = 0};
        say_when(&when, payroute_json_get(r, "when"));
        say_then(&then, payroute_json_get(r, "then"));
        table_cell(&t, text_of(r, "name"));
        table_cell(&t, when.at);
        table_cell(&t, then.at);
    }
    table_end(&t);
}
