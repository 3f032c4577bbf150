/* Local time with daylight saving, from rules that are data: no file is read and no zone of the process is
   asked, so that the same instant is the same hour on every machine. */
#ifndef PR_REGISTRY_ZONE_H
#define PR_REGISTRY_ZONE_H

#include <stdint.h>

enum { PR_ZONE_TEXT_MAX = 64 };

typedef struct pr_zone_turn { /* the moment of the year at which the clocks change */
    int32_t kind; /* 'M': weekday of a month; 'J': day 1 to 365, no 29 February; 'N': day 0 to 365 */
    int32_t month;
    int32_t week; /* 5: the last one */
    int32_t day;
    int32_t time_s; /* local time before the change; may be negative or beyond the day */
} pr_zone_turn;

typedef struct pr_zone {
    int32_t standard_s; /* seconds east of UTC */
    int32_t summer_s;
    int32_t changes; /* 0: one offset all year */
    int32_t inner;   /* 1: both turns lie well inside their year */
    pr_zone_turn begin;
    pr_zone_turn end;
} pr_zone;

/* A name of zones.def or a POSIX rule ("CET-1CEST,M3.5.0,M10.5.0/3"). 1: understood. */
int32_t pr_zone_parse(pr_zone *out, const char *text);
const char *pr_zone_name(int32_t i); /* NULL behind the last */
const char *pr_zone_rule(int32_t i);
int32_t pr_zone_equal(const pr_zone *a, const pr_zone *b);

int32_t pr_zone_offset_s(const pr_zone *z, int64_t now_ms);
/* The instant at which the clocks show this local time (seconds since 1970 as if it were UTC). Shown twice:
   the earlier one, or with `later` the other. Skipped: the moment of the change. */
int64_t pr_zone_instant_ms(const pr_zone *z, int64_t local_s, int32_t later);

typedef struct pr_zone_now {
    int32_t minute_of_week; /* from Monday 00:00 */
    int32_t weekday;        /* Monday 0 */
    int64_t day;            /* local days since 1970-01-01 */
    int32_t month;          /* months since January 1970 */
    int64_t day_ends_ms;    /* when the next local day begins */
    int64_t month_ends_ms;
} pr_zone_now;

int32_t pr_zone_minute_of_week(const pr_zone *z, int64_t now_ms); /* from Monday 00:00 */
void pr_zone_calendar(pr_zone_now *out, const pr_zone *z, int64_t now_ms);
int64_t pr_zone_days(int64_t year, int32_t month, int32_t day); /* days since 1970-01-01 */

#endif
