/* Layout of a health block. Words only: no pointers, no padding that is left unset, little is written where
   much is read. A slot is a whole number of cache lines. */
#ifndef PR_HEALTH_BLOCK_H
#define PR_HEALTH_BLOCK_H

#include "health/health.h"

#include <stdatomic.h>

typedef _Atomic uint64_t pr_word;
typedef _Atomic uint32_t pr_half;
typedef _Atomic uint16_t pr_quarter;

enum {
    PR_BLOCK_LAYOUT = 6, /* changes with every change of this file or of what a word means */
    PR_BINS = 32,        /* of the latency histogram: x1.25 each, from 20 ms */
    PR_AGES = 128,       /* of attempts under way: 0.25 s each */
    PR_AGE_MS = 250,
    PR_SHOWN_MS = 5000,
    PR_COHORTS = 64,
    PR_DELAY_MS = 600000,
    PR_RIPE_MS = 150000, /* who has not paid by then does not pay */
    PR_SLICES = 32,      /* of what is told to other hosts: 15 s each */
    PR_SLICE_MS = 15000,
    PR_CHANNELS_CAP = 1024,
    PR_CELLS_CAP = 65536,
    PR_LOOK = 16 /* slots or cells that are looked at before there is no room */
};

typedef struct pr_block_header {
    char magic[8];
    uint32_t layout;
    uint32_t header_size;
    uint64_t size;
    uint32_t channels;
    uint32_t cells;
    int64_t made_ms;
    uint64_t sum;   /* over the fields above */
    pr_word ready;  /* written last */
    pr_word global; /* success rate over all channels: what a segment is compared with */
} pr_block_header;

typedef struct pr_ages { /* how many began when and have not ended (ages.h) */
    pr_word used[PR_AGES / 64];
    pr_word last;    /* ms: the last good end */
    pr_word done[4]; /* good ends of the last units: tick << 24 | count */
    pr_word spare;
    pr_word count[PR_AGES]; /* tick << 24 | count */
} pr_ages;

typedef struct pr_slot {
    /* who, and what it is like now */
    pr_word key;    /* hash of the name; 0: free */
    pr_word used;   /* ms of the last claim or evidence */
    pr_word filter; /* log-odds of down, hang, brown (filter.h) */
    pr_word since;  /* start of the present fault, ms; 0: none */
    pr_word last;   /* ms of the last evidence */
    pr_word storm;  /* it declines what others take (blame.h) */
    pr_word slow;   /* rate, half-life ten days */
    pr_word fast;   /* rate, half-life two hours */
    /* what else a look reads */
    pr_word prior;         /* success | latency | time-out as believed */
    pr_word pending;       /* rate of first answers that are PENDING */
    pr_word storm_pending; /* its first answers are PENDING as they were not before (blame.h) */
    pr_word quantiles;     /* of the latency, ms: half, 95 %, 99 % in 21 bits each */
    pr_word swept;         /* up to which cohort, and the odds there (shown.c) */
    pr_word funnel;        /* rate of shown that were paid */
    pr_word cashier;       /* what was shown is not paid as it used to be (blame.h) */
    pr_word limit;         /* learned rate limit and its time */
    pr_word delay;         /* rate: how long those who pay what was shown take, of PR_DELAY_MS */
    /* what is remembered beside it */
    pr_word tokens; /* under the limit */
    pr_word canary; /* next one may go, ms */
    pr_word probe;  /* next one may go, ms | state of the episode */
    pr_word quota[PR_QUOTAS];
    pr_word wiped; /* the key for which all of this was emptied; another than `key`: what stands here is not
                      his */
    pr_half bins[PR_BINS];
    pr_quarter ratio[PR_BINS]; /* how much likelier in a brown-out, in 1/4096 */
    pr_quarter tail[PR_BINS];  /* P(longer than the start of the bin) in 1/65535, made from bins and prior
                                  (latency.h) */
    pr_word slices[PR_SLICES][2];
    pr_ages flight;              /* attempts without an answer */
    pr_word cohorts[PR_COHORTS]; /* of those to whom something was shown (shown.c) */
} pr_slot;

