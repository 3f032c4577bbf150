/* Text in fixed and growing buffers, UTF-8, forms, calendar, memory. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>
#include <payroute/base.h>

#include "base/mem.h"
#include "base/rng.h"
#include "base/text.h"
#include "base/utf8.h"

static void memory_is_zeroed_checked_and_moved(void **state)
{
    (void)state;
    unsigned char *block = pr_mem_new(16);
    assert_non_null(block);
    for (int i = 0; i < 16; i++) {
        assert_int_equal(block[i], 0);
        block[i] = (unsigned char)i;
    }
    block = pr_mem_grow(block, 16, 32);
    assert_non_null(block);
    assert_int_equal(block[15], 15);
    assert_int_equal(block[16] | block[31], 0);
    block = pr_mem_grow(block, 32, 8);
    assert_int_equal(block[7], 7);
    pr_mem_wipe(block, 8);
    assert_int_equal(block[0] | block[7], 0);
    pr_mem_free_secret(block, 8);
    pr_mem_free_secret(NULL, 8);
    pr_mem_wipe(NULL, 8);
    pr_mem_free(NULL);
    assert_null(pr_mem_array(SIZE_MAX / 2, 3));
    void *none = pr_mem_new(0);
    assert_non_null(none);
    pr_mem_free(none);
    void *empty = pr_mem_array(0, 8);
    assert_non_null(empty);
    pr_mem_free(empty);
    char *text = pr_mem_text("hello", 4);
    assert_string_equal(text, "hell");
    pr_mem_free(text);
    assert_null(pr_mem_text(NULL, 0));
}

static void fixed_text_is_cut_at_a_character(void **state)
{
    (void)state;
    char buffer[8];
    pr_text t;
    pr_text_init(&t, buffer, sizeof buffer);
    assert_string_equal(buffer, "");
    pr_text_put(&t, "abc");
    pr_text_i64(&t, -12);
    assert_string_equal(buffer, "abc-12");
    assert_int_equal(t.cut, 0);
    pr_text_put(&t, "\xE4\xB8\xAD");
    assert_string_equal(buffer, "abc-12");
    assert_int_equal(t.cut, 1);
    pr_text_put(&t, "z"); /* nothing follows a cut */
    assert_string_equal(buffer, "abc-12");

    pr_text_init(&t, buffer, sizeof buffer);
    pr_text_format(&t, "%s%d", "a\xE4\xB8\xAD", 7);
    assert_string_equal(buffer, "a\xE4\xB8\xAD"
                                "7");
    pr_text_init(&t, buffer, sizeof buffer);
    pr_text_format(&t, "%s", "a\xE4\xB8\xAD\xE6\x96\x87\xE5\xAD\x97");
    assert_string_equal(buffer, "a\xE4\xB8\xAD\xE6\x96\x87");
    assert_int_equal(t.cut, 1);
    pr_text_init(&t, buffer, 6);
    pr_text_format(&t, "%s", "a\xE4\xB8\xAD\xE6\x96\x87");
    assert_string_equal(buffer, "a\xE4\xB8\xAD");

    pr_text_init(&t, NULL, 8);
    pr_text_put(&t, "dropped");
    pr_text_init(&t, NULL, 0);
    pr_text_format(&t, "%d", 5);
    assert_int_equal(t.cut, 1);
    pr_text_init(&t, buffer, 1);
    pr_text_put(&t, "x");
    assert_string_equal(buffer, "");
    pr_text_put(&t, NULL);
    pr_text_init(&t, buffer, sizeof buffer);
    pr_text_i64(&t, INT64_MIN);
    assert_string_equal(buffer, "-922337");
}

static void buffers_grow_fail_and_stay_failed(void **state)
{
    (void)state;
    pr_buf b;
    pr_buf_init(&b);
    for (int i = 0; i < 1000; i++) {
        pr_buf_put(&b, "0123456789");
    }
    assert_int_equal(b.rc, PAYROUTE_OK);
    assert_int_equal(b.len, 10000);
    assert_int_equal(b.at[10000], 0);
    pr_buf_clear(&b);
    assert_int_equal(b.len, 0);
    assert_int_equal(b.at[0] | b.at[9999], 0);
    pr_buf_i64(&b, INT64_MIN);
    pr_buf_format(&b, "/%s", "x");
    assert_string_equal(b.at, "-9223372036854775808/x");
    pr_buf_bytes(&b, NULL, 0);
    pr_buf_bytes(&b, b.at, 70U * 1024 * 1024); /* refused before it is read */
    assert_int_equal(b.rc, PAYROUTE_E_LIMIT);
    pr_buf_put(&b, "more");
    assert_string_equal(b.at, "-9223372036854775808/x");
    pr_buf_free(&b);
    assert_null(b.at);
    assert_int_equal(b.rc, PAYROUTE_OK);
    pr_buf_free(&b);
}

