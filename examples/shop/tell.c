/* What the stories have in common: what a customer does, what breaks, what is looked at afterwards. */
#include "tell.h"

#include <stdio.h>
#include <string.h>

char last_reference[40];

const char *reference_of(till *t, int attempt)
{
    char path[40];
    (void)snprintf(path, sizeof path, "attempts.%d.reference", attempt - 1);
    (void)snprintf(last_reference, sizeof last_reference, "%s", till_text(t, path));
    return last_reference;
}

int status_is(till *t, const char *status)
{
    return strcmp(till_text(t, "status"), status) == 0;
}

int channel_is(till *t, int attempt, const char *channel)
{
    char path[40];
    (void)snprintf(path, sizeof path, "attempts.%d.channel", attempt - 1);
    return strcmp(till_text(t, path), channel) == 0;
}

int customer(till *t, const char *reference, const char *act)
{
    return world_do(t->w, "/_customer", "{\"reference\":\"%s\",\"act\":\"%s\"}", reference, act);
}

int customer_forces(till *t, const char *reference, const char *act)
{
    return world_do(t->w, "/_customer", "{\"reference\":\"%s\",\"act\":\"%s\",\"force\":true}", reference,
                    act);
}

void breaks(till *t, const char *account, const char *operation, const char *fault)
{
    (void)world_do(t->w, "/_fault", "{\"account\":\"%s\",\"operation\":\"%s\",\"fault\":\"%s\"}", account,
                   operation, fault);
}

void mends(till *t)
{
    (void)world_do(t->w, "/_fault", "{\"clear\":true}");
}

/* Paid once at the provider, and the goods went out once. */
int paid_once(till *t, const char *order_id, const char *reference)
{
    (void)till_deliver(t);
    return world_order(t->w, reference, "captures") == 1 && world_order(t->w, reference, "refunded") == 0 &&
           till_delivered(t, order_id) == 1;
}
