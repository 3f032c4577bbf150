/* What was seen goes in here. One observation touches each thing it speaks about once; only what is the
   channel's own fault moves its filter, and what the customer alone can change moves nothing but "the line
   lives". */
#include "health/ages.h"
#include "health/base.h"
#include "health/filter.h"
#include "health/gate.h"
#include "health/latency.h"
#include "health/number.h"

static const pr_evidence refused = {.0022, .77, .01, .02};
static const pr_evidence silent = {.0028, .16, .92, .10};
static const pr_evidence answered = {.995, .07, .07, .88};
static const pr_evidence probe_failed = {.003, .65, .65, .06};
static const pr_evidence probe_worked = {.997, .10, .10, .94}; /* after one has failed in this episode */
static const pr_evidence probe_alone = {.997, .35, .35, .94};  /* else it counts once: status pages lie */

static const double SECOND =
    0.3; /* weight of an attempt after another channel's decline: those are the worse ones */
static const double MERCHANT = 6.0; /* our own set-up is refused: one such answer is almost a verdict */
enum { SLOW_FACTOR = 4 };           /* times the usual is "slow" for other hosts */

pr_health_permit pr_health_start(const pr_health *h, int32_t slot, int64_t now_ms)
{
    pr_slot *s = pr_block_slot(h, slot);
    return s == NULL || !pr_time_fits(now_ms) ? 0 : pr_ages_begin(&s->flight, PR_AGE_MS, now_ms);
}

/* A channel that is slow now must not teach us that slow is usual, or only little by little. `bin` -1: an
   answer whose latency says nothing. */
static void weigh_answer(pr_slot *s, int32_t bin, uint32_t ratio, int64_t latency_ms, int64_t now_ms)
{
    pr_evidence e = answered;
    e.brown *= (double)(int32_t)ratio * (1.0 / 4096.0);
    pr_filter_see(s, &e, now_ms);
    uint32_t one_of = pr_filter_slow(s, now_ms) ? 8 : ratio > 2 * 4096 ? 4 : 1;
    if (bin >= 0 && (one_of == 1 || pr_health_stir((uint64_t)now_ms, (uint64_t)latency_ms) % one_of == 0)) {
        pr_latency_add(s, bin);
    }
}

/* An answer, whatever it said. Under load most say what is known already, as sure as can be within this
   moment: then the filter is not written, and its line stays with all who read it. */
static void see_answer(pr_slot *s, int32_t good, int64_t latency_ms, int64_t now_ms)
{
    static const uint32_t PLAIN = 4631; /* a latency that says nothing for a brown-out: .995 / .88 */
    int32_t bin = latency_ms >= 0 ? pr_latency_bin(latency_ms) : -1;
    uint32_t ratio = bin >= 0 ? pr_latency_ratio(s, bin) : 4096;
    pr_slices_count(s, PR_SLICE_ANSWERED, now_ms);
    if (latency_ms > (int64_t)SLOW_FACTOR * pr_latency_quantile(s, PR_P50)) {
        pr_slices_add(s, PR_SLICE_SLOW, now_ms);
    }
    if (ratio > PLAIN || !pr_filter_sure(s, now_ms)) {
        weigh_answer(s, bin, ratio, latency_ms, now_ms);
    } else if (bin >= 0) {
        pr_latency_add(s, bin);
    }
    if (pr_read(&s->canary) != 0 || (pr_read(&s->probe) & 3) != 0) {
        pr_gate_alive(s, good, now_ms);
    }
}

/* A decline enters the rates with the probability that no storm caused it, so that an outage does not spoil
 * them. */
