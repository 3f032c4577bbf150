/* What a cell does beside entering its state: intents, flags, news, schedules. Everything here lands in the
   same save set. */
#include "core/machine.h"

#include <payroute/base.h>

void pr_news_add(pr_pay *p, int32_t kind, int32_t n, int64_t amount_minor)
{
    if (p->news_count == PR_NEWS_MAX) {
        return; /* cannot happen between two saves: each save empties it, and one input adds at most a few */
    }
    p->event_no[kind]++;
    p->news[p->news_count++] = (pr_news){.kind = (uint8_t)kind,
                                         .n = (uint8_t)n,
                                         .review = n > 0 ? p->attempts[n - 1].review : 0,
                                         .no = p->event_no[kind],
                                         .amount_minor = amount_minor};
    p->dirty = 1;
}

void pr_review_flag(pr_pay *p, int32_t n, int32_t why)
{
    pr_attempt *a = &p->attempts[n - 1];
    if ((a->review & why) != 0) {
        return;
    }
    a->review = (uint16_t)(a->review | why);
    p->dirty = 1;
    p->dirty_attempts |= 1u << (n - 1);
    pr_news_add(p, PR_NEWS_REVIEW, n, a->amount_minor);
}

static int32_t review_reason(const pr_input *in)
{
    switch (in->event) {
    case PR_EV_MISMATCH:
        return PR_REVIEW_MISMATCH;
    case PR_EV_AUTH:
        return PR_REVIEW_SECOND_HOLD;
    case PR_EV_REFUND_UNDONE:
        return PR_REVIEW_REFUND_UNDONE;
    case PR_EV_T_REVIEW:
        return PR_REVIEW_UNKNOWN_LONG;
    default:
        return PR_REVIEW_CONTRADICTION;
    }
}

static void look_now(pr_pay *p, int32_t n, const pr_input *in)
{
    pr_attempt *a = &p->attempts[n - 1];
    if (pr_can_look(a)) {
        if (a->check_ms == INT64_MAX) {
            p->dirty = 1; /* nothing else would ever wake it */
            p->dirty_attempts |= 1u << (n - 1);
        }
        a->check_ms =
            in->now_ms; /* its place in the schedule stays: the same word again is asked about ever more calmly */
        p->soft = 1;
    } else if (pr_state_free(a->state)) {
        pr_review_flag(p, n, PR_REVIEW_HELD); /* nobody can be asked: a person must look */
    } else {
        pr_schedule_next(p, a, in->now_ms);
        p->soft = 1;
    }
}

static void write_close(pr_pay *p, int32_t n, uint32_t effects, const pr_input *in)
{
    const pr_attempt *a = &p->attempts[n - 1];
    /* by proof a refused request made nothing, unless it spoke of a container; one that merely was not
       shown may be there */
    int32_t may_be =
        a->sends > 0 && ((a->facts.flags & PR_FACT_CONTAINER) != 0 || in->event == PR_EV_CLOSE_WANTED);
    int32_t something = (effects & PR_FX_C) != 0 || a->has_id || may_be;
    if (something && pr_can_close(a)) {
        (void)pr_action_write(p, n, PR_ACT_CLOSE, 0, "", in->now_ms);
    }
}

/* What is owed: a hold is released, a capture beside the winner goes back, an excess goes back. */
static void give_back(pr_pay *p, int32_t n, const pr_input *in)
{
    const pr_attempt *a = &p->attempts[n - 1];
    int64_t owed = pr_captured(p, n) - pr_reversed(p, n) - pr_refunds_open(p, n);
    if (pr_captured(p, n) == 0) {
        (void)pr_action_write(p, n, PR_ACT_VOID, 0, "", in->now_ms);
        return;
    }
    if (a->state == PR_ST_PAID) {
        owed -= a->amount_minor; /* only what was paid beyond the price */
    }
    if (owed <= 0) {
        return;
    }
    pr_news_add(p, PR_NEWS_SURPLUS, n, owed);
    uint32_t safely = PR_FACT_REFUND | PR_FACT_REFUND_KEYED; /* without a key nobody could tell one from two */
    if ((a->facts.flags & safely) != safely || (a->review & PR_REVIEW_REFUND_FAILED) != 0) {
        pr_review_flag(p, n, PR_REVIEW_NO_REFUND);
        return;
    }
    int32_t i = pr_action_write(p, n, PR_ACT_REFUND, owed, "", in->now_ms);
    if (i >= 0) {
        p->actions[i].surplus = 1;
    }
}

static void win(pr_pay *p, int32_t n, const pr_input *in)
{
    p->winner = (uint8_t)n;
    p->over = 0;
    for (int32_t other = 1; other <= p->attempt_count; other++) {
        const pr_attempt *b = &p->attempts[other - 1];
        if (other != n && !pr_state_free(b->state) && b->state != PR_ST_SURPLUS) {
            pr_input wanted;
            pr_input_init(&wanted, PR_EV_CLOSE_WANTED, PR_SOURCE_ENGINE, in->now_ms);
            (void)pr_machine_attempt(p, other, &wanted);
        }
    }
}

static void send_effects(pr_pay *p, int32_t n, uint32_t effects, const pr_input *in)
{
    pr_attempt *a = &p->attempts[n - 1];
    if ((effects & PR_FX_STEP) != 0) {
        a->step++;
        a->sends = 0;
        a->first_send_ms = 0;
        a->no_retry = 0;
    }
    if ((effects & PR_FX_SENT) != 0) {
        a->sends = (uint8_t)(a->sends < 250 ? a->sends + 1 : 250);
        a->built_ms = in->now_ms;
        a->resend = 0;
        a->not_found = 0; /* a new copy is on its way: the proof starts anew */
        a->gone_ms = 0;
        if (a->first_send_ms == 0) {
            a->first_send_ms = in->now_ms;
        }
    }
    if ((effects & PR_FX_SHOWN) != 0) {
        a->shown = 1;
    }
    if ((effects & PR_FX_PAYLOAD) != 0) {
        a->has_payload = 1;
    }
}

void pr_effects(pr_pay *p, int32_t n, uint32_t effects, const pr_input *in)
{
    pr_attempt *a = &p->attempts[n - 1];
    send_effects(p, n, effects, in);
    if ((effects & PR_FX_PAID) != 0) {
        pr_news_add(p, p->over ? PR_NEWS_LATE_PAID : PR_NEWS_PAID, n, pr_captured(p, n));
    }
    if ((effects & PR_FX_UNWIN) != 0) {
        p->winner = 0;
    }
    if ((effects & PR_FX_W) != 0) {
        win(p, n, in);
    }
    if ((effects & PR_FX_REFUNDED) != 0) {
        pr_news_add(p, PR_NEWS_REFUNDED, n, pr_reversed(p, n));
    }
    if ((effects & (PR_FX_C | PR_FX_CX)) != 0) {
        write_close(p, n, effects, in);
    }
    if ((effects & PR_FX_V) != 0) {
        (void)pr_action_write(p, n, PR_ACT_VOID, 0, "", in->now_ms);
    }
    if ((effects & PR_FX_F) != 0) {
        give_back(p, n, in);
    }
    if ((effects & PR_FX_R) != 0) {
        pr_review_flag(p, n, review_reason(in));
    }
    if ((effects & PR_FX_RESEND) != 0) {
        a->resend = 1;
        pr_schedule_next(p, a, in->now_ms);
        p->soft = 1;
    }
    if ((effects & PR_FX_N) != 0) {
        pr_schedule_next(p, a, in->now_ms);
        p->soft = 1;
    }
    if ((effects & PR_FX_Q) != 0) {
        look_now(p, n, in);
    }
}
