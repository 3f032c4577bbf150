/* What the router asks: how is this channel now, and what would come of sending this payment there? */
#include "health/ask.h"

#include "health/ages.h"
#include "health/filter.h"
#include "health/gate.h"
#include "health/latency.h"
#include "health/number.h"
#include "health/shown.h"

static const double SOFT_SHARE = 0.8;   /* of declines, so many allow another channel */
static const double DEAD = 0.95;        /* of payments, a dead cashier takes so many */
static const double MOST_SILENT = 20.0; /* nats */
enum { SUSPECT_PERCENT = 50 };

/* Of attempts under way: how many answers should have come within the window, if nothing is wrong. An
   attempt's share is what its chance to be silent fell by. Those that did end are not in it, so the sum errs
   to the safe side. */
typedef struct silence {
    double due;
    double ratio;  /* of chances, of those whose logarithm is not in `due` yet: one logarithm for many */
    int32_t young; /* began within the window */
    int32_t in_flight;
} silence;

static double chance_of_silence(const pr_slot *s, int64_t age_ms)
{
    pr_latency_at at = pr_latency_place(age_ms);
    return .0028 + .9972 * pr_latency_over(s, at.bin, at.part);
}

static void hear_silence(silence *q, const pr_slot *s, int64_t age_ms, int32_t count, int64_t window_ms)
{
    double fell = 1.0 / chance_of_silence(s, age_ms);
    if (age_ms > window_ms) {
        fell *= chance_of_silence(s, age_ms - window_ms);
    } else {
        q->young += count <= INT32_MAX / 2 - q->young ? count : 0;
    }
    q->in_flight += count <= INT32_MAX / 2 - q->in_flight ? count : 0;
    if (count == 1 && q->ratio < 1e100) {
        q->ratio *= fell;
    } else {
        q->due += (double)count * pr_log(fell);
    }
}

static silence all_silent(pr_slot *s, int64_t now_ms)
{
    silence q = {0, 1.0, 0, 0};
    int64_t window_ms = pr_ages_window(&s->flight, now_ms), oldest_ms = (int64_t)PR_AGE_MS * (PR_AGES - 1);
    int64_t timeout_ms = (int64_t)(pr_read(&s->prior) & 0xFFFFFF);
    oldest_ms = timeout_ms + 2000 < oldest_ms ? timeout_ms + 2000 : oldest_ms;
    for (uint64_t half = 0; half < PR_AGES / 64; half++) {
        for (uint64_t bits = pr_read(&s->flight.used[half]); bits != 0; bits &= bits - 1) {
            uint64_t i = half * 64 + (uint64_t)__builtin_ctzll(bits);
            uint64_t word = pr_read(&s->flight.count[i]);
            int64_t age_ms = now_ms - (int64_t)(word >> PR_AGES_BITS) * PR_AGE_MS;
            int32_t count = (int32_t)(word & PR_AGES_COUNT);
            if (count == 0 || age_ms > oldest_ms || age_ms < -PR_AGE_MS * PR_AGES) {
                pr_ages_unmark(&s->flight, i, word);
            } else if (age_ms >= 0) {
                hear_silence(&q, s, age_ms, count, window_ms);
            }
        }
    }
    return q;
}

/* By how much the answers that were due and did not come speak for each fault; never against it: that all is
   well says each answer by itself. Together they speak with at most so many nats, and keep their distances.
 */
static void weigh_silence(pr_posterior *p, const silence *q, int32_t answers)
{
    double due = q->due + pr_log(q->ratio), came = (double)answers;
    double down = 0.95 * (due - 1.83 * (double)q->young) - 2.65 * came;
    double hang = 0.95 * due - 2.65 * came, brown = 0.80 * due - 1.6 * came;
    double most = hang > brown ? hang : brown, over = most > MOST_SILENT ? most - MOST_SILENT : 0.0;
    p->down *= down > over ? pr_exp(pr_clamp(down - over, 0.0, MOST_SILENT)) : 1.0;
    p->hang *= most > 0 ? pr_exp(pr_clamp(hang, 0.0, 1e9) - over) : 1.0;
    p->brown *= most > 0 ? pr_exp(pr_clamp(brown, 0.0, 1e9) - over) : 1.0;
}