static void see_verdict(const pr_health *h, pr_slot *s, pr_health_segment segment, int32_t approved,
                        double weight, int64_t now_ms)
{
    pr_causes c = pr_base_causes(h, s, segment, 1, now_ms);
    pr_base_common common = pr_base_of_segment(h, c.segment, now_ms);
    double evidence, base = pr_base_rate(s, c.rate, &common, &evidence);
    double passes = pr_blame_see(c.channel, c.pair, c.issuer, base, approved, now_ms);
    if (!approved) {
        weight *= (1.0 - base) / (1.0 - base * passes + 1e-9);
    }
    double good = approved ? weight : 0.0;
    pr_rate_add(&s->slow, &pr_rate_slow, good, weight, now_ms);
    pr_rate_add(&s->fast, &pr_rate_fast, good, weight, now_ms);
    pr_rate_add(&pr_block(h)->global, &pr_rate_slow, good, weight, now_ms);
    if (c.rate != NULL) {
        pr_rate_add(c.rate, &pr_rate_cell, good, weight, now_ms);
    }
    if (c.segment != NULL) {
        pr_rate_add(c.segment, &pr_rate_cell, good, weight, now_ms);
    }
}

static void see_unanswered(pr_slot *s, const pr_evidence *e, int32_t slice, int64_t now_ms)
{
    pr_slices_add(s, slice, now_ms);
    pr_filter_see(s, e, now_ms);
}

/* Keeps the slot from being claimed by others; written a few times an hour. */
static void note_use(pr_slot *s, int64_t now_ms)
{
    int64_t used = pr_time_read(&s->used);
    if (now_ms > used + 600000 || now_ms < used - 600000) {
        pr_write(&s->used, (uint64_t)now_ms);
    }
}

void pr_health_end(const pr_health *h, int32_t slot, pr_health_segment segment, pr_health_permit permit,
                   int32_t result, int64_t latency_ms, int32_t second, int64_t now_ms)
{
    pr_slot *s = pr_block_slot(h, slot);
    if (s == NULL || !pr_time_fits(now_ms)) {
        return;
    }
    double weight = second ? SECOND : 1.0;
    note_use(s, now_ms);
    pr_ages_end(&s->flight, permit);
    switch (result) {
    case PR_HEALTH_APPROVED:
    case PR_HEALTH_DECLINED_SOFT:
        see_answer(s, result == PR_HEALTH_APPROVED, latency_ms, now_ms);
        see_verdict(h, s, segment, result == PR_HEALTH_APPROVED, weight, now_ms);
        pr_rate_add(&s->pending, &pr_rate_recent, 0.0, 1.0, now_ms);
        break;
    case PR_HEALTH_CUSTOMER:
    case PR_HEALTH_DECLINED_HARD:
    case PR_HEALTH_TAKEN: see_answer(s, 0, latency_ms, now_ms); break;
    case PR_HEALTH_PENDING:
        see_answer(s, 0, latency_ms, now_ms);
        pr_rate_add(&s->pending, &pr_rate_recent, 1.0, 1.0, now_ms);
        break;
    case PR_HEALTH_NOT_SENT: see_unanswered(s, &refused, PR_SLICE_NOT_SENT, now_ms); break;
    case PR_HEALTH_UNKNOWN: see_unanswered(s, &silent, PR_SLICE_UNKNOWN, now_ms); break;
    case PR_HEALTH_LIMITED:
        see_answer(s, 0, -1, now_ms);
        pr_gate_limited(s, now_ms);
        break;
    case PR_HEALTH_MERCHANT:
        see_answer(s, 0, -1, now_ms);
        pr_storm_see(&s->storm, MERCHANT, now_ms);
        break;
    default: break; /* a result of a later version: the attempt is over, and that is all */
    }
}

