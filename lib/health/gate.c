/* See gate.h. */
#include "health/gate.h"
#include "health/ages.h"
#include "health/blame.h"
#include "health/number.h"

/* One word for all: when the last one went, plus one; whoever moves it goes. A time from further ahead than
   clocks of one host differ is damage, or was before the clock was set back. */
enum { SKEW_MS = 5000 };

static int32_t rests(uint64_t went, int64_t interval_ms, int64_t now_ms)
{
    interval_ms = interval_ms < 1 ? 1 : interval_ms > 7LL * 86400000 ? 7LL * 86400000 : interval_ms;
    return !pr_time_fits(now_ms) ||
           (went > 0 && went < (uint64_t)(now_ms + SKEW_MS) && (int64_t)went - 1 + interval_ms > now_ms);
}

static int32_t claim(pr_word *w, int64_t interval_ms, int64_t now_ms, int32_t shift)
{
    uint64_t seen = pr_read(w), keep = seen & ((1ULL << shift) - 1);
    if (rests(seen >> shift, interval_ms, now_ms)) {
        return 0;
    }
    return atomic_compare_exchange_strong(w, &seen, (uint64_t)(now_ms + 1) << shift | keep);
}

int32_t pr_health_canary(const pr_health *h, int32_t slot, int64_t interval_ms, int64_t now_ms)
{
    pr_slot *s = pr_block_slot(h, slot);
    return s == NULL ? 0 : claim(&s->canary, interval_ms, now_ms, 0);
}

int32_t pr_health_canary_rests(const pr_health *h, int32_t slot, int64_t interval_ms, int64_t now_ms)
{
    const pr_slot *s = pr_block_slot(h, slot);
    return s == NULL || rests(pr_read(&s->canary), interval_ms, now_ms);
}

enum { EPISODE_BITS = 2, PROBE_CALM = 0, PROBE_GOOD = 1, PROBE_FAILED = 2 };

int32_t pr_health_probe_due(const pr_health *h, int32_t slot, int64_t interval_ms, int64_t now_ms)
{
    pr_slot *s = pr_block_slot(h, slot);
    return s == NULL ? 0 : claim(&s->probe, interval_ms, now_ms, EPISODE_BITS);
}

void pr_gate_alive(pr_slot *s, int32_t good, int64_t now_ms)
{
    uint64_t went = pr_read(&s->canary), probe = pr_read(&s->probe);
    /* Where the line was in doubt any answer is news. A canary that came back in a storm of declines,
       pending, or with a page that may not be payable, is no reason for the next. */
    if (went != 0 && (good > 0 || pr_read(&s->since) != 0 ||
                      (good == 0 && pr_storm_read(pr_read(&s->storm), now_ms) < 0.5))) {
        (void)atomic_compare_exchange_strong(&s->canary, &went, 0);
    }
    if ((probe & 3) != PROBE_CALM &&
        pr_read(&s->since) == 0) { /* a real answer, and no fault: the episode is over */
        (void)atomic_compare_exchange_strong(&s->probe, &probe, (probe & ~3ULL) | PROBE_CALM);
    }
}

int32_t pr_gate_probe(pr_slot *s, int32_t ok)
{
    uint64_t seen = pr_read(&s->probe), next;
    int32_t kind;
    do {
        uint64_t state = seen & 3;
        kind = !ok ? 0 : state == PROBE_FAILED ? 2 : state == PROBE_CALM ? 1 : 0;
        next = (seen & ~3ULL) | (!ok ? PROBE_FAILED : state == PROBE_FAILED ? PROBE_FAILED : PROBE_GOOD);
    } while (!pr_swap(&s->probe, &seen, next));
    return kind;
}

void pr_slices_add(pr_slot *s, int32_t which, uint32_t count, int64_t now_ms)
{
    const pr_slice_field *f = &pr_slice_fields[which];
    uint64_t tick = (uint64_t)now_ms / PR_SLICE_MS, stamp = pr_slice_tick(f->word, (int64_t)tick);
    pr_word *w = &s->slices[tick % PR_SLICES][f->word];
    uint64_t seen = pr_read(w), next, top = (1ULL << f->bits) - 1;
    do {
        next = (seen & pr_slice_mask(f->word)) == stamp ? seen : stamp;
        uint64_t room = top - ((next >> f->shift) & top);
        next += (count < room ? count : room) << f->shift;
    } while (!pr_swap(w, &seen, next));
}

static int64_t ms_of_quarter(uint64_t quarter)
{
    return (int64_t)(quarter >> PR_AGES_BITS) * PR_AGE_MS;
}

