/* The smallest store there can be: the rows of one payment, replaced by each save set, so that a scenario can
 * let its worker die. */
#ifndef SCENARIO_SHELF_H
#define SCENARIO_SHELF_H

#include <payroute/rows.h>

enum { SHELF_ATTEMPTS = 8, SHELF_ACTIONS = 32 };

typedef struct shelf {
    payroute_row_payment payment;
    payroute_row_attempt attempts[SHELF_ATTEMPTS];
    payroute_row_action actions[SHELF_ACTIONS];
    int32_t attempt_count;
    int32_t action_count;
    char *audit;
    int32_t saves;
    int32_t events[8];
    void *owned[4096]; /* every copy made, freed at the end */
    int32_t owned_count;
} shelf;

void shelf_save(shelf *s, const payroute_save_set *set);
payroute_save_set shelf_rows(const shelf *s);
void shelf_clear(shelf *s);

#endif
