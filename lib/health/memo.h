/* What the last looks made of the channels themselves, kept beside the block by one process: it follows from
   a few words of the slot and the quarter of a second, so as long as both are the same it is not made again.
   A look gives the same with it as without. */
#ifndef PR_HEALTH_MEMO_H
#define PR_HEALTH_MEMO_H

#include "health/block.h"
#include "health/filter.h"
#include "health/shown.h"

typedef struct pr_standing {
    pr_posterior states; /* sums to 1 */
    int32_t in_flight;
    double part, whole, evidence; /* approved: part of whole, before the segment is asked (base.h) */
    double blame_channel, blame_pending, pending;
    pr_shown_view shown;
} pr_standing;

typedef struct pr_memo_entry {
    int64_t moment; /* ms, plus one; 0: nothing */
    uint64_t digest;
    pr_standing standing;
    int64_t slice; /* of what follows, plus one */
    uint32_t answers;
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

static const uint64_t pr_memo_odd[16] = {
    0x9E3779B97F4A7C15, 0xBF58476D1CE4E5B9, 0x94D049BB133111EB, 0xD6E8FEB86659FD93,
    0xA0761D6478BD642F, 0xE7037ED1A0B428DB, 0x8EBC6AF09C88C6E3, 0x589965CC75374CC3,
    0x1D8E4E27C47D124F, 0xEB44ACCAB455D165, 0xC2B2AE3D27D4EB4F, 0x165667B19E3779F9,
    0xFF51AFD7ED558CCD, 0xC4CEB9FE1A85EC53, 0x2545F4914F6CDD1D, 0xD1342543DE82EF95};

/* Of attempts under way, with what their silence is held against; latencies change with an answer, and so do
 * these. */
static inline uint64_t pr_memo_flight(const pr_ages *a)
{
    uint64_t used[2] = {pr_read(&a->used[0]), pr_read(&a->used[1])}, sum = 0;
    if ((used[0] | used[1]) == 0) {
        return 0;
    }
    for (uint64_t half = 0; half < 2; half++) {
        for (uint64_t bits = used[half]; bits != 0; bits &= bits - 1) {
            uint64_t i = half * 64 + (uint64_t)__builtin_ctzll(bits);
            sum += pr_read(&a->count[i]) * (pr_memo_odd[15] + 2 * i);
        }
    }
    for (int32_t i = 0; i < 4; i++) {
        sum += pr_read(&a->done[i]) * pr_memo_odd[i];
    }
    return pr_health_stir(sum, pr_read(&a->last));
}

/* Of all words that a standing follows from: they are hundreds of bits that nobody chooses, so two states of
   a slot that look the same here are not met. */
static inline uint64_t pr_memo_digest(const pr_slot *s)
{
    const pr_word *words = &s->filter; /* up to and with `delay` */
    uint64_t sum = 0;
#pragma GCC unroll 15
    for (int32_t i = 0; i < 15; i++) {
        sum += pr_read(words + i) * pr_memo_odd[i];
    }
    sum += pr_memo_flight(&s->flight);
    for (uint64_t i = 0; pr_read(&s->swept) != 0 && i < PR_COHORTS; i++) {
        sum += pr_read(&s->cohorts[i]) * (pr_memo_odd[i % 8] + 2 * i);
    }
    return sum;
}
/* pr_health_answers; whole slices change no more. */
static inline uint32_t pr_memo_answers(struct pr_health_memo *memo, const pr_health *h, int32_t slot,
                                       int64_t now_ms)
{
    pr_memo_entry *e = memo == NULL || pr_block_slot(h, slot) == NULL ? NULL : &memo->entries[slot];
    int64_t slice = now_ms / PR_SLICE_MS + 1;
    if (e == NULL) {
        return pr_health_answers(h, slot, now_ms);
    }
    if (e->slice != slice) {
        e->answers = pr_health_answers(h, slot, now_ms);
        e->slice = slice;
    }
    return e->answers;
}
_Static_assert(offsetof(pr_slot, delay) - offsetof(pr_slot, filter) == 14 * sizeof(pr_word),
               "all that is digested");

#endif
