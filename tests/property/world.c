/* The providers' books: what is true, whatever our side believes. */
#include "world.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

void world_tell(world *w, const char *format, ...)
{
    va_list args;
    if (w->story_count < WORLD_STORY) {
        int at = snprintf(w->story[w->story_count], sizeof w->story[0], "t=%lld ",
                          (long long)(w->true_ms - 1800000000000) / 1000);
        va_start(args, format);
        vsnprintf(w->story[w->story_count] + at, sizeof w->story[0] - (size_t)at, format, args);
        va_end(args);
        w->story_count++;
    }
}

void world_fail(world *w, const char *why, int32_t n)
{
    if (w->broken == NULL) {
        w->broken = why;
        w->broken_n = n;
        world_tell(w, "BROKEN: %s (attempt %d)", why, n);
    }
}

int64_t world_now(const world *w)
{
    return w->true_ms + w->skew_ms;
}

int64_t world_captured(const world *w, int32_t n)
{
    return w->books[n - 1].captures * WORLD_PRICE;
}

int64_t world_refunded(const world *w, int32_t n)
{
    int64_t sum = 0;
    for (int32_t i = 0; i < w->books[n - 1].refunds; i++) {
        sum += w->books[n - 1].refund_amount[i];
    }
    return sum;
}

static const pr_facts *facts_of(const world *w, int32_t n)
{
    return &w->p.attempts[n - 1].facts;
}

static int32_t has(const world *w, int32_t n, uint32_t flag)
{
    return (facts_of(w, n)->flags & flag) != 0;
}

/* Would a copy that arrives then be obeyed? */
static int32_t obeyed(const world *w, const copy *c, int64_t at_ms)
{
    const book *b = &w->books[c->n - 1];
    const pr_facts *f = facts_of(w, c->n);
    int64_t age = at_ms - c->signed_ms;
    if (f->late_send == PR_LATE_WINDOW &&
        (age > f->late_window_s * 1000LL || age < -f->late_window_s * 1000LL)) {
        return 0;
    }
    return !b->closed && !(has(w, c->n, PR_FACT_EXPIRES) && at_ms >= b->expire_ms);
}

int32_t world_danger(const world *w, int32_t n)
{
    const book *b = &w->books[n - 1];
    if (world_captured(w, n) > world_refunded(w, n) || b->authorized || b->processing_ms != 0) {
        return 1;
    }
    int32_t settled =
        b->captures > 0 || (b->declined && has(w, n, PR_FACT_REPEAT_SAFE) && !has(w, n, PR_FACT_CONTAINER));
    int32_t spent = b->captures > 0 && has(w, n, PR_FACT_BY_CUSTOMER); /* a code is paid once */
    if (b->closed || spent || (settled && has(w, n, PR_FACT_REPEAT_SAFE))) {
        return 0;
    }
    int32_t arriving = 0;
    for (int32_t i = 0; i < w->copy_count; i++) {
        const copy *c = &w->copies[i];
        int32_t money = (facts_of(w, n)->money_steps >> (c->step - 1)) & 1;
        arriving |= c->n == n && c->action < 0 && money && obeyed(w, c, c->arrive_ms);
    }
    if (has(w, n, PR_FACT_BY_CUSTOMER)) {
        int32_t over = has(w, n, PR_FACT_EXPIRES) && w->true_ms >= b->expire_ms;
        return b->exposed && !over && (b->exists || arriving);
    }
    return arriving || (has(w, n, PR_FACT_CONTAINER) && b->exists && b->exposed);
}

static void capture(world *w, int32_t n)
{
    book *b = &w->books[n - 1];
    if (b->captures < WORLD_CAPTURES) {
        b->capture_id[b->captures++] = ++w->next_id;
        world_tell(w, "books: attempt %d captured (%d)", n, b->captures);
    }
}

/* Money is asked for inside our call: the issuer decides. */
static int32_t charge(world *w, int32_t n)
{
    book *b = &w->books[n - 1];
    uint32_t dice = pr_rng_below(&w->rng, 100);
    if (dice < 55) {
        if (w->p.attempts[n - 1].hold) {
            b->authorized = 1;
            world_tell(w, "books: attempt %d authorized", n);
            return PR_EV_AUTH;
        }
        capture(w, n);
        return PR_EV_PAID;
    }
    if (dice < 80) {
        b->declined = 1;
        return PR_EV_DECLINED;
    }
    if (dice < 90 && has(w, n, PR_FACT_CONTAINER)) {
        return PR_EV_ACTION_NEEDED;
    }
    b->processing_ms = w->true_ms + 1000 + (int64_t)pr_rng_below(&w->rng, 7200000);
    return PR_EV_ACCEPTED;
}

