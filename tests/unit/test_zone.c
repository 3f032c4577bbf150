/* Local time: known moments of known changes, and what must hold of every zone and instant. With --table it
   prints offsets of many instants, which check_zone.sh compares with the machine's own zones. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include "base/rng.h"
#include "base/text.h"
#include "registry/window.h"
#include "registry/zone.h"

static pr_zone zone(const char *text)
{
    pr_zone z;
    if (!pr_zone_parse(&z, text)) {
        fail_msg("not a zone: %s", text);
    }
    return z;
}

/* "2026-03-29 01:00:00" of UTC */
static int64_t utc(const char *text)
{
    int64_t ms = 0;
    assert_int_equal(pr_time_parse_civil(&ms, text, 0), 0);
    return ms;
}

static void shows(const char *name, const char *instant, const char *local)
{
    pr_zone z = zone(name);
    int64_t ms = utc(instant);
    char text[20];
    pr_time_civil(ms + (int64_t)pr_zone_offset_s(&z, ms) * 1000, 0, text);
    if (strcmp(text, local) != 0) {
        fail_msg("%s at %s UTC: %s, not %s", name, instant, text, local);
    }
}

static void test_changes(void **state)
{
    (void)state;
    shows("Asia/Shanghai", "2026-07-01 16:00:00", "2026-07-02 00:00:00");
    shows("Europe/Berlin", "2026-03-29 00:59:59", "2026-03-29 01:59:59");
    shows("Europe/Berlin", "2026-03-29 01:00:00", "2026-03-29 03:00:00");
    shows("Europe/Berlin", "2026-10-25 00:59:59", "2026-10-25 02:59:59");
    shows("Europe/Berlin", "2026-10-25 01:00:00", "2026-10-25 02:00:00");
    shows("America/New_York", "2026-11-01 05:59:59", "2026-11-01 01:59:59");
    shows("America/New_York", "2026-11-01 06:00:00", "2026-11-01 01:00:00");
    shows("Australia/Sydney", "2026-12-31 13:00:00", "2027-01-01 00:00:00"); /* summer over New Year */
    shows("Australia/Sydney", "2026-07-01 00:00:00", "2026-07-01 10:00:00");
    shows("Australia/Lord_Howe", "2026-07-01 00:00:00", "2026-07-01 10:30:00"); /* half an hour of summer */
    shows("Australia/Lord_Howe", "2027-01-01 00:00:00", "2027-01-01 11:00:00");
    shows("Europe/Dublin", "2026-07-01 00:00:00", "2026-07-01 01:00:00"); /* winter is the exception there */
    shows("Europe/Dublin", "2026-12-01 00:00:00", "2026-12-01 00:00:00");
    shows("America/Nuuk", "2026-03-29 01:00:00", "2026-03-29 00:00:00"); /* at -1 o'clock of a Sunday */
    shows("Asia/Kathmandu", "2026-01-01 00:00:00", "2026-01-01 05:45:00");
    shows("<+03>-3", "2026-01-01 00:00:00", "2026-01-01 03:00:00");
    /* Summer for ever, and days counted with and without 29 February. */
    shows("XXX3EDT4,0/0,J365/23", "2026-06-01 12:00:00", "2026-06-01 08:00:00");
    shows("XXX3EDT4,0/0,J365/23", "2027-01-01 12:00:00", "2027-01-01 08:00:00");
    shows("AAA0BBB,J60/0,J300/0", "2028-02-29 12:00:00", "2028-02-29 12:00:00");
    shows("AAA0BBB,J60/0,J300/0", "2028-03-01 00:00:00", "2028-03-01 01:00:00");
    shows("AAA0BBB,59/0,J300/0", "2028-02-29 00:00:00", "2028-02-29 01:00:00");
}

static void test_refused(void **state)
{
    (void)state;
    static const char *const bad[] = {"",
                                      "Asia",
                                      "Asia/Atlantis",
                                      "asia/shanghai",
                                      "CET",
                                      "CET-1CEST",
                                      "CET-1CEST,M3.5.0",
                                      "CET-1CEST,M13.5.0,M10.5.0",
                                      "CET-1CEST,M3.6.0,M10.5.0",
                                      "CET-1CEST,M3.5.7,M10.5.0",
                                      "CET-1CEST,J0,M10.5.0",
                                      "CET-1CEST,366,M10.5.0",
                                      "CET-1CEST,M3.5.0/168,M10.5.0",
                                      "CET-25",
                                      "CET-1CEST,M3.5.0,M10.5.0 ",
                                      "<+03-3",
                                      "<+0>3",
                                      "AB3",
                                      "CET-99999999999999",
                                      "CET-1:60"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        pr_zone z;
        if (pr_zone_parse(&z, bad[i])) {
            fail_msg("taken for a zone: %s", bad[i]);
        }
    }
}