static void url_encoding(void **state)
{
    (void)state;
    pr_buf b;
    pr_buf_init(&b);
    static const char text[] = "azAZ09-._~ +&=/%\xE4\xB8\xAD\n";
    pr_buf_urlencode(&b, text, sizeof text); /* with its NUL */
    assert_string_equal(b.at, "azAZ09-._~%20%2B%26%3D%2F%25%E4%B8%AD%0A%00");
    pr_buf_free(&b);
}

static void utf8(void **state)
{
    (void)state;
    static const char *const good[] = {"",
                                       "a",
                                       "\x7F",
                                       "\xC2\x80",
                                       "\xDF\xBF",
                                       "\xE0\xA0\x80",
                                       "\xED\x9F\xBF",
                                       "\xEE\x80\x80",
                                       "\xEF\xBF\xBF",
                                       "\xF0\x90\x80\x80",
                                       "\xF4\x8F\xBF\xBF"};
    static const char *const bad[] = {"\x80",
                                      "\xBF",
                                      "\xC0\x80",
                                      "\xC1\xBF",
                                      "\xC2",
                                      "\xC2\x41",
                                      "\xE0\x9F\xBF",
                                      "\xE4\xB8",
                                      "\xED\xA0\x80",
                                      "\xED\xBF\xBF",
                                      "\xF0\x8F\xBF\xBF",
                                      "\xF4\x90\x80\x80",
                                      "\xF5\x80\x80\x80",
                                      "\xFE",
                                      "\xFF",
                                      "a\xE4\xB8\x41"};
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
        assert_int_equal(pr_utf8_valid(good[i], strlen(good[i])), 1);
    }
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        assert_int_equal(pr_utf8_valid(bad[i], strlen(bad[i])), 0);
    }
    assert_int_equal(pr_utf8_valid("a\0b", 3), 0);
    assert_int_equal(pr_utf8_valid(NULL, 0), 1);
    assert_int_equal(pr_utf8_valid(NULL, 1), 0);
    assert_int_equal(pr_utf8_floor("\xE4\xB8\xAD", 3, 2), 0);
    assert_int_equal(pr_utf8_floor("a\xE4\xB8\xAD", 4, 3), 1);
    assert_int_equal(pr_utf8_floor("abc", 3, 2), 2);
    assert_int_equal(pr_utf8_floor("\x80\x80\x80\x80\x80\x80", 6, 4), 4); /* hopeless text is cut anywhere */
}

static void names_without_case(void **state)
{
    (void)state;
    assert_int_equal(pr_text_equal_nocase("Content-Type", 12, "content-type", 12), 1);
    assert_int_equal(pr_text_equal_nocase("abc", 3, "abd", 3), 0);
    assert_int_equal(pr_text_equal_nocase("abc", 3, "ab", 2), 0);
    assert_int_equal(pr_text_equal_nocase("[", 1, "{", 1), 0); /* differ in the case bit only */
    assert_int_equal(pr_text_equal_nocase("", 0, "", 0), 1);
}

static int32_t parse_form(pr_form **f, const char *text)
{
    return pr_form_parse(f, text, strlen(text));
}

