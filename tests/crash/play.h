/* One order played in child processes: set up undisturbed, act under a tracer that kills, settle in a fresh
   process, compare. */
#ifndef TEST_PLAY_H
#define TEST_PLAY_H

#include "trace.h"
#include "world.h"

struct play {
    struct shop shop;
    const struct story *story;
    int (*step)(struct play *p);
    int (*settle)(struct play *p);
    struct result { /* shared with the children */
        int good;
        char why[512];
        char view[4096];
        struct books books;
    } *result;
};

/* What a run found; shared memory. */
struct score {
    long kills, recoveries, doubles, losses, bad;
};

enum { EXPECT_NOTHING, EXPECT_DOUBLE, EXPECT_LOSS };

struct plan {
    const struct story *story;
    int (*settle)(struct play *p);
    long points;    /* how many to sample; 0: all */
    long at;        /* > 0: this one only */
    int everything; /* every system call */
    int lanes;      /* processes that share the points */
    int expect;     /* EXPECT_…: say nothing and stop at the first of these */
    uint64_t seed;
};

int play_settle(struct play *p);
/* The same act again instead of a recovery, for shops without a library. */
int play_act_again(struct play *p);

/* 0, or why it could not be run. */
const char *kill_everywhere(const struct plan *plan, struct score *score);

#endif