void pr_slices_close(pr_slot *s, uint64_t quarter, int64_t now_ms)
{
    int64_t ms = ms_of_quarter(quarter);
    /* From a little ahead, too: a worker that was stopped for a second finds there what others counted since.
       Else its slice tells of another time. */
    if (ms < now_ms + PR_SLICE_MS && ms > now_ms - (PR_SLICES - 1) * PR_SLICE_MS) {
        pr_slices_add(s, PR_SLICE_ANSWERED, (uint32_t)(quarter & PR_AGES_COUNT), ms);
    }
}

/* Answers whose quarter is not closed yet. */
static uint32_t open_answers(const pr_slot *s, int64_t from_ms, int64_t to_ms)
{
    uint32_t sum = 0;
    for (int32_t i = 0; i < 4; i++) {
        uint64_t quarter = pr_read(&s->flight.done[i]);
        int64_t ms = ms_of_quarter(quarter);
        sum += ms >= from_ms && ms < to_ms ? (uint32_t)(quarter & PR_AGES_COUNT) : 0;
    }
    return sum;
}

static uint64_t slice_word(const pr_slot *s, int32_t word, int64_t tick)
{
    uint64_t w = pr_read(&s->slices[tick % PR_SLICES][word]);
    return (w & pr_slice_mask(word)) == pr_slice_tick(word, tick) ? w : 0;
}

static uint32_t field_of(uint64_t word, int32_t which)
{
    return (uint32_t)((word >> pr_slice_fields[which].shift) & ((1ULL << pr_slice_fields[which].bits) - 1));
}

void pr_health_sums_read(pr_health_sums *out, const pr_health *h, int32_t slot, int64_t since_ms,
                         int64_t now_ms)
{
    const pr_slot *s = pr_block_slot(h, slot);
    *out = (pr_health_sums){0};
    if (!pr_time_fits(now_ms) || since_ms > now_ms) {
        return;
    }
    int64_t last = now_ms / PR_SLICE_MS,
            first = since_ms <= 0 ? 0 : (since_ms + PR_SLICE_MS - 1) / PR_SLICE_MS;
    first = first < last - PR_SLICES + 1 ? last - PR_SLICES + 1 : first;
    first = first < 0 ? 0 : first;
    out->from_ms = first * PR_SLICE_MS;
    out->to_ms = last * PR_SLICE_MS;
    out->answered = s == NULL ? 0 : open_answers(s, out->from_ms, out->to_ms);
    /* Only whole slices: the one that runs is told next time. */
    for (int64_t t = first; s != NULL && t < last; t++) {
        uint64_t main = slice_word(s, 0, t), rest = slice_word(s, 1, t);
        out->answered += field_of(main, PR_SLICE_ANSWERED);
        out->not_sent += field_of(main, PR_SLICE_NOT_SENT);
        out->unknown += field_of(rest, PR_SLICE_UNKNOWN);
        out->slow += field_of(rest, PR_SLICE_SLOW);
        out->probe_ok += field_of(rest, PR_SLICE_PROBE_OK);
        out->probe_bad += field_of(rest, PR_SLICE_PROBE_BAD);
    }
}

uint32_t pr_health_answers(const pr_health *h, int32_t slot, int64_t now_ms)
{
    const pr_slot *s = pr_block_slot(h, slot);
    if (s == NULL || !pr_time_fits(now_ms)) {
        return 0;
    }
    int64_t last = now_ms / PR_SLICE_MS, first = last < PR_RATE_SLICES ? 0 : last - PR_RATE_SLICES;
    uint32_t sum = open_answers(s, first * PR_SLICE_MS, last * PR_SLICE_MS);
    for (int64_t t = first; t < last; t++) {
        uint64_t main = slice_word(s, 0, t);
        sum += field_of(main, PR_SLICE_ANSWERED) + field_of(main, PR_SLICE_NOT_SENT);
    }
    return sum;
}

/* The learned limit: rate in 1/256 a second (32 bits) | second at which it held (32 bits). It grows by a
   hundredth each second until nobody minds. */
static const double LOWER = 0.92;
enum { LIMIT_LASTS_S = 900 };

double pr_gate_limit(const pr_slot *s, int64_t now_ms)
{
    uint64_t word = pr_read(&s->limit);
    int64_t age = now_ms / 1000 - (int64_t)(word & 0xFFFFFFFFU);
    if (word == 0 || age > LIMIT_LASTS_S ||
        age < -60) { /* from the future: damage, or the clock was set back */
        return 0;
    }
    double rate = (double)(word >> 32) / 256.0;
    return age <= 0 ? rate : rate * pr_exp(0.00995033 * (double)age); /* ln 1.01 */
}

