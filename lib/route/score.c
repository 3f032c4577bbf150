/* See score.h. An order that is tried until one confirms is worth p1 + f1 (p2 + f2 ...); exchanging
   neighbours shows that the best order sorts by p / (1 - f). A channel that fails fast and provably is cheap
   to try, one that hangs is dear; so declines explore by themselves, and only a channel that is thought to be
   out needs a canary. */
#include "route/score.h"
#include "health/ask.h"
#include "health/gate.h"
#include "health/number.h"

static const double GO_ON = 0.85; /* value of the next try against this one: time, and declines that repeat */
static const double REMEMBER = 0.75;             /* a channel that failed this order before */
static const double GUESS = 0.6, BELIEF = 150.0; /* of conversion, and its weight: as in lib/health/shown.c */
static const double POOL = 20.0;      /* weight of the guess against what all channels saw together */
static const double DOUBT = 0.3;      /* of a standard deviation of what is believed, at random */
static const double DOUBTED = 0.02;   /* P(what it shows cannot be paid) that puts it behind others */
static const double TIE = 0.002;      /* index differences below this are noise */
static const double OUTAGE_S = 600.0; /* how much longer a fault will last, at its beginning */
static const double WORRIED = 0.9;    /* P(up) below which a test is worth it */
static const double LEAST_LOSS = 0.005, LEAST_GAIN = 0.002;
enum { TIME_SHARE = 3, TIME_SHARE_OF = 4 }; /* of the customer's patience, for one attempt */
enum { MOST = 256, NEAR = 4, FAR = 8, CANARY_LEAST_MS = 1500, CANARY_APART_MS = 1000, JUST_MS = 10000 };

static double order_index(double p, double f)
{
    return p / (1.0 - GO_ON * f);
}

/* A number of millionths, as it is compared: so a trace that holds it leads to the same order again. */
static double in_steps(double x)
{
    return (double)(int64_t)(x * 1e6 + (x < 0 ? -0.5 : 0.5)) * 1e-6;
}

static double root(double x)
{
    return pr_exp(0.5 * pr_log(x));
}

/* About normal: what is little known is thought better or worse at random, and so comes to be known. Needed
   only where no decline makes others be tried. */
static double doubt_draw(pr_rng *rng)
{
    double sum = 0;
    for (int32_t i = 0; i < 3; i++) {
        sum += (double)(int32_t)(pr_rng_u32(rng) >> 8) / 16777216.0;
    }
    return 2.0 * sum - 3.0;
}

static int32_t at_most(int32_t a, int64_t b)
{
    return (int64_t)a < b ? a : (int32_t)b;
}

/* What is paid of all that these channels show: of one that is little known more is not believed, and not
   less, than of the others. */
static double conversion(const pr_score_term *t, const pr_score_candidate *c, int32_t count)
{
    double paid = GUESS * POOL, all = POOL;
    for (int32_t i = 0; i < count; i++) {
        if (c[i].shown) {
            paid += t[i].view.convert * (BELIEF + t[i].view.shown_seen) - GUESS * BELIEF;
            all += t[i].view.shown_seen;
        }
    }
    return pr_clamp(paid / all, 0.05, 0.95);
}

/* Once it is shown, it is paid or not: no other is tried behind it. `pooled`: what all channels convert. */
static void judge_shown(pr_score_term *t, double pooled, int32_t doubtful, pr_rng *rng)
{
    double alone = t->view.convert, weight = BELIEF + t->view.shown_seen;
    double usual = pr_clamp(alone + (pooled - GUESS) * BELIEF / weight, 0.05, 0.95), drawn = usual;
    if (doubtful && t->view.shown_seen > 0) {
        double doubt = DOUBT * root(usual * (1.0 - usual) / weight);
        drawn = pr_clamp(usual + doubt * doubt_draw(rng), 0.01, 1.0);
    }
    t->view.convert = usual;
    t->view.shown *= usual / alone;
    t->confirm = t->view.shown * drawn / usual;
    t->fail_over = pr_clamp(t->view.down * .8 + t->view.brown * .02 + t->view.hang * .03 +
                                t->view.up * .8 * t->view.blame_channel,
                            0.0, 1.0 - t->confirm);
}

