/* What each channel did lately, as one position-free block of memory: on the heap, or a file that all workers
   of a host map. Pure: time comes in, nothing blocks, nothing is allocated, and no word is ever left in a
   state that another process could not go on from, so a worker may die at any instruction.

   Every stored fact is one 64-bit word changed by compare-and-swap, or a counter changed by an atomic add.
   What is computed uses + - * / of doubles only (no libm, no contraction), so that all machines agree to the
   last bit.

   Times: ms since 1970, 0 .. 2^50; with any other nothing happens, and a look tells what is known of nothing.
   A clock that goes back costs the evidence of the time between, no more; what lies in the future is taken as
   of now.

   What may be lost: of two answers at the very same moment one may be missing in the latency histogram (plain
   loads and stores); a count that is full stays full; a worker that is killed between claiming a cell
   (channel x segment) and writing it leaves the cell unused; one that is killed in a call leaves that
   observation half told (some words have it, others not), never a half-written word, and what other hosts are
   told of a quarter of a second that it was closing. Permits of the killed count as silent attempts until
   they expire.

   What damage can do: mislead, for as long as the next evidence needs to outweigh it; never a number that is
   not finite, nor an access outside of the block. */
#ifndef PR_HEALTH_H
#define PR_HEALTH_H

#include <stddef.h>
#include <stdint.h>

enum { PR_HEALTH_NAME_CAP = 33, PR_HEALTH_NO_SLOT = -1 };

/* A view of a block; copying it is fine, the block and the memo must outlive it. */
struct pr_health_memo;
typedef struct pr_health {
    void *block;
    size_t size;
    int32_t channels; /* slots */
    int32_t cells;
    struct pr_health_memo *memo; /* of this process (memo.h); NULL: each look begins anew */
} pr_health;

/* How large a block for so many channels and cells (channel x segment) is. Both are rounded up to powers of
 * two. */
size_t pr_health_size(int32_t channels, int32_t cells);

/* Make `block` (8-byte aligned, zeroed by the caller) an empty health block. E_ARG, E_RANGE (too small). */
int32_t pr_health_init(pr_health *out, void *block, size_t size, int32_t channels, int32_t cells,
                       int64_t now_ms);

/* Look at a block that somebody else made. OK; E_FOREIGN (no health block), E_VERSION (older or newer),
   E_CHECKSUM (its sizes or its checksum do not fit, a word holds what nobody writes, it is being made): the
   caller makes a new one. Checks bounds of everything that is used as an index, so that a damaged block can
   mislead but not corrupt. */
int32_t pr_health_attach(pr_health *out, void *block, size_t size);

/* What a merchant believes before anything was seen. */
typedef struct pr_health_prior {
    double success;     /* 0..1; 0: the default of 0.90 */
    int32_t latency_ms; /* typical; 0: 800 */
    int32_t timeout_ms; /* how long an attempt may take; 0: 30000 */
} pr_health_prior;

/* Slot of a channel, claimed at its first use; PR_HEALTH_NO_SLOT: no room, or a name that is empty or too
   long. The name is the channel's id with what makes it the same channel for every worker (id + NUL-free
   account hash). A slot whose channel was not used for 30 days may be claimed by another. */
int32_t pr_health_slot(const pr_health *h, const char *name, const pr_health_prior *prior, int64_t now_ms);

/* The same for a hash of the name that the caller keeps; 0 is no name. */
int32_t pr_health_slot_key(const pr_health *h, uint64_t key, const pr_health_prior *prior, int64_t now_ms);

/* Which customers: hashes of method and of issuer (or brand); 0: not known. */
typedef struct pr_health_segment {
    uint32_t method;
    uint32_t issuer;
} pr_health_segment;
uint32_t pr_health_hash(const char *text); /* never 0 for a text that is not empty */

/* What became of an attempt. Only the first five move a filter of the channel. */
enum pr_health_result {
    PR_HEALTH_APPROVED = 1,
    PR_HEALTH_DECLINED_SOFT = 2, /* the line lives; why it said no is weighed over channel, issuer, both */
    PR_HEALTH_NOT_SENT = 3,      /* refused, no connection, provably nothing ran */
    PR_HEALTH_UNKNOWN = 4,       /* no usable answer */
    PR_HEALTH_LIMITED = 5,       /* refused at the door: too many requests */
    PR_HEALTH_PENDING = 6,       /* taken, result later */
    PR_HEALTH_CUSTOMER = 7, /* declined for what only the customer can change: the line lives, nothing else */
    PR_HEALTH_DECLINED_HARD = 8, /* as CUSTOMER */
    PR_HEALTH_MERCHANT = 9, /* our own request or set-up: the line lives, the channel cannot succeed now */
    PR_HEALTH_TAKEN = 10    /* a code or page to show the customer: the line lives, the rest is up to him */
};

/* An attempt begins; the permit goes to the end of it. A permit that never comes back expires by itself. */
typedef uint64_t pr_health_permit; /* 0: none */
pr_health_permit pr_health_start(const pr_health *h, int32_t slot, int64_t now_ms);
/* It ended with a first result. `second` 1: after another channel had declined it (counts less: selection).
 */
void pr_health_end(const pr_health *h, int32_t slot, pr_health_segment segment, pr_health_permit permit,
                   int32_t result, int64_t latency_ms, int32_t second, int64_t now_ms);