static void forms(void **state)
{
    (void)state;
    pr_form *f = NULL;
    assert_int_equal(parse_form(&f, "a=1&b=x+y%26z&empty=&flag&%E4%B8%AD=%e4%b8%ad&a2=2=3&&=v&"),
                     PAYROUTE_OK);
    assert_int_equal(pr_form_count(f), 7);
    assert_string_equal(pr_form_get(f, "a"), "1");
    assert_string_equal(pr_form_get(f, "b"), "x y&z");
    assert_string_equal(pr_form_get(f, "empty"), "");
    assert_string_equal(pr_form_get(f, "flag"), "");
    assert_string_equal(pr_form_get(f, "\xE4\xB8\xAD"), "\xE4\xB8\xAD");
    assert_string_equal(pr_form_get(f, "a2"), "2=3");
    assert_string_equal(pr_form_get(f, ""), "v");
    assert_null(pr_form_get(f, "A"));
    assert_null(pr_form_get(f, NULL));
    assert_string_equal(pr_form_name(f, 0), "a");
    assert_string_equal(pr_form_value(f, 6), "v");
    assert_null(pr_form_name(f, 7));
    assert_null(pr_form_value(f, 7));
    pr_form_free(f);

    assert_int_equal(parse_form(&f, "amount=1&amount=2"), PAYROUTE_OK);
    assert_null(pr_form_get(f, "amount"));
    pr_form_free(f);
    assert_int_equal(pr_form_parse(&f, NULL, 0), PAYROUTE_OK);
    assert_int_equal(pr_form_count(f), 0);
    pr_form_free(f);
    pr_form_free(NULL);
    assert_int_equal(pr_form_count(NULL), 0);
    assert_null(pr_form_get(NULL, "a"));
}

static void forms_that_are_refused(void **state)
{
    (void)state;
    static const char *const bad[] = {"a=%", "a=%4",  "a=%4g",   "a=%g4",
                                      "%=1", "a=%00", "a%00b=1", "a=1&b=%zz"};
    pr_form *f = (pr_form *)1;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        assert_int_equal(parse_form(&f, bad[i]), PAYROUTE_E_ENCODING);
        assert_null(f);
    }
    assert_int_equal(pr_form_parse(&f, "a=\0", 3), PAYROUTE_E_ENCODING);
    assert_int_equal(pr_form_parse(&f, "a=%411", 4),
                     PAYROUTE_E_ENCODING); /* the escape is cut by the length */
    assert_int_equal(pr_form_parse(&f, NULL, 1), PAYROUTE_E_ARG);
    assert_int_equal(pr_form_parse(NULL, "a", 1), PAYROUTE_E_ARG);
    assert_int_equal(pr_form_parse(&f, "a", 5U * 1024 * 1024), PAYROUTE_E_LIMIT);
    char many[257 * 4 + 1] = "";
    for (int i = 0; i < 257; i++) {
        memcpy(many + i * 4, "a=1&", 5);
    }
    assert_int_equal(pr_form_parse(&f, many, 256 * 4), PAYROUTE_OK);
    assert_int_equal(pr_form_count(f), 256);
    pr_form_free(f);
    assert_int_equal(pr_form_parse(&f, many, 257 * 4), PAYROUTE_E_LIMIT);
}

static void civil_time(void **state)
{
    (void)state;
    static const struct {
        int64_t ms;
        int32_t offset;
        const char *text;
    } rows[] = {{0, 0, "1970-01-01 00:00:00"},
                {0, 480, "1970-01-01 08:00:00"},
                {-1000, 0, "1969-12-31 23:59:59"},
                {784111777000, 0, "1994-11-06 08:49:37"},
                {951782400000, 0, "2000-02-29 00:00:00"},
                {1709164800000, 480, "2024-02-29 08:00:00"},
                {4107542400000, 0, "2100-03-01 00:00:00"},
                {-62167219200000, 0, "0000-01-01 00:00:00"},
                {253402300799000, 0, "9999-12-31 23:59:59"}};
    char out[20];
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        int64_t ms = 0;
        pr_time_civil(rows[i].ms, rows[i].offset, out);
        assert_string_equal(out, rows[i].text);
        assert_int_equal(pr_time_parse_civil(&ms, rows[i].text, rows[i].offset), PAYROUTE_OK);
        assert_true(ms == rows[i].ms);
    }
    pr_time_civil(999, 0, out);
    assert_string_equal(out, "1970-01-01 00:00:00");
    pr_time_civil(-1, 0, out);
    assert_string_equal(out, "1969-12-31 23:59:59");
    pr_time_civil(INT64_MAX, 840, out);
    assert_string_equal(out, "9999-12-31 23:59:59");
    pr_time_civil(INT64_MIN, -840, out);
    assert_string_equal(out, "0000-01-01 00:00:00");
}

