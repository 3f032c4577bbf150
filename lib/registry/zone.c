/* See zone.h. The state at an instant is that of the latest change before it; a change is looked for in the
   years around, since a rule may put it beyond New Year. */
#include "registry/zone.h"

#include <string.h>

enum { DAY_S = 86400, HOUR_S = 3600, TURN_HOURS_MAX = 167 };

static const struct {
    const char *name;
    const char *rule;
} zone_table[] = {
#define ZONE(name, rule) {name, rule},
#include "registry/zones.def"
#undef ZONE
};
enum { ZONES = (int)(sizeof zone_table / sizeof zone_table[0]) };

const char *pr_zone_name(int32_t i)
{
    return i >= 0 && i < ZONES ? zone_table[i].name : NULL;
}

const char *pr_zone_rule(int32_t i)
{
    return i >= 0 && i < ZONES ? zone_table[i].rule : NULL;
}

/* ---- reading a rule -------------------------------------------------------------------------------------
 */

typedef struct zone_reader {
    const char *at;
    int32_t bad;
} zone_reader;

static int32_t zone_number(zone_reader *r, int32_t most)
{
    int32_t value = 0;
    int32_t digits = 0;
    while (*r->at >= '0' && *r->at <= '9' && digits < 4) {
        value = value * 10 + (*r->at++ - '0');
        digits++;
    }
    r->bad |= digits == 0 || value > most;
    return value;
}

static int32_t zone_skip(zone_reader *r, char c)
{
    int32_t there = *r->at == c;
    r->at += there;
    return there;
}

/* "8", "-3:30", "+02:00:00" as seconds. */
static int32_t zone_time(zone_reader *r, int32_t most_hours)
{
    int32_t minus = zone_skip(r, '-');
    if (!minus) {
        (void)zone_skip(r, '+');
    }
    int32_t seconds = zone_number(r, most_hours) * HOUR_S;
    if (zone_skip(r, ':')) {
        seconds += zone_number(r, 59) * 60;
        if (zone_skip(r, ':')) {
            seconds += zone_number(r, 59);
        }
    }
    return minus ? -seconds : seconds;
}