/* A key that is known gives its first answer again. */
static int32_t replay(const world *w, int32_t n)
{
    const book *b = &w->books[n - 1];
    if (b->captures > 0) {
        return PR_EV_PAID;
    }
    return b->authorized           ? PR_EV_AUTH
           : b->processing_ms != 0 ? PR_EV_ACCEPTED
           : b->declined           ? PR_EV_DECLINED
                                   : PR_EV_ACTION_NEEDED;
}

static int32_t arrive_create(world *w, const copy *c)
{
    book *b = &w->books[c->n - 1];
    const pr_facts *f = facts_of(w, c->n);
    if (!obeyed(w, c, w->true_ms)) {
        return b->closed || has(w, c->n, PR_FACT_EXPIRES) ? PR_EV_INVALID : PR_EV_REFUSED_BEFORE;
    }
    int32_t forgotten =
        b->first_ms != 0 && f->key_ttl_ms != INT64_MAX && w->true_ms - b->first_ms > f->key_ttl_ms;
    int32_t known = has(w, c->n, PR_FACT_REPEAT_SAFE) && !forgotten;
    if (b->first_ms == 0) {
        b->first_ms = w->true_ms;
    }
    if (f->steps == 2) {
        if (c->step == 1) {
            b->exists = 1;
            return PR_EV_ACCEPTED;
        }
        int32_t tried = b->captures > 0 || b->authorized || b->processing_ms != 0 || (b->declined && known);
        return tried ? replay(w, c->n) : charge(w, c->n);
    }
    int32_t again = b->exists && known;
    b->exists = 1;
    if (has(w, c->n, PR_FACT_BY_CUSTOMER)) {
        return b->captures > 0 ? PR_EV_INVALID : PR_EV_ACTION_NEEDED;
    }
    return again ? replay(w, c->n) : charge(w, c->n);
}

static int32_t refund(world *w, int32_t n, int32_t slot, int64_t amount)
{
    book *b = &w->books[n - 1];
    for (int32_t i = 0; i < b->refunds && slot > 0 && has(w, n, PR_FACT_REFUND_KEYED); i++) {
        if (b->refund_slot[i] == slot) {
            return PR_AE_DONE;
        }
    }
    if (world_refunded(w, n) + amount > world_captured(w, n) || b->refunds == WORLD_REFUNDS) {
        return PR_AE_REFUSED;
    }
    b->refund_slot[b->refunds] = slot;
    b->refund_amount[b->refunds++] = amount;
    world_tell(w, "books: attempt %d refunded %lld", n, (long long)amount);
    return PR_AE_DONE;
}

static int32_t arrive_action(world *w, const copy *c)
{
    const pr_action *x = &w->p.actions[c->action];
    book *b = &w->books[c->n - 1];
    switch (x->kind) {
    case PR_ACT_CLOSE:
        if (b->captures > 0 && has(w, c->n, PR_FACT_CLOSE_REVERSES) &&
            world_refunded(w, c->n) < world_captured(w, c->n)) {
            (void)refund(w, c->n, 0, world_captured(w, c->n) - world_refunded(w, c->n));
            return PR_AE_DONE;
        }
        if (b->captures > 0 || b->processing_ms != 0 || b->authorized) {
            return PR_AE_REFUSED;
        }
        if (!b->exists || (b->hidden && !b->scanned)) {
            return PR_AE_NOT_FOUND;
        }
        b->closed = 1;
        return PR_AE_DONE;
    case PR_ACT_VOID:
        if (!b->authorized) {
            return b->captures > 0 ? PR_AE_REFUSED : PR_AE_DONE;
        }
        b->authorized = 0;
        b->closed = 1;
        return PR_AE_DONE;
    case PR_ACT_CAPTURE:
        if (b->authorized) {
            b->authorized = 0;
            capture(w, c->n);
        }
        return b->captures > 0 ? PR_AE_DONE : PR_AE_REFUSED;
    default: return refund(w, c->n, c->action + 1, x->amount_minor);
    }
}

int32_t world_deliver(world *w, const copy *c, pr_input *answer)
{
    const book *b = &w->books[c->n - 1];
    int32_t event = c->action >= 0 ? arrive_action(w, c) : arrive_create(w, c);
    pr_input_init(answer, event, PR_SOURCE_ANSWER, world_now(w));
    answer->provider_ms = w->true_ms;
    answer->refusal = pr_rng_below(&w->rng, 4) == 0 ? PR_REFUSAL_HARD : PR_REFUSAL_SOFT;
    answer->by_client = event == PR_EV_ACTION_NEEDED && has(w, c->n, PR_FACT_CONTAINER) && c->action < 0;
    if (c->action < 0 && event == PR_EV_PAID) {
        answer->txn = b->capture_id[0];
        answer->amount_minor = WORLD_PRICE;
    } else if (c->action >= 0 && event == PR_AE_DONE) {
        answer->txn =
            w->p.actions[c->action].kind == PR_ACT_CAPTURE ? b->capture_id[0] : (uint64_t)(1000 + c->action);
    }
    return 1;
}