void pr_gate_limited(pr_slot *s, int64_t now_ms)
{
    int64_t tick = now_ms / PR_SLICE_MS;
    double span = (double)(now_ms - (tick - 1) * PR_SLICE_MS) / 1000.0;
    double sent = (double)open_answers(s, (tick - 1) * PR_SLICE_MS, now_ms + 1);
    for (int64_t t = tick > 0 ? tick - 1 : 0; t <= tick; t++) {
        uint64_t main = slice_word(s, 0, t);
        sent += (double)(field_of(main, PR_SLICE_ANSWERED) + field_of(main, PR_SLICE_NOT_SENT) +
                         field_of(slice_word(s, 1, t), PR_SLICE_UNKNOWN));
    }
    double now = sent / span, limit = pr_gate_limit(s, now_ms);
    limit = LOWER * (limit > 0 && limit < now ? limit : now);
    limit = pr_clamp(limit, 1.0 / 16.0, 16000000.0);
    pr_write(&s->limit, (uint64_t)(limit * 256.0) << 32 | ((uint64_t)(now_ms / 1000) & 0xFFFFFFFFU));
}

/* Tokens in 1/256 (24 bits) | ms (40 bits); at most two seconds' worth may be saved. */
int32_t pr_health_admit(const pr_health *h, int32_t slot, int64_t now_ms)
{
    pr_slot *s = pr_block_slot(h, slot);
    double limit = s == NULL ? 0 : pr_gate_limit(s, now_ms);
    if (limit <= 0) {
        return 1;
    }
    if (!pr_time_fits(now_ms)) {
        return 1;
    }
    const uint64_t clock = (1ULL << 40) - 1;
    uint64_t seen = pr_read(&s->tokens), next;
    double room = limit * 2.0 < 1.0 ? 1.0 : limit * 2.0 > 60000.0 ? 60000.0 : limit * 2.0;
    int32_t may;
    do {
        uint64_t ms = ((uint64_t)now_ms - seen) & clock;
        double dt =
            ms < clock / 2 ? (double)(ms < 3600000 ? ms : 3600000) / 1000.0 : 0.0; /* else it was set back */
        double have = seen == 0 ? room : (double)(seen >> 40) / 256.0 + dt * limit;
        have = have > room ? room : have;
        may = have >= 1.0;
        next = (uint64_t)((may ? have - 1.0 : have) * 256.0) << 40 | ((uint64_t)now_ms & clock);
    } while (!pr_swap(&s->tokens, &seen, next));
    return may;
}

/* A sum: period 16 bits (of its number) | amount 48 bits. */
static const uint64_t AMOUNT = (1ULL << 48) - 1;
enum { STRAGGLER = 2 };

/* 1: the word's period has begun for others and not for this caller, whose clock or calendar is a little
   behind: he must not start it anew. */
static int32_t is_ahead(uint64_t word, uint32_t period)
{
    uint32_t ahead = ((uint32_t)(word >> 48) - period) & 0xFFFFU;
    return word != 0 && ahead >= 1 && ahead <= STRAGGLER;
}

static uint64_t sum_after(uint64_t sum, int64_t amount)
{
    if (amount < 0) {
        uint64_t less = (uint64_t)-(amount + 1) + 1;
        return less > sum ? 0 : sum - less;
    }
    return (uint64_t)amount > AMOUNT - sum ? AMOUNT : sum + (uint64_t)amount;
}

int64_t pr_health_quota(const pr_health *h, int32_t slot, int32_t which, uint32_t period)
{
    const pr_slot *s = pr_block_slot(h, slot);
    uint64_t word = s == NULL || which < 0 || which >= PR_QUOTAS ? 0 : pr_read(&s->quota[which]);
    return word >> 48 == (period & 0xFFFFU) || is_ahead(word, period) ? (int64_t)(word & AMOUNT) : 0;
}

int64_t pr_health_quota_add(const pr_health *h, int32_t slot, int32_t which, uint32_t period, int64_t amount)
{
    pr_slot *s = pr_block_slot(h, slot);
    if (s == NULL || which < 0 || which >= PR_QUOTAS) {
        return 0;
    }
    uint64_t seen = pr_read(&s->quota[which]), sum, place;
    do {
        int32_t ahead = is_ahead(seen, period);
        place = ahead ? seen >> 48 : period & 0xFFFFU;
        sum = sum_after(seen >> 48 == place ? seen & AMOUNT : 0, amount);
    } while (!pr_swap(&s->quota[which], &seen, place << 48 | sum));
    return (int64_t)sum;
}
