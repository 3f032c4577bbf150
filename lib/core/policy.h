/* Policies: numbers by id, with bounds, from policy.def. */
#ifndef PR_CORE_POLICY_H
#define PR_CORE_POLICY_H

#include <stdint.h>

enum pr_policy_id {
#define P(name, low, high, standard, text) PR_POLICY_##name,
#include "core/policy.def"
#undef P
    PR_POLICY_COUNT
};

typedef struct pr_policy {
    int64_t value[PR_POLICY_COUNT];
} pr_policy;

void pr_policy_default(pr_policy *policy);
int32_t pr_policy_find(const char *name); /* id; -1: none */
const char *pr_policy_name(int32_t id);
const char *pr_policy_text(int32_t id);
void pr_policy_bounds(int32_t id, int64_t *low, int64_t *high, int64_t *standard);
int32_t pr_policy_set(pr_policy *policy, int32_t id, int64_t value); /* E_RANGE: unchanged */

#endif
