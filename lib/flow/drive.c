/* Time and choice: fires what is due, chooses a channel, mints a key, arms one exchange. What it leaves
   unsaved is saved before anything leaves
   this machine. */
#include "flow/handle.h"

#include <string.h>

enum { DRIVE_STEPS = 24, SOFT_SAVE_MS = 60000 };

void pr_facts_fill(payroute_payment *p, int32_t n, const pr_channel *c)
{
    pr_attempt *a = &p->pay.attempts[n - 1];
    (void)pr_channel_method_facts(&a->facts, c, a->method, a->flow);
    if (a->hold) {
        a->facts.flags |= PR_FACT_HELD;
    }
    if (c->overlap && (a->facts.flags & PR_FACT_REFUND_KEYED) != 0) {
        a->facts.flags |= PR_FACT_OVERLAP;
    }
    p->kept[n - 1].channel = c;
}

/* The immutable part of the request, stored with the intent; a resend is built from it and from nothing
   else. */
static int32_t make_content(payroute_payment *p, int32_t n, int64_t now_ms)
{
    pr_attempt *a = &p->pay.attempts[n - 1];
    pr_kept *k = &p->kept[n - 1];
    pr_exchange ex = {.armed = 1, .op = PR_OP_CREATE, .step = 1, .n = n, .action = -1};
    pr_wish wish = {.subject = p->order.subject[0] != '\0' ? p->order.subject : p->order_id,
                    .instrument = p->order.instrument[0] != '\0' ? p->order.instrument : NULL,
                    .customer = p->order.customer[0] != '\0' ? p->order.customer : NULL,
                    .return_url =
                        p->order.return_url[0] != '\0' ? p->order.return_url : k->channel->return_url,
                    .client_ip = p->order.client_ip[0] != '\0' ? p->order.client_ip : NULL,
                    .order_hash = p->order_hash,
                    .hold = a->hold,
                    .authenticate = a->authenticate};
    uint8_t fresh[32];
    pr_subject subject;
    pr_buf content;
    pr_text why;
    const pr_adapter *adapter = pr_flow_adapter(p, n);
    pr_buf_init(&content);
    pr_text_init(&why, p->why, sizeof p->why);
    int32_t rc = adapter == NULL ? PAYROUTE_E_UNSUPPORTED : pr_pool_next(p, fresh);
    if (rc == PAYROUTE_OK) {
        pr_subject_fill(&subject, p, &ex, now_ms, fresh);
        rc = adapter->content(&content, &subject, &wish, &why);
    }
    if (rc == PAYROUTE_OK && content.len > PR_CONTENT_MAX) {
        rc = PAYROUTE_E_LIMIT;
    }
    if (rc == PAYROUTE_OK) {
        k->content = pr_mem_text(content.at, content.len);
        k->content_len = content.len;
        rc = k->content == NULL ? PAYROUTE_E_NOMEM : pr_sign_sha256(a->body_hash, content.at, content.len);
    }
    pr_buf_free(&content);
    return rc;
}

static void kept_clear(pr_kept *k)
{
    pr_mem_free_secret(k->content, k->content_len);
    pr_mem_free_secret(k->show, k->show_len);
    memset(k, 0, sizeof *k);
}

/* On the chosen channel: written down, with its content. */
static int32_t begin_attempt(payroute_payment *p, const pr_route_pick *pick, int64_t now_ms)
{
    pr_attempt wish;
    memset(&wish, 0, sizeof wish);
    memcpy(wish.channel, pick->channel->id, strlen(pick->channel->id) + 1);
    memcpy(wish.method, pick->method, sizeof wish.method);
    memcpy(wish.flow, pick->flow, sizeof wish.flow);
    wish.amount_minor = p->pay.amount_minor;
    wish.hold = (uint8_t)p->order.hold;
    wish.authenticate = (uint8_t)(pick->authenticate != 0);
    wish.issuer = pr_health_hash(pr_known_issuer(p->known));
    int32_t rc = pr_reference_mint(p, wish.reference, now_ms);
    if (rc == PAYROUTE_OK && p->pay.attempt_count < PR_ATTEMPTS_MAX) {
        rc = pr_kept_room(p, p->pay.attempt_count + 1);
    }
    int32_t n = rc == PAYROUTE_OK ? pr_start(&p->pay, &wish, now_ms) : 0;
    if (n == 0) {
        return rc;
    }
    pr_attempt *a = &p->pay.attempts[n - 1];
    pr_facts_fill(p, n, pick->channel);
    a->instrument = pr_text_hash(p->order.instrument);
    a->account = pick->channel->credential_count > 0 ? pr_channel_account(pick->channel, 0) : 0;
    int64_t pay_ms = pick->channel->pay_ms > 0 ? pick->channel->pay_ms
                     : a->facts.pay_ms > 0     ? a->facts.pay_ms
                                               : 300000;
    int64_t end_ms = pr_add_ms(now_ms, pay_ms);
    a->expire_ms = (end_ms < p->pay.deadline_ms ? end_ms : p->pay.deadline_ms) / 1000 *
                   1000; /* providers count in seconds */
    rc = make_content(p, n, now_ms);
    if (rc != PAYROUTE_OK) {
        kept_clear(&p->kept[n - 1]);
        p->pay.attempt_count--; /* never saved, never sent: it does not exist */
        p->pay.dirty_attempts &= ~(1u << (n - 1));
    }
    return rc;
}

