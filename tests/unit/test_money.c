/* Amounts: exact, refused when unclear, and the same forth and back. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>
#include <payroute/base.h>

#include "base/rng.h"

static int32_t parse(int64_t *amount, const char *currency, const char *text)
{
    return payroute_amount_parse(amount, currency, text, strlen(text));
}

static void exponents(void **state)
{
    (void)state;
    static const struct {
        const char *code;
        int32_t exponent;
    } rows[] = {{"CNY", 2}, {"USD", 2}, {"EUR", 2}, {"JPY", 0}, {"KRW", 0},
                {"VND", 0}, {"KWD", 3}, {"BHD", 3}, {"TND", 3}, {"CLF", 4},
                {"UYW", 4}, {"AED", 2}, {"ZMW", 2}, {"HKD", 2}, {"ISK", 0}};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        assert_int_equal(payroute_currency_exponent(rows[i].code), rows[i].exponent);
    }
    static const char *const unknown[] = {"", "C", "CN", "CNYX", "cny", "XXX", "RMB", "AAA", "ZZZ", "CN2"};
    for (size_t i = 0; i < sizeof unknown / sizeof unknown[0]; i++) {
        assert_int_equal(payroute_currency_exponent(unknown[i]), PAYROUTE_E_NOT_FOUND);
    }
    assert_int_equal(payroute_currency_exponent(NULL), PAYROUTE_E_ARG);
}

/* If the table were not sorted, the search by halves would miss entries: so count what is found. */
static void table_is_searchable(void **state)
{
    (void)state;
    int32_t found = 0;
    char code[4] = "AAA";
    for (code[0] = 'A'; code[0] <= 'Z'; code[0]++) {
        for (code[1] = 'A'; code[1] <= 'Z'; code[1]++) {
            for (code[2] = 'A'; code[2] <= 'Z'; code[2]++) {
                int32_t exponent = payroute_currency_exponent(code);
                found += exponent >= 0 && exponent <= 4;
            }
        }
    }
    assert_int_equal(found, 156);
}

static void parses(void **state)
{
    (void)state;
    static const struct {
        const char *currency;
        const char *text;
        int64_t amount;
    } rows[] = {{"CNY", "12.50", 1250},
                {"CNY", "12.5", 1250},
                {"CNY", "12", 1200},
                {"CNY", "0.01", 1},
                {"CNY", "0", 0},
                {"CNY", "0.00", 0},
                {"CNY", "0012.50", 1250},
                {"CNY", "12.50000000", 1250},
                {"CNY", "9999999999999.99", 999999999999999},
                {"CNY", "00000000000000000000000000001.10", 110},
                {"JPY", "500", 500},
                {"JPY", "500.00", 500},
                {"KWD", "1.234", 1234},
                {"CLF", "1.2345", 12345}};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        int64_t amount = -1;
        assert_int_equal(parse(&amount, rows[i].currency, rows[i].text), PAYROUTE_OK);
        assert_int_equal(amount, rows[i].amount);
    }
}

static void refuses_unclear_text(void **state)
{
    (void)state;
    static const char *const rows[] = {"",
                                       ".",
                                       ".5",
                                       "5.",
                                       "1.2.3",
                                       "1,50",
                                       "1 000",
                                       " 1",
                                       "1 ",
                                       "-1",
                                       "+1",
                                       "1e2",
                                       "0x10",
                                       "12.505",
                                       "12.501000",
                                       "NaN",
                                       "\xEF\xBC\x91",
                                       "10000000000000.00",
                                       "99999999999999999999",
                                       "1'000"};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        int64_t amount = 77;
        assert_int_equal(parse(&amount, "CNY", rows[i]), PAYROUTE_E_ENCODING);
        assert_int_equal(amount, 77);
    }
    int64_t amount = 77;
    assert_int_equal(parse(&amount, "JPY", "1.5"), PAYROUTE_E_ENCODING);
    assert_int_equal(payroute_amount_parse(&amount, "CNY", "1\0", 2), PAYROUTE_E_ENCODING);
    char zeros[66];
    memset(zeros, '0', sizeof zeros);
    assert_int_equal(payroute_amount_parse(&amount, "CNY", zeros, 65), PAYROUTE_E_ENCODING);
    assert_int_equal(payroute_amount_parse(&amount, "CNY", "1250", 2), PAYROUTE_OK); /* the length rules */
    assert_int_equal(amount, 1200);
    amount = 77;
    assert_int_equal(parse(&amount, "XXX", "1"), PAYROUTE_E_NOT_FOUND);
    assert_int_equal(parse(NULL, "CNY", "1"), PAYROUTE_E_ARG);
    assert_int_equal(parse(&amount, NULL, "1"), PAYROUTE_E_ARG);
    assert_int_equal(payroute_amount_parse(&amount, "CNY", NULL, 0), PAYROUTE_E_ARG);
    assert_int_equal(amount, 77);
}

static void formats(void **state)
{
    (void)state;
    static const struct {
        const char *currency;
        int64_t amount;
        const char *text;
    } rows[] = {{"CNY", 0, "0.00"},     {"CNY", 5, "0.05"},       {"CNY", 50, "0.50"},
                {"CNY", 1250, "12.50"}, {"JPY", 0, "0"},          {"JPY", 500, "500"},
                {"KWD", 1, "0.001"},    {"CLF", 12345, "1.2345"}, {"CNY", INT64_MAX, "92233720368547758.07"}};
    char out[32];
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        int32_t len = payroute_amount_format(out, sizeof out, rows[i].currency, rows[i].amount);
        assert_int_equal(len, strlen(rows[i].text));
        assert_string_equal(out, rows[i].text);
    }
    assert_int_equal(payroute_amount_format(out, 5, "CNY", 1250), PAYROUTE_E_BUFFER);
    assert_int_equal(payroute_amount_format(out, 6, "CNY", 1250), 5);
    assert_int_equal(payroute_amount_format(out, 0, "CNY", 1250), PAYROUTE_E_BUFFER);
    assert_int_equal(payroute_amount_format(out, sizeof out, "CNY", -1), PAYROUTE_E_ARG);
    assert_int_equal(payroute_amount_format(NULL, 5, "CNY", 1), PAYROUTE_E_ARG);
    assert_int_equal(payroute_amount_format(out, sizeof out, NULL, 1), PAYROUTE_E_ARG);
    assert_int_equal(payroute_amount_format(out, sizeof out, "XXX", 1), PAYROUTE_E_NOT_FOUND);
}

static void forth_and_back(void **state)
{
    (void)state;
    static const char *const currencies[] = {"JPY", "CNY", "KWD", "CLF"};
    pr_rng r;
    pr_rng_seed(&r, 20240607, 1);
    print_message("seed 20240607\n");
    for (int i = 0; i < 20000; i++) {
        int64_t amount = (int64_t)(((uint64_t)pr_rng_u32(&r) << 32 | pr_rng_u32(&r)) % 1000000000000000U);
        amount >>= pr_rng_below(&r, 50);
        const char *currency = currencies[pr_rng_below(&r, 4)];
        char text[32];
        int32_t len = payroute_amount_format(text, sizeof text, currency, amount);
        assert_true(len > 0);
        int64_t again = -1;
        assert_int_equal(payroute_amount_parse(&again, currency, text, (size_t)len), PAYROUTE_OK);
        assert_int_equal(again, amount);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(exponents), cmocka_unit_test(table_is_searchable),
        cmocka_unit_test(parses),    cmocka_unit_test(refuses_unclear_text),
        cmocka_unit_test(formats),   cmocka_unit_test(forth_and_back),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
