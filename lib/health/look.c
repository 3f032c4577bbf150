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
    const pr_slot *slot;
    int64_t window_ms;
    double due;
    int32_t young; /* began within the window */
} silence;

static void hear_silence(void *at, int64_t age_ms, uint32_t count)
{
    silence *s = at;
    int64_t before = age_ms > s->window_ms ? age_ms - s->window_ms : 0;
    double now = .0028 + .9972 * pr_latency_silent(s->slot, pr_latency_place(age_ms)).up;
    double then = before == 0 ? 1.0 : .0028 + .9972 * pr_latency_silent(s->slot, pr_latency_place(before)).up;
    s->due += (double)(int32_t)count * pr_log(then / now);
    s->young += before == 0 ? (int32_t)count : 0;
}

/* By how much the answers that were due and did not come speak for each fault; never against it: that all is
   well says each answer by itself. Together they speak with at most so many nats, and keep their distances.
 */
static void weigh_silence(pr_posterior *p, const silence *q, int32_t answers)
{
    double came = (double)answers, down = 0.95 * (q->due - 1.83 * (double)q->young) - 2.65 * came;
    double hang = 0.95 * q->due - 2.65 * came, brown = 0.80 * q->due - 1.6 * came;
    double most = hang > brown ? hang : brown, over = most > MOST_SILENT ? most - MOST_SILENT : 0.0;
    p->down *= pr_exp(pr_clamp(down - over, 0.0, MOST_SILENT));
    p->hang *= pr_exp(pr_clamp(hang, 0.0, 1e9) - over);
    p->brown *= pr_exp(pr_clamp(brown, 0.0, 1e9) - over);
}

static void look_states(pr_health_view *v, pr_slot *s, int64_t now_ms)
{
    int32_t timeout = (int32_t)(pr_read(&s->prior) & 0xFFFFFF);
    int64_t oldest = (int64_t)PR_AGE_MS * (PR_AGES - 1);
    int32_t answers;
    silence q = {s, pr_ages_window(&s->flight, PR_AGE_MS, now_ms, &answers), 0, 0};
    pr_posterior p = pr_filter_read(s, now_ms);
    oldest = timeout + 2000 < oldest ? timeout + 2000 : oldest;
    v->in_flight = pr_ages_visit(&s->flight, PR_AGE_MS, oldest, now_ms, hear_silence, &q);
    if (q.due > 0.1) {
        weigh_silence(&p, &q, answers);
    }
    double over = 1.0 / (1.0 + p.down + p.hang + p.brown);
    v->up = over;
    v->down = p.down * over;
    v->hang = p.hang * over;
    v->brown = p.brown * over;
    v->suspect = v->up * 100 < SUSPECT_PERCENT;
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

void pr_health_ask_begin(pr_health_ask *out, const pr_health *h, pr_health_segment segment,
                         int64_t patience_ms, int64_t now_ms)
{
    *out = (pr_health_ask){.segment = segment, .now_ms = now_ms, .place = {0, 0}};
    if (h == NULL || h->block == NULL || !pr_time_fits(now_ms)) {
        return;
    }
    pr_causes c = pr_base_causes(h, NULL, segment, 0, now_ms);
    out->place = pr_latency_place(patience_ms > 0 ? patience_ms : 8000);
    out->common = pr_base_of_segment(h, c.segment, now_ms);
    out->storm = now_ms / PR_STORM_TICK_MS;
    out->blame_issuer = storm_of(c.issuer, out->storm);
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
    pr_word *rate, *pair;
    pr_base_own(h, s, ask->segment, &rate, &pair);
    look_states(out, s, now_ms);
    out->approve = pr_base_rate(s, rate, &ask->common, &out->evidence);
    out->blame_channel = storm_of(&s->storm, ask->storm);
    out->blame_pair = storm_of(pair, ask->storm);
    out->blame_issuer = ask->blame_issuer;
    out->last_ms = pr_time_read(&s->last);
    out->blame_pending = storm_of(&s->storm_pending, ask->storm);
    out->pending = pending_of(s, ask->common.slow, now_ms - out->last_ms);
    out->pending += (PR_PENDING_STORM - out->pending) * out->blame_pending;
    pr_shown_view shown;
    pr_shown_look(&shown, s, now_ms);
    out->convert = shown.convert;
    out->shown_seen = shown.seen;
    out->cashier = shown.dead;
    out->latency_p50_ms = pr_latency_quantile(s, PR_P50);
    out->latency_p95_ms = pr_latency_quantile(s, PR_P95);
    out->latency_p99_ms = pr_latency_quantile(s, PR_P99);
    out->bad_since_ms = pr_read(&s->since) == 0 ? 0 : pr_filter_since(s, now_ms);
    out->limit_per_s = pr_gate_limit(s, now_ms);
    look_outcome(out, pr_latency_silent(s, ask->place));
}

void pr_health_look(pr_health_view *out, const pr_health *h, int32_t slot, pr_health_segment segment,
                    int64_t patience_ms, int64_t now_ms)
{
    pr_health_ask ask;
    pr_health_ask_begin(&ask, h, segment, patience_ms, now_ms);
    pr_health_ask_look(out, h, slot, &ask);
}

/* What others saw moves our filter, as if we had seen a part of it; a source that lies moves it by so many
   nats and no further, each time. */
void pr_health_sums_fold(const pr_health *h, int32_t slot, const pr_health_sums *sums, double weight,
                         int64_t now_ms)
{
    static const double MOST = 2.5;
    pr_slot *s = pr_block_slot(h, slot);
    if (s == NULL || sums == NULL || !pr_time_fits(now_ms)) {
        return;
    }
    weight = pr_clamp(weight, 0.0, 1.0);
    if (weight <= 0 || !(sums->answered || sums->not_sent || sums->unknown || sums->slow || sums->probe_ok ||
                         sums->probe_bad)) {
        return;
    }
    double ok = (double)sums->answered + (double)(sums->probe_ok > 1 ? 1 : sums->probe_ok),
           no = sums->not_sent;
    double lost = sums->unknown, bad = sums->probe_bad, slow = sums->slow;
    double down = weight * (ok * -2.654 + no * 5.858 + lost * 4.046 + bad * 5.378);
    double hang = weight * (ok * -2.654 + no * 1.514 + lost * 5.795 + bad * 5.378);
    double brown = weight * (slow * 2.2 - (ok - slow) * 0.7 + no * 2.207 + lost * 3.576 + bad * 2.996);
    pr_evidence e = {1.0, pr_exp(pr_clamp(down, -MOST, MOST)), pr_exp(pr_clamp(hang, -MOST, MOST)),
                     pr_exp(pr_clamp(brown, -MOST, MOST))};
    pr_filter_see(s, &e, now_ms);
}
