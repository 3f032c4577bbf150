/* Policies: the table of policy.def as numbers. */
#include "core/policy.h"

#include <payroute/base.h>
#include <string.h>

typedef struct policy_row {
    const char *name;
    int64_t low;
    int64_t high;
    int64_t standard;
    const char *text;
} policy_row;

static const policy_row policy_rows[PR_POLICY_COUNT] = {
#define P(name, low, high, standard, text) {#name, low, high, standard, text},
#include "core/policy.def"
#undef P
};

void pr_policy_default(pr_policy *policy)
{
    for (int32_t i = 0; i < PR_POLICY_COUNT; i++) {
        policy->value[i] = policy_rows[i].standard;
    }
}

int32_t pr_policy_find(const char *name)
{
    for (int32_t i = 0; i < PR_POLICY_COUNT; i++) {
        if (strcmp(policy_rows[i].name, name) == 0) {
            return i;
        }
    }
    return -1;
}

const char *pr_policy_name(int32_t id)
{
    return id >= 0 && id < PR_POLICY_COUNT ? policy_rows[id].name : NULL;
}

const char *pr_policy_text(int32_t id)
{
    return id >= 0 && id < PR_POLICY_COUNT ? policy_rows[id].text : NULL;
}

void pr_policy_bounds(int32_t id, int64_t *low, int64_t *high, int64_t *standard)
{
    *low = policy_rows[id].low;
    *high = policy_rows[id].high;
    *standard = policy_rows[id].standard;
}

int32_t pr_policy_set(pr_policy *policy, int32_t id, int64_t value)
{
    if (id < 0 || id >= PR_POLICY_COUNT || value < policy_rows[id].low || value > policy_rows[id].high) {
        return PAYROUTE_E_RANGE;
    }
    policy->value[id] = value;
    return PAYROUTE_OK;
}
