/* Close, void, capture, refund: own rows, own keys, the same rules as an attempt. */
#include "core/machine.h"

#include "base/text.h"

#include <payroute/base.h>
#include <string.h>

static char action_letter(int32_t kind)
{
    return kind == PR_ACT_CLOSE ? 'X' : kind == PR_ACT_VOID ? 'V' : kind == PR_ACT_CAPTURE ? 'C' : 'R';
}

static void make_key(char out[PR_KEY_CAP], const char *reference, char letter, int32_t digit)
{
    size_t len = strlen(reference);
    memcpy(out, reference, len);
    out[len] = letter;
    out[len + 1] = (char)('0' + digit);
    out[len + 2] = '\0';
}

void pr_action_key(char out[PR_KEY_CAP], const pr_pay *p, const pr_action *x)
{
    make_key(out, p->attempts[x->n - 1].reference, action_letter(x->kind), x->digit);
}

void pr_step_key(char out[PR_KEY_CAP], const pr_attempt *a)
{
    make_key(out, a->reference, (char)('A' + a->step - 1), 1);
}

int32_t pr_action_find(const pr_pay *p, int32_t n, int32_t kind)
{
    for (int32_t i = p->action_count - 1; i >= 0; i--) {
        if (p->actions[i].n == n && p->actions[i].kind == kind) {
            return i;
        }
    }
    return -1;
}

int32_t pr_action_caller(const pr_pay *p, int32_t kind, const char *caller_id)
{
    for (int32_t i = 0; i < p->action_count; i++) {
        if (p->actions[i].kind == kind && strcmp(p->actions[i].caller_id, caller_id) == 0) {
            return i;
        }
    }
    return -1;
}

static void action_touch(pr_pay *p, int32_t i)
{
    p->dirty = 1;
    p->dirty_actions |= 1u << i;
}

static void action_fresh(pr_pay *p, int32_t i, int64_t now_ms)
{
    pr_action *x = &p->actions[i];
    x->state = PR_AS_INTENT;
    x->sends = 0;
    x->asked = 0;
    x->check_no = 0;
    x->reviewed = 0;
    x->not_found = 0;
    x->first_send_ms = 0;
    x->entered_ms = now_ms;
    x->check_ms = now_ms;
    action_touch(p, i);
}

int32_t pr_action_write(pr_pay *p, int32_t n, int32_t kind, int64_t amount_minor, const char *caller_id,
                        int64_t now_ms)
{
    int32_t old = pr_action_find(p, n, kind);
    if ((kind == PR_ACT_CLOSE || kind == PR_ACT_VOID) && old >= 0) {
        if (!pr_action_open(p->actions[old].state)) {
            uint8_t tried = p->actions[old].state == PR_AS_FAILED ? p->actions[old].check_no : 0;
            action_fresh(p, old,
                         now_ms); /* repeatable: the same close again, under its key, each time more calmly */
            p->actions[old].check_no = (uint8_t)(tried < 40 ? tried + 1 : 40);
            p->actions[old].check_ms = tried > 0 ? pr_add_ms(now_ms, pr_schedule_unknown(tried - 1)) : now_ms;
        } else if (p->actions[old].state == PR_AS_UNKNOWN) {
            p->actions[old].asked = 1; /* the order is still open: what was sent did not close it */
            p->actions[old].check_ms = now_ms;
        }
        return old;
    }
    int32_t digit = 1;
    for (int32_t i = 0; i < p->action_count; i++) {
        digit += p->actions[i].n == n && p->actions[i].kind == kind;
    }
    if (digit > 9 || p->action_count == PR_ACTIONS_MAX) {
        pr_review_flag(p, n, PR_REVIEW_LIMIT);
        return -1;
    }
    int32_t i = p->action_count++;
    pr_action *x = &p->actions[i];
    memset(x, 0, sizeof *x);
    x->n = (uint8_t)n;
    x->kind = (uint8_t)kind;
    x->digit = (uint8_t)digit;
    x->amount_minor = amount_minor;
    size_t len = strlen(caller_id);
    memcpy(x->caller_id, caller_id, len < sizeof x->caller_id ? len : sizeof x->caller_id - 1);
    action_fresh(p, i, now_ms);
    return i;
}

