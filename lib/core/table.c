/* The compiler reads attempt.def and action.def here. A missing row fails the count, a doubled one
   redeclares an enumerator: neither
   compiles. */
#include "core/table.h"

#include <stddef.h>

#define ALT(p, n, e) {PR_P_##p, next_##n, PR_FX_##e}
enum next_name {
    next_INTENT = PR_ST_INTENT,
    next_UNKNOWN = PR_ST_UNKNOWN,
    next_WAITING = PR_ST_WAITING,
    next_PROCESSING = PR_ST_PROCESSING,
    next_CLOSING = PR_ST_CLOSING,
    next_AUTHORIZED = PR_ST_AUTHORIZED,
    next_PAID = PR_ST_PAID,
    next_SURPLUS = PR_ST_SURPLUS,
    next_REVERSED = PR_ST_REVERSED,
    next_FAILED = PR_ST_FAILED,
    next_CLOSED = PR_ST_CLOSED,
    next_SAME = PR_NEXT_SAME,
    next_REJECT = PR_NEXT_REJECT
};

/* One enumerator a row. */
enum attempt_row {
#define R1(s, e, ...) ROW_##s##_##e,
#define R2 R1
#define R3 R1
#define R4 R1
#define R5 R1
#include "core/attempt.def"
#undef R1
#undef R2
#undef R3
#undef R4
#undef R5
    ATTEMPT_ROW_COUNT
};
_Static_assert(ATTEMPT_ROW_COUNT == (PR_ST_COUNT - 1) * (PR_EV_COUNT - 1), "attempt.def: a row is missing");

enum action_row {
#define A1(s, e, ...) AROW_##s##_##e,
#define A2 A1
#define A3 A1
#include "core/action.def"
#undef A1
#undef A2
#undef A3
    ACTION_ROW_COUNT
};
_Static_assert(ACTION_ROW_COUNT == (PR_AS_COUNT - 1) * (PR_AE_COUNT - 1), "action.def: a row is missing");

static const pr_alternative attempt_cells[PR_ST_COUNT][PR_EV_COUNT][PR_CELL_MAX] = {
#define R1(s, e, n1, f1) [PR_ST_##s][PR_EV_##e] = {ALT(YES, n1, f1)},
#define R2(s, e, p1, n1, f1, n2, f2) [PR_ST_##s][PR_EV_##e] = {ALT(p1, n1, f1), ALT(YES, n2, f2)},
#define R3(s, e, p1, n1, f1, p2, n2, f2, n3, f3)                                                       \
    [PR_ST_##s][PR_EV_##e] = {ALT(p1, n1, f1), ALT(p2, n2, f2), ALT(YES, n3, f3)},
#define R4(s, e, p1, n1, f1, p2, n2, f2, p3, n3, f3, n4, f4)                                           \
    [PR_ST_##s][PR_EV_##e] = {ALT(p1, n1, f1), ALT(p2, n2, f2), ALT(p3, n3, f3), ALT(YES, n4, f4)},
#define R5(s, e, p1, n1, f1, p2, n2, f2, p3, n3, f3, p4, n4, f4, n5, f5)                               \
    [PR_ST_##s][PR_EV_##e] = {ALT(p1, n1, f1), ALT(p2, n2, f2), ALT(p3, n3, f3), ALT(p4, n4, f4), ALT(YES, n5, f5)},
#include "core/attempt.def"
#undef R1
#undef R2
#undef R3
#undef R4
#undef R5
};

enum action_next_name {
    anext_INTENT = PR_AS_INTENT,
    anext_UNKNOWN = PR_AS_UNKNOWN,
    anext_PROCESSING = PR_AS_PROCESSING,
    anext_DONE = PR_AS_DONE,
    anext_FAILED = PR_AS_FAILED,
    anext_SAME = PR_NEXT_SAME,
    anext_REJECT = PR_NEXT_REJECT
};
#define ACT(p, n, e) {PR_P_##p, anext_##n, PR_FX_##e}

static const pr_alternative action_cells[PR_AS_COUNT][PR_AE_COUNT][PR_CELL_MAX] = {
#define A1(s, e, n1, f1) [PR_AS_##s][PR_AE_##e] = {ACT(YES, n1, f1)},
#define A2(s, e, p1, n1, f1, n2, f2) [PR_AS_##s][PR_AE_##e] = {ACT(p1, n1, f1), ACT(YES, n2, f2)},
#define A3(s, e, p1, n1, f1, p2, n2, f2, n3, f3)                                                       \
    [PR_AS_##s][PR_AE_##e] = {ACT(p1, n1, f1), ACT(p2, n2, f2), ACT(YES, n3, f3)},
#include "core/action.def"
#undef A1
#undef A2
#undef A3
};

const pr_alternative *pr_table_attempt(int32_t state, int32_t event) {
    if (state <= PR_ST_NONE || state >= PR_ST_COUNT || event <= PR_EV_NONE || event >= PR_EV_COUNT) {
        return NULL;
    }
    return attempt_cells[state][event];
}

const pr_alternative *pr_table_action(int32_t state, int32_t event) {
    if (state <= PR_AS_NONE || state >= PR_AS_COUNT || event <= PR_AE_NONE || event >= PR_AE_COUNT) {
        return NULL;
    }
    return action_cells[state][event];
}

const char *pr_state_name(int32_t state) {
    static const char *const names[PR_ST_COUNT] = {"NONE",    "INTENT",     "UNKNOWN", "WAITING",
                                                   "PROCESSING", "CLOSING",
                                                   "AUTHORIZED", "PAID", "SURPLUS", "REVERSED", "FAILED",   "CLOSED"};
    return state > 0 && state < PR_ST_COUNT ? names[state] : names[0];
}

const char *pr_event_name(int32_t event) {
    static const char *const names[PR_EV_COUNT] = {
        "NONE",          "NOT_SENT",         "REFUSED_BEFORE", "INVALID",      "DECLINED",       "ACTION_NEEDED",
        "ACCEPTED",      "UNCLEAR",          "MISMATCH",       "ST_NOT_FOUND", "ST_UNPAID",      "ST_PROCESSING",
        "ST_DECLINED",   "ST_CLOSED",        "AUTH",           "PAID",         "REVERSED_PART",  "REVERSED_FULL",
        "REFUND_UNDONE", "DISPATCH",         "LOST",           "SHOW",         "CLOSE_WANTED",   "T_REVIEW",
        "RESOLVE_PAID",  "RESOLVE_NOT_PAID", "RESOLVE_REFUNDED"};
    return event > 0 && event < PR_EV_COUNT ? names[event] : names[0];
}

const char *pr_action_state_name(int32_t state) {
    static const char *const names[PR_AS_COUNT] = {"NONE", "INTENT", "UNKNOWN", "PROCESSING", "DONE", "FAILED"};
    return state > 0 && state < PR_AS_COUNT ? names[state] : names[0];
}

const char *pr_action_event_name(int32_t event) {
    static const char *const names[PR_AE_COUNT] = {"NONE",    "DISPATCH", "LOST",     "NOT_SENT", "REFUSED_BEFORE",
                                                   "REFUSED", "PENDING",  "DONE",     "UNCLEAR",  "MISMATCH",
                                                   "NOT_FOUND", "FAILED", "MOOT",     "T_REVIEW"};
    return event > 0 && event < PR_AE_COUNT ? names[event] : names[0];
}
