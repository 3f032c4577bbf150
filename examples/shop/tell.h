/* Words that the stories are told in. */
#ifndef SHOP_TELL_H
#define SHOP_TELL_H

#include "shop.h"

enum { WEB_MS = 10000, PRICE = 1990, MINUTE_MS = 60000 };

extern char last_reference[40]; /* what reference_of said last */
const char *reference_of(till *t, int attempt);
int status_is(till *t, const char *status);
int channel_is(till *t, int attempt, const char *channel);
int customer(till *t, const char *reference, const char *act);
int customer_forces(till *t, const char *reference, const char *act);
void breaks(till *t, const char *account, const char *operation, const char *fault);
void mends(till *t);
/* Paid once at the provider, and the goods went out once. */
int paid_once(till *t, const char *order_id, const char *reference);

#endif