static void judge_candidate(pr_score_term *t, const pr_health *health, const pr_score_candidate *c,
                            const pr_score_ask *ask, double pooled, int32_t doubtful, pr_rng *rng)
{
    t->confirm = t->view.confirm;
    t->fail_over = t->view.fail_over;
    if (c->shown && health != NULL) {
        judge_shown(t, pooled, doubtful, rng);
    }
    double remembered = c->failed > 0 && health != NULL ? REMEMBER : 1.0;
    t->index = in_steps(
        order_index(t->confirm, t->fail_over) * remembered * (1.0 - pr_clamp(c->price, 0.0, 1.0)) + c->bonus);
    t->canary = 0;
    t->limited = 0;
    t->tied = 0;
    int64_t share = ask->patience_ms / TIME_SHARE_OF * TIME_SHARE;
    t->timeout_ms =
        c->timeout_ms > 0 ? at_most(c->timeout_ms, share) : (int32_t)(share < 3600000 ? share : 3600000);
}

/* ---- places ---- */

/* By rank, room under the limit and index; the earlier candidate where all is the same. As numbers: rank 15
   bits, limited 1, the steps of the index 40, candidate 8; the best one is the lowest. */
static uint64_t place_key(const pr_score_candidate *c, const pr_score_term *t, int32_t i)
{
    static const double MIDDLE = 549755813888.0; /* 2^39 */
    double steps = pr_clamp(MIDDLE - t->index * 1e6, 0.0, 2.0 * MIDDLE - 1.0);
    uint64_t rank = (uint64_t)(c->rank < 0 ? 0 : c->rank > 32767 ? 32767 : c->rank);
    return rank << 49 | (uint64_t)(t->limited != 0) << 48 | (uint64_t)(int64_t)(steps + 0.5) << 8 |
           (uint64_t)i;
}

static void sort_places(int32_t *order, const pr_score_candidate *c, const pr_score_term *t, int32_t count)
{
    uint64_t keys[MOST + 1]; /* the first one stops those that come down */
    keys[0] = 0;
    for (int32_t i = 0; i < count; i++) {
        keys[i + 1] = place_key(&c[i], &t[i], i);
    }
    if (count > FAR) { /* roughly first, in long steps */
        for (int32_t i = FAR + 1; i <= count; i++) {
            uint64_t key = keys[i];
            int32_t at = i;
            for (; at > FAR && keys[at - FAR] > key; at -= FAR) {
                keys[at] = keys[at - FAR];
            }
            keys[at] = key;
        }
    }
    for (int32_t i = 1; i <= count; i++) {
        uint64_t key = keys[i], *at = &keys[i];
        for (; at[-1] > key; at--) {
            *at = at[-1];
        }
        *at = key;
    }
    for (int32_t i = 0; i < count; i++) {
        order[i] = (int32_t)(keys[i + 1] & 255);
    }
}

/* One of the places behind comes to this one; those between make room. */
static void bring(int32_t *order, int32_t to, int32_t from)
{
    int32_t moved = order[from];
    for (int32_t i = from; i > to; i--) {
        order[i] = order[i - 1];
    }
    order[to] = moved;
}

/* Where the one stands that goes to this place: of those whose index is within the margin of the best that is
   left, the one whom the merchant ranks first. */
static int32_t best_from(const int32_t *order, int32_t place, const pr_score_candidate *c,
                         const pr_score_term *t, int32_t count, double margin)
{
    int32_t head = order[place], best = place;
    for (int32_t n = place + 1; n < count; n++) {
        int32_t i = order[n];
        if (c[i].rank != c[head].rank || t[i].limited != t[head].limited ||
            t[head].index - t[i].index > margin) {
            break;
        }
        best = c[i].priority < c[order[best]].priority ? n : best;
    }
    return best;
}

/* Where the first one stands: among those that are as good as the best one, by weight. -1: there is none. */
static int32_t draw_first(const int32_t *order, const pr_score_candidate *c, pr_score_term *t, int32_t count,
                          double margin, pr_score_draw *draw, pr_rng *rng)
{
    *draw = (pr_score_draw){.among = 0};
    if (count == 0) {
        return -1;
    }
    int32_t best = best_from(order, 0, c, t, count, margin), head = order[best];
    for (int32_t n = 0; n < count; n++) {
        int32_t i = order[n], near = c[i].rank == c[head].rank && t[i].limited == t[head].limited &&
                                     t[head].index - t[i].index <= TIE;
        t[i].tied = near && c[i].priority == c[head].priority;
        if (t[i].tied) {
            draw->among++;
            draw->total += (uint32_t)c[i].weight;
        }
        if (!near && n > best) {
            break; /* nor is anybody behind */
        }
    }
    if (draw->among < 2 || draw->total == 0) {
        return best;
    }
    draw->value = pr_rng_below(rng, draw->total);
    uint32_t left = draw->value;
    for (int32_t n = 0; n < count; n++) {
        if (t[order[n]].tied && left < (uint32_t)c[order[n]].weight) {
            return n;
        }
        left -= t[order[n]].tied ? (uint32_t)c[order[n]].weight : 0;
    }
    return best;
}

