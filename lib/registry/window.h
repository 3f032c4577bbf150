/* Hours in which a channel is not to be used: a provider's maintenance, by the clocks of its country. A
   window closes a channel only while another one is open; that is decided by route. */
#ifndef PR_REGISTRY_WINDOW_H
#define PR_REGISTRY_WINDOW_H

#include "registry/problems.h"
#include "registry/zone.h"

enum { PR_WINDOWS_MAX = 32, PR_MINUTES_OF_WEEK = 7 * 1440 };

typedef struct pr_window {
    uint32_t days; /* bit 0 Monday: the day on which it begins, each week; 0: once */
    int32_t from_minute;
    int32_t to_minute; /* 1440: midnight; not after from_minute: on the next day */
    int64_t from_ms;   /* once */
    int64_t to_ms;
    pr_zone zone;
    char zone_text[PR_ZONE_TEXT_MAX + 1]; /* "": the file's */
} pr_window;

/* "mon" to "sun": bits 0 to 6. 0 when it is none of them. */
uint32_t pr_window_day(const char *word);
const char *pr_window_day_name(int32_t day);
/* "hh:mm" to "24:00" as minutes; -1. */
int32_t pr_window_minute(const char *text);

/* A list of such words as bits; what is no day, or a day again, is a problem. `member` NULL: at the present
 * path. */
uint32_t pr_window_days_read(pr_problems *p, const char *member, const payroute_json_node *list);
/* A zone's name or rule, at the present path. 1: understood. */
int32_t pr_zone_read(pr_problems *p, pr_zone *out, const payroute_json_node *value);

/* Problems are reported at the present path. 1: good. */
int32_t pr_window_read(pr_window *out, pr_problems *p, const payroute_json_node *node,
                       const pr_zone *standard);
void pr_window_view(payroute_json_out *out, const pr_window *w);

/* 1: one of them is now, and *until_ms is when none is any more; 0: *until_ms stays. */
int32_t pr_windows_closed(const pr_window *windows, int32_t count, int64_t now_ms, int64_t *until_ms);

#endif
