/* See rate.h. Time goes forward only: what seems to come from before is taken as of now. */
#include "health/rate.h"
#include "health/number.h"

static const double ONE = 8192.0;
enum { BITS = 24, TIME_BITS = 16 };

const pr_rate_kind pr_rate_slow = {3600000, 10LL * 86400000, 2000.0};
const pr_rate_kind pr_rate_fast = {60000, 2LL * 3600000, 500.0};
const pr_rate_kind pr_rate_cell = {600000, 2LL * 86400000, 300.0};
const pr_rate_kind pr_rate_recent = {10000, 600000, 200.0};

static uint64_t ticks(const pr_rate_kind *kind, int64_t now_ms)
{
    return (uint64_t)(now_ms / kind->unit_ms) & 0xFFFFU;
}

/* Of a 16-bit clock: less than half of its turn is the past, the other half a clock that was set back. */
static double elapsed(uint64_t from, uint64_t to)
{
    uint64_t d = (to - from) & 0xFFFFU;
    return d < 0xF000U ? (double)d : 0.0;
}

pr_rate pr_rate_read(uint64_t word, const pr_rate_kind *kind, int64_t now_ms)
{
    pr_rate r = {0, 0};
    if (word == 0) {
        return r;
    }
    double units = elapsed(word & 0xFFFFU, ticks(kind, now_ms));
    double left = units <= 0 ? 1.0 : pr_exp2(-units * (double)kind->unit_ms / (double)kind->half_ms);
    r.good = (double)(word >> (BITS + TIME_BITS)) / ONE * left;
    r.all = (double)((word >> TIME_BITS) & 0xFFFFFFU) / ONE * left;
    r.good = r.good > r.all ? r.all : r.good;
    return r;
}

static uint64_t pack(pr_rate r, uint64_t time)
{
    uint64_t good = (uint64_t)(r.good * ONE + 0.5), all = (uint64_t)(r.all * ONE + 0.5);
    return good << (BITS + TIME_BITS) | all << TIME_BITS | time;
}

void pr_rate_add(pr_word *word, const pr_rate_kind *kind, double good, double all, int64_t now_ms)
{
    uint64_t seen = pr_read(word), time = ticks(kind, now_ms);
    all = pr_clamp(all, 0.0, 16.0);
    good = pr_clamp(good, 0.0, all);
    do {
        pr_rate r = pr_rate_read(seen, kind, now_ms);
        /* Units that have begun but not ended do not count yet: the time stays where the forgetting left off.
         */
        uint64_t at = seen == 0 || elapsed(seen & 0xFFFFU, time) > 0 ? time : seen & 0xFFFFU;
        r.good += good;
        r.all += all;
        if (r.all > kind->cap) {
            r.good *= kind->cap / r.all;
            r.all = kind->cap;
        }
        if (pr_swap(word, &seen, pack(r, at))) {
            return;
        }
    } while (1);
}

int32_t pr_rate_old(uint64_t word, int64_t now_ms)
{
    return word != 0 && pr_rate_read(word, &pr_rate_cell, now_ms).all < 0.01;
}
