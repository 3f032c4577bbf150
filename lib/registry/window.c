/* See window.h. A weekly window is turned into the two instants of the day on which it begins: so it is right
   also in the nights in which clocks change, where an hour is skipped or shown twice (then it is closed both
   times). */
#include "registry/window.h"

#include "registry/keys.h"

#include <string.h>

enum { DAY_MINUTES = 1440, DAY_SECONDS = 86400 };

static const char *const day_names[] = {"mon", "tue", "wed", "thu", "fri", "sat", "sun"};

const char *pr_window_day_name(int32_t day)
{
    return day >= 0 && day < 7 ? day_names[day] : NULL;
}

uint32_t pr_window_day(const char *word)
{
    for (uint32_t i = 0; word != NULL && i < 7; i++) {
        if (strcmp(word, day_names[i]) == 0) {
            return 1U << i;
        }
    }
    return 0;
}

static int32_t two_digits(const char *at)
{
    int32_t good = at[0] >= '0' && at[0] <= '9' && at[1] >= '0' && at[1] <= '9';
    return good ? (at[0] - '0') * 10 + at[1] - '0' : -1;
}

int32_t pr_window_minute(const char *text)
{
    if (text == NULL || strlen(text) != 5 || text[2] != ':') {
        return -1;
    }
    int32_t hour = two_digits(text);
    int32_t minute = two_digits(text + 3);
    int32_t good = hour >= 0 && hour <= 24 && minute >= 0 && minute <= 59 && (hour < 24 || minute == 0);
    return good ? hour * 60 + minute : -1;
}