static void test_names(void **state)
{
    (void)state;
    assert_non_null(pr_zone_name(100));
    for (int32_t i = 0; pr_zone_name(i) != NULL; i++) {
        pr_zone by_name = zone(pr_zone_name(i));
        pr_zone by_rule = zone(pr_zone_rule(i));
        assert_true(pr_zone_equal(&by_name, &by_rule));
        assert_true(i == 0 || strcmp(pr_zone_name(i - 1), pr_zone_name(i)) < 0);
        assert_true(abs(by_name.standard_s) <= 14 * 3600);
    }
    pr_zone berlin = zone("Europe/Berlin");
    pr_zone london = zone("Europe/London");
    assert_false(pr_zone_equal(&berlin, &london));
}

static void instant(const char *name, const char *local, int32_t later, const char *expected)
{
    pr_zone z = zone(name);
    char text[20];
    pr_time_civil(pr_zone_instant_ms(&z, utc(local) / 1000, later), 0, text);
    if (strcmp(text, expected) != 0) {
        fail_msg("%s of %s (%d): %s, not %s", local, name, (int)later, text, expected);
    }
}

static void test_gaps_and_folds(void **state)
{
    (void)state;
    instant("Europe/Berlin", "2026-03-29 02:30:00", 0, "2026-03-29 01:00:00"); /* skipped: the change */
    instant("Europe/Berlin", "2026-03-29 02:30:00", 1, "2026-03-29 01:00:00");
    instant("Europe/Berlin", "2026-03-29 03:00:00", 0, "2026-03-29 01:00:00");
    instant("Europe/Berlin", "2026-10-25 02:30:00", 0, "2026-10-25 00:30:00"); /* twice */
    instant("Europe/Berlin", "2026-10-25 02:30:00", 1, "2026-10-25 01:30:00");
    instant("Europe/Berlin", "2026-10-25 03:00:00", 1, "2026-10-25 02:00:00");
    instant("Europe/Dublin", "2026-03-29 01:30:00", 0, "2026-03-29 01:00:00");
    instant("Europe/Dublin", "2026-10-25 01:30:00", 0, "2026-10-25 00:30:00");
    instant("Europe/Dublin", "2026-10-25 01:30:00", 1, "2026-10-25 01:30:00");
    instant("Australia/Lord_Howe", "2026-10-04 02:15:00", 0, "2026-10-03 15:30:00");
    instant("Africa/Cairo", "2026-04-24 00:30:00", 0, "2026-04-23 22:00:00"); /* midnight is skipped */
}

/* Whatever is shown leads back, and nothing else does. */
static void test_there_and_back(void **state)
{
    (void)state;
    uint64_t seed = (uint64_t)time(NULL);
    pr_rng rng;
    print_message("seed %llu\n", (unsigned long long)seed);
    pr_rng_seed(&rng, seed, 7);
    int32_t zones = 0;
    while (pr_zone_name(zones) != NULL) {
        zones++;
    }
    for (int32_t i = 0; i < 200000; i++) {
        const char *name = pr_zone_name((int32_t)pr_rng_below(&rng, (uint32_t)zones));
        pr_zone z = zone(name);
        int64_t at = (int64_t)pr_rng_below(&rng, 4102444800U) * 1000 + (int64_t)pr_rng_below(&rng, 999);
        int64_t local = at / 1000 + pr_zone_offset_s(&z, at);
        int64_t first = pr_zone_instant_ms(&z, local, 0);
        int64_t last = pr_zone_instant_ms(&z, local, 1);
        int64_t second = at / 1000 * 1000;
        if ((first != second && last != second) || first > last) {
            fail_msg("%s: %lld is shown as %lld, which is %lld or %lld", name, (long long)second,
                     (long long)local, (long long)first, (long long)last);
        }
        int64_t any = at / 1000 + (int64_t)pr_rng_below(&rng, 7200) - 3600;
        int64_t found = pr_zone_instant_ms(&z, any, 0);
        int64_t shown = found / 1000 + pr_zone_offset_s(&z, found);
        if (shown != any) { /* skipped: it is the change itself, before which an earlier time is shown */
            int64_t before = found / 1000 - 1 + pr_zone_offset_s(&z, found - 1000);
            assert_true(before < any && any < shown);
        }
    }
}

static void test_calendar(void **state)
{
    (void)state;
    pr_zone z = zone("Asia/Shanghai");
    pr_zone_now now;
    pr_zone_calendar(&now, &z, utc("2026-11-26 16:30:00")); /* Friday 00:30 */
    assert_int_equal(now.weekday, 4);
    assert_int_equal(now.minute_of_week, 4 * 1440 + 30);
    assert_int_equal(now.month, (2026 - 1970) * 12 + 10);
    assert_int_equal(now.day, pr_zone_days(2026, 11, 27));
    assert_true(now.day_ends_ms == utc("2026-11-27 16:00:00") &&
                now.month_ends_ms == utc("2026-11-30 16:00:00"));
    z = zone("Europe/Berlin");
    pr_zone_calendar(&now, &z, utc("2026-10-24 23:00:00")); /* a day of 25 hours */
    assert_true(now.day_ends_ms == utc("2026-10-25 23:00:00"));
    pr_zone_calendar(&now, &z, -1);
    assert_int_equal(now.month, 0);
    pr_zone_calendar(&now, &z, INT64_MAX); /* absurd, and no trap */
    pr_zone_calendar(&now, &z, INT64_MIN);
    assert_true(pr_zone_instant_ms(&z, INT64_MAX, 0) > 0 && pr_zone_offset_s(&z, INT64_MIN) == 3600);
}