static int32_t is_unfit(int32_t rc)
{
    return rc == PAYROUTE_E_SCHEMA || rc == PAYROUTE_E_RANGE || rc == PAYROUTE_E_UNSUPPORTED ||
           rc == PAYROUTE_E_LIMIT || rc == PAYROUTE_E_ENCODING;
}

/* What one provider cannot take another may: only when none can, and nothing was begun, is the order itself
 * wrong. */
static int32_t start_attempt(payroute_payment *p, int64_t now_ms)
{
    pr_route_pick pick;
    pr_unfit not = {.count = 0};
    int32_t first = PAYROUTE_OK;
    char first_why[PR_WHY_CAP] = "";
    for (;;) {
        int32_t rc = pr_choose(p, &pick, &not, now_ms);
        pr_tell_turn(p, &pick);
        if (rc == PAYROUTE_E_NOT_FOUND) {
            pr_tell_turn_back(p);
            if (pick.denied != NULL) {
                pr_deny(p, &pick);
                return PAYROUTE_OK;
            }
            if (first != PAYROUTE_OK && p->pay.attempt_count == 0) {
                memcpy(p->why, first_why, sizeof p->why);
                return first;
            }
            p->pay.no_channel = pick.retry_ms == INT64_MAX;
            p->pay.backoff_ms = pick.retry_ms;
            p->pay.soft = 1;
            return PAYROUTE_OK;
        }
        if (rc == PAYROUTE_OK) {
            rc = begin_attempt(p, &pick, now_ms);
        }
        if (rc == PAYROUTE_OK) {
            pr_tell_chosen(p, &pick, p->pay.attempt_count);
        }
        if (!is_unfit(rc) || not.count == PR_UNFIT_MAX) {
            if (rc != PAYROUTE_OK) {
                pr_tell_turn_back(p);
            }
            return rc;
        }
        if (first == PAYROUTE_OK) {
            first = rc;
            memcpy(first_why, p->why, sizeof first_why);
        }
        not.channels[not.count++] = pick.channel;
    }
}

/* A flow whose payload is made here: no request of ours creates the order, so nothing can be in doubt. */
static int32_t make_payload(payroute_payment *p, int32_t n, int64_t now_ms)
{
    const pr_adapter *adapter = pr_flow_adapter(p, n);
    pr_exchange ex = {.armed = 1, .op = PR_OP_CREATE, .step = 1, .n = n, .action = -1, .asked_ms = now_ms};
    pr_reading reading;
    pr_subject subject;
    pr_text why;
    uint8_t fresh[32];
    if (adapter == NULL || adapter->show == NULL) {
        return PAYROUTE_E_UNSUPPORTED;
    }
    int32_t rc = pr_pool_next(p, fresh);
    if (rc != PAYROUTE_OK) {
        return rc;
    }
    pr_reading_init(&reading);
    pr_text_init(&why, p->why, sizeof p->why);
    pr_subject_fill(&subject, p, &ex, now_ms, fresh);
    rc = adapter->show(&reading, &subject, &why);
    if (rc == PAYROUTE_OK && reading.show.len > 0) {
        pr_input in;
        reading.count = 0;
        rc = pr_absorb(p, &reading, &ex, PR_SOURCE_ENGINE, now_ms);
        pr_input_init(&in, PR_EV_ACTION_NEEDED, PR_SOURCE_ENGINE, now_ms);
        if (rc == PAYROUTE_OK) {
            rc = pr_machine_attempt(&p->pay, n, &in);
        }
    }
    pr_reading_free(&reading);
    return rc;
}

