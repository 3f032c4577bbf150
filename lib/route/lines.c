/* A router that is spoken to in lines: for simulators and for hosts without FFI. The real score over a health
   block of its own; what is told of an attempt is matched with its beginning by the payment's id. */
#include "base/mem.h"
#include "route/lines.h"
#include "route/score.h"

#include <payroute/base.h>
#include <payroute/route.h>

#include <string.h>

enum {
    TICK_S = 2,
    UNDER_WAY = 1 << 14, /* payments that are remembered at once; beyond that the oldest are forgotten */
    LOOK_AT = 8,
    TIMEOUT_MS = 6000,
    CELLS = 4096,
    PROBE_SOON_MS = 1500,
    PROBE_WORRY_MS = 5000,
    PROBE_LATE_MS = 20000,
    PROBE_IDLE_MS = 60000,
    LATE_MS = 120000
};
static const int64_t BEGIN_MS = 1700000000000; /* second 0 of a host that counts from nought */

typedef struct under_way {
    int64_t id; /* + 1; 0: free */
    pr_health_permit permit;
    int32_t k, ends;
} under_way;

struct payroute_router {
    pr_health health;
    pr_rng dice;
    int64_t now_ms, patience_ms;
    int32_t count, open, probes, main;
    uint64_t doubt; /* channels whose line failed: asked about before the next customer has to find out */
    int32_t slot[PR_LINE_CHANNELS];
    pr_score_term terms[PR_LINE_CHANNELS];
    pr_line line;
    under_way table[UNDER_WAY];
    uint64_t block[];
};

int32_t payroute_router_new(payroute_router **out)
{
    if (out == NULL) {
        return PAYROUTE_E_ARG;
    }
    *out = pr_mem_new(sizeof **out + pr_health_size(PR_LINE_CHANNELS, CELLS));
    return *out != NULL ? PAYROUTE_OK : PAYROUTE_E_NOMEM;
}

void payroute_router_free(payroute_router *router)
{
    pr_mem_free(router);
}

static int32_t line_hello(payroute_router *r, const pr_line *l, pr_text *out)
{
    size_t size = pr_health_size(PR_LINE_CHANNELS, CELLS);
    memset(r->block, 0, size);
    memset(r->table, 0, sizeof r->table);
    r->now_ms = BEGIN_MS;
    int32_t rc = pr_health_init(&r->health, r->block, size, PR_LINE_CHANNELS, CELLS, r->now_ms);
    r->patience_ms = pr_line_has(l, PR_FIELD_PATIENCE) ? l->number[PR_FIELD_PATIENCE] : 8000;
    r->probes = !pr_line_has(l, PR_FIELD_PROBES) || l->number[PR_FIELD_PROBES];
    r->count = l->channel_count;
    r->doubt = 0;
    r->main = 0;
    r->open = 1;
    pr_rng_seed(&r->dice, (uint64_t)l->number[PR_FIELD_SEED], 1);
    for (int32_t k = 0; k < r->count; k++) {
        char name[8] = {'k', (char)('0' + k / 10), (char)('0' + k % 10), '\0'};
        pr_health_prior prior = {(double)l->prior_millionths[k] / 1e6, 0, TIMEOUT_MS};
        r->slot[k] = pr_health_slot(&r->health, name, &prior, r->now_ms);
    }
    pr_text_format(out, "{\"ok\":true,\"tick\":%d}", r->probes ? TICK_S : 0);
    return rc;
}

static pr_health_segment segment_of_line(const pr_line *l)
{
    return (pr_health_segment){(uint32_t)(l->number[PR_FIELD_METHOD] + 2),
                               (uint32_t)(l->number[PR_FIELD_ISSUER] + 2)};
}

/* The place of a payment, or the one to be taken for it. */
static under_way *under_way_of(payroute_router *r, int64_t id, int32_t make)
{
    uint64_t h = (uint64_t)id * 0x9E3779B97F4A7C15ULL >> 40;
    under_way *oldest = NULL;
    for (uint64_t i = 0; i < LOOK_AT; i++) {
        under_way *u = &r->table[(h + i) % UNDER_WAY];
        if (u->id == id + 1) {
            return u;
        }
        if (oldest == NULL || u->id < oldest->id) {
            oldest = u;
        }
    }
    if (!make) {
        return NULL;
    }
    *oldest = (under_way){.id = id + 1};
    return oldest;
}

static void put_seconds(pr_text *out, int32_t ms)
{
    int32_t rest = ms % 1000;
    pr_text_i64(out, ms / 1000);
    if (rest != 0) {
        char digits[4] = {(char)('0' + rest / 100), (char)('0' + rest / 10 % 10), (char)('0' + rest % 10),
                          '\0'};
        pr_text_put(out, ".");
        pr_text_put(out, digits);
    }
}

