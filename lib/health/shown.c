/* See shown.h. A cohort: tick | shown | failed | paid, 16 bits each. A count that is full stays full. */
#include "health/shown.h"

#include "health/blame.h"
#include "health/number.h"

enum { COHORT_MS = PR_SHOWN_MS, COHORTS = PR_COHORTS, PAID = 0, FAILED = 16, SHOWN = 32, TICK = 48 };
static const uint64_t COUNT = 0xFFFF;

static const double USUALLY_PAID = 0.6, BELIEF = 150.0; /* of what is shown, before anything was seen */
static const double DEAD_PAYS = 0.1;   /* of what a dead cashier shows, so many are paid nevertheless */
static const double MEAN_MS = 35000.0; /* how long those who pay take, before anything was seen */
static const double ONSET = 2e-5;      /* a second */
static const double ENOUGH =
    40.0; /* of a cohort: beyond that the model of delays errs more than chance does */
static const double ALMOST = 0.9;
static const double CLIENT_SAYS = 4.0;         /* the customer's page may be wrong, or lie */
static const double OPENED_SAYS = 2.0;         /* a hint the other way */
static const double FAILED_SAYS = 1.3862944;   /* the same, in nats */
static const double LEAST = -12.0, MOST = 5.0; /* log-odds of "dead": it must be over after a few who paid */

typedef struct cohort {
    double shown, paid, failed; /* failed: said so, and did not pay later */
} cohort;

static uint64_t tick_of(int64_t ms)
{
    return (uint64_t)(ms < 0 ? 0 : ms / COHORT_MS);
}

static uint64_t field_of_cohort(uint64_t word, int32_t which)
{
    return word >> which & COUNT;
}

static cohort cohort_at(const pr_slot *s, uint64_t tick)
{
    uint64_t word = pr_read(&s->cohorts[tick % COHORTS]);
    if (field_of_cohort(word, TICK) != (tick & COUNT)) {
        return (cohort){0, 0, 0};
    }
    uint64_t shown = field_of_cohort(word, SHOWN), paid = field_of_cohort(word, PAID),
             failed = field_of_cohort(word, FAILED);
    paid = paid > shown ? shown : paid;
    failed = failed > shown - paid ? shown - paid : failed;
    return (cohort){(double)(int64_t)shown, (double)(int64_t)paid, (double)(int64_t)failed};
}

/* One more (or less) in a cohort. 1: the cohort is there and had room: none has more who paid, or who said
   that it failed, than who were shown something. */
static int32_t count_in(pr_slot *s, uint64_t tick, int32_t which, int32_t more)
{
    pr_word *w = &s->cohorts[tick % COHORTS];
    uint64_t seen = pr_read(w), next;
    do {
        next = field_of_cohort(seen, TICK) == (tick & COUNT) ? seen : (tick & COUNT) << TICK;
        uint64_t shown = field_of_cohort(next, SHOWN), paid = field_of_cohort(next, PAID);
        uint64_t room = which == SHOWN ? (more > 0 ? COUNT : paid) : shown,
                 has = field_of_cohort(next, which);
        if (more > 0 ? has >= room : has <= room) {
            return 0;
        }
        next = more > 0 ? next + (1ULL << which) : next - (1ULL << which);
    } while (!pr_swap(w, &seen, next));
    return 1;
}

typedef struct payers { /* how those who pay do it */
    double usual, per_ms, log_paid;
} payers;

/* Of those who pay, so many have paid at this age: few at once, half a little before the mean (Weibull's
 * shape 2). */
static double paid_share(const payers *p, double age_ms)
{
    double x = age_ms > 0 ? age_ms * p->per_ms : 0.0;
    return 1.0 - pr_exp(-x * x);
}

static payers payers_of(const pr_slot *s, double usual, int64_t now_ms)
{
    pr_rate delay = pr_rate_read(pr_read(&s->delay), &pr_rate_slow, now_ms);
    double mean = pr_rate_mean(MEAN_MS / PR_DELAY_MS, 5.0, delay) * PR_DELAY_MS;
    usual = pr_clamp(usual, 0.05, 0.95);
    return (payers){usual, 0.8862 / mean, pr_log(usual / DEAD_PAYS)};
}

