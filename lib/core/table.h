/* attempt.def and action.def as data: which alternatives a cell has. */
#ifndef PR_CORE_TABLE_H
#define PR_CORE_TABLE_H

#include "core/event.h"

#include <stdint.h>

enum { PR_NEXT_SAME = 100, PR_NEXT_REJECT = 101, PR_CELL_MAX = 5 };

enum pr_predicate {
    PR_P_YES,
    PR_P_SOLE,
    PR_P_SOLE_OR_REPLAYS,
    PR_P_REPLAYS,
    PR_P_UNWANTED,
    PR_P_UNWANTED_NEXT,
    PR_P_NEXT_STEP,
    PR_P_NEXT_STEP_WANTED,
    PR_P_CONTAINER,
    PR_P_CLIENT_WANTED,
    PR_P_FREE_STEP,
    PR_P_FREE_AGAIN,
    PR_P_GONE,
    PR_P_MAY_RESEND,
    PR_P_EXPIRED_THERE,
    PR_P_SHOWABLE,
    PR_P_CAN_CLOSE,
    PR_P_FINAL,
    PR_P_FINAL_OR_GONE,
    PR_P_FINAL_UNCAPTURED,
    PR_P_UNCAPTURED,
    PR_P_LIVE,
    PR_P_CLOSE_UNSENT_LIVE,
    PR_P_SAME_TXN,
    PR_P_UNCONFIRMED,
    PR_P_REV_CLOSE,
    PR_P_EXCESS,
    PR_P_SETTLED,
    PR_P_IS_WINNER,
    PR_P_BY_CUSTOMER,
    PR_P_UNSENT,
    PR_P_UNSHOWN,
    PR_P_BY_CANCEL,
    PR_P_PAST_PENDING,
    PR_P_PAST_AUTH,
    PR_P_HELD,
    /* of actions */
    PR_P_SENDABLE,
    PR_P_REFUND,
    PR_P_COUNT
};

enum pr_effect {
    PR_FX_Q = 1 << 0,
    PR_FX_N = 1 << 1,
    PR_FX_C = 1 << 2,
    PR_FX_CX = 1 << 3,
    PR_FX_V = 1 << 4,
    PR_FX_F = 1 << 5,
    PR_FX_R = 1 << 6,
    PR_FX_W = 1 << 7,
    PR_FX_PAID = 1 << 8,
    PR_FX_REFUNDED = 1 << 9,
    PR_FX_PAYLOAD = 1 << 10,
    PR_FX_STEP = 1 << 11,
    PR_FX_SENT = 1 << 12,
    PR_FX_SHOWN = 1 << 13,
    PR_FX_RESEND = 1 << 14,
    PR_FX_UNWIN = 1 << 15,
    /* of actions */
    PR_FX_UNSEND = 1 << 16,
    PR_FX_WIN = 1 << 17,
    PR_FX_LOSE = 1 << 18,
    PR_FX_UNDO = 1 << 19,
    /* the combinations that the tables name */
    PR_FX_NONE = 0,
    PR_FX_R_Q = PR_FX_R | PR_FX_Q,
    PR_FX_R_V = PR_FX_R | PR_FX_V,
    PR_FX_C_R = PR_FX_C | PR_FX_R,
    PR_FX_W_PAID = PR_FX_W | PR_FX_PAID,
    PR_FX_PAID_REFUNDED = PR_FX_PAID | PR_FX_REFUNDED,
    PR_FX_W_PAID_REFUNDED = PR_FX_W | PR_FX_PAID | PR_FX_REFUNDED,
    PR_FX_F_REFUNDED = PR_FX_F | PR_FX_REFUNDED,
    PR_FX_STEP_SENT = PR_FX_STEP | PR_FX_SENT
};

typedef struct pr_alternative {
    uint8_t predicate;
    uint8_t next;
    uint32_t effect;
} pr_alternative;

/* The alternatives of a cell; the last one has PR_P_YES. NULL: no such state or event. */
const pr_alternative *pr_table_attempt(int32_t state, int32_t event);
const pr_alternative *pr_table_action(int32_t state, int32_t event);
const char *pr_state_name(int32_t state);
const char *pr_event_name(int32_t event);
const char *pr_action_state_name(int32_t state);
const char *pr_action_event_name(int32_t event);

#endif