/* Sorted anew, since a limit that is used up is a place further back. -1: there is none. */
static int32_t draw_anew(int32_t *order, const pr_score_candidate *c, pr_score_term *t, int32_t count,
                         double margin, pr_score_draw *draw, pr_rng *rng)
{
    sort_places(order, c, t, count);
    int32_t at = draw_first(order, c, t, count, margin, draw, rng);
    return at < 0 ? -1 : order[at];
}

/* Its limit is used up: it goes behind all others, and the draw begins anew. */
static void limit_one(pr_score_term *t, int32_t which, int32_t count)
{
    t[which].limited = 1;
    for (int32_t i = 0; i < count; i++) {
        t[i].tied = 0;
    }
}

static double rate_of_shop(const pr_health *health, struct pr_health_memo *memo, const pr_score_candidate *c,
                           int32_t count, int64_t now_ms)
{
    double sent = 0;
    for (int32_t i = 0; i < count; i++) {
        sent += (double)pr_memo_answers(memo, health, c[i].slot, now_ms);
    }
    return (sent < 0.1 ? 0.1 : sent) / (PR_RATE_WINDOW_MS / 1000.0);
}

/* How long until the next test of a channel that is thought to be out: what a test loses against what knowing
   early would gain. */
static int64_t canary_interval(const pr_score_term *best, const pr_score_term *t, double well, double rate,
                               int64_t now_ms)
{
    double age = t->view.bad_since_ms > 0 && now_ms > t->view.bad_since_ms
                     ? (double)(now_ms - t->view.bad_since_ms) / 1000.0
                     : 0.0;
    double then = best->confirm; /* after a provable failure the best one is still there */
    double loss = best->confirm + GO_ON * best->fail_over * 0.5 - t->confirm - GO_ON * t->fail_over * then;
    double gain = well - best->index;
    loss = loss < LEAST_LOSS ? LEAST_LOSS : loss;
    gain = gain < LEAST_GAIN ? LEAST_GAIN : gain;
    double seconds = pr_exp(0.5 * pr_log(2.0 * loss * (OUTAGE_S + age) / (gain * rate)));
    return (int64_t)(pr_clamp(seconds, CANARY_APART_MS / 1000.0, 86400.0) * 1000.0);
}

/* What its index would be if nothing were wrong with it. */
static double well_index(const pr_score_term *t, const pr_score_candidate *c)
{
    double p = pr_clamp(t->view.approve * (1.0 - 0.9 * t->view.blame_issuer), 0.0, 1.0) * 0.97;
    double index = c->shown ? t->view.convert : order_index(p, (1.0 - p) * 0.8);
    double remembered = c->failed > 0 ? REMEMBER : 1.0;
    return index * remembered * (1.0 - pr_clamp(c->price, 0.0, 1.0)) + c->bonus;
}

/* What was found out a moment ago needs no test yet. */
static int32_t just_found(const pr_score_term *t, const pr_score_ask *ask)
{
    return t->view.bad_since_ms > 0 && ask->now_ms - t->view.bad_since_ms < JUST_MS;
}

static int32_t is_worrying(const pr_score_term *t, const pr_score_ask *ask)
{
    return (t->view.up < WORRIED && !just_found(t, ask)) || t->view.blame_channel > 0.5 ||
           t->view.blame_pending > 0.5 || t->view.cashier > DOUBTED;
}

/* Nothing but its pages is in doubt: what a test of those says comes late, and one does not settle it. With
   so little traffic that the next test comes when such a fault is over, it costs more than it could gain. */
static int32_t tests_page(const pr_score_term *t)
{
    return t->view.cashier > DOUBTED && t->view.up >= WORRIED;
}

/* At most one canary: the one that would gain most. It goes first. */
static int32_t pick_canary(pr_score_term *t, const pr_health *health, struct pr_health_memo *memo,
                           const pr_score_candidate *c, int32_t count, int32_t first, const pr_score_ask *ask)
{
    int32_t chosen = -1;
    double most = LEAST_GAIN;
    for (int32_t i = 0; i < count; i++) {
        if (is_worrying(&t[i], ask) && i != first && c[i].rank == c[first].rank && c[i].failed == 0 &&
            c[i].slot >= 0 && t[i].index < t[first].index) {
            double gain = well_index(&t[i], &c[i]) - t[first].index;
            chosen = gain > most ? i : chosen;
            most = gain > most ? gain : most;
        }
    }
    if (chosen < 0 || pr_health_canary_rests(health, c[chosen].slot, CANARY_APART_MS, ask->now_ms)) {
        return -1;
    }
    double rate = rate_of_shop(health, memo, c, count, ask->now_ms);
    int64_t interval = canary_interval(&t[first], &t[chosen], most + t[first].index, rate, ask->now_ms);
    if ((tests_page(&t[chosen]) && (double)interval > OUTAGE_S * 1000.0) ||
        !pr_health_canary(health, c[chosen].slot, interval, ask->now_ms)) {
        return -1;
    }
    int32_t soon = 2 * t[chosen].view.latency_p95_ms;
    soon = soon < CANARY_LEAST_MS ? CANARY_LEAST_MS : soon;
    t[chosen].canary = 1;
    t[chosen].timeout_ms = at_most(t[chosen].timeout_ms, soon);
    return chosen;
}

