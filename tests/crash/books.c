/* The providers' books against the journal and the shop's deliveries, for one order: whatever was asked for,
   by whatever key, is found by its amount, which no other order has. */
#include "world.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

struct tally {
    int captures; /* rows that keep money */
    int unknown;  /* captured rows that the journal does not know, or knows otherwise */
    int64_t captured;
    int64_t refunded;
    int64_t authorized;
};

static int64_t figure(const payroute_json_node *object, const char *name)
{
    int64_t value = 0;
    (void)payroute_json_integer(&value, payroute_json_get(object, name));
    return value;
}

/* What the journal says about a reference: captured and given back. */
static int journal_agrees(const payroute_json_node *view, const payroute_json_node *row)
{
    const char *reference = payroute_json_string(payroute_json_get(row, "reference"));
    const payroute_json_node *a = payroute_json_first(payroute_json_get(view, "attempts"));
    for (; a && reference; a = payroute_json_next(a)) {
        const char *ours = payroute_json_string(payroute_json_get(a, "reference"));
        if (ours && strcmp(ours, reference) == 0) {
            return figure(a, "captured_minor") == figure(row, "captured") &&
                   figure(a, "reversed_minor") == figure(row, "refunded");
        }
    }
    return 0;
}

static void count_rows(struct tally *t, const payroute_json_node *account, const payroute_json_node *view,
                       int64_t amount)
{
    const payroute_json_node *o = payroute_json_first(payroute_json_get(account, "orders"));
    for (; o; o = payroute_json_next(o)) {
        if (figure(o, "amount") != amount) {
            continue;
        }
        int64_t captured = figure(o, "captured");
        t->captured += captured;
        t->refunded += figure(o, "refunded");
        t->authorized += figure(o, "authorized");
        if (captured > figure(o, "refunded")) {
            t->captures += figure(o, "captures") > 1 && captured - figure(o, "refunded") > amount ? 2 : 1;
        }
        t->unknown += captured > 0 && !journal_agrees(view, o);
    }
}

static void note(struct books *out, int *count, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
static void note(struct books *out, int *count, const char *format, ...)
{
    size_t len = strlen(out->why);
    va_list args;
    va_start(args, format);
    (void)vsnprintf(out->why + len, sizeof out->why - len, format, args);
    va_end(args);
    ++*count;
}

static void judge_end(struct shop *s, const struct story *story, const struct tally *t, const char *status,
                      struct books *out)
{
    int64_t back = story->end == END_PART_BACK ? PART : story->end == END_NOTHING ? t->captured : 0;
    int64_t delivered = shop_delivered(s);
    if (story->end != END_NOTHING && t->captured - t->refunded != s->amount - back) {
        note(out, &out->wrong, "captured %lld, back %lld; ", (long long)t->captured, (long long)t->refunded);
    }
    if (story->end == END_PART_BACK && t->refunded != PART) {
        note(out, &out->wrong, "refunded %lld instead of %d; ", (long long)t->refunded, PART);
    }
    if (story->end == END_NOTHING && (delivered != 0 || t->captured != t->refunded)) {
        note(out, &out->wrong, "delivered %lld for nothing; ", (long long)delivered);
    }
    if (strcmp(shop_text(s, "review"), "false") != 0) {
        note(out, &out->wrong, "a person must look at a %s payment; ", status);
    }
}

void compare(struct shop *s, const struct story *story, struct books *out)
{
    struct tally t = {0};
    payroute_json *view = NULL;
    char status[16];
    size_t len = 0;
    memset(out, 0, sizeof *out);
    payroute_json *books = world_call(s->w, "/_books", NULL);
    const char *result = payroute_engine_result(s->engine, &len);
    (void)payroute_json_parse(&view, result, len, NULL, 0);
    snprintf(status, sizeof status, "%s", shop_text(s, "status"));
    const payroute_json_node *account = payroute_json_first(walk(payroute_json_root(books), "accounts"));
    for (; account; account = payroute_json_next(account)) {
        count_rows(&t, account, payroute_json_root(view), s->amount);
    }
    int64_t delivered = shop_delivered(s);
    int paid = strcmp(status, "paid") == 0 || strcmp(status, "reversed") == 0;
    if (t.captures > 1) {
        note(out, &out->double_charge, "captured %d times; ", t.captures);
    }
    if (delivered > 1) {
        note(out, &out->double_charge, "handed out %lld times; ", (long long)delivered);
    }
    if (t.unknown) {
        note(out, &out->lost, "%d captures are not in the journal as in the books; ", t.unknown);
    }
    if (t.captures > 0 && (!paid || delivered < 1)) {
        note(out, &out->lost, "captured, but %s and handed out %lld times; ", status, (long long)delivered);
    }
    if (t.captures == 0 && delivered > 0) {
        note(out, &out->lost, "handed out and not paid; ");
    }
    if (t.captures > 0 && s->memory->told_lost) {
        note(out, &out->lost, "the customer was told %s; ", s->memory->told);
    }
    if (t.authorized) {
        note(out, &out->authorized, "%lld still held; ", (long long)t.authorized);
    }
    judge_end(s, story, &t, status, out);
    payroute_json_free(view);
    payroute_json_free(books);
}