static void action_enter(pr_pay *p, int32_t i, int32_t state, int64_t now_ms)
{
    pr_action *x = &p->actions[i];
    x->state = (uint8_t)state;
    x->entered_ms = now_ms;
    x->check_no = state == PR_AS_FAILED ? x->check_no
                                        : 0; /* a refused close that is written again goes on where it was */
    x->check_ms = pr_action_open(state) ? pr_add_ms(now_ms, pr_schedule_unknown(0)) : INT64_MAX;
    action_touch(p, i);
    if (state == PR_AS_UNKNOWN && x->kind == PR_ACT_REFUND &&
        (p->attempts[x->n - 1].facts.flags & PR_FACT_REFUND_KEYED) == 0) {
        x->reviewed = 1; /* it may not go out again: a person must see what came of it */
        pr_review_flag(p, x->n, PR_REVIEW_ACTION_LONG);
    }
}

void pr_actions_settle(pr_pay *p, int32_t n, int64_t now_ms)
{
    int32_t state = p->attempts[n - 1].state;
    for (int32_t i = 0; i < p->action_count; i++) {
        const pr_action *x = &p->actions[i];
        int32_t closing = x->kind == PR_ACT_CLOSE || x->kind == PR_ACT_VOID;
        if (x->n != n || !pr_action_open(x->state)) {
            continue;
        }
        if (closing && state == PR_ST_CLOSED && x->sends > 0) {
            action_enter(p, i, PR_AS_DONE, now_ms);
        } else if (closing && (pr_state_free(state) || state == PR_ST_PAID ||
                               (state == PR_ST_AUTHORIZED && x->sends == 0))) {
            action_enter(p, i, PR_AS_FAILED, now_ms); /* moot, or it lost */
        } else if (x->kind == PR_ACT_CLOSE && state == PR_ST_SURPLUS) {
            action_enter(p, i, PR_AS_FAILED, now_ms);
        } else if (x->kind == PR_ACT_CAPTURE && state == PR_ST_PAID) {
            action_enter(p, i, PR_AS_DONE, now_ms);
        } else if (x->kind == PR_ACT_CAPTURE && pr_state_free(state)) {
            action_enter(p, i, PR_AS_FAILED, now_ms);
        } else if (x->kind == PR_ACT_REFUND && pr_state_free(state) && x->sends == 0) {
            action_enter(p, i, PR_AS_FAILED, now_ms);
        }
    }
}

/* Of a surplus something was given back beside our refund, and one of the two may be the other: the provider's sum
   tells, and where it stated none a person must, since nothing is on its way any more. What a shop gives back of money
   that it keeps is counted by its own amounts: a sum that is wrong there would say that more is gone than was asked. */
static void see_what_is_left(pr_pay *p, int32_t n, pr_input *out, int64_t total)
{
    if (p->attempts[n - 1].state != PR_ST_SURPLUS) {
        return;
    }
    if (total >= 0) {
        out->event = PR_EV_REVERSED_PART;
        out->reversed_total_minor = total;
        (void)pr_machine_attempt(p, n, out);
    }
    if (p->attempts[n - 1].state == PR_ST_SURPLUS && pr_captured(p, n) > pr_reversed(p, n) &&
        pr_refunds_open(p, n) == 0) {
        pr_review_flag(p, n, PR_REVIEW_NO_REFUND);
    }
}

static void tell_owner(pr_pay *p, const pr_action *x, const pr_input *in, int32_t undone)
{
    pr_input out;
    char key[PR_KEY_CAP];
    pr_input_init(&out, PR_EV_ST_CLOSED, in->source, in->now_ms);
    out.final = 1;
    out.asked_ms = in->asked_ms;
    out.provider_ms = in->provider_ms;
    if (x->kind == PR_ACT_CAPTURE) {
        out.event = PR_EV_PAID;
        out.amount_minor = in->amount_minor >= 0 ? in->amount_minor : x->amount_minor;
        out.txn = in->txn;
    } else if (x->kind == PR_ACT_REFUND) {
        out.event = undone ? PR_EV_REFUND_UNDONE : PR_EV_REVERSED_PART;
        out.amount_minor = x->amount_minor;
        pr_action_key(key, p, x);
        out.txn = in->txn != 0 ? in->txn : pr_text_hash(key);
    }
    (void)pr_machine_attempt(p, x->n, &out);
    if (x->kind == PR_ACT_REFUND && !undone) {
        see_what_is_left(p, x->n, &out, in->reversed_total_minor);
    }
}

