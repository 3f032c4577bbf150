/* A small world around one payment: providers with books of their own, a network that loses, delays and
   doubles, customers who pay early, late
   or never, clocks that jump, workers that die. The machine sees only what a worker would see; the books
   know the truth. */
#ifndef PROPERTY_WORLD_H
#define PROPERTY_WORLD_H

#include <stddef.h>
#include <stdint.h>

#include <payroute/base.h>

#include "base/rng.h"
#include "core/machine.h"

enum {
    WORLD_ATTEMPTS = 4,
    WORLD_COPIES = 12,
    WORLD_CAPTURES = 6,
    WORLD_REFUNDS = 24,
    WORLD_LATE = 8,
    WORLD_STORY = 400
};

#define WORLD_PRICE ((int64_t)1000)

/* A copy of a request that left us and has not arrived. */
typedef struct copy {
    int32_t n;
    int32_t step;
    int32_t action;    /* index; -1: the attempt's own request */
    int64_t signed_ms; /* by our clock */
    int64_t arrive_ms; /* true time */
} copy;

/* What the provider's books say about one order of ours. */
typedef struct book {
    int32_t exists;
    int32_t closed;
    int32_t declined;
    int32_t scanned;
    int32_t exposed; /* the customer holds the code, the page or the container's secret */
    int32_t hidden;  /* an unscanned code is "no such trade" */
    int32_t authorized;
    int64_t processing_ms; /* decides itself then; 0 not processing */
    int64_t first_ms;      /* when the key was first seen */
    int64_t expire_ms;
    int32_t captures;
    uint64_t capture_id[WORLD_CAPTURES];
    int32_t refunds;
    int32_t refund_slot[WORLD_REFUNDS]; /* our action + 1; 0: a person or a reversing cancel */
    int64_t refund_amount[WORLD_REFUNDS];
} book;

/* How the transport or a worker lies: each mutant takes one proof away, and the properties must notice. */
enum mutant {
    MUTANT_NONE,
    MUTANT_NOT_SENT,
    MUTANT_OLD_LOOKUP,
    MUTANT_LOST_SENDS,
    MUTANT_FINAL,
    MUTANT_SHOWN,
    MUTANT_COUNT
};

typedef struct world {
    pr_rng rng;
    pr_pay p;
    book books[WORLD_ATTEMPTS];
    copy copies[WORLD_COPIES];
    int32_t copy_count;
    pr_input late[WORLD_LATE]; /* answers that nobody waited for any more */
    int32_t late_n[WORLD_LATE];
    int32_t late_count;
    uint8_t record[8192];
    int32_t record_len;
    int64_t saved_epoch;
    int64_t true_ms;
    int64_t skew_ms;
    uint64_t next_id;
    int32_t truthful;
    int32_t mutant;
    int32_t quiet_customer;
    const char *broken;
    int32_t broken_n;
    int64_t steps;
    char story[WORLD_STORY][96];
    int32_t story_count;
} world;

void world_init(world *w, uint64_t seed, uint64_t round, int32_t mutant);
int64_t world_now(const world *w);
void world_tell(world *w, const char *format, ...) __attribute__((format(printf, 2, 3)));
void world_fail(world *w, const char *why, int32_t n);
int64_t world_captured(const world *w, int32_t n);
int64_t world_refunded(const world *w, int32_t n);
/* By the books: could this order still take money, or does it hold some? */
int32_t world_danger(const world *w, int32_t n);
/* Time passes: copies arrive, pending payments decide themselves. */
void world_advance(world *w, int64_t by_ms);
void world_customer(world *w);

/* Provider's side of an exchange; the input is what an authentic answer would say. 0: no answer. */
int32_t world_deliver(world *w, const copy *c, pr_input *answer);
void world_status(world *w, int32_t n, pr_input *in);

/* Our side (drive.c): what a worker does in one call. */
int32_t drive_worker(world *w); /* 1: did something */
void drive_notice(world *w);
void drive_crash(world *w);
void drive_shop(world *w);
void drive_late_answer(world *w);
void drive_check(world *w);

/* A whole story from its seed to the comparison of the books (round.c); what broke stands in w->broken. */
void world_round(world *w, uint64_t seed, uint64_t round, int32_t mutant);

#endif
