/* Between payments and health. An outcome is marked as told in the record that makes it durable, and told
   only after that was stored: so a repeated notification, a second worker or a crash tells nothing twice.
   What a crash swallows between storing and telling is lost to health, never to the payment. */
#include "flow/handle.h"

#include "route/rules.h"

#include <string.h>

/* Bits of pr_attempt.told; the first result stands in the upper four. */
enum { TOLD_FINAL = 1, TOLD_SHOWN = 2, TOLD_MONEY = 4 };

enum tell_kind { TELL_END, TELL_FINAL, TELL_HINT, TELL_PROBE, TELL_MONEY };

int32_t payroute_payment_health(payroute_payment *p, payroute_health *health)
{
    if (p == NULL) {
        return PAYROUTE_E_ARG;
    }
    if (health == NULL) {
        pr_tell_turn_back(p);
        pr_mem_free(p->telling);
        p->telling = NULL;
        return PAYROUTE_OK;
    }
    if (p->telling == NULL) {
        p->telling = pr_mem_new(sizeof *p->telling);
        if (p->telling == NULL) {
            return PAYROUTE_E_NOMEM;
        }
    }
    p->telling->health = health;
    return PAYROUTE_OK;
}

void pr_tell_turn(payroute_payment *p, const pr_route_pick *pick)
{
    if (p->telling != NULL && pick->split >= 0) {
        p->telling->turn = pick->split + 1;
    }
}

void pr_tell_turn_back(payroute_payment *p)
{
    pr_telling *t = p->telling;
    if (t != NULL && t->turn > 0) {
        pr_route_split_back(p->registry, t->turn - 1, &t->health->view, p->pay.last_ms);
        t->turn = 0;
    }
}

void pr_tell_chosen(payroute_payment *p, const pr_route_pick *pick, int32_t n)
{
    if (p->telling != NULL && pick->canary) {
        p->telling->canary_n = n;
        p->telling->canary_ms = pick->timeout_ms;
    }
}

static void put_tell(payroute_payment *p, int32_t n, int32_t kind, int32_t result, int64_t ms)
{
    pr_telling *t = p->telling;
    if (t->count < (int32_t)(sizeof t->tells / sizeof t->tells[0])) {
        t->tells[t->count++] = (pr_tell){.n = n, .kind = kind, .result = result, .latency_ms = ms};
    }
}

/* A refusal at the door, or of a request that is wrong: whose fault it was says the catalogue. */
static int32_t refused_result(const pr_fact *f)
{
    const char *reason = pr_reason_name(f->meaning.reason);
    if (strcmp(reason, "rate_limited") == 0) {
        return PR_HEALTH_LIMITED;
    }
    return f->meaning.channel_fault ? PR_HEALTH_MERCHANT : PR_HEALTH_CUSTOMER;
}

static int32_t result_of(const pr_fact *f, const pr_input *in)
{
    switch ((enum pr_event)in->event) {
    case PR_EV_NOT_SENT: return PR_HEALTH_NOT_SENT;
    case PR_EV_REFUSED_BEFORE:
    case PR_EV_INVALID: return refused_result(f);
    case PR_EV_DECLINED:
    case PR_EV_ST_DECLINED:
        return in->refusal == PR_REFUSAL_HARD       ? PR_HEALTH_DECLINED_HARD
               : in->refusal == PR_REFUSAL_CUSTOMER ? PR_HEALTH_CUSTOMER
                                                    : PR_HEALTH_DECLINED_SOFT;
    case PR_EV_ACTION_NEEDED:
    case PR_EV_ACCEPTED:
    case PR_EV_ST_UNPAID: return PR_HEALTH_TAKEN;
    case PR_EV_ST_PROCESSING: return PR_HEALTH_PENDING;
    case PR_EV_AUTH:
    case PR_EV_PAID: return PR_HEALTH_APPROVED;
    case PR_EV_UNCLEAR: return PR_HEALTH_UNKNOWN;
    case PR_EV_NONE:
    case PR_EV_MISMATCH:
    case PR_EV_ST_NOT_FOUND:
    case PR_EV_ST_CLOSED:
    case PR_EV_REVERSED_PART:
    case PR_EV_REVERSED_FULL:
    case PR_EV_REFUND_UNDONE:
    case PR_EV_DISPATCH:
    case PR_EV_LOST:
    case PR_EV_SHOW:
    case PR_EV_CLOSE_WANTED:
    case PR_EV_T_REVIEW:
    case PR_EV_RESOLVE_PAID:
    case PR_EV_RESOLVE_NOT_PAID:
    case PR_EV_RESOLVE_REFUNDED:
    case PR_EV_COUNT: break;
    }
    return PR_HEALTH_CUSTOMER; /* the line lives, and that is all it says */
}

