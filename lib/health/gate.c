/* See gate.h. */
#include "health/gate.h"
#include "health/number.h"

/* One word for "not before": whoever moves it forward goes. */
static int32_t claim(pr_word *w, int64_t interval_ms, int64_t now_ms, int32_t shift)
{
    uint64_t seen = pr_read(w), keep = seen & ((1ULL << shift) - 1);
    int64_t due = (int64_t)(seen >> shift);
    if (now_ms < 0 || (due > now_ms && due - now_ms <= 30LL * 86400000)) {
        return 0; /* a time further off than any real one is damage, or a clock that was set back */
    }
    interval_ms = interval_ms < 1 ? 1 : interval_ms > 7LL * 86400000 ? 7LL * 86400000 : interval_ms;
    return atomic_compare_exchange_strong(w, &seen, (uint64_t)(now_ms + interval_ms) << shift | keep);
}

int32_t pr_health_canary(const pr_health *h, int32_t slot, int64_t interval_ms, int64_t now_ms)
{
    pr_slot *s = pr_block_slot(h, slot);
    return s == NULL ? 0 : claim(&s->canary, interval_ms, now_ms, 0);
}

enum { EPISODE_BITS = 2, PROBE_CALM = 0, PROBE_GOOD = 1, PROBE_FAILED = 2 };

int32_t pr_health_probe_due(const pr_health *h, int32_t slot, int64_t interval_ms, int64_t now_ms)
{
    pr_slot *s = pr_block_slot(h, slot);
    return s == NULL ? 0 : claim(&s->probe, interval_ms, now_ms, EPISODE_BITS);
}