static int32_t content_intact(const payroute_payment *p, int32_t n)
{
    uint8_t digest[32];
    const pr_kept *k = &p->kept[n - 1];
    return pr_sign_sha256(digest, k->content, k->content_len) == PAYROUTE_OK &&
           pr_sign_equal(digest, p->pay.attempts[n - 1].body_hash, sizeof digest);
}

static void arm(payroute_payment *p, const pr_task *t, int32_t op, int64_t now_ms)
{
    const pr_attempt *a = &p->pay.attempts[t->n - 1];
    uint8_t none[32] = {0};
    pr_subject subject;
    p->ex = (pr_exchange){
        .armed = 1, .op = op, .step = a->step, .n = t->n, .action = t->action, .asked_ms = now_ms};
    pr_subject_fill(&subject, p, &p->ex, now_ms, none); /* the key, for hosts which act themselves */
}

/* The lease is taken in the same transaction that counts the send. */
static void take_lease(payroute_payment *p, int64_t now_ms)
{
    int64_t until_ms =
        pr_add_ms(now_ms, pr_exchange_timeout(p, &p->ex) + p->pay.policy.value[PR_POLICY_lease_margin_ms]);
    if (p->lease_held == 0 || p->lease_held != p->pay.lease_epoch) {
        p->pay.lease_epoch++;
        p->lease_held = p->pay.lease_epoch;
    }
    if (until_ms > p->pay.lease_until_ms) {
        p->pay.lease_until_ms = until_ms;
    }
    p->ex.epoch = p->pay.lease_epoch;
    p->pay.dirty = 1;
}

static int32_t dispatch(payroute_payment *p, const pr_task *t, int64_t now_ms)
{
    pr_input in;
    int32_t rc;
    if (t->action >= 0) {
        const pr_action *x = &p->pay.actions[t->action];
        static const int32_t ops[] = {0, PR_OP_CLOSE, PR_OP_VOID, PR_OP_CAPTURE, PR_OP_REFUND};
        pr_input_init(&in, PR_AE_DISPATCH, PR_SOURCE_ENGINE, now_ms);
        rc = pr_machine_action(&p->pay, t->action, &in);
        if (rc == PAYROUTE_OK) {
            arm(p, t, ops[x->kind], now_ms);
            p->ex.send_no = x->sends;
        }
    } else {
        if (!content_intact(p, t->n)) {
            pr_why(p->why, sizeof p->why,
                   "attempt %d: the stored content is not what was sent; asked instead of sent again",
                   (int)t->n);
            p->pay.attempts[t->n - 1].no_retry = 1;
            return PAYROUTE_E_CHECKSUM;
        }
        pr_input_init(&in, PR_EV_DISPATCH, PR_SOURCE_ENGINE, now_ms);
        rc = pr_machine_attempt(&p->pay, t->n, &in);
        if (rc == PAYROUTE_OK) {
            arm(p, t, PR_OP_CREATE, now_ms);
            p->ex.send_no = p->pay.attempts[t->n - 1].sends;
        }
    }
    if (rc == PAYROUTE_OK) {
        take_lease(p, now_ms);
    }
    return rc;
}

static int32_t in_budget(const payroute_payment *p, const pr_task *t, int32_t asks)
{
    const pr_channel *c = p->kept[t->n - 1].channel;
    return p->budget_ms >= (asks ? c->query_timeout_ms : c->money_timeout_ms);
}

/* 1: go on planning, 0: nothing more now, negative: a result code. */
static int32_t take_task(payroute_payment *p, const pr_task *t, int64_t now_ms)
{
    pr_input in;
    int32_t rc;
    switch ((enum pr_todo)t->todo) {
    case PR_DO_START: rc = start_attempt(p, now_ms); return rc != PAYROUTE_OK ? rc : 1;
    case PR_DO_PAYLOAD: rc = make_payload(p, t->n, now_ms); return rc != PAYROUTE_OK ? rc : 1;
    case PR_DO_SHOW:
        pr_input_init(&in, PR_EV_SHOW, PR_SOURCE_ENGINE, now_ms);
        rc = pr_machine_attempt(&p->pay, t->n, &in);
        p->show_now = t->n;
        return rc; /* and no more now: the customer does not wait for the closes of others */
    case PR_DO_SEND:
    case PR_DO_ACTION:
        if (!in_budget(p, t, 0)) {
            return 0;
        }
        rc = pr_said_room(p);
        if (rc == PAYROUTE_OK) {
            rc = dispatch(p, t, now_ms);
        }
        return rc != PAYROUTE_OK ? rc : 0;
    case PR_DO_QUERY:
    case PR_DO_ACTION_QUERY:
        if (!in_budget(p, t, 1)) {
            return 0;
        }
        rc = pr_said_room(p);
        if (rc != PAYROUTE_OK) {
            return rc;
        }
        arm(p, t,
            t->todo == PR_DO_ACTION_QUERY && p->pay.actions[t->action].kind == PR_ACT_REFUND
                ? PR_OP_REFUND_QUERY
                : PR_OP_QUERY,
            now_ms);
        return 0;
    case PR_DO_NOTHING: break;
    }
    return 0;
}