/* The C library is the oracle. */
static void civil_time_against_gmtime(void **state)
{
    (void)state;
    pr_rng r;
    pr_rng_seed(&r, 5, 5);
    print_message("seed 5\n");
    for (int i = 0; i < 20000; i++) {
        int64_t second =
            (int64_t)(((uint64_t)pr_rng_u32(&r) << 32 | pr_rng_u32(&r)) % 315569520000U) - 62167219200;
        time_t t = (time_t)second;
        struct tm parts;
        char expected[80];
        char got[20];
        assert_non_null(gmtime_r(&t, &parts));
        (void)snprintf(expected, sizeof expected, "%04d-%02d-%02d %02d:%02d:%02d", parts.tm_year + 1900,
                       parts.tm_mon + 1, parts.tm_mday, parts.tm_hour, parts.tm_min, parts.tm_sec);
        pr_time_civil(second * 1000, 0, got);
        assert_string_equal(got, expected);
        int64_t ms = 0;
        assert_int_equal(pr_time_parse_civil(&ms, got, 0), PAYROUTE_OK);
        assert_true(ms == second * 1000);
    }
}

static void times_that_are_refused(void **state)
{
    (void)state;
    static const char *const bad[] = {"",
                                      "2024-01-01",
                                      "2024-01-01T00:00:00",
                                      "2024-01-01 00:00:00 ",
                                      "2024-13-01 00:00:00",
                                      "2024-00-01 00:00:00",
                                      "2024-01-00 00:00:00",
                                      "2024-01-32 00:00:00",
                                      "2023-02-29 00:00:00",
                                      "2100-02-29 00:00:00",
                                      "2024-01-01 24:00:00",
                                      "2024-01-01 00:60:00",
                                      "2024-01-01 00:00:60",
                                      "2024-01-01 00:00:-1",
                                      "+024-01-01 00:00:00"};
    int64_t ms = 77;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        assert_int_equal(pr_time_parse_civil(&ms, bad[i], 0), PAYROUTE_E_ENCODING);
    }
    static const char *const bad_http[] = {"",
                                           "Sun, 06 Nov 1994 08:49:37",
                                           "Sun, 06 Nov 1994 08:49:37 UTC",
                                           "Sunday, 06-Nov-94 08:49:37 GMT",
                                           "Sun Nov  6 08:49:37 1994     ",
                                           "Sun, 06 nov 1994 08:49:37 GMT",
                                           "Xun, 06 Nov 1994 08:49:37 GMT",
                                           "Sun, 31 Nov 1994 08:49:37 GMT",
                                           "Sun, 06 Nov 1994 08:49:61 GMT",
                                           "Sun, 06 Nov 1994 08:49:37 GMT "};
    for (size_t i = 0; i < sizeof bad_http / sizeof bad_http[0]; i++) {
        assert_int_equal(pr_time_parse_http(&ms, bad_http[i], strlen(bad_http[i])), PAYROUTE_E_ENCODING);
    }
    assert_true(ms == 77);
    assert_int_equal(pr_time_parse_civil(NULL, "2024-01-01 00:00:00", 0), PAYROUTE_E_ARG);
    assert_int_equal(pr_time_parse_civil(&ms, NULL, 0), PAYROUTE_E_ARG);
    assert_int_equal(pr_time_parse_http(&ms, NULL, 0), PAYROUTE_E_ARG);
    assert_int_equal(pr_time_parse_http(NULL, "x", 1), PAYROUTE_E_ARG);
}

static void http_time(void **state)
{
    (void)state;
    int64_t ms = 0;
    assert_int_equal(pr_time_parse_http(&ms, "Sun, 06 Nov 1994 08:49:37 GMT", 29), PAYROUTE_OK);
    assert_true(ms == 784111777000);
    assert_int_equal(pr_time_parse_http(&ms, "Sat, 31 Dec 2016 23:59:60 GMT", 29), PAYROUTE_OK);
    assert_true(ms == 1483228800000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(memory_is_zeroed_checked_and_moved),
        cmocka_unit_test(fixed_text_is_cut_at_a_character),
        cmocka_unit_test(buffers_grow_fail_and_stay_failed),
        cmocka_unit_test(url_encoding),
        cmocka_unit_test(utf8),
        cmocka_unit_test(names_without_case),
        cmocka_unit_test(forms),
        cmocka_unit_test(forms_that_are_refused),
        cmocka_unit_test(civil_time),
        cmocka_unit_test(civil_time_against_gmtime),
        cmocka_unit_test(times_that_are_refused),
        cmocka_unit_test(http_time),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
