/* Codes and pages that were shown, and whether they are paid. Customers are kept in cohorts of five seconds:
   how many were shown something, how many of them have paid. From what the young cohorts should have paid by
   now follows whether what the channel shows can be paid at all; from the ripe ones, how many pay as a rule.
 */
#ifndef PR_HEALTH_SHOWN_H
#define PR_HEALTH_SHOWN_H

#include "health/block.h"
#include "health/rate.h"

typedef struct pr_shown_view {
    double convert; /* P(paid), when nothing is wrong */
    double seen;    /* how many speak in it */
    double dead;    /* P(what it shows cannot be paid) */
} pr_shown_view;

void pr_shown_look(pr_shown_view *out, const pr_slot *s, int64_t now_ms);
void pr_shown_begin(pr_slot *s, int64_t now_ms);
void pr_shown_paid(pr_slot *s, int64_t shown_ms, int64_t now_ms);
void pr_shown_given_up(pr_slot *s, int64_t shown_ms, int64_t now_ms); /* unpaid, and no longer payable */
void pr_shown_opened(pr_slot *s, int64_t now_ms);
void pr_shown_client_failed(pr_slot *s, int64_t shown_ms, int64_t now_ms);

#endif
