/* Shops that do it wrong; the harness must catch each. */
#ifndef TEST_WRONG_H
#define TEST_WRONG_H

#include "play.h"

struct wrong {
    struct story story;
    int (*settle)(struct play *p);
    int expect; /* EXPECT_DOUBLE or EXPECT_LOSS */
};

extern const struct wrong wrongs[];
extern const int wrong_count;

#endif