/* The first statement about the attempt decides what the answer was worth; without any it was none. */
static int32_t answer_result(const payroute_payment *p, const pr_reading *r, int64_t now_ms)
{
    for (int32_t i = 0; i < r->count; i++) {
        pr_input in;
        if (r->facts[i].target == PR_TARGET_ATTEMPT &&
            pr_judge(&in, p, &r->facts[i], p->ex.op, p->ex.n, p->ex.action, PR_SOURCE_ANSWER, now_ms)) {
            return result_of(&r->facts[i], &in);
        }
    }
    return PR_HEALTH_UNKNOWN;
}

/* A lookup is a cheap question that is asked anyway. What could not be read, or broke, was no answer. */
static int32_t lookup_answered(const pr_reading *r)
{
    for (int32_t i = 0; i < r->count; i++) {
        if (r->facts[i].evidence != PR_EVIDENCE_NONE && r->facts[i].event != 0) {
            return 1;
        }
    }
    return 0;
}

void pr_tell_answer(payroute_payment *p, const pr_reading *r, int64_t now_ms)
{
    pr_telling *t = p->telling;
    if (t == NULL) {
        return;
    }
    int64_t since = t->sent_ms > 0 ? t->sent_ms : p->ex.asked_ms,
            latency = now_ms > since ? now_ms - since : 0;
    if (p->ex.op == PR_OP_CREATE) {
        int32_t result = answer_result(p, r, now_ms);
        pr_attempt *a = &p->pay.attempts[p->ex.n - 1];
        if (result == PR_HEALTH_APPROVED || result == PR_HEALTH_DECLINED_SOFT) {
            a->told |= TOLD_FINAL; /* nothing more will be learnt of it */
        }
        a->told = (uint8_t)((a->told & 0x0F) | result << 4);
        put_tell(p, p->ex.n, TELL_END, result, latency);
    } else if (p->ex.op == PR_OP_QUERY || p->ex.op == PR_OP_REFUND_QUERY) {
        put_tell(p, p->ex.n, TELL_PROBE, lookup_answered(r), latency);
    }
    t->sent_ms = 0;
    if (!p->pay.dirty && p->ex.op != PR_OP_CREATE) {
        pr_tell_saved(p); /* about the line only, not about a payment */
    }
}

static int32_t ended_how(const pr_attempt *a)
{
    if (a->state == PR_ST_PAID || a->state == PR_ST_AUTHORIZED || a->state == PR_ST_SURPLUS ||
        a->state == PR_ST_REVERSED) {
        return PR_HEALTH_APPROVED;
    }
    if (a->state == PR_ST_FAILED && a->refusal == PR_REFUSAL_SOFT) {
        return PR_HEALTH_DECLINED_SOFT;
    }
    return a->state == PR_ST_FAILED || a->state == PR_ST_CLOSED ? PR_HEALTH_CUSTOMER : 0;
}

