/* A recorded choice made again, from its trace alone: who looks into a complaint weeks later has neither the
   health nor the rules of that moment. */
#include <payroute/route.h>

#include "base/mem.h"
#include "registry/keys.h" /* PR_CHANNELS_MAX */
#include "registry/problems.h"
#include "route/score.h"

#include <string.h>

typedef struct replay {
    pr_score_candidate candidates[PR_CHANNELS_MAX];
    pr_score_term terms[PR_CHANNELS_MAX];
    const char *ids[PR_CHANNELS_MAX];
    int32_t order[PR_CHANNELS_MAX];
    int32_t count;
    double margin;
    pr_rng dice;
} replay;

static int64_t replay_number(pr_problems *p, const payroute_json_node *object, const char *name,
                             int64_t least, int64_t most)
{
    const payroute_json_node *value = payroute_json_get(object, name);
    int64_t v = 0;
    if (payroute_json_integer(&v, value) != PAYROUTE_OK || v < least || v > most) {
        char got[PR_GOT_CAP];
        pr_problems_got(got, value);
        pr_problems_add(p, PR_PROBLEM_SCHEMA, name, "expected an integer from %lld to %lld, got %s",
                        (long long)least, (long long)most, got);
        return least;
    }
    return v;
}

static int32_t read_hex(const char **at, uint64_t *out)
{
    *out = 0;
    for (int32_t i = 0; i < 16; i++, (*at)++) {
        char c = **at;
        int32_t digit = c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
        if (digit < 0) {
            return 0;
        }
        *out = *out << 4 | (uint64_t)digit;
    }
    return 1;
}

static void read_dice(pr_problems *p, pr_rng *dice, const payroute_json_node *root)
{
    const char *at = payroute_json_string(payroute_json_get(root, "dice"));
    if (at == NULL || strlen(at) != 33 || !read_hex(&at, &dice->state) || *at++ != '.' ||
        !read_hex(&at, &dice->stream)) {
        pr_problems_add(p, PR_PROBLEM_SCHEMA, "dice",
                        "expected two numbers of 16 hexadecimal digits with a point between");
    }
}

static void read_candidate(pr_problems *p, replay *r, const payroute_json_node *channel)
{
    const payroute_json_node *score = payroute_json_get(channel, "score");
    const payroute_json_node *preference = payroute_json_get(channel, "preference");
    pr_score_candidate *c = &r->candidates[r->count];
    pr_score_term *t = &r->terms[r->count];
    r->ids[r->count] = payroute_json_string(payroute_json_get(channel, "id"));
    if (r->ids[r->count] == NULL) {
        pr_problems_add(p, PR_PROBLEM_SCHEMA, "id", "expected a channel's id");
    }
    c->priority = (int32_t)replay_number(p, channel, preference != NULL ? "preference" : "priority",
                                         INT32_MIN, INT32_MAX);
    c->weight = (int32_t)replay_number(p, channel, "weight", 0, INT32_MAX / PR_CHANNELS_MAX);
    c->rank = payroute_json_get(channel, "rank") == NULL
                  ? 0
                  : (int32_t)replay_number(p, channel, "rank", INT32_MIN, INT32_MAX);
    const payroute_json_node *in = score != NULL ? score : channel;
    t->index = (double)replay_number(p, in, "index", -1000000000, 1000000000) * 1e-6;
    t->canary = payroute_json_flag(payroute_json_get(score, "canary")) == 1;
    t->limited = payroute_json_flag(payroute_json_get(score, "limited")) == 1;
    r->count++;
}

static void read_trace(pr_problems *p, replay *r, const payroute_json_node *root)
{
    const payroute_json_node *channels = payroute_json_get(root, "channels");
    if (payroute_json_type(channels) != PAYROUTE_JSON_ARRAY ||
        payroute_json_count(channels) > PR_CHANNELS_MAX) {
        pr_problems_add(p, PR_PROBLEM_SCHEMA, "channels", "expected a list of at most %d", PR_CHANNELS_MAX);
        return;
    }
    size_t mark = pr_problems_enter(p, "channels");
    int32_t index = 0;
    for (const payroute_json_node *c = payroute_json_first(channels); c != NULL; c = payroute_json_next(c)) {
        size_t element = pr_problems_index(p, index++);
        if (payroute_json_flag(payroute_json_get(c, "eligible")) == 1) {
            read_candidate(p, r, c);
        }
        pr_problems_leave(p, element);
    }
    pr_problems_leave(p, mark);
    if (r->count > 0) {
        r->margin = (double)replay_number(p, root, "margin_bp", 0, 10000) / 10000.0;
        read_dice(p, &r->dice, root);
    }
}

/* The channel whose turn it was went first, whatever came before it. */
static void give_turn(replay *r, const char *turn)
{
    int32_t at = 0;
    while (at < r->count && strcmp(r->ids[r->order[at]], turn) != 0) {
        at++;
    }
    if (at < r->count) {
        int32_t first = r->order[at];
        memmove(r->order + 1, r->order, (size_t)at * sizeof r->order[0]);
        r->order[0] = first;
    }
}

static int32_t say_order(const replay *r, const payroute_json_node *root, char *out, size_t cap)
{
    const payroute_json_node *then = payroute_json_first(payroute_json_get(root, "order"));
    int32_t same = payroute_json_count(payroute_json_get(root, "order")) == r->count;
    payroute_json_out *json = payroute_json_out_new();
    payroute_json_out_object(json, NULL);
    payroute_json_out_array(json, "order");
    for (int32_t i = 0; i < r->count; i++, then = payroute_json_next(then)) {
        const char *id = payroute_json_string(then);
        same = same && id != NULL && strcmp(id, r->ids[r->order[i]]) == 0;
        payroute_json_out_string(json, NULL, r->ids[r->order[i]]);
    }
    payroute_json_out_end(json);
    payroute_json_out_flag(json, "same", same);
    payroute_json_out_end(json);
    size_t len = 0;
    const char *text = payroute_json_out_text(json, &len);
    int32_t rc = text == NULL                    ? PAYROUTE_E_NOMEM
                 : len < cap && len <= INT32_MAX ? (int32_t)len
                                                 : PAYROUTE_E_BUFFER;
    if (rc >= 0) {
        memcpy(out, text, len + 1);
    } else if (cap > 0) {
        out[0] = '\0';
    }
    payroute_json_out_free(json);
    return rc;
}

int32_t payroute_route_replay(const char *trace_json, size_t trace_len, char *out, size_t out_cap)
{
    pr_problems p;
    payroute_json *doc = NULL;
    if (trace_json == NULL || (out == NULL && out_cap > 0)) {
        return PAYROUTE_E_ARG;
    }
    pr_problems_init(&p, out, out_cap);
    int32_t rc = payroute_json_parse(&doc, trace_json, trace_len, out, out_cap);
    if (rc != PAYROUTE_OK) {
        return rc;
    }
    replay *r = pr_mem_new(sizeof *r);
    if (r == NULL) {
        payroute_json_free(doc);
        return PAYROUTE_E_NOMEM;
    }
    const payroute_json_node *root = payroute_json_root(doc);
    read_trace(&p, r, root);
    rc = pr_problems_end(&p);
    if (rc == PAYROUTE_OK) {
        const char *turn = payroute_json_string(payroute_json_get(root, "turn"));
        pr_score_again(r->terms, r->order, r->candidates, r->count, r->margin, r->dice);
        if (turn != NULL) {
            give_turn(r, turn);
        }
        rc = say_order(r, root, out, out_cap);
    }
    pr_mem_free(r);
    payroute_json_free(doc);
    return rc;
}