/* Log-odds of "dead" a cohort later: faults begin and end, and this is what the cohort says. */
static double step(double nats, const cohort *c, const payers *p, double age_ms)
{
    double keep = PR_STORM_FADE_S / (PR_STORM_FADE_S + COHORT_MS / 1000.0),
           begun = ONSET * (COHORT_MS / 1000.0);
    double odds = pr_exp(nats);
    nats = pr_log((odds * keep + begun) / (1.0 + odds * (1.0 - keep)));
    if (c->shown > 0) {
        double share = paid_share(p, age_ms), weight = c->shown > ENOUGH ? ENOUGH / c->shown : 1.0;
        double unpaid = pr_log((1.0 - DEAD_PAYS * share) / (1.0 - p->usual * share));
        double silent = c->shown - c->paid - c->failed;
        nats += weight * (silent * unpaid + c->failed * (unpaid > FAILED_SAYS ? unpaid : FAILED_SAYS) -
                          c->paid * p->log_paid);
    }
    return pr_clamp(nats, LEAST, MOST);
}

/* Where the swept cohorts end, and what the odds were there: tick 40 bits | log-odds 24 bits of 1/4096. */
typedef struct swept {
    uint64_t tick;
    double nats;
} swept;

static swept swept_of(uint64_t word)
{
    double nats = ((double)(int64_t)(word & 0xFFFFFF) - 8388608.0) / 4096.0;
    return (swept){word >> 24, word == 0 ? -6.0 : pr_clamp(nats, LEAST, MOST)};
}

static uint64_t pack_swept(swept w)
{
    return w.tick << 24 | (uint64_t)(int64_t)(pr_clamp(w.nats, LEAST, MOST) * 4096.0 + 8388608.5);
}

static double mean_paid(pr_rate r)
{
    return pr_clamp(pr_rate_mean(USUALLY_PAID, BELIEF, r), 0.05, 0.95);
}

static uint64_t first_cohort(const swept *from, uint64_t now_tick)
{
    return from->tick + COHORTS > now_tick ? from->tick + 1 : now_tick - COHORTS + 1;
}

void pr_shown_look(pr_shown_view *out, const pr_slot *s, int64_t now_ms)
{
    *out = (pr_shown_view){USUALLY_PAID, 0, 0};
    uint64_t word = pr_read(&s->swept), now_tick = tick_of(now_ms);
    double hinted = pr_storm_read(pr_read(&s->cashier), now_ms);
    if (word == 0) {
        out->dead = hinted;
        return;
    }
    pr_rate rate = pr_rate_read(pr_read(&s->funnel), &pr_rate_funnel, now_ms);
    payers p = payers_of(s, mean_paid(rate), now_ms);
    swept from = swept_of(word);
    double nats = from.nats;
    for (uint64_t tick = first_cohort(&from, now_tick); tick <= now_tick; tick++) {
        cohort c = cohort_at(s, tick);
        double age = (double)(now_ms - (int64_t)tick * COHORT_MS) - COHORT_MS / 2.0;
        nats = step(nats, &c, &p, age);
        double share = c.shown > 0 ? paid_share(&p, age) : 0.0;
        if (share > ALMOST) { /* of younger ones the model of delays would say more than the customers */
            rate.good += c.paid;
            rate.all += c.paid + (c.shown - c.paid) * share / (1.0 + pr_exp(nats));
        }
    }
    out->convert = mean_paid(rate);
    out->seen = rate.all;
    double odds = pr_exp(nats) * hinted / (1.0 - hinted + 1e-9) / (PR_STORM_REST / (1.0 - PR_STORM_REST));
    out->dead = odds / (1.0 + odds);
}

/* Once in each five seconds one worker takes the ripe cohorts into what is known for good. What a fault kept
   from being paid does not count against the channel. */
