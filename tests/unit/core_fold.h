/* The money fold of the specification (3.5), written a second time for the few numbers that a situation has.
 */
#ifndef CORE_FOLD_H
#define CORE_FOLD_H

#include "core_oracle.h"

typedef struct question {
    const pr_pay *p; /* before */
    const pr_attempt *a;
    const pr_input *in;
    int64_t captured; /* after the fold */
    int64_t reversed;
} question;

/* The fold of 3.5, worked out on the few numbers that a situation has. */
static inline int32_t fold(question *q)
{
    const pr_input *in = q->in;
    int64_t flat = q->a->captured_flat;
    int64_t ids = oracle_ids(q->p, 1, PR_MONEY_CAPTURE);
    int64_t stated = in->amount_minor >= 0 ? in->amount_minor : q->a->amount_minor;
    int64_t back_ids = oracle_ids(q->p, 1, PR_MONEY_REFUND);
    int64_t back_flat = q->a->reversed_flat;
    if (in->event == PR_EV_PAID || in->event == PR_EV_RESOLVE_PAID) {
        int64_t known = in->txn == 11 ? ids : 0; /* the only id that a situation can hold */
        ids += in->txn != 0 && stated > known ? stated - known : 0;
        flat = in->txn == 0 && stated > flat ? stated : flat;
    }
    q->captured = flat > ids ? flat : ids;
    if (in->event == PR_EV_REVERSED_PART || in->event == PR_EV_REVERSED_FULL) {
        q->captured = q->captured == 0 ? q->a->amount_minor : q->captured;
        int64_t back = in->amount_minor >= 0 ? in->amount_minor : q->captured;
        if (in->reversed_total_minor >= 0) {
            back_flat = in->reversed_total_minor > back_flat ? in->reversed_total_minor : back_flat;
        } else if (in->txn != 0) {
            back_ids += back; /* its ids differ from the one that a situation can hold */
        } else {
            back_flat = back > back_flat ? back : back_flat;
        }
    }
    if (in->event == PR_EV_RESOLVE_REFUNDED) {
        int32_t settled = q->a->state == PR_ST_FAILED || q->a->state == PR_ST_CLOSED ||
                          q->a->state == PR_ST_REVERSED;
        q->captured = q->captured == 0 && !settled ? q->a->amount_minor : q->captured;
        back_flat = q->captured > back_flat ? q->captured : back_flat;
    }
    q->reversed = back_flat > back_ids ? back_flat : back_ids;
    if (in->event == PR_EV_REFUND_UNDONE) {
        q->reversed -= in->amount_minor > 0 ? in->amount_minor : 0;
        q->reversed = q->reversed > 0 ? q->reversed : 0;
    }
    if (in->event != PR_EV_REVERSED_PART && in->event != PR_EV_REVERSED_FULL) {
        return in->event;
    }
    return q->reversed >= q->captured ? PR_EV_REVERSED_FULL
           : q->reversed > 0          ? PR_EV_REVERSED_PART
                                      : PR_EV_PAID;
}

#endif