static void lose(pr_pay *p, const pr_action *x, const pr_input *in)
{
    if (x->kind == PR_ACT_REFUND) {
        if (x->surplus) {
            pr_review_flag(p, x->n, PR_REVIEW_REFUND_FAILED);
        }
        return;
    }
    pr_effects(p, x->n, PR_FX_Q, in); /* what became of the owner is asked, not guessed */
}

/* A close that finds nothing cannot do more than wait for the order's own end; when the order appears, the
   lookup says so. */
static void wait_for_expiry(const pr_pay *p, pr_action *x, const pr_input *in)
{
    const pr_attempt *a = &p->attempts[x->n - 1];
    if (x->kind == PR_ACT_CLOSE && in->event == PR_AE_NOT_FOUND && (a->facts.flags & PR_FACT_EXPIRES) != 0 &&
        x->check_ms < a->expire_ms) {
        x->check_ms = a->expire_ms;
    }
}

static void action_effects(pr_pay *p, int32_t i, uint32_t effects, const pr_input *in)
{
    pr_action *x = &p->actions[i];
    if ((effects & PR_FX_SENT) != 0) {
        x->sends = (uint8_t)(x->sends < 250 ? x->sends + 1 : 250);
        x->asked = 0;
        x->not_found = 0;
        x->built_ms = in->now_ms;
        if (x->first_send_ms == 0) {
            x->first_send_ms = in->now_ms;
        }
    }
    if ((effects & PR_FX_UNSEND) != 0) {
        x->sends = 0;
        x->asked = 0;
    }
    if ((effects & (PR_FX_N | PR_FX_UNSEND)) != 0) {
        int64_t delay = pr_schedule_unknown(x->check_no);
        x->check_ms = pr_add_ms(in->now_ms, delay > in->retry_after_ms ? delay : in->retry_after_ms);
        x->check_no = (uint8_t)(x->check_no < 40 ? x->check_no + 1 : 40);
        wait_for_expiry(p, x, in);
        p->soft = 1;
    }
    if ((effects & PR_FX_Q) != 0) {
        x->asked = 0;
        x->check_ms =
            x->check_no == 0 ? in->now_ms : pr_add_ms(in->now_ms, pr_schedule_unknown(x->check_no - 1));
        x->check_no =
            (uint8_t)(x->check_no < 40 ? x->check_no + 1 : 40); /* at once, and then not again at once */
        p->soft = 1;
    }
    if ((effects & PR_FX_R) != 0) {
        x->reviewed = 1;
        pr_review_flag(p, x->n, in->event == PR_AE_MISMATCH ? PR_REVIEW_MISMATCH : PR_REVIEW_ACTION_LONG);
    }
    if ((effects & PR_FX_WIN) != 0) {
        tell_owner(p, x, in, 0);
    }
    if ((effects & PR_FX_UNDO) != 0) {
        tell_owner(p, x, in, 1);
    }
    if ((effects & PR_FX_LOSE) != 0) {
        lose(p, x, in);
    }
}

int32_t pr_machine_action(pr_pay *p, int32_t i, const pr_input *in)
{
    if (i < 0 || i >= p->action_count) {
        return PAYROUTE_E_ARG;
    }
    pr_action *x = &p->actions[i];
    const pr_alternative *alt = pr_table_action(x->state, in->event);
    if (alt == NULL) {
        return PAYROUTE_E_ARG;
    }
    if (in->source == PR_SOURCE_LOOKUP) {
        x->asked = 1;
        if (in->event != PR_AE_NOT_FOUND) {
            x->not_found = 0;
        } else if (x->not_found++ == 0) {
            x->not_found_ms = in->asked_ms;
        } else if (x->not_found > 200) {
            x->not_found = 200;
        }
    }
    while (!pr_action_predicate(p, x, in, alt->predicate)) {
        alt++;
    }
    if (alt->next == PR_NEXT_REJECT) {
        return PAYROUTE_E_STATE;
    }
    if (in->reason != 0) {
        x->reason = (uint16_t)in->reason;
    }
    if (alt->next != PR_NEXT_SAME && alt->next != x->state) {
        action_enter(p, i, alt->next, in->now_ms);
    } else if ((alt->effect & (uint32_t)(PR_FX_SENT | PR_FX_UNSEND)) != 0) {
        action_touch(p, i);
    }
    action_effects(p, i, alt->effect, in);
    return PAYROUTE_OK;
}