static int32_t line_order(payroute_router *r, const pr_line *l, pr_text *out)
{
    pr_score_candidate c[PR_LINE_CHANNELS];
    int32_t order[PR_LINE_CHANNELS];
    pr_score_draw draw;
    int64_t left = r->patience_ms;
    if (pr_line_has(l, PR_FIELD_DEADLINE)) {
        left = BEGIN_MS + l->number[PR_FIELD_DEADLINE] - r->now_ms;
        left = left < 1 ? 1 : left;
    }
    pr_score_ask q = {r->now_ms, left, 0.0, l->number[PR_FIELD_FAILED] == 0};
    for (int32_t k = 0; k < r->count; k++) {
        c[k] = (pr_score_candidate){
            .slot = r->slot[k], .segment = segment_of_line(l), .weight = 1, .timeout_ms = TIMEOUT_MS};
        c[k].failed = (int32_t)((uint64_t)l->number[PR_FIELD_FAILED] >> k & 1);
    }
    pr_score_order(r->terms, order, &draw, &r->health, c, r->count, &q, &r->dice);
    r->main = r->terms[order[0]].canary ? r->main : order[0];
    pr_text_put(out, "{\"order\":[");
    for (int32_t i = 0; i < r->count; i++) {
        pr_text_put(out, i > 0 ? "," : "");
        pr_text_i64(out, order[i]);
    }
    pr_text_put(out, "],\"timeout\":[");
    for (int32_t i = 0; i < r->count; i++) {
        pr_text_put(out, i > 0 ? "," : "");
        put_seconds(out, r->terms[order[i]].timeout_ms);
    }
    pr_text_put(out, "],\"on_unknown\":\"query\"}");
    return PAYROUTE_OK;
}

static void line_begins(payroute_router *r, const pr_line *l)
{
    under_way *u = under_way_of(r, l->number[PR_FIELD_ID], 1);
    u->k = (int32_t)l->number[PR_FIELD_K];
    u->permit = pr_health_start(&r->health, r->slot[u->k], r->now_ms);
}

static void line_ends(payroute_router *r, const pr_line *l)
{
    int32_t k = (int32_t)l->number[PR_FIELD_K];
    under_way *u = under_way_of(r, l->number[PR_FIELD_ID], 0);
    pr_health_permit permit = u != NULL && u->k == k ? u->permit : 0;
    if (l->res == PR_HEALTH_NOT_SENT || l->res == PR_HEALTH_UNKNOWN) {
        r->doubt |= 1ULL << k;
    }
    pr_health_end(&r->health, r->slot[k], segment_of_line(l), permit, l->res, l->number[PR_FIELD_LAT],
                  u != NULL && u->ends > 0, r->now_ms);
    if (u != NULL) {
        u->permit = 0;
        u->ends++;
    }
}

static void line_final(payroute_router *r, const pr_line *l)
{
    int32_t result =
        l->res == 0 ? PR_HEALTH_CUSTOMER : l->res; /* closed or failed: no verdict on the channel */
    pr_health_final(&r->health, r->slot[l->number[PR_FIELD_K]], segment_of_line(l), PR_HEALTH_PENDING, result,
                    r->now_ms);
}

static int64_t probe_every(payroute_router *r, int32_t k, const pr_health_view *v)
{
    int32_t late = v->bad_since_ms > 0 && r->now_ms - v->bad_since_ms > LATE_MS;
    if (v->up > 0.999 || v->up < 0.02) {
        r->doubt &= ~(1ULL << k);
    }
    if (r->doubt >> k & 1 && !late) {
        return PROBE_SOON_MS;
    }
    return v->up < 0.9                                              ? (late ? PROBE_LATE_MS : PROBE_WORRY_MS)
           : k == r->main && r->now_ms - v->last_ms > PROBE_IDLE_MS ? PROBE_IDLE_MS
                                                                    : 0;
}

static int32_t line_probes(payroute_router *r, pr_text *out)
{
    int32_t n = 0;
    for (int32_t k = 0; r->probes && k < r->count; k++) {
        pr_health_view v;
        pr_health_look(&v, &r->health, r->slot[k], (pr_health_segment){0, 0}, r->patience_ms, r->now_ms);
        int64_t interval = probe_every(r, k, &v);
        if (interval > 0 && pr_health_probe_due(&r->health, r->slot[k], interval, r->now_ms)) {
            pr_text_put(out, n++ == 0 ? "{\"probe\":[" : ",");
            pr_text_i64(out, k);
        }
    }
    pr_text_put(out, n == 0 ? "{}" : "]}");
    return PAYROUTE_OK;
}