/* ---- windows ---- */

static pr_window weekly(uint32_t days, int32_t from, int32_t to, const char *name)
{
    pr_window w = {.days = days, .from_minute = from, .to_minute = to, .zone = zone(name)};
    return w;
}

static void closed(const pr_window *w, int32_t count, const char *at, const char *until)
{
    int64_t end = -1;
    int32_t is = pr_windows_closed(w, count, utc(at), &end);
    char text[20];
    pr_time_civil(end, 0, text);
    if (is != (until != NULL) || (is && strcmp(text, until) != 0)) {
        fail_msg("at %s: closed %d until %s, not %s", at, (int)is, text, until != NULL ? until : "open");
    }
}

static void test_windows(void **state)
{
    (void)state;
    pr_window w[3] = {weekly(1U << 6, 60, 210, "Asia/Shanghai")}; /* Sundays 01:00 to 03:30 */
    closed(w, 1, "2026-11-28 16:59:59", NULL);
    closed(w, 1, "2026-11-28 17:00:00", "2026-11-28 19:30:00");
    closed(w, 1, "2026-11-28 19:30:00", NULL);
    closed(w, 1, "2026-11-27 18:00:00", NULL);
    w[0] = weekly(1U << 4, 22 * 60, 2 * 60, "UTC"); /* Fridays over midnight */
    closed(w, 1, "2026-11-27 23:00:00", "2026-11-28 02:00:00");
    closed(w, 1, "2026-11-28 01:00:00", "2026-11-28 02:00:00");
    closed(w, 1, "2026-11-28 23:00:00", NULL);
    closed(w, 1, "2026-11-27 01:00:00", NULL);
    w[0] = weekly(0x7f, 150, 240, "Europe/Berlin"); /* begins in the skipped hour */
    closed(w, 1, "2026-03-29 00:59:59", NULL);
    closed(w, 1, "2026-03-29 01:00:00", "2026-03-29 02:00:00");
    w[0] = weekly(0x7f, 130, 150, "Europe/Berlin"); /* wholly inside it: not that day */
    closed(w, 1, "2026-03-29 01:00:00", NULL);
    closed(w, 1, "2026-10-25 00:15:00", "2026-10-25 01:30:00"); /* 02:10 to 02:30, shown twice */
    closed(w, 1, "2026-10-25 00:45:00", "2026-10-25 01:30:00");
    w[0] = (pr_window){
        .from_ms = utc("2026-12-24 22:00:00"), .to_ms = utc("2026-12-25 04:00:00"), .zone = zone("UTC")};
    w[1] = weekly(1U << 4, 4 * 60, 5 * 60, "UTC"); /* the next one begins when this one ends */
    w[2] = weekly(1U << 3, 21 * 60, 23 * 60, "UTC");
    closed(w, 1, "2026-12-24 23:00:00", "2026-12-25 04:00:00");
    closed(w, 3, "2026-12-24 21:30:00", "2026-12-25 05:00:00");
    closed(w, 3, "2026-12-25 05:00:00", NULL);
    w[0] = weekly(0x7f, 0, 720, "UTC");
    w[1] = weekly(0x7f, 720, 1440, "UTC"); /* always: the search ends all the same */
    int64_t until = 0;
    assert_int_equal(pr_windows_closed(w, 2, utc("2026-01-01 00:00:00"), &until), 1);
    assert_true(until > utc("2026-01-20 00:00:00"));
    assert_int_equal(pr_windows_closed(w, 0, 0, NULL), 0);
}

static void print_table(void)
{
    for (int32_t i = 0; pr_zone_name(i) != NULL; i++) {
        pr_zone z = zone(pr_zone_name(i));
        printf("rule %s %s\n", pr_zone_name(i), pr_zone_rule(i));
        for (int64_t at = 1798761600; at < 2524608000;
             at += 5 * 86400 + 3 * 3600 + 7 * 60 + 13) { /* 2027 to 2050 */
            int32_t offset = pr_zone_offset_s(&z, at * 1000);
            printf("%lld %d\n", (long long)at, (int)offset);
        }
        for (int64_t local = 1798761600; local < 1861920000;
             local += 900) { /* two years, each quarter of an hour */
            int64_t a = pr_zone_instant_ms(&z, local, 0) / 1000;
            int64_t b = pr_zone_instant_ms(&z, local, 1) / 1000;
            if (a != b || local != a + pr_zone_offset_s(&z, a * 1000)) {
                printf("local %lld %lld %lld\n", (long long)local, (long long)a, (long long)b);
            }
        }
    }
}

int main(int argc, char **argv)
{
    if (argc > 1 && strcmp(argv[1], "--table") == 0) {
        print_table();
        return 0;
    }
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_changes),        cmocka_unit_test(test_refused),
        cmocka_unit_test(test_names),          cmocka_unit_test(test_gaps_and_folds),
        cmocka_unit_test(test_there_and_back), cmocka_unit_test(test_calendar),
        cmocka_unit_test(test_windows),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