static void sweep(pr_slot *s, int64_t now_ms)
{
    uint64_t word = pr_read(&s->swept), ripe = tick_of(now_ms - PR_RIPE_MS);
    swept at = swept_of(word);
    if (word == 0) {
        at = (swept){ripe, -6.0};
        (void)atomic_compare_exchange_strong(&s->swept, &word, pack_swept(at));
        return;
    }
    if (ripe <= at.tick) {
        return;
    }
    pr_rate rate = pr_rate_read(pr_read(&s->funnel), &pr_rate_funnel, now_ms), more = {0, 0};
    payers p = payers_of(s, mean_paid(rate), now_ms);
    for (uint64_t tick = first_cohort(&at, ripe); tick <= ripe; tick++) {
        cohort c = cohort_at(s, tick);
        at.nats = step(at.nats, &c, &p, (double)PR_RIPE_MS);
        more.good += c.paid;
        more.all += c.paid + (c.shown - c.paid) / (1.0 + pr_exp(at.nats));
    }
    at.tick = ripe;
    if (atomic_compare_exchange_strong(&s->swept, &word, pack_swept(at))) {
        pr_rate_lot(&s->funnel, &pr_rate_funnel, more, now_ms);
    }
}

void pr_shown_begin(pr_slot *s, int64_t now_ms)
{
    (void)count_in(s, tick_of(now_ms), SHOWN, 1);
    sweep(s, now_ms);
}

/* The age may be a little off, as clocks of browsers and databases are: then it is a neighbor's. */
static int32_t count_near(pr_slot *s, int64_t shown_ms, int64_t now_ms, int32_t which, int32_t more)
{
    uint64_t tick = tick_of(shown_ms), ripe = swept_of(pr_read(&s->swept)).tick;
    if (tick <= ripe || shown_ms > now_ms) {
        return 0;
    }
    return count_in(s, tick, which, more) || count_in(s, tick + 1, which, more) ||
           count_in(s, tick - 1, which, more);
}

/* How long those who pay take, as a mean of at most ten minutes; not from the first ones, which are the quick
 * ones. */
static void see_delay(pr_slot *s, int64_t delay_ms, int64_t now_ms)
{
    if (pr_rate_read(pr_read(&s->funnel), &pr_rate_funnel, now_ms).all >= 1.0) {
        pr_rate_add(&s->delay, &pr_rate_slow, pr_clamp((double)delay_ms / PR_DELAY_MS, 0.0, 1.0), 1.0,
                    now_ms);
    }
}

void pr_shown_paid(pr_slot *s, int64_t shown_ms, int64_t now_ms)
{
    if (!count_near(s, shown_ms, now_ms, PAID, 1)) {
        pr_rate_good(&s->funnel, &pr_rate_funnel, 1.0, now_ms); /* it was counted as one who does not pay */
    }
    if (pr_read(&s->cashier) != 0) {
        pr_storm_see(&s->cashier, DEAD_PAYS / USUALLY_PAID, now_ms);
    }
    see_delay(s, now_ms - shown_ms, now_ms);
}

void pr_shown_given_up(pr_slot *s, int64_t shown_ms, int64_t now_ms)
{
    if (now_ms - shown_ms < PR_RIPE_MS / 5) {
        (void)count_near(s, shown_ms, now_ms, SHOWN, -1); /* no time to pay: he says nothing */
    }
}

void pr_shown_client_failed(pr_slot *s, int64_t shown_ms, int64_t now_ms)
{
    /* Beside those to whom something was shown at the same time; who paid before does not speak for now. */
    if (pr_read(&s->swept) == 0 || !count_near(s, shown_ms, now_ms, FAILED, 1)) {
        pr_storm_see(&s->cashier, CLIENT_SAYS, now_ms);
    }
}

/* Takes back a part of what other browsers said, and no more: a page that opens may still be one that cannot
   be paid, and a good word in good times is no credit for bad ones. */
void pr_shown_opened(pr_slot *s, int64_t now_ms)
{
    if (pr_storm_read(pr_read(&s->cashier), now_ms) > 2.0 * PR_STORM_REST) {
        pr_storm_see(&s->cashier, 1.0 / OPENED_SAYS, now_ms);
    }
}
