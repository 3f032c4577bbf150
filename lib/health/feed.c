/* What was seen goes in here. One observation touches each thing it speaks about once; only what is the
   channel's own fault moves its filter, and what the customer alone can change moves nothing but "the line
   lives". */
#include "health/ages.h"
#include "health/ask.h"
#include "health/base.h"
#include "health/filter.h"
#include "health/gate.h"
#include "health/latency.h"
#include "health/number.h"
#include "health/shown.h"

static const pr_evidence refused = {.0022, .77, .01, .02};
static const pr_evidence silent = {.0028, .16, .92, .10};
static const pr_evidence answered = {.995, .07, .07, .88};
static const pr_evidence probe_failed = {.003, .65, .65, .06};
static const pr_evidence probe_worked = {.997, .10, .10, .94}; /* after one has failed in this episode */
static const pr_evidence probe_alone = {.997, .35, .35, .94};  /* else it counts once: status pages lie; a
                                                                  hang may answer those and no payment */

static const double SECOND =
    0.3; /* weight of an attempt after another channel's decline: those are the worse ones */
static const double MERCHANT = 6.0; /* our own set-up is refused: one such answer is almost a verdict */
enum { SLOW_FACTOR = 4 };           /* times the usual is "slow" for other hosts */

pr_health_permit pr_health_start(const pr_health *h, int32_t slot, int64_t now_ms)
{
    pr_slot *s = pr_block_slot(h, slot);
    return s == NULL || !pr_time_fits(now_ms) ? 0 : pr_ages_begin(&s->flight, now_ms);
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
   moment: then the filter is not written, and its line stays with all who read it; and of latencies one of a
   few is picture enough. */
static void see_answer(pr_slot *s, int32_t good, int64_t latency_ms, int64_t now_ms)
{
    static const uint32_t PLAIN = 4631; /* a latency that says nothing for a brown-out: .995 / .88 */
    enum { MANY = 64, ONE_OF = 8 };     /* in a quarter of a second */
    int32_t bin = latency_ms >= 0 ? pr_latency_bin(latency_ms) : -1;
    uint32_t ratio = bin >= 0 ? pr_latency_ratio(s, bin) : 4096;
    uint64_t over, nth = pr_ages_good(&s->flight, now_ms, &over);
    if (over != 0) {
        pr_slices_close(s, over, now_ms);
    }
    if (latency_ms > (int64_t)SLOW_FACTOR * pr_latency_quantile(pr_read(&s->quantiles), PR_P50)) {
        pr_slices_add(s, PR_SLICE_SLOW, 1, now_ms);
    }
    if (ratio > PLAIN || !pr_filter_sure(s, now_ms)) {
        weigh_answer(s, bin, ratio, latency_ms, now_ms);
    } else if (bin >= 0 && (nth <= MANY || nth % ONE_OF == 0)) {
        pr_latency_add(s, bin);
    }
    if (pr_read(&s->canary) != 0 || (pr_read(&s->probe) & 3) != 0) {
        pr_gate_alive(s, good, now_ms);
    }
}

/* How much of the usual is approved after another channel declined: those customers are the worse ones,
 * everywhere. */
static double second_share(const pr_health *h, int64_t now_ms, pr_cell **cell)
{
    *cell = pr_health_cell(h, pr_health_cell_key(0, UINT32_MAX, UINT32_MAX, PR_CELL_SEGMENT), now_ms);
    pr_rate r =
        *cell == NULL ? (pr_rate){0, 0} : pr_rate_read(pr_read(&(*cell)->word), &pr_rate_cell, now_ms);
    return pr_clamp(pr_rate_mean(0.5, 10.0, r), 0.05, 1.0);
}

/* A decline enters the rates with the probability that no storm caused it, so that an outage does not spoil
 * them. */
static void see_verdict(const pr_health *h, pr_slot *s, pr_health_segment segment, int32_t approved,
                        int32_t second, int64_t now_ms)
{
    pr_causes c = pr_base_causes(h, s, segment, now_ms);
    pr_base_common common = pr_base_of_segment(h, c.segment, now_ms);
    double part, whole, evidence;
    pr_base_channel(s, &common, &part, &whole, &evidence);
    double base = pr_base_rate(part, whole, c.rate, &common, &evidence), expected = base;
    double weight = second ? SECOND : 1.0, good = approved ? 1.0 : 0.0;
    if (second) {
        pr_cell *cell;
        expected = base * second_share(h, now_ms, &cell);
        if (cell != NULL) {
            pr_rate_add(&cell->word, &pr_rate_cell, approved ? base : 0.0, base, now_ms);
        }
        good = pr_clamp(base + good - expected, 0.0, 1.0); /* what it says beyond what was expected of such */
    }
    double passes = pr_blame_see(c.channel, c.pair, c.issuer, expected, approved, now_ms);
    if (!approved) {
        weight *= (1.0 - expected) / (1.0 - expected * passes + 1e-9);
    }
    good *= weight;
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

static void see_pending(pr_slot *s, int32_t pending, int64_t now_ms)
{
    double usual = pr_rate_mean(0.02, 20.0, pr_rate_read(pr_read(&s->pending), &pr_rate_slow, now_ms));
    double storm = pr_storm_read(pr_read(&s->storm_pending), now_ms);
    usual = pr_clamp(usual, 0.01, 0.8);
    pr_storm_see(&s->storm_pending,
                 pending ? PR_PENDING_STORM / usual : (1.0 - PR_PENDING_STORM) / (1.0 - usual), now_ms);
    pr_rate_add(&s->pending, &pr_rate_slow, pending ? 1.0 - storm : 0.0, 1.0 - storm, now_ms);
}

static void see_unanswered(pr_slot *s, const pr_evidence *e, int32_t slice, int64_t now_ms)
{
    pr_slices_add(s, slice, 1, now_ms);
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

/* Of each result: did an answer come, is it good for a canary (-1: it does not say), does its latency count.
   One of a later version ends the attempt, and that is all. */
typedef struct answer_kind {
    int8_t came, good, timed;
} answer_kind;
static const answer_kind answers[PR_HEALTH_TAKEN + 1] = {
    [PR_HEALTH_APPROVED] = {1, 1, 1},  [PR_HEALTH_DECLINED_SOFT] = {1, 0, 1},
    [PR_HEALTH_LIMITED] = {1, -1, 0},  [PR_HEALTH_PENDING] = {1, -1, 1},
    [PR_HEALTH_CUSTOMER] = {1, 0, 1},  [PR_HEALTH_DECLINED_HARD] = {1, 0, 1},
    [PR_HEALTH_MERCHANT] = {1, -1, 0}, [PR_HEALTH_TAKEN] = {1, -1, 1}};

void pr_health_end(const pr_health *h, int32_t slot, pr_health_segment segment, pr_health_permit permit,
                   int32_t result, int64_t latency_ms, int32_t second, int64_t now_ms)
{
    pr_slot *s = pr_block_slot(h, slot);
    if (s == NULL || !pr_time_fits(now_ms)) {
        return;
    }
    note_use(s, now_ms);
    pr_ages_end(&s->flight, permit);
    const answer_kind *kind = &answers[result > 0 && result <= PR_HEALTH_TAKEN ? result : 0];
    if (kind->came) {
        see_answer(s, kind->good, kind->timed ? latency_ms : -1, now_ms);
    }
    switch (result) {
    case PR_HEALTH_APPROVED:
    case PR_HEALTH_DECLINED_SOFT:
        see_verdict(h, s, segment, result == PR_HEALTH_APPROVED, second, now_ms);
        see_pending(s, 0, now_ms);
        break;
    case PR_HEALTH_PENDING: see_pending(s, 1, now_ms); break;
    case PR_HEALTH_NOT_SENT: see_unanswered(s, &refused, PR_SLICE_NOT_SENT, now_ms); break;
    case PR_HEALTH_UNKNOWN: see_unanswered(s, &silent, PR_SLICE_UNKNOWN, now_ms); break;
    case PR_HEALTH_LIMITED: pr_gate_limited(s, now_ms); break;
    case PR_HEALTH_MERCHANT: pr_storm_see(&s->storm, MERCHANT, now_ms); break;
    default: break; /* nothing more to say */
    }
}

void pr_health_final(const pr_health *h, int32_t slot, pr_health_segment segment, int32_t first,
                     int32_t result, int64_t now_ms)
{
    pr_slot *s = pr_block_slot(h, slot);
    int32_t verdict = result == PR_HEALTH_APPROVED || result == PR_HEALTH_DECLINED_SOFT;
    if (s == NULL || !pr_time_fits(now_ms)) {
        return;
    }
    if (verdict && first != PR_HEALTH_UNKNOWN) {
        see_verdict(h, s, segment, result == PR_HEALTH_APPROVED, 0, now_ms);
    }
}

void pr_health_probe(const pr_health *h, int32_t slot, int32_t ok, int64_t latency_ms, int64_t now_ms)
{
    pr_slot *s = pr_block_slot(h, slot);
    if (s == NULL || !pr_time_fits(now_ms)) {
        return;
    }
    pr_slices_add(s, ok ? PR_SLICE_PROBE_OK : PR_SLICE_PROBE_BAD, 1, now_ms);
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

/* How many of those to whom something was shown say that they opened it. Where nobody ever says so there is
   no such cell. */
static uint64_t opening_key(const pr_slot *s)
{
    return pr_health_cell_key(pr_read(&s->key), UINT32_MAX, UINT32_MAX, PR_CELL_RATE);
}

static void see_opening(const pr_health *h, pr_slot *s, int32_t opened, int64_t now_ms)
{
    pr_cell *said = opened ? pr_health_cell(h, opening_key(s), now_ms) : NULL;
    pr_word *rate = said != NULL ? &said->word
                    : opened     ? NULL
                                 : pr_cell_find(pr_block_cells(h), opening_key(s));
    if (rate != NULL && opened) {
        pr_rate_good(rate, &pr_rate_cell, 1.0, now_ms);
    } else if (rate != NULL) {
        pr_rate_add(rate, &pr_rate_cell, 0.0, 1.0, now_ms);
    }
}

double pr_health_opened(const pr_health *h, int32_t slot, int64_t now_ms)
{
    const pr_slot *s = h == NULL || !pr_time_fits(now_ms) ? NULL : pr_block_slot(h, slot);
    const pr_word *rate = s == NULL ? NULL : pr_cell_find(pr_block_cells(h), opening_key(s));
    pr_rate said = rate == NULL ? (pr_rate){0, 0} : pr_rate_read(pr_read(rate), &pr_rate_cell, now_ms);
    return said.all >= 1.0 ? pr_clamp(said.good / said.all, 0.0, 1.0) : 0.0;
}

void pr_health_hint(const pr_health *h, int32_t slot, int32_t hint, int64_t age_ms, int64_t now_ms)
{
    pr_slot *s = pr_block_slot(h, slot);
    if (s == NULL || !pr_time_fits(now_ms)) {
        return;
    }
    int64_t shown_ms = age_ms < 0 ? now_ms : age_ms > now_ms ? 0 : now_ms - age_ms;
    switch (hint) {
    case PR_HEALTH_SHOWN:
        pr_shown_begin(s, now_ms);
        see_opening(h, s, 0, now_ms);
        break;
    case PR_HEALTH_OPENED:
        pr_shown_opened(s, now_ms);
        see_opening(h, s, 1, now_ms);
        break;
    case PR_HEALTH_PAID: pr_shown_paid(s, shown_ms, now_ms); break;
    case PR_HEALTH_GIVEN_UP: pr_shown_given_up(s, shown_ms, now_ms); break;
    case PR_HEALTH_CLIENT_FAILED: pr_shown_client_failed(s, shown_ms, now_ms); break;
    default: break;
    }
}