void world_status(world *w, int32_t n, pr_input *in)
{
    const book *b = &w->books[n - 1];
    int32_t expired = has(w, n, PR_FACT_EXPIRES) && w->true_ms >= b->expire_ms;
    pr_input_init(in, PR_EV_ST_UNPAID, PR_SOURCE_LOOKUP, world_now(w));
    in->provider_ms = w->true_ms;
    in->final = 1;
    if (b->captures > 0 && world_refunded(w, n) > 0) {
        in->event = PR_EV_REVERSED_PART;
        in->reversed_total_minor = world_refunded(w, n);
    } else if (b->captures > 0) {
        in->event = PR_EV_PAID;
        in->txn = b->capture_id[pr_rng_below(&w->rng, (uint32_t)b->captures)];
        in->amount_minor = WORLD_PRICE;
    } else if (b->authorized) {
        in->event = PR_EV_AUTH;
    } else if (b->processing_ms != 0) {
        in->event = PR_EV_ST_PROCESSING;
    } else if (!b->exists || (b->hidden && !b->scanned)) {
        in->event = PR_EV_ST_NOT_FOUND;
    } else if (b->closed || (expired && has(w, n, PR_FACT_BY_CUSTOMER))) {
        in->event = PR_EV_ST_CLOSED;
    } else if (b->declined && !has(w, n, PR_FACT_BY_CUSTOMER)) {
        in->event = PR_EV_ST_DECLINED;
        in->final = has(w, n, PR_FACT_REPEAT_SAFE) && !has(w, n, PR_FACT_CONTAINER);
    }
}

static void decide(world *w)
{
    for (int32_t n = 1; n <= w->p.attempt_count; n++) {
        book *b = &w->books[n - 1];
        if (b->processing_ms != 0 && b->processing_ms <= w->true_ms) {
            b->processing_ms = 0;
            if (pr_rng_below(&w->rng, 2) != 0) {
                capture(w, n);
            } else {
                b->declined = 1;
            }
        }
    }
}

void world_advance(world *w, int64_t by_ms)
{
    int64_t end = w->true_ms + by_ms;
    for (;;) {
        int32_t first = -1;
        for (int32_t i = 0; i < w->copy_count; i++) {
            if (w->copies[i].arrive_ms <= end &&
                (first < 0 || w->copies[i].arrive_ms < w->copies[first].arrive_ms)) {
                first = i;
            }
        }
        if (first < 0) {
            break;
        }
        copy c = w->copies[first];
        pr_input answer;
        w->copies[first] = w->copies[--w->copy_count];
        w->true_ms = c.arrive_ms > w->true_ms ? c.arrive_ms : w->true_ms;
        world_tell(w, "a late copy of attempt %d (step %d, action %d) arrives", c.n, c.step, c.action);
        (void)world_deliver(w, &c, &answer);
        if (w->late_count < WORLD_LATE && c.action < 0 && pr_rng_below(&w->rng, 2) == 0) {
            answer.send_no = 1;
            answer.step = c.step;
            answer.lease_epoch = 0; /* of a worker that is gone */
            w->late_n[w->late_count] = c.n;
            w->late[w->late_count++] = answer;
        }
    }
    w->true_ms = end;
    decide(w);
}

/* Whoever holds a code, a page or a container's secret may pay at any moment, also in the last. */
void world_customer(world *w)
{
    for (int32_t n = 1; n <= w->p.attempt_count; n++) {
        book *b = &w->books[n - 1];
        int32_t over = has(w, n, PR_FACT_EXPIRES) && w->true_ms >= b->expire_ms;
        if (!b->exposed || !b->exists || b->closed || over || b->captures > 0 || b->processing_ms != 0 ||
            b->authorized) {
            continue;
        }
        b->scanned = 1;
        uint32_t dice = pr_rng_below(&w->rng, 10);
        if (dice < 3) {
            world_tell(w, "the customer pays attempt %d", n);
            capture(w, n);
        } else if (dice == 3) {
            b->processing_ms = w->true_ms + (int64_t)pr_rng_below(&w->rng, 3600000);
            b->processing_ms += b->processing_ms == 0;
        }
    }
}