/* Where the merchant ranks his channels, that is his knowledge, and nothing is tried at random against it. */
static int32_t all_alike(const pr_score_candidate *c, int32_t count)
{
    for (int32_t i = 1; i < count; i++) {
        if (c[i].priority != c[0].priority || c[i].rank != c[0].rank) {
            return 0;
        }
    }
    return count > 1;
}

/* The canary, if there is one, the first, and the others behind them; far behind nobody asks about margins.
 */
static void place_all(int32_t *order, const pr_score_candidate *c, const pr_score_term *t, int32_t count,
                      double margin, int32_t canary, int32_t first)
{
    int32_t n = 0, lead[2] = {canary, first == canary ? -1 : first};
    for (int32_t k = 0; k < 2; k++) {
        for (int32_t at = n; lead[k] >= 0 && at < count; at++) {
            if (order[at] == lead[k]) {
                bring(order, n++, at);
                break;
            }
        }
    }
    for (; n < count && n < NEAR; n++) {
        bring(order, n, best_from(order, n, c, t, count, margin));
    }
}

void pr_score_order(pr_score_term *terms, int32_t *order, pr_score_draw *draw, const pr_health *health,
                    const pr_score_candidate *candidates, int32_t count, const pr_score_ask *ask, pr_rng *rng)
{
    pr_health_ask common = {0};
    count = count > MOST ? MOST : count;
    int32_t shown = 0;
    struct pr_health_memo *memo = pr_memo_take(health);
    for (int32_t i = 0; i < count; i++) {
        if (i == 0 || candidates[i].segment.method != common.segment.method ||
            candidates[i].segment.issuer != common.segment.issuer) {
            pr_health_ask_begin(&common, health, memo, candidates[i].segment, ask->patience_ms, ask->now_ms);
        }
        int32_t slot = health != NULL ? candidates[i].slot : PR_HEALTH_NO_SLOT;
        pr_health_ask_look(&terms[i].view, health, slot, &common);
        shown += candidates[i].shown;
    }
    double pooled = shown > 0 ? conversion(terms, candidates, count) : 0;
    int32_t doubtful = shown > 0 && ask->explore && all_alike(candidates, count);
    for (int32_t i = 0; i < count; i++) { /* a loop of its own: nothing of it waits for a look */
        judge_candidate(&terms[i], health, &candidates[i], ask, pooled, doubtful, rng);
    }
    pr_rng dice = *rng;
    int32_t first = draw_anew(order, candidates, terms, count, ask->margin, draw, rng), canary = -1;
    while (first >= 0 && health != NULL && !terms[first].limited && terms[first].view.limit_per_s > 0 &&
           !pr_health_admit(health, candidates[first].slot, ask->now_ms)) {
        limit_one(terms, first, count);
        first = draw_anew(order, candidates, terms, count, ask->margin, draw, rng);
    }
    if (first >= 0 && health != NULL && ask->explore) {
        canary = pick_canary(terms, health, memo, candidates, count, first, ask);
    }
    pr_memo_give(memo);
    draw->dice = dice;
    place_all(order, candidates, terms, count, ask->margin, canary, first);
}

void pr_score_again(pr_score_term *terms, int32_t *order, const pr_score_candidate *candidates, int32_t count,
                    double margin, pr_rng dice)
{
    uint8_t was[MOST] = {0};
    pr_score_draw unused;
    int32_t canary = -1;
    count = count > MOST ? MOST : count;
    for (int32_t i = 0; i < count; i++) {
        was[i] = terms[i].limited != 0;
        terms[i].limited = 0;
        terms[i].tied = 0;
        canary = terms[i].canary ? i : canary;
    }
    int32_t first = draw_anew(order, candidates, terms, count, margin, &unused, &dice);
    while (first >= 0 && was[first] && !terms[first].limited) {
        limit_one(terms, first, count);
        first = draw_anew(order, candidates, terms, count, margin, &unused, &dice);
    }
    place_all(order, candidates, terms, count, margin, canary, first);
}