void pr_health_final(const pr_health *h, int32_t slot, pr_health_segment segment, int32_t first,
                     int32_t result, int64_t delay_ms, int64_t now_ms)
{
    pr_slot *s = pr_block_slot(h, slot);
    int32_t verdict = result == PR_HEALTH_APPROVED || result == PR_HEALTH_DECLINED_SOFT;
    (void)delay_ms;
    if (s == NULL || !pr_time_fits(now_ms)) {
        return;
    }
    if (first == PR_HEALTH_PENDING || first == PR_HEALTH_UNKNOWN) {
        pr_rate_add(&s->settle, &pr_rate_slow, result == PR_HEALTH_APPROVED ? 1.0 : 0.0, 1.0, now_ms);
    }
    if (verdict && first != PR_HEALTH_UNKNOWN) {
        see_verdict(h, s, segment, result == PR_HEALTH_APPROVED, 1.0, now_ms);
    }
}

void pr_health_probe(const pr_health *h, int32_t slot, int32_t ok, int64_t latency_ms, int64_t now_ms)
{
    pr_slot *s = pr_block_slot(h, slot);
    if (s == NULL || !pr_time_fits(now_ms)) {
        return;
    }
    pr_slices_add(s, ok ? PR_SLICE_PROBE_OK : PR_SLICE_PROBE_BAD, now_ms);
    int32_t kind = pr_gate_probe(s, ok); /* 0: tells nothing new; 1: alone; 2: after a failure */
    if (!ok) {
        pr_filter_see(s, &probe_failed, now_ms);
    } else if (kind > 0) {
        pr_evidence e = kind == 2 ? probe_worked : probe_alone;
        uint32_t ratio = latency_ms > 0 ? pr_latency_ratio(s, pr_latency_bin(latency_ms)) : 4096;
        e.brown *= (double)(int32_t)ratio * (1.0 / 4096.0);
        pr_filter_see(s, &e, now_ms);
    }
}

static const double DEAD_PAYS = 0.03;  /* of a cashier that is dead, so many are paid nevertheless */
static const double CLIENT_SAYS = 4.0; /* the customer's page may be wrong, or lie */

/* The age may be a little off, as clocks of browsers and databases are: then it is a neighbor's. */
static void end_shown(pr_slot *s, int64_t shown_ms)
{
    uint64_t tick = (uint64_t)(shown_ms / PR_SHOWN_MS);
    if (!pr_ages_end(&s->shown, tick) && !pr_ages_end(&s->shown, tick + 1) && tick > 0) {
        pr_ages_end(&s->shown, tick - 1);
    }
}

void pr_health_hint(const pr_health *h, int32_t slot, pr_health_segment segment, int32_t hint, int64_t age_ms,
                    int64_t now_ms)
{
    pr_slot *s = pr_block_slot(h, slot);
    if (s == NULL || !pr_time_fits(now_ms)) {
        return;
    }
    double usual = pr_clamp(pr_rate_mean(0.6, 20.0, pr_rate_read(pr_read(&s->funnel), &pr_rate_slow, now_ms)),
                            0.1, 0.95);
    int64_t shown_ms = age_ms < 0 ? now_ms : age_ms > now_ms ? 0 : now_ms - age_ms;
    switch (hint) {
    case PR_HEALTH_SHOWN: pr_ages_begin(&s->shown, PR_SHOWN_MS, now_ms); break;
    case PR_HEALTH_PAID:
        end_shown(s, shown_ms);
        pr_storm_see(&s->cashier, DEAD_PAYS / usual, now_ms);
        pr_rate_add(&s->funnel, &pr_rate_slow, 1.0, 1.0, now_ms);
        see_verdict(h, s, segment, 1, 1.0, now_ms);
        break;
    case PR_HEALTH_GIVEN_UP: {
        double dead = pr_storm_read(pr_read(&s->cashier), now_ms);
        end_shown(s, shown_ms);
        pr_storm_see(&s->cashier, (1.0 - DEAD_PAYS) / (1.0 - usual), now_ms);
        pr_rate_add(&s->funnel, &pr_rate_slow, 0.0, 1.0 - dead, now_ms);
        break;
    }
    case PR_HEALTH_CLIENT_FAILED: pr_storm_see(&s->cashier, CLIENT_SAYS, now_ms); break;
    default: break; /* OPENED: nothing that moves a channel */
    }
}