static void stand_states(pr_standing *out, pr_slot *s, int64_t at_ms)
{
    static const double WORTH = 0.1, WORTH_RATIO = 1.1051709180756477; /* e^WORTH: less is no silence yet */
    pr_posterior p = pr_filter_read(s, at_ms);
    out->in_flight = 0;
    if ((pr_read(&s->flight.used[0]) | pr_read(&s->flight.used[1])) != 0) {
        silence q = all_silent(s, at_ms);
        out->in_flight = q.in_flight;
        if (q.due > WORTH || q.ratio > WORTH_RATIO) {
            weigh_silence(&p, &q, pr_ages_came(&s->flight, at_ms));
        }
    }
    double over = 1.0 / (p.up + p.down + p.hang + p.brown);
    out->states = (pr_posterior){p.up * over, p.down * over, p.hang * over, p.brown * over};
}

static void look_outcome(pr_health_view *v, pr_silent late)
{
    double approve = v->approve * (1.0 - PR_STORM_TAKES * v->blame_channel) *
                     (1.0 - PR_STORM_TAKES * v->blame_pair) * (1.0 - PR_STORM_TAKES * v->blame_issuer);
    double in_time = 1.0 - late.up, slow_time = 1.0 - late.brown;
    double shown = 1.0 - DEAD * v->cashier, live = 1.0 - v->pending, soft = (1.0 - approve) * SOFT_SHARE;
    double up = v->up * in_time, brown = v->brown * slow_time;
    v->taken = up + brown * .88 + (v->down + v->hang) * .07;
    v->shown = v->taken * (1.0 - PR_STORM_TAKES * v->blame_channel) * shown * v->convert;
    v->confirm = pr_clamp(v->taken * approve * live, 0.0, 1.0);
    v->fail_over = v->up * soft * live + v->brown * (.02 + .88 * soft) + v->down * .80 + v->hang * .03;
    v->fail_over = pr_clamp(v->fail_over, 0.0, 1.0 - v->confirm);
}

/* Short clocks turn round in months; what was not heard of for so long has been forgotten anyway. */
static double pending_of(const pr_slot *s, uint64_t tick, int64_t idle_ms)
{
    uint64_t word = idle_ms > 5LL * 86400000 ? 0 : pr_read(&s->pending);
    return word == 0 ? 0.02 : pr_rate_mean(0.02, 20.0, pr_rate_at(word, &pr_rate_slow, tick));
}

static double storm_of(const pr_word *word, int64_t tick)
{
    pr_storm s = word == NULL ? (pr_storm){0, 1} : pr_storm_at(pr_read(word), tick);
    return s.part / s.whole;
}

/* What follows from the slot alone. */
static void stand(pr_standing *out, pr_slot *s, const pr_health_ask *ask)
{
    int64_t at_ms = ask->moment_ms;
    stand_states(out, s, at_ms);
    pr_base_channel(s, &ask->common, &out->part, &out->whole, &out->evidence);
    out->blame_channel = storm_of(&s->storm, ask->storm);
    out->blame_pending = storm_of(&s->storm_pending, ask->storm);
    out->pending = pending_of(s, ask->common.slow, at_ms - pr_time_read(&s->last));
    out->pending += (PR_PENDING_STORM - out->pending) * out->blame_pending;
    pr_shown_look(&out->shown, s, at_ms);
}

/* From the memo, if there is one. */
static const pr_standing *standing_of(pr_standing *own, pr_slot *s, int32_t slot, const pr_health_ask *ask)
{
    if (ask->memo == NULL) {
        stand(own, s, ask);
        return own;
    }
    pr_memo_entry *e = &ask->memo->entries[slot];
    uint64_t digest = pr_memo_digest(s); /* before: what changes meanwhile is seen at the next look */
    if (e->moment != ask->moment_ms + 1 || e->digest != digest) {
        stand(&e->standing, s, ask);
        e->moment = ask->moment_ms + 1;
        e->digest = digest;
    }
    return &e->standing;
}

