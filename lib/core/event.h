/* What can be said about an attempt or an action. attempt.def and action.def have one row for each pair of
   state and event. */
#ifndef PR_CORE_EVENT_H
#define PR_CORE_EVENT_H

enum pr_state {
    PR_ST_NONE = 0,
    PR_ST_INTENT = 1,
    PR_ST_UNKNOWN = 2,
    PR_ST_WAITING = 3,
    PR_ST_PROCESSING = 4,
    PR_ST_CLOSING = 5,
    PR_ST_AUTHORIZED = 6,
    PR_ST_PAID = 7,
    PR_ST_SURPLUS = 8,
    PR_ST_REVERSED = 9,
    PR_ST_FAILED = 10,
    PR_ST_CLOSED = 11,
    PR_ST_COUNT = 12
};

enum pr_event {
    PR_EV_NONE = 0,
    /* answers to a send of ours: what is known about this copy of the request */
    PR_EV_NOT_SENT = 1,
    PR_EV_REFUSED_BEFORE = 2,
    PR_EV_INVALID = 3,
    PR_EV_DECLINED = 4,
    PR_EV_ACTION_NEEDED = 5,
    PR_EV_ACCEPTED = 6,
    PR_EV_UNCLEAR = 7,
    PR_EV_MISMATCH = 8,
    /* status of the order: from a lookup, a notification or the answer to a close */
    PR_EV_ST_NOT_FOUND = 9,
    PR_EV_ST_UNPAID = 10,
    PR_EV_ST_PROCESSING = 11,
    PR_EV_ST_DECLINED = 12,
    PR_EV_ST_CLOSED = 13,
    /* money, after the fold */
    PR_EV_AUTH = 14,
    PR_EV_PAID = 15,
    PR_EV_REVERSED_PART = 16, /* an adapter says this for any reversal; the fold makes it FULL */
    PR_EV_REVERSED_FULL = 17,
    PR_EV_REFUND_UNDONE = 18,
    /* engine, host, time, person */
    PR_EV_DISPATCH = 19,
    PR_EV_LOST = 20,
    PR_EV_SHOW = 21,
    PR_EV_CLOSE_WANTED = 22,
    PR_EV_T_REVIEW = 23,
    PR_EV_RESOLVE_PAID = 24,
    PR_EV_RESOLVE_NOT_PAID = 25,
    PR_EV_RESOLVE_REFUNDED = 26,
    PR_EV_COUNT = 27
};

enum pr_action_kind { PR_ACT_CLOSE = 1, PR_ACT_VOID = 2, PR_ACT_CAPTURE = 3, PR_ACT_REFUND = 4 };

enum pr_action_state { PR_AS_NONE = 0, PR_AS_INTENT = 1, PR_AS_UNKNOWN = 2, PR_AS_PROCESSING = 3,
                       PR_AS_DONE = 4, PR_AS_FAILED = 5, PR_AS_COUNT = 6 };

enum pr_action_event {
    PR_AE_NONE = 0,
    PR_AE_DISPATCH = 1,
    PR_AE_LOST = 2,
    PR_AE_NOT_SENT = 3,
    PR_AE_REFUSED_BEFORE = 4,
    PR_AE_REFUSED = 5,    /* INVALID or DECLINED: an authentic refusal of the action */
    PR_AE_PENDING = 6,    /* accepted, result later; lookup says PROCESSING */
    PR_AE_DONE = 7,
    PR_AE_UNCLEAR = 8,
    PR_AE_MISMATCH = 9,
    PR_AE_NOT_FOUND = 10, /* lookup: no such action (or order) there */
    PR_AE_FAILED = 11,    /* lookup: failed, authentic and final */
    PR_AE_MOOT = 12,      /* the owner was settled otherwise */
    PR_AE_T_REVIEW = 13,
    PR_AE_COUNT = 14
};

/* Status of a payment and kinds of news, numbered as in payroute/payment.h (flow compares the two at
   compile time). */
enum pr_status_no {
    PR_STATUS_OPEN = 1,
    PR_STATUS_PENDING = 2,
    PR_STATUS_AUTHORIZED = 3,
    PR_STATUS_PAID = 4,
    PR_STATUS_REVERSED = 5,
    PR_STATUS_DECLINED = 6,
    PR_STATUS_EXPIRED = 7,
    PR_STATUS_CANCELLED = 8,
    PR_STATUS_FAILED = 9
};

enum pr_news_kind { PR_NEWS_PAID = 1, PR_NEWS_LATE_PAID = 2, PR_NEWS_SURPLUS = 3, PR_NEWS_REFUNDED = 4,
                    PR_NEWS_EXPIRED = 5, PR_NEWS_REVIEW = 6 };

#endif