static void zone_letters(zone_reader *r)
{
    int32_t quoted = zone_skip(r, '<');
    int32_t n = 0;
    for (; n < 16; n++, r->at++) {
        char c = *r->at;
        int32_t letter = (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
        int32_t sign_or_digit = (c >= '0' && c <= '9') || c == '+' || c == '-';
        if (!letter && !(quoted && sign_or_digit)) {
            break;
        }
    }
    r->bad |= n < 3 || (quoted && !zone_skip(r, '>'));
}

static void zone_turn(zone_reader *r, pr_zone_turn *t)
{
    r->bad |= !zone_skip(r, ',');
    if (zone_skip(r, 'M')) {
        t->kind = 'M';
        t->month = zone_number(r, 12);
        r->bad |= !zone_skip(r, '.');
        t->week = zone_number(r, 5);
        r->bad |= !zone_skip(r, '.');
        t->day = zone_number(r, 6);
        r->bad |= t->month < 1 || t->week < 1;
    } else {
        t->kind = zone_skip(r, 'J') ? 'J' : 'N';
        t->day = zone_number(r, 365);
        r->bad |= t->kind == 'J' && t->day < 1;
    }
    t->time_s = zone_skip(r, '/') ? zone_time(r, TURN_HOURS_MAX) : 2 * HOUR_S;
}

/* POSIX counts west of Greenwich, everybody else east. */
static int32_t zone_read(pr_zone *z, const char *rule)
{
    zone_reader r = {rule, 0};
    memset(z, 0, sizeof *z);
    zone_letters(&r);
    z->standard_s = -zone_time(&r, 24);
    z->summer_s = z->standard_s;
    if (*r.at != '\0' && !r.bad) {
        z->changes = 1;
        zone_letters(&r);
        z->summer_s = *r.at != ',' ? -zone_time(&r, 24) : z->standard_s + HOUR_S;
        zone_turn(&r, &z->begin);
        zone_turn(&r, &z->end);
        z->inner = z->begin.kind == 'M' && z->end.kind == 'M' && z->begin.month > 1 && z->begin.month < 12 &&
                   z->end.month > 1 && z->end.month < 12;
    }
    return !r.bad && *r.at == '\0';
}

int32_t pr_zone_parse(pr_zone *out, const char *text)
{
    for (int32_t i = 0; i < ZONES; i++) {
        if (strcmp(zone_table[i].name, text) == 0) {
            return zone_read(out, zone_table[i].rule);
        }
    }
    return strlen(text) <= PR_ZONE_TEXT_MAX && zone_read(out, text);
}

static int32_t same_turn(const pr_zone_turn *a, const pr_zone_turn *b)
{
    return a->kind == b->kind && a->month == b->month && a->week == b->week && a->day == b->day &&
           a->time_s == b->time_s;
}

int32_t pr_zone_equal(const pr_zone *a, const pr_zone *b)
{
    return a->standard_s == b->standard_s && a->summer_s == b->summer_s && a->changes == b->changes &&
           same_turn(&a->begin, &b->begin) && same_turn(&a->end, &b->end);
}

/* ---- the calendar (proleptic Gregorian; a year is counted from March, so that its leap day is the last)
 * ---- */

static int64_t floor_div(int64_t a, int64_t b)
{
    return a / b - (a % b < 0);
}

/* Times of no calendar are the end of the nearest year that has four digits. */
static int64_t in_calendar(int64_t seconds)
{
    const int64_t first = -INT64_C(62135596800); /* year 1 */
    const int64_t last = INT64_C(253402300799);  /* year 9999 */
    return seconds < first ? first : seconds > last ? last : seconds;
}

int64_t pr_zone_days(int64_t year, int32_t month, int32_t day)
{
    int64_t y = month > 2 ? year : year - 1;
    int64_t era = floor_div(y, 400);
    int64_t year_of_era = y - era * 400;
    int64_t day_of_year = (153 * ((int64_t)month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
    return era * 146097 + year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year - 719468;
}

static void date_of(int64_t days, int64_t *year, int32_t *month)
{
    int64_t shifted = days + 719468;
    int64_t era = floor_div(shifted, 146097);
    int64_t in_era = shifted - era * 146097;
    int64_t year_of_era = (in_era - in_era / 1460 + in_era / 36524 - in_era / 146096) / 365;
    int64_t in_year = in_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    int64_t from_march = (5 * in_year + 2) / 153;
    *month = (int32_t)(from_march < 10 ? from_march + 3 : from_march - 9);
    *year = year_of_era + era * 400 + (*month <= 2);
}

static int32_t leap_year(int64_t year)
{
    return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
}

static int32_t weekday_of(int64_t days)
{
    return (int32_t)(days + 4 - floor_div(days + 4, 7) * 7); /* Sunday 0; 1970 began on a Thursday */
}

static int64_t turn_local(const pr_zone_turn *t, int64_t year)
{
    int64_t days;
    if (t->kind == 'M') {
        int64_t first = pr_zone_days(year, t->month, 1);
        int64_t next = t->month < 12 ? pr_zone_days(year, t->month + 1, 1) : pr_zone_days(year + 1, 1, 1);
        days = first + (t->day - weekday_of(first) + 7) % 7 + 7 * ((int64_t)t->week - 1);
        days -= days >= next ? 7 : 0;
    } else {
        days = pr_zone_days(year, 1, 1) + t->day;
        days -= t->kind == 'J' && !(leap_year(year) && t->day >= 60);
    }
    return days * DAY_S + t->time_s;
}

static int32_t is_summer(const pr_zone *z, int64_t now_s)
{
    int64_t year;
    int32_t month;
    int32_t summer = 0;
    int64_t latest = INT64_MIN;
    date_of(floor_div(now_s + z->standard_s, DAY_S), &year, &month);
    if (z->inner) {
        int64_t begin = turn_local(&z->begin, year) - z->standard_s;
        int64_t end = turn_local(&z->end, year) - z->summer_s;
        return begin < end ? now_s >= begin && now_s < end : now_s >= begin || now_s < end;
    }
    for (int64_t y = year - 2; y <= year + 1; y++) {
        int64_t begin = turn_local(&z->begin, y) - z->standard_s;
        int64_t end = turn_local(&z->end, y) - z->summer_s;
        if (end <= now_s && end > latest) {
            latest = end;
            summer = 0;
        }
        if (begin <= now_s && begin >= latest) { /* it ends and begins at once: it never ends */
            latest = begin;
            summer = 1;
        }
    }
    return summer;
}

static int32_t offset_at(const pr_zone *z, int64_t now_s)
{
    return !z->changes ? z->standard_s : is_summer(z, now_s) ? z->summer_s : z->standard_s;
}

int32_t pr_zone_offset_s(const pr_zone *z, int64_t now_ms)
{
    return offset_at(z, in_calendar(floor_div(now_ms, 1000)));
}

/* ---- back ------------------------------------------------------------------------------------------------
 */

/* The change that skips this local time; INT64_MIN: none does. */
static int64_t skipping(const pr_zone *z, int64_t local_s)
{
    int64_t year;
    int32_t month;
    date_of(floor_div(local_s, DAY_S), &year, &month);
    for (int64_t y = year - 1; y <= year + 1; y++) {
        int64_t begin = turn_local(&z->begin, y) - z->standard_s;
        int64_t end = turn_local(&z->end, y) - z->summer_s;
        if (local_s >= begin + z->standard_s && local_s < begin + z->summer_s) {
            return begin;
        }
        if (local_s >= end + z->summer_s && local_s < end + z->standard_s) {
            return end;
        }
    }
    return INT64_MIN;
}

int64_t pr_zone_instant_ms(const pr_zone *z, int64_t local_s, int32_t later)
{
    local_s = in_calendar(local_s);
    int64_t a = local_s - z->standard_s;
    int64_t b = local_s - z->summer_s;
    int32_t a_shows = offset_at(z, a) == z->standard_s;
    int32_t b_shows = offset_at(z, b) == z->summer_s;
    int64_t first = a < b ? a : b;
    int64_t last = a < b ? b : a;
    if (a_shows && b_shows) {
        return (later ? last : first) * 1000;
    }
    if (a_shows || b_shows) {
        return (a_shows ? a : b) * 1000;
    }
    int64_t change = skipping(z, local_s);
    return (change != INT64_MIN ? change : last) * 1000;
}

int32_t pr_zone_minute_of_week(const pr_zone *z, int64_t now_ms)
{
    int64_t now_s = in_calendar(floor_div(now_ms, 1000));
    int64_t minutes = floor_div(now_s + offset_at(z, now_s), 60) + 3 * 1440; /* from a Monday */
    return (int32_t)(minutes - floor_div(minutes, 10080) * 10080);
}

void pr_zone_calendar(pr_zone_now *out, const pr_zone *z, int64_t now_ms)
{
    int64_t now_s = in_calendar(floor_div(now_ms, 1000));
    int64_t year;
    out->minute_of_week = pr_zone_minute_of_week(z, now_ms);
    out->weekday = out->minute_of_week / 1440;
    out->day = floor_div(now_s + offset_at(z, now_s), DAY_S);
    date_of(out->day, &year, &out->month);
    int64_t next_month =
        out->month < 12 ? pr_zone_days(year, out->month + 1, 1) : pr_zone_days(year + 1, 1, 1);
    out->month = (int32_t)((year - 1970) * 12) + out->month - 1;
    out->day_ends_ms = pr_zone_instant_ms(z, (out->day + 1) * DAY_S, 0);
    out->month_ends_ms = pr_zone_instant_ms(z, next_month * DAY_S, 0);
}