typedef struct pr_cell { /* rate of a channel x segment, or the storm of a pair or an issuer */
    pr_word key;         /* 0: free */
    pr_word word;
} pr_cell;

_Static_assert(sizeof(pr_block_header) == 64, "one cache line");
_Static_assert(sizeof(pr_slot) % 64 == 0, "whole cache lines");
_Static_assert(ATOMIC_LLONG_LOCK_FREE == 2, "a lock beside the block would be another process' lock");

static inline pr_block_header *pr_block(const pr_health *h)
{
    return h->block;
}

static inline pr_slot *pr_block_slot(const pr_health *h, int32_t slot)
{
    return slot < 0 || slot >= h->channels ? NULL : (pr_slot *)(pr_block(h) + 1) + slot;
}

static inline pr_cell *pr_block_cell(const pr_health *h, uint32_t i)
{
    return (pr_cell *)((pr_slot *)(pr_block(h) + 1) + h->channels) + (i & (uint32_t)(h->cells - 1));
}

static inline uint64_t pr_read(const pr_word *w)
{
    return atomic_load_explicit(w, memory_order_relaxed);
}

/* A time in ms as stored; damage cannot make it negative or so far off that differences overflow. */
#define PR_TIME_CAP (1LL << 50)
static inline int64_t pr_time_read(const pr_word *w)
{
    return (int64_t)(pr_read(w) & (uint64_t)(PR_TIME_CAP - 1));
}

/* Times that come in: what is none is refused. */
static inline int32_t pr_time_fits(int64_t now_ms)
{
    return now_ms >= 0 && now_ms < PR_TIME_CAP;
}

static inline void pr_write(pr_word *w, uint64_t v)
{
    atomic_store_explicit(w, v, memory_order_relaxed);
}

/* 1: done; else *seen is what stands there now. */
static inline int32_t pr_swap(pr_word *w, uint64_t *seen, uint64_t v)
{
    return atomic_compare_exchange_weak_explicit(w, seen, v, memory_order_relaxed, memory_order_relaxed);
}

static inline uint64_t pr_health_stir(uint64_t h, uint64_t word)
{
    h = (h ^ word) * 0x9E3779B97F4A7C15ULL;
    h = (h ^ (h >> 29)) * 0xBF58476D1CE4E5B9ULL;
    return h ^ (h >> 32);
}

/* What a cell is about: the hash of channel and segment, of channel and issuer, of an issuer alone; never 0.
   Its last two bits are the kind, which says how its word is read. */
enum { PR_CELL_RATE = 0, PR_CELL_SEGMENT = 1, PR_CELL_PAIR = 2, PR_CELL_ISSUER = 3 };
static inline uint64_t pr_health_cell_key(uint64_t channel, uint32_t method, uint32_t issuer, uint32_t kind)
{
    uint64_t h = pr_health_stir(channel + kind * 0x632BE59BD9B4E019ULL, (uint64_t)method << 32 | issuer);
    return (h | 7U) - 3U + kind;
}
/* Where the cells are, for those who look at many. */
typedef struct pr_cells {
    pr_cell *at;
    uint32_t mask;
} pr_cells;

static inline pr_cells pr_block_cells(const pr_health *h)
{
    return (pr_cells){pr_block_cell(h, 0), (uint32_t)(h->cells - 1)};
}

/* The word of the one that is there, or NULL. */
static inline pr_word *pr_cell_find(pr_cells cells, uint64_t key)
{
    for (uint32_t i = 0; i < PR_LOOK; i++) {
        pr_cell *c = &cells.at[((uint32_t)(key >> 8) + i) & cells.mask];
        uint64_t have = pr_read(&c->key);
        if (have == key) {
            return &c->word;
        }
        if (have == 0) {
            break;
        }
    }
    return NULL;
}

/* Claims one if there is none. NULL: no room. */
pr_cell *pr_health_cell(const pr_health *h, uint64_t key, int64_t now_ms);

#endif