static void mark_attempt(payroute_payment *p, int32_t n)
{
    pr_attempt *a = &p->pay.attempts[n - 1];
    int32_t first = a->told >> 4, end = ended_how(a);
    int64_t age = p->pay.last_ms > a->built_ms ? p->pay.last_ms - a->built_ms : 0;
    if (a->shown && !(a->told & TOLD_SHOWN)) {
        a->told |= TOLD_SHOWN;
        put_tell(p, n, TELL_HINT, PR_HEALTH_SHOWN, 0);
    }
    if (pr_captured(&p->pay, n) > 0 && !(a->told & TOLD_MONEY)) {
        a->told |= TOLD_MONEY; /* what was stated first; what goes back later stays counted, as with providers */
        put_tell(p, n, TELL_MONEY, 0, pr_captured(&p->pay, n));
    }
    if (end == 0 || (a->told & TOLD_FINAL)) {
        return;
    }
    a->told |= TOLD_FINAL;
    if (a->told & TOLD_SHOWN) {
        put_tell(p, n, TELL_HINT, end == PR_HEALTH_APPROVED ? PR_HEALTH_PAID : PR_HEALTH_GIVEN_UP, age);
    } else if (first != 0) {
        put_tell(p, n, TELL_FINAL, end, 0);
    }
}

void pr_tell_mark(payroute_payment *p)
{
    for (int32_t n = 1; p->telling != NULL && n <= p->pay.attempt_count; n++) {
        mark_attempt(p, n);
    }
}

void pr_tell_forget(payroute_payment *p)
{
    pr_telling *t = p->telling;
    pr_tell_turn_back(p);
    int32_t kept = 0;
    for (int32_t i = 0; t != NULL && i < t->count; i++) {
        if (t->tells[i].kind == TELL_END || t->tells[i].kind == TELL_PROBE) {
            t->tells[kept++] = t->tells[i]; /* this worker saw that itself; marks are made anew */
        }
    }
    if (t != NULL) {
        t->count = kept;
    }
}

static void tell_one(payroute_payment *p, const pr_tell *tell, int64_t now_ms)
{
    const pr_telling *t = p->telling;
    const pr_attempt *a = &p->pay.attempts[tell->n - 1];
    const pr_channel *c = p->kept[tell->n - 1].channel;
    const pr_health *h = &t->health->view;
    if (c == NULL) {
        return; /* gone from the configuration */
    }
    int32_t slot = pr_route_slot(h, c, now_ms);
    pr_health_segment segment = {pr_health_hash(a->method), a->issuer};
    switch (tell->kind) {
    case TELL_END:
        pr_health_end(h, slot, segment, t->permit, tell->result, tell->latency_ms, tell->n > 1, now_ms);
        break;
    case TELL_FINAL:
        pr_health_final(h, slot, segment, a->told >> 4, tell->result, now_ms);
        break;
    case TELL_MONEY:
        pr_route_count_money(c, pr_registry_routing(p->registry), h, tell->latency_ms, now_ms);
        break;
    case TELL_HINT: pr_health_hint(h, slot, tell->result, tell->latency_ms, now_ms); break;
    default: pr_health_probe(h, slot, tell->result, tell->latency_ms, now_ms); break;
    }
}

void pr_tell_saved(payroute_payment *p)
{
    pr_telling *t = p->telling;
    if (t == NULL) {
        return;
    }
    for (int32_t i = 0; i < t->count; i++) {
        tell_one(p, &t->tells[i], p->pay.last_ms);
        if (t->tells[i].kind == TELL_END) {
            t->permit = 0;
        }
    }
    t->count = 0;
    t->turn = 0;
    if (p->ex.armed && p->ex.op == PR_OP_CREATE && t->permit == 0) {
        const pr_channel *c = p->kept[p->ex.n - 1].channel;
        t->sent_ms = p->pay.last_ms;
        t->permit =
            pr_health_start(&t->health->view, pr_route_slot(&t->health->view, c, t->sent_ms), t->sent_ms);
    }
}