/* What each event cannot do without. */
static int32_t incomplete(const payroute_router *r, const pr_line *l, pr_text *why)
{
    static const uint32_t needs[PR_LINE_OTHER + 1] = {
        [PR_LINE_HELLO] = 1U << PR_FIELD_CHANNELS,
        [PR_LINE_ROUTE] = 1U << PR_FIELD_T,
        [PR_LINE_START] = 1U << PR_FIELD_T | 1U << PR_FIELD_ID | 1U << PR_FIELD_K,
        [PR_LINE_END] = 1U << PR_FIELD_T | 1U << PR_FIELD_ID | 1U << PR_FIELD_K | 1U << PR_FIELD_RES,
        [PR_LINE_FINAL] = 1U << PR_FIELD_T | 1U << PR_FIELD_K | 1U << PR_FIELD_RES,
        [PR_LINE_TICK] = 1U << PR_FIELD_T,
        [PR_LINE_PROBE] = 1U << PR_FIELD_T | 1U << PR_FIELD_K | 1U << PR_FIELD_OK};
    if ((l->has & needs[l->event]) != needs[l->event]) {
        pr_text_put(why, "a member that this event needs is missing");
        return PAYROUTE_E_SCHEMA;
    }
    if (l->event == PR_LINE_END && l->res == 0) {
        pr_text_put(why, "\"closed\" and \"failed\" are final results");
        return PAYROUTE_E_SCHEMA;
    }
    if (l->event != PR_LINE_HELLO && !r->open) {
        pr_text_put(why, "\"hello\" must come first");
        return PAYROUTE_E_STATE;
    }
    if (l->event != PR_LINE_HELLO && pr_line_has(l, PR_FIELD_K) && l->number[PR_FIELD_K] >= r->count) {
        pr_text_format(why, "channel %d: there are 0 to %d", (int)l->number[PR_FIELD_K], (int)r->count - 1);
        return PAYROUTE_E_RANGE;
    }
    return PAYROUTE_OK;
}

static int32_t line_acts(payroute_router *r, const pr_line *l, pr_text *out)
{
    int64_t now = BEGIN_MS + l->number[PR_FIELD_T];
    r->now_ms = now > r->now_ms ? now : r->now_ms; /* time that runs back stands still */
    switch (l->event) {
    case PR_LINE_HELLO: return line_hello(r, l, out);
    case PR_LINE_ROUTE: return line_order(r, l, out);
    case PR_LINE_TICK: return line_probes(r, out);
    case PR_LINE_START: line_begins(r, l); break;
    case PR_LINE_END: line_ends(r, l); break;
    case PR_LINE_FINAL: line_final(r, l); break;
    case PR_LINE_PROBE:
        pr_health_probe(&r->health, r->slot[l->number[PR_FIELD_K]], (int32_t)l->number[PR_FIELD_OK], 0,
                        r->now_ms);
        break;
    case PR_LINE_BYE: r->open = 0; break;
    default: break;
    }
    return PAYROUTE_OK;
}

int32_t payroute_router_line(payroute_router *router, const char *line, size_t len, char *out, size_t out_cap)
{
    char reason[160];
    pr_text why, answer;
    pr_text_init(&why, reason, sizeof reason);
    pr_text_init(&answer, out, out_cap);
    if (router == NULL || line == NULL || out == NULL || out_cap == 0) {
        return PAYROUTE_E_ARG;
    }
    pr_line *l = &router->line;
    int32_t rc = pr_line_read(l, line, len, &why);
    if (rc == PAYROUTE_OK) {
        rc = incomplete(router, l, &why);
    }
    int32_t due =
        l->event == 0 || l->event == PR_LINE_HELLO || l->event == PR_LINE_ROUTE || l->event == PR_LINE_TICK;
    if (rc == PAYROUTE_OK) {
        rc = line_acts(router, l, &answer);
    }
    if (rc != PAYROUTE_OK && due) {
        for (char *c = reason; *c != '\0'; c++) {
            *c = *c == '"' ? '\'' : *c;
        }
        pr_text_format(&answer, "{\"error\":\"%s\",\"name\":\"%s\"}", reason, payroute_rc_name(rc));
    }
    if (answer.cut) {
        out[0] = '\0';
        return PAYROUTE_E_BUFFER;
    }
    return rc != PAYROUTE_OK ? rc : (int32_t)answer.len;
}

int32_t payroute_router_over(const payroute_router *router)
{
    return router == NULL || (!router->open && router->count > 0);
}