/* What an UNKNOWN or PENDING one became in the end. */
void pr_health_final(const pr_health *h, int32_t slot, pr_health_segment segment, int32_t first,
                     int32_t result, int64_t now_ms);
/* A cheap question (query of a known order, TLS connect). */
void pr_health_probe(const pr_health *h, int32_t slot, int32_t ok, int64_t latency_ms, int64_t now_ms);

/* What the customer does with a code or page: shown -> opened -> paid. `age_ms`: how long ago it was shown.
   What his browser says is a hint, never proof, and is bounded for each payment by the caller. It speaks of
   the channel as a whole: there are too few of these to tell customers apart by them. */
enum pr_health_hint {
    PR_HEALTH_SHOWN = 1,
    PR_HEALTH_OPENED = 2,
    PR_HEALTH_CLIENT_FAILED = 3, /* the page says that the cashier did not open */
    PR_HEALTH_PAID = 4,          /* proof of payment for a shown one: closes the funnel */
    PR_HEALTH_GIVEN_UP = 5       /* ended unpaid: expired, closed, or another way taken */
};
void pr_health_hint(const pr_health *h, int32_t slot, int32_t hint, int64_t age_ms, int64_t now_ms);
/* Of those to whom something was shown, so many said lately that they opened it; 0: nobody says so. */
double pr_health_opened(const pr_health *h, int32_t slot, int64_t now_ms);

/* Everything the router needs to know about a channel for these customers, now. */
typedef struct pr_health_view {
    double up, down, hang, brown;                   /* posterior, sums to 1; in-flight ages taken in */
    double approve;                                 /* P(approved | up, no storm) for the segment */
    double taken;                                   /* P(it takes the order in time) */
    double shown_seen;                              /* how many that were shown speak in `convert` */
    double shown;                                   /* P(paid) of a code or page that it shows */
    double blame_pending;                           /* storm of PENDING: posterior */
    double confirm;                                 /* P(confirmed in time | tried first): p */
    double fail_over;                               /* P(fails, provably uncharged, time left): f */
    double blame_channel, blame_pair, blame_issuer; /* storms: posterior */
    double pending;                                 /* share whose first answer is PENDING */
    double convert;                                 /* P(paid | shown) as usual for this channel */
    double cashier;                                 /* posterior: what it shows cannot be paid */
    int32_t latency_p50_ms, latency_p95_ms, latency_p99_ms;
    int32_t in_flight;
    int32_t suspect;      /* 1: not to be tried but as a canary */
    int64_t bad_since_ms; /* start of the present fault; 0: none */
    int64_t last_ms;      /* last evidence; 0: none */
    double limit_per_s;   /* learned; 0: none */
    double evidence;      /* how many attempts speak in `approve` */
} pr_health_view;
void pr_health_look(pr_health_view *out, const pr_health *h, int32_t slot, pr_health_segment segment,
                    int64_t patience_ms, int64_t now_ms);

/* One canary for all workers: 1 when this caller may send it, since the last one went at least `interval_ms`
   ago or is told to have come back: an approval, or any answer unless the channel declines what others take.
 */
int32_t pr_health_canary(const pr_health *h, int32_t slot, int64_t interval_ms, int64_t now_ms);
/* 1: none may go after so short an interval, so that the right one need not be worked out. */
int32_t pr_health_canary_rests(const pr_health *h, int32_t slot, int64_t interval_ms, int64_t now_ms);
/* The same for probes. */
int32_t pr_health_probe_due(const pr_health *h, int32_t slot, int64_t interval_ms, int64_t now_ms);
/* Room under the learned rate limit: 1 takes a token. */
int32_t pr_health_admit(const pr_health *h, int32_t slot, int64_t now_ms);

/* 1: more than four times of what payments in this currency (its hash) usually are, by the geometric mean of
   two days; such a one is no test. `first` 1: it is counted. */
int32_t pr_health_dear(const pr_health *h, uint32_t currency, int64_t amount_minor, int32_t first,
                       int64_t now_ms);

/* How many answers and refusals came in the last five minutes, by whole slices: what a channel's traffic is.
 */
enum { PR_RATE_SLICES = 20, PR_RATE_WINDOW_MS = 300000 };
uint32_t pr_health_answers(const pr_health *h, int32_t slot, int64_t now_ms);

/* Sums of the current period (number of day or month, by the caller's calendar): counts and amounts for caps,
   commitments and splits. A new period starts at zero; a caller who is still in one of the two periods
   before, because his clock is a little behind, adds to the present one. `which`: PR_QUOTA_*. Saturates,
   never wraps. */
enum { PR_QUOTA_DAY = 0, PR_QUOTA_MONTH = 1, PR_QUOTA_TURNS = 2, PR_QUOTAS = 3 };
int64_t pr_health_quota_add(const pr_health *h, int32_t slot, int32_t which, uint32_t period, int64_t amount);
int64_t pr_health_quota(const pr_health *h, int32_t slot, int32_t which, uint32_t period);

/* For other hosts: what this block saw of the channel itself since `since_ms`. Plain sums: merging is
   addition. What others saw is taken in by fold.h. */
typedef struct pr_health_sums {
    int64_t from_ms, to_ms;
    uint32_t answered, not_sent, unknown, slow, probe_ok, probe_bad;
} pr_health_sums;
void pr_health_sums_read(pr_health_sums *out, const pr_health *h, int32_t slot, int64_t since_ms,
                         int64_t now_ms);
#endif
