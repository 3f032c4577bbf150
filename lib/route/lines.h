/* The line protocol's lines as facts: one flat JSON object each, read without allocation, since a host may
   send a hundred thousand a second. Strict: what is no JSON, what is twice and what is out of range is
   refused. */
#ifndef PR_ROUTE_LINES_H
#define PR_ROUTE_LINES_H

#include "base/text.h"

enum { PR_LINE_CHANNELS = 64 };

enum pr_line_event {
    PR_LINE_HELLO = 1,
    PR_LINE_ROUTE,
    PR_LINE_START,
    PR_LINE_END,
    PR_LINE_FINAL,
    PR_LINE_TICK,
    PR_LINE_PROBE,
    PR_LINE_BYE,
    PR_LINE_OTHER /* of a later version: ignored */
};

enum pr_line_field {
    PR_FIELD_EV,
    PR_FIELD_T,
    PR_FIELD_ID,
    PR_FIELD_K,
    PR_FIELD_METHOD,
    PR_FIELD_ISSUER,
    PR_FIELD_RES,
    PR_FIELD_LAT,
    PR_FIELD_DELAY,
    PR_FIELD_DEADLINE,
    PR_FIELD_FAILED,
    PR_FIELD_OK,
    PR_FIELD_V,
    PR_FIELD_CHANNELS,
    PR_FIELD_PATIENCE,
    PR_FIELD_PROBES,
    PR_FIELD_SEED,
    PR_FIELD_PRIOR,
    PR_FIELDS
};

typedef struct pr_line {
    uint32_t has; /* bits of enum pr_line_field */
    int32_t event;
    int32_t res;               /* enum pr_health_result; 0: CLOSED, FAILED */
    int64_t number[PR_FIELDS]; /* times in ms; FAILED: bits of channels */
    int32_t channel_count;
    int64_t prior_millionths[PR_LINE_CHANNELS]; /* 0: none was given */
} pr_line;

/* OK; E_JSON, E_SCHEMA, E_RANGE with `why`: then `event` is 0 where the line does not say what it is. */
int32_t pr_line_read(pr_line *out, const char *text, size_t len, pr_text *why);

static inline int32_t pr_line_has(const pr_line *l, enum pr_line_field f)
{
    return (int32_t)(l->has >> f & 1U);
}

#endif
