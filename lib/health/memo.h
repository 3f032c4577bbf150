/* What the last looks made of the channels themselves, kept beside the block by one process: it follows from
   a few words of the slot and the quarter of a second, so as long as both are the same it is not made again.
   A look gives the same with it as without. */
#ifndef PR_HEALTH_MEMO_H
#define PR_HEALTH_MEMO_H

#include "health/block.h"
#include "health/filter.h"
#include "health/shown.h"

typedef struct pr_standing {
    pr_posterior states;
    double part, whole, evidence; /* approved: part of whole, before the segment is asked (base.h) */
    double blame_channel, blame_pending, pending;
    pr_shown_view shown;
} pr_standing;

/* All words of a slot that a standing follows from; what was shown stands for its cohorts. */
#define PR_MEMO_WORDS(X)                                                                                     \
    X(filter)                                                                                                \
    X(since)                                                                                                 \
    X(last) X(storm) X(slow) X(fast) X(prior) X(pending) X(storm_pending) X(swept) X(funnel) X(cashier)      \
        X(delay)

typedef struct pr_memo_entry {
    int64_t moment; /* ms, plus one; 0: nothing */
#define PR_MEMO_FIELD(name) uint64_t name;
    PR_MEMO_WORDS(PR_MEMO_FIELD)
#undef PR_MEMO_FIELD
    uint64_t cohorts;
    pr_standing standing;
} pr_memo_entry;

struct pr_health_memo {
    atomic_flag busy; /* by a thread; who finds it so goes without */
    pr_memo_entry entries[];
};

static inline size_t pr_memo_size(int32_t channels)
{
    return sizeof(struct pr_health_memo) + (size_t)channels * sizeof(pr_memo_entry);
}

/* NULL: there is none, or another thread has it. */
static inline struct pr_health_memo *pr_memo_take(const pr_health *h)
{
    return h == NULL || h->memo == NULL || atomic_flag_test_and_set(&h->memo->busy) ? NULL : h->memo;
}

static inline void pr_memo_give(struct pr_health_memo *memo)
{
    if (memo != NULL) {
        atomic_flag_clear(&memo->busy);
    }
}

/* Counts go up and down by one, and no two such changes cancel. */
static inline uint64_t pr_memo_cohorts(const pr_slot *s)
{
    uint64_t sum = 0;
    for (uint64_t i = 0; pr_read(&s->swept) != 0 && i < PR_COHORTS; i++) {
        sum += pr_read(&s->cohorts[i]) * (2 * i + 1);
    }
    return sum;
}

static inline int32_t pr_memo_holds(const pr_memo_entry *e, const pr_slot *s, int64_t moment)
{
#define PR_MEMO_DIFFERS(name) | (e->name ^ pr_read(&s->name))
    return e->moment == moment && (0 PR_MEMO_WORDS(PR_MEMO_DIFFERS)) == 0 && e->cohorts == pr_memo_cohorts(s);
#undef PR_MEMO_DIFFERS
}

/* Before the standing is made: what changes meanwhile is seen at the next look. */
static inline void pr_memo_note(pr_memo_entry *e, const pr_slot *s, int64_t moment)
{
    e->moment = moment;
#define PR_MEMO_KEEP(name) e->name = pr_read(&s->name);
    PR_MEMO_WORDS(PR_MEMO_KEEP)
#undef PR_MEMO_KEEP
    e->cohorts = pr_memo_cohorts(s);
}

#endif