int32_t pr_drive(payroute_payment *p, int64_t now_ms)
{
    int32_t rc = PAYROUTE_OK;
    pr_clock_tick(&p->pay, now_ms);
    for (int32_t i = 0; i < DRIVE_STEPS && rc == PAYROUTE_OK; i++) {
        pr_verdict_settle(&p->pay, now_ms);
        pr_task t = pr_plan(&p->pay, now_ms, p->lease_free);
        int32_t more = take_task(p, &t, now_ms);
        if (more < 0) {
            rc = more;
        } else if (more == 0) {
            break;
        }
    }
    pr_verdict_settle(&p->pay, now_ms);
    if (p->pay.soft && !p->ex.armed && (!p->pay.present || now_ms - p->pay.saved_ms >= SOFT_SAVE_MS)) {
        p->pay.dirty = 1; /* the schedule moved: the sweep must not find the same work again at once */
    }
    if (p->pay.dirty && !p->ex.armed && p->lease_held != 0) {
        p->pay.lease_until_ms = 0; /* nothing of ours is on its way: let the next worker in */
    }
    return PR_NEVER(pr_invariant(&p->pay) != NULL) ? PAYROUTE_E_INTERNAL : rc;
}

int32_t payroute_payment_tick(payroute_payment *p, int64_t now_ms)
{
    if (p == NULL || now_ms <= 0) {
        return PAYROUTE_E_ARG;
    }
    if (p->conflict || p->ex.armed) {
        return PAYROUTE_E_STATE;
    }
    p->show_now = 0;
    p->why[0] = '\0';
    return pr_drive(p, now_ms);
}

const char *payroute_payment_why(const payroute_payment *p)
{
    return p != NULL ? p->why : "";
}

int64_t payroute_payment_wake_ms(const payroute_payment *p)
{
    return p != NULL ? pr_plan_wake(&p->pay, p->pay.last_ms) : INT64_MAX;
}

int32_t payroute_payment_status(const payroute_payment *p)
{
    int32_t final = 0;
    return p != NULL ? pr_status(&p->pay, p->pay.last_ms, &final) : PAYROUTE_E_ARG;
}

int32_t payroute_payment_final(const payroute_payment *p)
{
    int32_t final = 0;
    if (p == NULL) {
        return PAYROUTE_E_ARG;
    }
    (void)pr_status(&p->pay, p->pay.last_ms, &final);
    return final;
}

int32_t payroute_payment_present(payroute_payment *p, int32_t present)
{
    if (p == NULL) {
        return PAYROUTE_E_ARG;
    }
    p->pay.present = present != 0;
    return PAYROUTE_OK;
}

int32_t payroute_payment_budget(payroute_payment *p, int64_t budget_ms)
{
    if (p == NULL) {
        return PAYROUTE_E_ARG;
    }
    p->budget_ms = budget_ms;
    return PAYROUTE_OK;
}

int32_t payroute_payment_lease(payroute_payment *p, const char *owner, int32_t free)
{
    if (p == NULL || owner == NULL || strlen(owner) >= sizeof p->owner) {
        return PAYROUTE_E_ARG;
    }
    memcpy(p->owner, owner, strlen(owner) + 1);
    int32_t was_free = p->lease_free;
    p->lease_free = free != 0;
    if (p->lease_free && p->pay.lease_until_ms != 0 && strcmp(p->row_owner, p->owner) == 0) {
        p->lease_held = p->pay.lease_epoch; /* left over from an earlier call of this very worker: given back
                                               with the next save */
    }
    if (p->lease_free && !was_free && !p->ex.armed) {
        pr_clock_recover(&p->pay,
                         p->pay.last_ms); /* whoever was at it is gone: what he half did is unknown */
    }
    return PAYROUTE_OK;
}
