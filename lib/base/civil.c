/* Calendar dates from Unix milliseconds and back (proleptic Gregorian, UTC with an offset). The C library's
   functions are not used: they read the process's time zone, which is global state. */
#include "base/text.h"

#include <payroute/base.h>
#include <string.h>

enum { DAYS_TO_1970 = 719528, YEAR_MAX = 9999 }; /* days from 0000-01-01 to 1970-01-01 */
static const int64_t DAY_MS = 86400000;

static int64_t days_before_year(int64_t year)
{
    int64_t past = year - 1; /* year 0 is a leap year and counts from zero */
    return year == 0 ? 0 : 366 + 365 * past + past / 4 - past / 100 + past / 400;
}

static int32_t is_leap(int64_t year)
{
    return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
}

static int32_t days_in_month(int64_t year, int32_t month)
{
    static const uint8_t days[12] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    return days[month - 1] + (month == 2 && is_leap(year));
}

static void put_digits(char *at, int64_t value, size_t width)
{
    for (size_t i = width; i > 0; i--) {
        at[i - 1] = (char)('0' + value % 10);
        value /= 10;
    }
}

void pr_time_civil(int64_t ms, int32_t offset_minutes, char out[20])
{
    /* Outside the years 0000 to 9999 the layout has no room: the nearest end is shown. */
    const int64_t first_ms = -(int64_t)DAYS_TO_1970 * DAY_MS;
    const int64_t last_ms = (days_before_year(YEAR_MAX + 1) - DAYS_TO_1970) * DAY_MS - 1;
    int64_t limited = ms < first_ms ? first_ms : ms > last_ms ? last_ms : ms;
    int64_t local = limited + (int64_t)offset_minutes * 60000;
    local = local < first_ms ? first_ms : local > last_ms ? last_ms : local;

    int64_t since_zero = local - first_ms;
    int64_t day = since_zero / DAY_MS;
    int64_t second = since_zero % DAY_MS / 1000;
    int64_t year = day / 366; /* never too late; at most a few years too early */
    while (days_before_year(year + 1) <= day) {
        year++;
    }
    day -= days_before_year(year);
    int32_t month = 1;
    while (day >= days_in_month(year, month)) {
        day -= days_in_month(year, month);
        month++;
    }
    memcpy(out, "YYYY-MM-DD hh:mm:ss", 20);
    put_digits(out, year, 4);
    put_digits(out + 5, month, 2);
    put_digits(out + 8, day + 1, 2);
    put_digits(out + 11, second / 3600, 2);
    put_digits(out + 14, second / 60 % 60, 2);
    put_digits(out + 17, second % 60, 2);
}

/* -1 unless all `width` characters are digits. */
static int32_t read_digits(const char *text, size_t width)
{
    int32_t value = 0;
    for (size_t i = 0; i < width; i++) {
        if (text[i] < '0' || text[i] > '9') {
            return -1;
        }
        value = value * 10 + (text[i] - '0');
    }
    return value;
}

typedef struct moment {
    int32_t year;
    int32_t month;
    int32_t day;
    int32_t hour;
    int32_t minute;
    int32_t second;
} moment;

static int32_t moment_to_ms(int64_t *ms, const moment *m, int32_t last_second)
{
    if (m->year < 0 || m->month < 1 || m->month > 12 || m->day < 1 ||
        m->day > days_in_month(m->year, m->month) || m->hour < 0 || m->hour > 23 || m->minute < 0 ||
        m->minute > 59 || m->second < 0 || m->second > last_second) {
        return PAYROUTE_E_ENCODING;
    }
    int64_t days = days_before_year(m->year) - DAYS_TO_1970 + m->day - 1;
    for (int32_t month = 1; month < m->month; month++) {
        days += days_in_month(m->year, month);
    }
    *ms = days * DAY_MS + ((int64_t)m->hour * 3600 + m->minute * 60 + m->second) * 1000;
    return PAYROUTE_OK;
}

int32_t pr_time_parse_civil(int64_t *ms, const char *text, int32_t offset_minutes)
{
    if (ms == NULL || text == NULL) {
        return PAYROUTE_E_ARG;
    }
    if (strlen(text) != 19 || text[4] != '-' || text[7] != '-' || text[10] != ' ' || text[13] != ':' ||
        text[16] != ':') {
        return PAYROUTE_E_ENCODING;
    }
    moment m = {read_digits(text, 4),      read_digits(text + 5, 2),  read_digits(text + 8, 2),
                read_digits(text + 11, 2), read_digits(text + 14, 2), read_digits(text + 17, 2)};
    int64_t local = 0;
    int32_t rc = moment_to_ms(&local, &m, 59);
    if (rc == PAYROUTE_OK) {
        *ms = local - (int64_t)offset_minutes * 60000;
    }
    return rc;
}

/* Position of a three-letter name in a list of such names, from 1; 0: not there. */
static int32_t name_index(const char *names, const char *text)
{
    for (int32_t i = 0; names[i * 3] != '\0'; i++) {
        if (memcmp(names + i * 3, text, 3) == 0) {
            return i + 1;
        }
    }
    return 0;
}

int32_t pr_time_parse_http(int64_t *ms, const char *text, size_t len)
{
    if (ms == NULL || text == NULL) {
        return PAYROUTE_E_ARG;
    }
    /* Sun, 06 Nov 1994 08:49:37 GMT */
    if (len != 29 || memcmp(text + 3, ", ", 2) != 0 || text[7] != ' ' || text[11] != ' ' || text[16] != ' ' ||
        text[19] != ':' || text[22] != ':' || memcmp(text + 25, " GMT", 4) != 0 ||
        name_index("MonTueWedThuFriSatSun", text) == 0) {
        return PAYROUTE_E_ENCODING;
    }
    moment m = {read_digits(text + 12, 4), name_index("JanFebMarAprMayJunJulAugSepOctNovDec", text + 8),
                read_digits(text + 5, 2),  read_digits(text + 17, 2),
                read_digits(text + 20, 2), read_digits(text + 23, 2)};
    return moment_to_ms(ms, &m, 60); /* RFC 9110 has leap seconds */
}