void pr_health_ask_begin(pr_health_ask *out, const pr_health *h, struct pr_health_memo *memo,
                         pr_health_segment segment, int64_t patience_ms, int64_t now_ms)
{
    *out = (pr_health_ask){.segment = segment, .now_ms = now_ms, .place = {0, 0}};
    if (h == NULL || h->block == NULL || !pr_time_fits(now_ms)) {
        return;
    }
    pr_cells cells = pr_block_cells(h);
    pr_word *all = NULL, *issuer = NULL;
    if (segment.issuer != 0) {
        issuer = pr_base_find(cells, 0, (pr_health_segment){0, segment.issuer}, PR_CELL_ISSUER);
    }
    if (segment.method != 0 || segment.issuer != 0) {
        all = pr_base_find(cells, 0, segment, PR_CELL_SEGMENT);
    }
    out->storm = now_ms / PR_STORM_TICK_MS;
    out->moment_ms = out->storm * PR_STORM_TICK_MS;
    out->memo = memo;
    out->place = pr_latency_place(patience_ms > 0 ? patience_ms : 8000);
    out->common = pr_base_of_segment(h, all, now_ms);
    out->blame_issuer = storm_of(issuer, out->storm);
    out->ready = 1;
}

void pr_health_ask_look(pr_health_view *out, const pr_health *h, int32_t slot, const pr_health_ask *ask)
{
    pr_slot *s = h == NULL ? NULL : pr_block_slot(h, slot);
    int64_t now_ms = ask->now_ms;
    if (s == NULL || !ask->ready) {
        *out = (pr_health_view){.up = 1, .approve = 0.9, .confirm = 0.9, .fail_over = 0.08, .convert = 0.6};
        return;
    }
    pr_word *rate = NULL, *pair = NULL;
    uint64_t key = pr_read(&s->key), quantiles = pr_read(&s->quantiles);
    if (ask->segment.issuer != 0) {
        pair =
            pr_base_find(ask->common.cells, key, (pr_health_segment){0, ask->segment.issuer}, PR_CELL_PAIR);
    }
    if (ask->segment.method != 0 || ask->segment.issuer != 0) {
        rate = pr_base_find(ask->common.cells, key, ask->segment, PR_CELL_RATE);
    }
    pr_standing own;
    const pr_standing *is = standing_of(&own, s, slot, ask);
    out->up = is->states.up;
    out->down = is->states.down;
    out->hang = is->states.hang;
    out->brown = is->states.brown;
    out->suspect = out->up * 100 < SUSPECT_PERCENT;
    out->in_flight = is->in_flight;
    out->evidence = is->evidence;
    out->approve = pr_base_rate(is->part, is->whole, rate, &ask->common, &out->evidence);
    out->blame_channel = is->blame_channel;
    out->blame_pair = storm_of(pair, ask->storm);
    out->blame_issuer = ask->blame_issuer;
    out->blame_pending = is->blame_pending;
    out->pending = is->pending;
    out->convert = is->shown.convert;
    out->shown_seen = is->shown.seen;
    out->cashier = is->shown.dead;
    out->last_ms = pr_time_read(&s->last);
    out->latency_p50_ms = pr_latency_quantile(quantiles, PR_P50);
    out->latency_p95_ms = pr_latency_quantile(quantiles, PR_P95);
    out->latency_p99_ms = pr_latency_quantile(quantiles, PR_P99);
    out->bad_since_ms = pr_read(&s->since) == 0 ? 0 : pr_filter_since(s, now_ms);
    out->limit_per_s = pr_read(&s->limit) == 0 ? 0 : pr_gate_limit(s, now_ms);
    look_outcome(out, pr_latency_silent(s, ask->place));
}

void pr_health_look(pr_health_view *out, const pr_health *h, int32_t slot, pr_health_segment segment,
                    int64_t patience_ms, int64_t now_ms)
{
    pr_health_ask ask;
    pr_health_ask_begin(&ask, h, NULL, segment, patience_ms, now_ms);
    pr_health_ask_look(out, h, slot, &ask);
}