void pr_gate_alive(pr_slot *s, int64_t now_ms)
{
    uint64_t due = pr_read(&s->canary);
    if ((int64_t)due > now_ms) {
        (void)atomic_compare_exchange_strong(&s->canary, &due, (uint64_t)now_ms);
    }
    uint64_t probe = pr_read(&s->probe);
    if ((probe & 3) == PROBE_GOOD) { /* a real answer ends the episode */
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

/* A slice: [0] tick 24 | answered 20 | not sent 20; [1] tick 16 | unknown 12 | slow 12 | probe ok 12 | probe
 * bad 12. */
typedef struct slice_field {
    int32_t word, shift, bits;
} slice_field;
static const slice_field fields[6] = {{0, 20, 20}, {0, 0, 20},  {1, 36, 12},
                                      {1, 24, 12}, {1, 12, 12}, {1, 0, 12}};

static uint64_t slice_tick(int32_t word, int64_t tick)
{
    return word == 0 ? ((uint64_t)tick & 0xFFFFFF) << 40 : ((uint64_t)tick & 0xFFFF) << 48;
}

static uint64_t slice_mask(int32_t word)
{
    return word == 0 ? 0xFFFFFFULL << 40 : 0xFFFFULL << 48;
}

void pr_slices_add(pr_slot *s, int32_t which, int64_t now_ms)
{
    const slice_field *f = &fields[which];
    int64_t tick = now_ms / PR_SLICE_MS;
    pr_word *w = &s->slices[tick % PR_SLICES][f->word];
    uint64_t seen = pr_read(w), next, top = (1ULL << f->bits) - 1;
    do {
        next = (seen & slice_mask(f->word)) == slice_tick(f->word, tick) ? seen : slice_tick(f->word, tick);
        if (((next >> f->shift) & top) < top) {
            next += 1ULL << f->shift;
        }
    } while (!pr_swap(w, &seen, next));
}

static uint32_t slice_count(const pr_slot *s, int32_t which, int64_t tick)
{
    const slice_field *f = &fields[which];
    uint64_t word = pr_read(&s->slices[tick % PR_SLICES][f->word]);
    if ((word & slice_mask(f->word)) != slice_tick(f->word, tick)) {
        return 0;
    }
    return (uint32_t)((word >> f->shift) & ((1ULL << f->bits) - 1));
}

void pr_health_sums_read(pr_health_sums *out, const pr_health *h, int32_t slot, int64_t since_ms,
                         int64_t now_ms)
{
    const pr_slot *s = pr_block_slot(h, slot);
    int64_t last = now_ms / PR_SLICE_MS,
            first = since_ms <= 0 ? 0 : (since_ms + PR_SLICE_MS - 1) / PR_SLICE_MS;
    first = first < last - PR_SLICES + 1 ? last - PR_SLICES + 1 : first;
    *out = (pr_health_sums){.from_ms = first * PR_SLICE_MS, .to_ms = last * PR_SLICE_MS};
    /* Only whole slices: the one that runs is told next time. */
    for (int64_t t = first; s != NULL && t >= 0 && t < last; t++) {
        out->answered += slice_count(s, PR_SLICE_ANSWERED, t);
        out->not_sent += slice_count(s, PR_SLICE_NOT_SENT, t);
        out->unknown += slice_count(s, PR_SLICE_UNKNOWN, t);
        out->slow += slice_count(s, PR_SLICE_SLOW, t);
        out->probe_ok += slice_count(s, PR_SLICE_PROBE_OK, t);
        out->probe_bad += slice_count(s, PR_SLICE_PROBE_BAD, t);
    }
}

/* The learned limit: rate in 1/256 a second (32 bits) | second at which it held (32 bits). It grows by a
   hundredth each second until nobody minds. */
static const double LOWER = 0.92;
enum { LIMIT_LASTS_S = 900 };

double pr_gate_limit(const pr_slot *s, int64_t now_ms)
{
    uint64_t word = pr_read(&s->limit);
    int64_t age = now_ms / 1000 - (int64_t)(word & 0xFFFFFFFFU);
    if (word == 0 || age > LIMIT_LASTS_S) {
        return 0;
    }
    double rate = (double)(word >> 32) / 256.0;
    return age <= 0 ? rate : rate * pr_exp(0.00995033 * (double)age); /* ln 1.01 */
}

void pr_gate_limited(pr_slot *s, int64_t now_ms)
{
    int64_t tick = now_ms / PR_SLICE_MS;
    double span = (double)(now_ms - (tick - 1) * PR_SLICE_MS) / 1000.0, sent = 0;
    for (int64_t t = tick - 1; t <= tick; t++) {
        sent += slice_count(s, PR_SLICE_ANSWERED, t) + slice_count(s, PR_SLICE_NOT_SENT, t) +
                slice_count(s, PR_SLICE_UNKNOWN, t);
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
    uint64_t seen = pr_read(&s->tokens), next;
    double room = limit * 2.0 < 1.0 ? 1.0 : limit * 2.0 > 60000.0 ? 60000.0 : limit * 2.0;
    int32_t may;
    do {
        double dt = (double)(now_ms - (int64_t)(seen & 0xFFFFFFFFFFU)) / 1000.0;
        double have = seen == 0 ? room : (double)(seen >> 40) / 256.0 + pr_clamp(dt, 0.0, 3600.0) * limit;
        have = have > room ? room : have;
        may = have >= 1.0;
        next = (uint64_t)((may ? have - 1.0 : have) * 256.0) << 40 | ((uint64_t)now_ms & 0xFFFFFFFFFFU);
    } while (!pr_swap(&s->tokens, &seen, next));
    return may;
}

/* A sum: period 16 bits (of its number) | amount 48 bits. */
static const uint64_t AMOUNT = (1ULL << 48) - 1;

int64_t pr_health_quota(const pr_health *h, int32_t slot, int32_t which, uint32_t period)
{
    const pr_slot *s = pr_block_slot(h, slot);
    uint64_t word = s == NULL || which < 0 || which >= PR_QUOTAS ? 0 : pr_read(&s->quota[which]);
    return word >> 48 == (period & 0xFFFFU) ? (int64_t)(word & AMOUNT) : 0;
}

int64_t pr_health_quota_add(const pr_health *h, int32_t slot, int32_t which, uint32_t period, int64_t amount)
{
    pr_slot *s = pr_block_slot(h, slot);
    if (s == NULL || which < 0 || which >= PR_QUOTAS) {
        return 0;
    }
    uint64_t seen = pr_read(&s->quota[which]), sum;
    do {
        sum = seen >> 48 == (period & 0xFFFFU) ? seen & AMOUNT : 0;
        if (amount < 0) {
            uint64_t less = (uint64_t)-(amount + 1) + 1;
            sum = less > sum ? 0 : sum - less;
        } else {
            sum = (uint64_t)amount > AMOUNT - sum ? AMOUNT : sum + (uint64_t)amount;
        }
    } while (!pr_swap(&s->quota[which], &seen, (uint64_t)(period & 0xFFFFU) << 48 | sum));
    return (int64_t)sum;
}
