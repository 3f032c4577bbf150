/* A code that no row names is told to the engine, which counts it for whoever keeps the tables. Nothing of it
   decides anything, and nothing that fails here is told. */
#include <payroute/payment.h>

#include "flow/handle.h"
#include "provider/provider.h"

#include <stdio.h>
#include <string.h>

enum { SAFE_MAX = 64, DIGITS_MAX = 11, LINE_CAP = 384 };

static const char *const op_names[] = {"",        "create", "query",        "close", "void",
                                       "capture", "refund", "refund_query", "fetch", "notify"};

static int32_t code_digit(char c)
{
    return c >= '0' && c <= '9';
}

static char safe(char c)
{
    int32_t letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
    char known = c;
    if (!letter && !code_digit(c) && (c == '\0' || strchr("._:/-", c) == NULL)) {
        known = '?';
    }
    return known;
}

/* At most 64 characters that need no escaping anywhere; so many digits in a row are somebody's number and no
   code. */
static void clean(char out[SAFE_MAX + 1], const char *text)
{
    size_t len = 0;
    size_t run = 0;
    for (; text[len] != '\0' && len < SAFE_MAX; len++) {
        out[len] = safe(text[len]);
        run = code_digit(text[len]) ? run + 1 : 0;
        if (run > DIGITS_MAX) {
            memset(out + len + 1 - run, '#', run);
        }
    }
    out[len] = '\0';
}

static const pr_fact *first_unlisted(const pr_reading *r)
{
    for (int32_t i = 0; i < r->count; i++) {
        const pr_fact *f = &r->facts[i];
        if (f->meaning.unlisted && f->code[0] != '\0' && f->evidence != PR_EVIDENCE_NONE) {
            return f;
        }
    }
    return NULL;
}

void pr_unlisted_note(payroute_payment *p, const pr_reading *r, const pr_exchange *ex, int32_t source)
{
    char line[LINE_CAP];
    char provider[SAFE_MAX + 1];
    char layer[SAFE_MAX + 1];
    char code[SAFE_MAX + 1];
    const pr_fact *f = first_unlisted(r);
    const pr_channel *channel = p->kept[ex->n - 1].channel;
    int32_t op = source == PR_SOURCE_NOTICE ? PR_OP_NOTIFY : ex->op;
    if (f == NULL || channel == NULL || source == PR_SOURCE_ENGINE || op < PR_OP_CREATE ||
        op > PR_OP_NOTIFY) {
        return;
    }
    clean(provider, channel->provider->name);
    clean(layer, f->layer);
    clean(code, f->code);
    int len = snprintf(line, sizeof line,
                       "{\"provider\":\"%s\",\"operation\":\"%s\",\"layer\":\"%s\",\"code\":\"%s\"}",
                       provider, op_names[op], layer, code);
    char *text = pr_mem_text(line, (size_t)len);
    if (text == NULL) {
        return;
    }
    pr_mem_free(p->unlisted);
    p->unlisted = text;
    p->unlisted_new = 1;
}

const char *payroute_payment_unlisted(payroute_payment *p)
{
    if (p == NULL || !p->unlisted_new) {
        return "";
    }
    p->unlisted_new = 0;
    return p->unlisted;
}
