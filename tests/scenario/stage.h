/* Where a story stands: the payment, the store, the clock, and the words of the present line. */
#ifndef SCENARIO_STAGE_H
#define SCENARIO_STAGE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "flow/handle.h"

#include "play.h"

#define BEGIN ((int64_t)1800000000000)

typedef struct stage {
    const scenario *s;
    payroute_registry *registry;
    payroute_payment *p;
    shelf shelf;
    int64_t now;
    int32_t line;
    char why[512];
    char *words[24];
    int32_t count;
    const char *rest; /* the line behind its verb, untouched */
} stage;

typedef void (*verb_call)(stage *g);

#define COMPLAIN(g, ...)                                                                                     \
    do {                                                                                                     \
        print_message("%s:%d: %s: ", (g)->s->file, (g)->line, (g)->rest);                                    \
        fail_msg(__VA_ARGS__);                                                                               \
    } while (0)

static inline const char *word(stage *g, int32_t i)
{
    if (i >= g->count) {
        COMPLAIN(g, "a word is missing");
    }
    return g->words[i];
}

/* Value behind "name=" among the words; NULL when it is not there. */
static inline const char *option(const stage *g, const char *name)
{
    size_t len = strlen(name);
    for (int32_t i = 0; i < g->count; i++) {
        if (strncmp(g->words[i], name, len) == 0 && g->words[i][len] == '=') {
            return g->words[i] + len + 1;
        }
    }
    return NULL;
}

static inline int32_t has_word(const stage *g, const char *name)
{
    for (int32_t i = 1; i < g->count; i++) {
        if (strcmp(g->words[i], name) == 0) {
            return 1;
        }
    }
    return 0;
}

static inline int64_t duration(const char *text)
{
    char *end = NULL;
    double value = strtod(text, &end);
    double unit = strcmp(end, "d") == 0   ? 86400000
                  : strcmp(end, "h") == 0 ? 3600000
                  : strcmp(end, "m") == 0 ? 60000
                  : strcmp(end, "s") == 0 ? 1000
                                          : 1;
    return (int64_t)(value * unit);
}

/* Stores what must be stored; returns what is to be done then. */
int32_t stage_flush(stage *g);

void stage_shop(stage *g);
void stage_status(stage *g);
void stage_attempt(stage *g);
void stage_events(stage *g);
void stage_saves(stage *g);
void stage_wake(stage *g);
void stage_startable(stage *g);
void stage_request(stage *g);

#endif
