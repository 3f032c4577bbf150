/* What a statement is worth. An adapter says what it read; here it is held against the provider's facts: is
   the proof strong enough for this
   outcome, and do the fields that must equal ours equal ours? What does not pass is UNKNOWN, never a
   failure and never a success. */
#include "flow/handle.h"

#include <string.h>

enum worth { WORTH_MONEY, WORTH_FREE, WORTH_OTHER };

static int32_t attempt_worth(int32_t event)
{
    switch ((enum pr_event)event) {
    case PR_EV_AUTH:
    case PR_EV_PAID:
    case PR_EV_REVERSED_PART:
    case PR_EV_REVERSED_FULL:
    case PR_EV_REFUND_UNDONE:
    case PR_EV_ST_CLOSED: return WORTH_MONEY;
    case PR_EV_INVALID:
    case PR_EV_DECLINED:
    case PR_EV_REFUSED_BEFORE:
    case PR_EV_ST_NOT_FOUND:
    case PR_EV_ST_DECLINED: return WORTH_FREE;
    case PR_EV_NONE:
    case PR_EV_NOT_SENT:
    case PR_EV_ACTION_NEEDED:
    case PR_EV_ACCEPTED:
    case PR_EV_UNCLEAR:
    case PR_EV_MISMATCH:
    case PR_EV_ST_UNPAID:
    case PR_EV_ST_PROCESSING:
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
    return WORTH_OTHER;
}

static int32_t action_worth(int32_t event)
{
    if (event == PR_AE_DONE) {
        return WORTH_MONEY;
    }
    return event == PR_AE_REFUSED || event == PR_AE_FAILED || event == PR_AE_NOT_FOUND ||
                   event == PR_AE_REFUSED_BEFORE
               ? WORTH_FREE
               : WORTH_OTHER;
}

static int32_t proven(const pr_fact *f, const pr_operation_facts *o, int32_t worth)
{
    int32_t least = worth == WORTH_MONEY  ? o->evidence_money
                    : worth == WORTH_FREE ? o->evidence_free
                                          : o->evidence_other;
    return f->evidence >= least && f->evidence != PR_EVIDENCE_NONE;
}

/* The amounts that may stand there: the attempt's own, or that of a capture which we asked for. */
static int32_t amount_expected(const payroute_payment *p, const pr_fact *f, int32_t n, int32_t action)
{
    if (action >= 0 && f->target == PR_TARGET_ACTION) {
        return f->amount_minor == p->pay.actions[action].amount_minor;
    }
    if (f->amount_minor == p->pay.attempts[n - 1].amount_minor) {
        return 1;
    }
    for (int32_t i = 0; i < p->pay.action_count; i++) {
        const pr_action *x = &p->pay.actions[i];
        if (x->n == n && x->kind == PR_ACT_CAPTURE && x->sends > 0 && x->amount_minor == f->amount_minor) {
            return 1;
        }
    }
    return 0;
}

enum verdict { EQUAL, ABSENT, DIFFERS };

static int32_t compare(const payroute_payment *p, const pr_fact *f, const pr_operation_facts *o, int32_t n,
                       int32_t action)
{
    int32_t takes = f->target == PR_TARGET_ACTION ? f->event == PR_AE_DONE
                                                  : (f->event == PR_EV_PAID || f->event == PR_EV_AUTH);
    uint32_t fields = o->money_compare;
    if (f->reference[0] != '\0' && strcmp(f->reference, p->pay.attempts[n - 1].reference) != 0) {
        return ABSENT; /* an answer about somebody else says nothing about us */
    }
    if (f->merchant_equal == 0) {
        return ABSENT;
    }
    if (!takes) {
        return EQUAL;
    }
    if (((fields & PR_CMP_REFERENCE) != 0 && f->reference[0] == '\0') ||
        ((fields & PR_CMP_MERCHANT) != 0 && f->merchant_equal != 1) ||
        ((fields & PR_CMP_AMOUNT) != 0 && f->amount_minor < 0) ||
        ((fields & PR_CMP_CURRENCY) != 0 && f->currency[0] == '\0')) {
        return ABSENT;
    }
    if (f->amount_minor >= 0 && (fields & PR_CMP_AMOUNT) != 0 && !amount_expected(p, f, n, action)) {
        return DIFFERS;
    }
    if (f->currency[0] != '\0' && strcmp(f->currency, p->pay.currency) != 0) {
        return DIFFERS;
    }
    return EQUAL;
}

static int32_t refusal_of(const pr_fact *f)
{
    if (f->meaning.network_forbids || f->meaning.reason_class == PR_CLASS_DECLINED_HARD ||
        f->meaning.advice == PR_ADVICE_NEVER) {
        return PR_REFUSAL_HARD;
    }
    switch (f->meaning.advice) {
    case PR_ADVICE_OTHER_CHANNEL: return PR_REFUSAL_SOFT;
    case PR_ADVICE_LATER: break; /* the class says whether the instrument or the channel is to rest */
    case PR_ADVICE_OTHER_INSTRUMENT:
    case PR_ADVICE_FIX_INPUT:
    case PR_ADVICE_CUSTOMER_ACTS:
    case PR_ADVICE_AUTHENTICATE: return PR_REFUSAL_CUSTOMER;
    default: break;
    }
    return f->meaning.reason_class == PR_CLASS_DECLINED_CUSTOMER ? PR_REFUSAL_CUSTOMER : PR_REFUSAL_SOFT;
}

int32_t pr_judge(pr_input *out, const payroute_payment *p, const pr_fact *f, int32_t op, int32_t n,
                 int32_t action, int32_t source, int64_t now_ms)
{
    int32_t answer = source == PR_SOURCE_ANSWER;
    int32_t on_action = f->target == PR_TARGET_ACTION;
    /* what the answer to a close or refund says about the order itself is as good as a lookup, and compared
       like one */
    int32_t rides = !on_action && op != PR_OP_CREATE && op != PR_OP_NOTIFY;
    const pr_operation_facts *o =
        pr_provider_operation(p->kept[n - 1].channel->provider, rides ? PR_OP_QUERY : op);
    pr_input_init(out, f->event, source, now_ms);
    out->provider_ms = f->evidence >= PR_EVIDENCE_TLS ? f->provider_ms : 0;
    out->final = f->final;
    out->by_client = f->held_by_client;
    out->should_retry = f->should_retry;
    out->refusal = refusal_of(f);
    out->reason = f->meaning.reason;
    out->advice = f->meaning.advice;
    out->retry_after_ms = f->retry_after_ms;
    out->amount_minor = f->amount_minor;
    out->reversed_total_minor = f->reversed_total_minor;
    /* A host names its money as it likes, now by an id and now not: its order is one order, never a sum of
       names. */
    int32_t host = (p->pay.attempts[n - 1].facts.flags & PR_FACT_HOST_DRIVEN) != 0 && !on_action;
    out->txn = host ? 0 : pr_text_hash(f->txn_id);
    out->auth_ms = f->event == PR_EV_AUTH ? f->expires_ms : 0;
    if (!proven(f, o, on_action ? action_worth(f->event) : attempt_worth(f->event))) {
        out->event = on_action ? PR_AE_UNCLEAR : PR_EV_UNCLEAR;
        return answer;
    }
    switch (compare(p, f, o, n, action)) {
    case ABSENT: out->event = on_action ? PR_AE_UNCLEAR : PR_EV_UNCLEAR; return answer;
    case DIFFERS: out->event = on_action ? PR_AE_MISMATCH : PR_EV_MISMATCH; return 1;
    default: return out->event != 0;
    }
}
