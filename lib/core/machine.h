/* The machine: facts and time in, states and intents out. Everything is a function of (payment, input). */
#ifndef PR_CORE_MACHINE_H
#define PR_CORE_MACHINE_H

#include "core/pay.h"
#include "core/table.h"

/* ---- events (machine.c, action.c) ---- */
/* Both: OK; E_STATE when the cell rejects: nothing changed. */
int32_t pr_machine_attempt(pr_pay *p, int32_t n, const pr_input *in);
int32_t pr_machine_action(pr_pay *p, int32_t action /* index from 0 */, const pr_input *in);
void pr_input_init(pr_input *in, int32_t event, int32_t source, int64_t now_ms);

/* ---- predicates (predicate.c): questions that need data, answered before the table is read ---- */
int32_t pr_predicate(const pr_pay *p, const pr_attempt *a, const pr_input *in, int32_t predicate);
int32_t pr_action_predicate(const pr_pay *p, const pr_action *x, const pr_input *in, int32_t predicate);
int32_t pr_key_alive(const pr_pay *p, const pr_attempt *a, int64_t first_send_ms, int64_t now_ms);
int32_t pr_unwanted(const pr_pay *p, const pr_attempt *a, int64_t now_ms);
int32_t pr_can_close(const pr_attempt *a);
int32_t pr_can_look(const pr_attempt *a);

/* ---- money fold (money.c) ---- */
int64_t pr_captured(const pr_pay *p, int32_t n);
int64_t pr_reversed(const pr_pay *p, int32_t n);
int64_t pr_refunds_open(const pr_pay *p, int32_t n); /* of ours: intent, unknown, processing */
/* Adds what an event states; returns the event to look up in the table (PAID, REVERSED_PART or
   REVERSED_FULL stay or change). */
int32_t pr_money_fold(pr_pay *p, int32_t n, const pr_input *in);

/* ---- actions (action.c) ---- */
/* Index of the action written or reopened; -1: the channel cannot, or no room (flagged). */
int32_t pr_action_write(pr_pay *p, int32_t n, int32_t kind, int64_t amount_minor, const char *caller_id,
                        int64_t now_ms);
int32_t pr_action_find(const pr_pay *p, int32_t n, int32_t kind);               /* newest of that kind; -1 */
int32_t pr_action_caller(const pr_pay *p, int32_t kind, const char *caller_id); /* -1 */
void pr_action_key(char out[PR_KEY_CAP], const pr_pay *p, const pr_action *x);
void pr_step_key(char out[PR_KEY_CAP], const pr_attempt *a);
void pr_actions_settle(pr_pay *p, int32_t n, int64_t now_ms); /* owner's new state ends what is moot */

/* ---- effects (effect.c) ---- */
void pr_effects(pr_pay *p, int32_t n, uint32_t effects, const pr_input *in);
void pr_news_add(pr_pay *p, int32_t kind, int32_t n, int64_t amount_minor);
void pr_review_flag(pr_pay *p, int32_t n, int32_t why);

/* ---- schedules (schedule.c) ---- */
int64_t pr_schedule_unknown(int32_t no); /* delay before lookup `no` */
int64_t pr_schedule_closing(int32_t no);
int64_t pr_schedule_late(int32_t no); /* INT64_MAX: the watch is over */
void pr_schedule_next(pr_pay *p, pr_attempt *a, int64_t now_ms);
int64_t pr_add_ms(int64_t a, int64_t b); /* saturating */

/* ---- time and plan (clock.c, plan.c) ---- */
/* Time passes: clock steps, expiries, reviews. Marks dirty what changed. */
void pr_clock_tick(pr_pay *p, int64_t now_ms);
/* A provider's time beside ours: within a minute of each other, or ours is suspect (no resend, no proof by
   waiting). */
void pr_clock_compare(pr_pay *p, int64_t provider_ms, int64_t now_ms);
/* What lies in an unsent or half-sent state after a load: nothing of ours is in flight. */
void pr_clock_recover(pr_pay *p, int64_t now_ms);

enum pr_todo {
    PR_DO_NOTHING = 0,
    PR_DO_SEND = 1,
    PR_DO_QUERY = 2,
    PR_DO_ACTION = 3,
    PR_DO_ACTION_QUERY = 4,
    PR_DO_START = 5,
    PR_DO_SHOW = 6,
    PR_DO_PAYLOAD = 7
};
typedef struct pr_task {
    int32_t todo;
    int32_t n;      /* attempt */
    int32_t action; /* index; -1 */
} pr_task;
/* The first thing that is due; effects only when `may_act` (the lease may be taken). */
pr_task pr_plan(const pr_pay *p, int64_t now_ms, int32_t may_act);
int64_t pr_plan_wake(const pr_pay *p, int64_t now_ms);

/* ---- start and verdict (start.c, verdict.c) ---- */
int32_t pr_startable(const pr_pay *p, int64_t now_ms); /* slot 1 or 2 that is free for a start; 0 no */
/* Writes the intent; the caller has filled channel, method, flow, facts, reference, hash. Attempt number;
   0: not startable. */
int32_t pr_start(pr_pay *p, const pr_attempt *wish, int64_t now_ms);
int32_t pr_status(const pr_pay *p, int64_t now_ms, int32_t *final);
int32_t pr_may_still_pay(const pr_pay *p);
void pr_verdict_settle(pr_pay *p, int64_t now_ms); /* a final status becomes the verdict, once */

/* ---- record (record.c) ---- */
int32_t pr_record_write(uint8_t *out, size_t cap, const pr_pay *p); /* length; E_BUFFER */
int32_t pr_record_read(pr_pay *p, const uint8_t *in,
                       size_t len); /* E_VERSION, E_CHECKSUM; *p untouched then */

/* ---- invariants (invariant.c) ---- */
const char *pr_invariant(const pr_pay *p); /* NULL: all hold; else which one does not */

#endif