/* "2026-12-24T22:00" as seconds of local time; -1: not such a time. */
static int64_t local_seconds(const char *text)
{
    static const uint8_t days[] = {31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    if (text == NULL || strlen(text) != 16 || text[4] != '-' || text[7] != '-' || text[10] != 'T') {
        return -1;
    }
    int32_t century = two_digits(text);
    int32_t in_century = two_digits(text + 2);
    int32_t month = two_digits(text + 5);
    int32_t day = two_digits(text + 8);
    int32_t minute = pr_window_minute(text + 11);
    if (century < 19 || in_century < 0 || month < 1 || month > 12 || day < 1 || day > days[month - 1] ||
        minute < 0) {
        return -1;
    }
    int32_t year = century * 100 + in_century;
    int64_t at = pr_zone_days(year, month, day);
    if (year < 1970 || (month == 2 && at >= pr_zone_days(year, 3, 1))) {
        return -1;
    }
    return at * DAY_SECONDS + (int64_t)minute * 60;
}

uint32_t pr_window_days_read(pr_problems *p, const char *member, const payroute_json_node *list)
{
    uint32_t days = 0;
    int32_t i = 0;
    size_t mark = member != NULL ? pr_problems_enter(p, member) : p->path_len;
    for (const payroute_json_node *e = payroute_json_first(list); e != NULL; e = payroute_json_next(e), i++) {
        uint32_t day = pr_window_day(payroute_json_string(e));
        if (day == 0 || (days & day) != 0) {
            char got[PR_GOT_CAP];
            size_t element = pr_problems_index(p, i);
            pr_problems_got(got, e);
            pr_problems_add(p, PR_PROBLEM_SCHEMA, NULL,
                            "expected each of mon tue wed thu fri sat sun once, got %s", got);
            pr_problems_leave(p, element);
        }
        days |= day;
    }
    pr_problems_leave(p, mark);
    return days;
}

int32_t pr_zone_read(pr_problems *p, pr_zone *out, const payroute_json_node *value)
{
    char got[PR_GOT_CAP];
    const char *text = payroute_json_string(value);
    pr_zone zone;
    if (text != NULL && pr_zone_parse(&zone, text)) {
        *out = zone;
        return 1;
    }
    const char *near = NULL;
    size_t best = 0;
    for (int32_t i = 0; text != NULL && pr_zone_name(i) != NULL; i++) {
        const char *name = pr_zone_name(i);
        const char *city = strrchr(name, '/') != NULL ? strrchr(name, '/') + 1 : name;
        const char *meant = strrchr(text, '/') != NULL ? strrchr(text, '/') + 1 : text;
        size_t alike = 0;
        while (city[alike] != '\0' && (city[alike] | 0x20) == (meant[alike] | 0x20)) {
            alike++;
        }
        if (alike > best) {
            best = alike;
            near = name;
        }
    }
    pr_problems_got(got, value);
    if (best >= 4) {
        pr_problems_add(p, PR_PROBLEM_SCHEMA, NULL, "expected a time zone, perhaps \"%s\", got %s", near,
                        got);
    } else {
        pr_problems_add(
            p, PR_PROBLEM_SCHEMA, NULL,
            "expected a time zone like \"Asia/Shanghai\" or \"CET-1CEST,M3.5.0,M10.5.0/3\", got %s", got);
    }
    return 0;
}

typedef struct window_reader {
    pr_window *w;
    pr_problems *p;
    const char *from;
    const char *to;
    const payroute_json_node *days;
    int32_t zone_bad;
} window_reader;

static void apply_window(void *target, int32_t id, const payroute_json_node *value)
{
    window_reader *r = target;
    const char *text = payroute_json_string(value);
    switch (id) {
    case PR_KEY_WINDOW_DAYS: r->days = value; break;
    case PR_KEY_WINDOW_FROM: r->from = text; break;
    case PR_KEY_WINDOW_TO: r->to = text; break;
    case PR_KEY_WINDOW_ZONE: {
        pr_text t;
        pr_text_init(&t, r->w->zone_text, sizeof r->w->zone_text);
        pr_text_put(&t, text);
        r->zone_bad = !pr_zone_read(r->p, &r->w->zone, value);
        break;
    }
    default: break;
    }
}

static void time_wanted(pr_problems *p, const char *member, const char *like, const char *text)
{
    char got[PR_GOT_CAP];
    pr_problems_quote(got, text);
    pr_problems_add(p, PR_PROBLEM_SCHEMA, member, "expected a time like \"%s\", got %s", like, got);
}

static void read_weekly(window_reader *r)
{
    pr_window *w = r->w;
    w->days = pr_window_days_read(r->p, "days", r->days);
    w->from_minute = pr_window_minute(r->from);
    w->to_minute = pr_window_minute(r->to);
    if (r->from != NULL && (w->from_minute < 0 || w->from_minute == DAY_MINUTES)) {
        time_wanted(r->p, "from", "01:00", r->from);
    }
    if (r->to != NULL && w->to_minute < 0) {
        time_wanted(r->p, "to", "03:30", r->to);
    }
    if (w->from_minute >= 0 && w->from_minute == w->to_minute) {
        pr_problems_add(r->p, PR_PROBLEM_SCHEMA, "to",
                        "expected another time than \"from\": nothing lies between");
    }
}

static void read_once(window_reader *r)
{
    int64_t from = local_seconds(r->from);
    int64_t to = local_seconds(r->to);
    if (r->from != NULL && from < 0) {
        time_wanted(r->p, "from", "2026-12-24T22:00", r->from);
    }
    if (r->to != NULL && to < 0) {
        time_wanted(r->p, "to", "2026-12-25T04:00", r->to);
    }
    if (from >= 0 && to >= 0 && !r->zone_bad) {
        r->w->from_ms = pr_zone_instant_ms(&r->w->zone, from, 0);
        r->w->to_ms = pr_zone_instant_ms(&r->w->zone, to, 1);
        if (r->w->from_ms >= r->w->to_ms) {
            pr_problems_add(r->p, PR_PROBLEM_SCHEMA, "to", "expected a time after \"from\"");
        }
    }
}

int32_t pr_window_read(pr_window *out, pr_problems *p, const payroute_json_node *node,
                       const pr_zone *standard)
{
    int32_t before = pr_problems_total(p);
    memset(out, 0, sizeof *out);
    out->zone = *standard;
    window_reader r = {.w = out, .p = p};
    pr_keys_read(p, PR_SCOPE_MAINTENANCE, node, apply_window, &r);
    if (r.days != NULL) {
        read_weekly(&r);
    } else {
        read_once(&r);
    }
    return pr_problems_total(p) == before;
}

static void put_minute(payroute_json_out *out, const char *name, int32_t minute)
{
    char text[24];
    pr_text t;
    pr_text_init(&t, text, sizeof text);
    pr_text_format(&t, "%02d:%02d", (int)(minute / 60), (int)(minute % 60));
    payroute_json_out_string(out, name, text);
}

static void put_moment(payroute_json_out *out, const char *name, const pr_window *w, int64_t ms)
{
    char text[20];
    pr_time_civil(ms + (int64_t)pr_zone_offset_s(&w->zone, ms) * 1000, 0, text);
    text[10] = 'T';
    text[16] = '\0';
    payroute_json_out_string(out, name, text);
}

void pr_window_view(payroute_json_out *out, const pr_window *w)
{
    payroute_json_out_object(out, NULL);
    if (w->days != 0) {
        payroute_json_out_array(out, "days");
        for (int32_t i = 0; i < 7; i++) {
            if ((w->days >> i & 1U) != 0) {
                payroute_json_out_string(out, NULL, day_names[i]);
            }
        }
        payroute_json_out_end(out);
        put_minute(out, "from", w->from_minute);
        put_minute(out, "to", w->to_minute);
    } else {
        put_moment(out, "from", w, w->from_ms);
        put_moment(out, "to", w, w->to_ms);
    }
    if (w->zone_text[0] != '\0') {
        payroute_json_out_string(out, "zone", w->zone_text);
    }
    payroute_json_out_end(out);
}

/* The window that began on this local day, or on the day before and lasts over midnight. */
static int32_t weekly_closed(const pr_window *w, int64_t now_ms, int64_t *until_ms)
{
    pr_zone_now now;
    pr_zone_calendar(&now, &w->zone, now_ms);
    int32_t lasts = w->to_minute > w->from_minute ? w->to_minute : w->to_minute + DAY_MINUTES;
    for (int32_t back = 0; back < 2; back++) {
        if ((w->days >> (now.weekday + 7 - back) % 7 & 1U) == 0) {
            continue;
        }
        int64_t midnight = (now.day - back) * DAY_SECONDS;
        int64_t from = pr_zone_instant_ms(&w->zone, midnight + (int64_t)w->from_minute * 60, 0);
        int64_t to = pr_zone_instant_ms(&w->zone, midnight + (int64_t)lasts * 60, 1);
        if (now_ms >= from && now_ms < to) {
            *until_ms = to;
            return 1;
        }
    }
    return 0;
}

static int32_t one_closed(const pr_window *w, int64_t now_ms, int64_t *until_ms)
{
    if (w->days != 0) {
        return weekly_closed(w, now_ms, until_ms);
    }
    *until_ms = w->to_ms;
    return now_ms >= w->from_ms && now_ms < w->to_ms;
}

/* Windows that touch are one: what ends at three while another begins at three does not open. Each is passed
   at most twice, so that windows which cover the whole week end the search. */
int32_t pr_windows_closed(const pr_window *windows, int32_t count, int64_t now_ms, int64_t *until_ms)
{
    int64_t at = now_ms;
    int32_t more = 1;
    for (int32_t round = 0; more && round < 2 * PR_WINDOWS_MAX; round++) {
        more = 0;
        for (int32_t i = 0; i < count; i++) {
            int64_t until;
            if (one_closed(&windows[i], at, &until)) {
                at = until;
                more = 1;
            }
        }
    }
    if (until_ms != NULL && at > now_ms) {
        *until_ms = at;
    }
    return at > now_ms;
}
