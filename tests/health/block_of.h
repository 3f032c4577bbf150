/* A block for a test, filled with whatever the test wants, and what must hold of every look at it. */
#ifndef TEST_HEALTH_BLOCK_OF_H
#define TEST_HEALTH_BLOCK_OF_H

#include "health/block.h"

enum { NOW_S = 1790000000 };
#define NOW (NOW_S * 1000LL)

typedef struct box {
    pr_health health;
    void *memory;
    size_t size;
} box;

void box_make(box *b, int32_t channels, int32_t cells, int64_t now_ms);
void box_free(box *b);
/* NULL: every figure is finite and in its range, and the posterior sums to 1; else which is not. */
const char *view_fault(const pr_health_view *v);
pr_health_view look_at(const box *b, int32_t slot, pr_health_segment segment, int64_t now_ms);
/* One payment from its start to its end. */
void pay(const box *b, int32_t slot, pr_health_segment segment, int32_t result, int64_t latency_ms,
         int64_t now_ms);

#endif
