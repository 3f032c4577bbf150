/* Stories that a shop, a customer and a provider play together. */
#ifndef TEST_STORY_H
#define TEST_STORY_H

#include "shop.h"

#define BUDGET (sandbox_patient ? 20000 : 5000)
#define START_MS INT64_C(1790000000000)

extern struct sandbox box;

int use_virtual(void **state); /* set up: a sandbox whose clock stands */
int use_real(void **state);
int drop_box(void **state);
payroute_engine *open_virtual(int sqlite);
/* Both clocks go on; then the shop does what is due. */
void pass(payroute_engine *e, int64_t ms);
void pass_and_sweep(payroute_engine *e, int64_t ms);
void strike(const char *account, const char *operation, const char *fault, const char *more);
void customer(const char *reference, const char *act);
/* Until the verdict; days of it if need be. The customer pays whatever code is shown. */
void settle(payroute_engine *e, int64_t id);
/* What the provider holds is what the shop knows, and nothing is held twice. */
void agree(payroute_engine *e, int64_t id, const char *what);

#endif
