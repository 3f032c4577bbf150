/* JSON: what is refused and where, numbers as they stood, writing and reading again. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>
#include <payroute/json.h>

#include "base/rng.h"

typedef payroute_json_node node;

static payroute_json *read_ok(const char *text)
{
    payroute_json *doc = NULL;
    char why[128];
    int32_t rc = payroute_json_parse(&doc, text, strlen(text), why, sizeof why);
    if (rc != PAYROUTE_OK) {
        print_message("%s: %s\n", text, why);
    }
    assert_int_equal(rc, PAYROUTE_OK);
    assert_non_null(doc);
    assert_string_equal(why, "");
    return doc;
}

static void refuse(const char *text, size_t len, int32_t rc, const char *reason)
{
    payroute_json *doc = (payroute_json *)1;
    char why[128];
    assert_int_equal(payroute_json_parse(&doc, text, len, why, sizeof why), rc);
    assert_null(doc);
    if (strcmp(why, reason) != 0) {
        print_message("%.60s: expected '%s', got '%s'\n", text, reason, why);
    }
    assert_string_equal(why, reason);
}

static void values_of_every_kind(void **state)
{
    (void)state;
    payroute_json *doc =
        read_ok(" {\"s\":\"t\\u4e2d\\ud83d\\ude00\\n\\\"\",\"n\":-12.50e+3,\"t\":true,\"f\":false,\"z\":null,"
                "\"a\":[1,[],{}],\"o\":{\"k\":\"v\"},\"\":\"empty name\"} \r\n\t");
    const node *root = payroute_json_root(doc);
    assert_int_equal(payroute_json_type(root), PAYROUTE_JSON_OBJECT);
    assert_int_equal(payroute_json_count(root), 8);
    assert_string_equal(payroute_json_string(payroute_json_get(root, "s")),
                        "t\xE4\xB8\xAD\xF0\x9F\x98\x80\n\"");
    assert_string_equal(payroute_json_number(payroute_json_get(root, "n")), "-12.50e+3");
    assert_string_equal(payroute_json_text(payroute_json_get(root, "n")), "-12.50e+3");
    assert_int_equal(payroute_json_flag(payroute_json_get(root, "t")), 1);
    assert_int_equal(payroute_json_flag(payroute_json_get(root, "f")), 0);
    assert_int_equal(payroute_json_type(payroute_json_get(root, "z")), PAYROUTE_JSON_NULL);
    const node *array = payroute_json_get(root, "a");
    assert_int_equal(payroute_json_count(array), 3);
    const node *item = payroute_json_first(array);
    assert_string_equal(payroute_json_text(item), "1");
    assert_null(payroute_json_name(item));
    item = payroute_json_next(item);
    assert_int_equal(payroute_json_type(item), PAYROUTE_JSON_ARRAY);
    assert_null(payroute_json_first(item));
    item = payroute_json_next(item);
    assert_int_equal(payroute_json_type(item), PAYROUTE_JSON_OBJECT);
    assert_null(payroute_json_next(item));
    const node *member = payroute_json_get(payroute_json_get(root, "o"), "k");
    assert_string_equal(payroute_json_name(member), "k");
    assert_string_equal(payroute_json_string(payroute_json_get(root, "")), "empty name");
    assert_null(payroute_json_get(root, "S")); /* case matters */
    payroute_json_free(doc);
}

static void wrong_kinds_are_answered(void **state)
{
    (void)state;
    payroute_json *doc = read_ok("{\"s\":\"1\",\"n\":1,\"a\":[],\"z\":null,\"sn\":\"n5\"}");
    const node *root = payroute_json_root(doc);
    const node *s = payroute_json_get(root, "s");
    const node *n = payroute_json_get(root, "n");
    int64_t v = 77;
    assert_null(payroute_json_string(n));
    assert_null(payroute_json_number(s));
    assert_null(payroute_json_text(root));
    assert_string_equal(payroute_json_string(payroute_json_get(root, "sn")),
                        "n5"); /* not taken for a number */
    assert_null(payroute_json_get(s, "x"));
    assert_null(payroute_json_get(payroute_json_get(root, "a"), "x"));
    assert_null(payroute_json_get(root, NULL));
    assert_null(payroute_json_first(s));
    assert_int_equal(payroute_json_count(s), 0);
    assert_int_equal(payroute_json_flag(payroute_json_get(root, "z")), PAYROUTE_E_SCHEMA);
    assert_int_equal(payroute_json_flag(n), PAYROUTE_E_SCHEMA);
    assert_int_equal(payroute_json_integer(&v, s), PAYROUTE_E_SCHEMA);
    assert_int_equal(payroute_json_integer(NULL, n), PAYROUTE_E_ARG);
    assert_int_equal(v, 77);

    assert_int_equal(payroute_json_type(NULL), PAYROUTE_JSON_NONE);
    assert_null(payroute_json_root(NULL));
    assert_null(payroute_json_get(NULL, "x"));
    assert_null(payroute_json_first(NULL));
    assert_null(payroute_json_next(NULL));
    assert_null(payroute_json_name(NULL));
    assert_null(payroute_json_text(NULL));
    assert_int_equal(payroute_json_count(NULL), 0);
    assert_int_equal(payroute_json_flag(NULL), PAYROUTE_E_SCHEMA);
    assert_int_equal(payroute_json_integer(&v, NULL), PAYROUTE_E_SCHEMA);
    payroute_json_free(NULL);
    payroute_json_free(doc);
}

static void numbers_stay_text(void **state)
{
    (void)state;
    static const char *const numbers[] = {"0",    "-0",    "0.0",
                                          "0.10", "1e400", "9007199254740993",
                                          "1E-7", "12.50", "123456789012345678901234567890",
                                          "-1e+0"};
    for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++) {
        payroute_json *doc = read_ok(numbers[i]);
        assert_string_equal(payroute_json_number(payroute_json_root(doc)), numbers[i]);
        payroute_json_free(doc);
    }
}

static void integers(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        int32_t rc;
        int64_t value;
    } rows[] = {{"0", 0, 0},
                {"-0", 0, 0},
                {"42", 0, 42},
                {"9223372036854775807", 0, INT64_MAX},
                {"-9223372036854775808", 0, INT64_MIN},
                {"9007199254740993", 0, 9007199254740993},
                {"9223372036854775808", PAYROUTE_E_SCHEMA, 0},
                {"-9223372036854775809", PAYROUTE_E_SCHEMA, 0},
                {"92233720368547758070", PAYROUTE_E_SCHEMA, 0},
                {"99999999999999999999999", PAYROUTE_E_SCHEMA, 0},
                {"1.0", PAYROUTE_E_SCHEMA, 0},
                {"1e2", PAYROUTE_E_SCHEMA, 0},
                {"true", PAYROUTE_E_SCHEMA, 0},
                {"\"1\"", PAYROUTE_E_SCHEMA, 0}};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        payroute_json *doc = read_ok(rows[i].text);
        int64_t v = 77;
        assert_int_equal(payroute_json_integer(&v, payroute_json_root(doc)), rows[i].rc);
        assert_true(v == (rows[i].rc == 0 ? rows[i].value : 77));
        payroute_json_free(doc);
    }
}

static void refused_with_the_place(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        const char *why;
    } rows[] = {
        {"", "byte 0: unexpected end"},
        {"  ", "byte 2: unexpected end"},
        {"{\"a\":1,\"b\":{\"a\":2},\"a\":3}", "byte 19: duplicate key \"a\""},
        {"{\"a\":1,\"\\u0061\":2}", "byte 7: duplicate key \"\\u0061\""},
        {"{\"\\n\":1,\"\\u000a\":2}", "byte 8: duplicate key \"\\u000a\""},
        {"{\"\":1,\"\":2}", "byte 6: duplicate key \"\""},
        {"[{\"x\":1,\"x\":2},{\"y\":1,\"y\":2}]", "byte 8: duplicate key \"x\""},
        {"{\"a\":1}x", "byte 7: text behind the end of the document"},
        {"1 2", "byte 2: text behind the end of the document"},
        {"{}{}", "byte 2: text behind the end of the document"},
        {"\"\\u0000\"", "byte 1: NUL in a string"},
        {"\"a\tb\"", "byte 2: control character in a string"},
        {"\"\x1f\"", "byte 1: control character in a string"},
        {"\"\xC0\x80\"", "byte 1: not UTF-8"},
        {"\"\xED\xA0\x80\"", "byte 1: not UTF-8"},
        {"\"\xE4\xB8\"", "byte 1: not UTF-8"},
        {"\"\\ud800\"", "byte 1: half of a surrogate pair"},
        {"\"\\udc00\"", "byte 1: half of a surrogate pair"},
        {"\"\\ud800\\ud800\"", "byte 1: half of a surrogate pair"},
        {"\"\\ud800x\"", "byte 1: half of a surrogate pair"},
        {"\"\\u12g4\"", "byte 1: bad \\u escape"},
        {"\"\\u12", "byte 1: bad \\u escape"},
        {"\"\\x41\"", "byte 1: bad escape in a string"},
        {"\"\\", "byte 1: bad escape in a string"},
        {"\"abc", "byte 0: string without an end"},
        {"01", "byte 0: bad number"},
        {"-01", "byte 0: bad number"},
        {"00", "byte 0: bad number"},
        {"-", "byte 0: bad number"},
        {"1.", "byte 0: bad number"},
        {"1.e1", "byte 0: bad number"},
        {"1e", "byte 0: bad number"},
        {"1e+", "byte 0: bad number"},
        {".5", "byte 0: unexpected character"},
        {"+1", "byte 0: unexpected character"},
        {"0x10", "byte 1: text behind the end of the document"},
        {"NaN", "byte 0: unexpected character"},
        {"True", "byte 0: unexpected character"},
        {"tru", "byte 0: unexpected character"},
        {"'a'", "byte 0: unexpected character"},
        {"[1,]", "byte 3: unexpected character"},
        {"[,1]", "byte 1: unexpected character"},
        {"[1 2]", "byte 3: a comma or the end of the list is expected"},
        {"[1", "byte 2: a comma or the end of the list is expected"},
        {"[1}", "byte 2: a comma or the end of the list is expected"},
        {"{\"a\":1,}", "byte 7: a member's name is expected"},
        {"{a:1}", "byte 1: a member's name is expected"},
        {"{\"a\" 1}", "byte 5: a colon is expected"},
        {"{\"a\":}", "byte 5: unexpected character"},
        {"{", "byte 1: a member's name is expected"},
        {"[1]//x", "byte 3: text behind the end of the document"},
        {"\xEF\xBB\xBF{}", "byte 0: unexpected character"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        refuse(rows[i].text, strlen(rows[i].text), PAYROUTE_E_JSON, rows[i].why);
    }
    refuse("\"a\0b\"", 5, PAYROUTE_E_JSON, "byte 2: NUL in a string");
    refuse("{}\0", 3, PAYROUTE_E_JSON, "byte 2: text behind the end of the document");
    refuse("12345", 0, PAYROUTE_E_JSON, "byte 0: unexpected end");
    refuse("\"\\ud800\\udc00\"", 9, PAYROUTE_E_JSON,
           "byte 1: half of a surrogate pair"); /* cut by the length */
    refuse(NULL, 0, PAYROUTE_E_ARG, "");
    assert_int_equal(payroute_json_parse(NULL, "1", 1, NULL, 0), PAYROUTE_E_ARG);
}

static void reasons_never_hold_values(void **state)
{
    (void)state;
    refuse("{\"secret\":\"hunter2\",\"secret\":\"hunter3\"}", 39, PAYROUTE_E_JSON,
           "byte 20: duplicate key \"secret\"");
    char text[400];
    int len = snprintf(text, sizeof text, "{\"%0100d\":1,\"%0100d\":2}", 7, 7);
    payroute_json *doc = NULL;
    char why[200];
    assert_int_equal(payroute_json_parse(&doc, text, (size_t)len, why, sizeof why), PAYROUTE_E_JSON);
    assert_true(strlen(why) < 100);
    char tiny[5];
    assert_int_equal(payroute_json_parse(&doc, "[", 1, tiny, sizeof tiny), PAYROUTE_E_JSON);
    assert_string_equal(tiny, "byte");
    assert_int_equal(payroute_json_parse(&doc, "[", 1, NULL, 0), PAYROUTE_E_JSON);
}

static void depth_and_size_are_limited(void **state)
{
    (void)state;
    char deep[80];
    for (size_t depth = 32; depth <= 33; depth++) {
        memset(deep, '[', depth);
        memset(deep + depth, ']', depth);
        deep[2 * depth] = '\0';
        if (depth == 32) {
            payroute_json_free(read_ok(deep));
        } else {
            refuse(deep, strlen(deep), PAYROUTE_E_LIMIT, "byte 32: nested too deep");
        }
    }
    size_t size = 4U * 1024 * 1024;
    char *text = malloc(size + 2);
    assert_non_null(text);
    memset(text, 'a', size + 1);
    text[0] = '"';
    text[size - 1] = '"';
    payroute_json *doc = NULL;
    assert_int_equal(payroute_json_parse(&doc, text, size, NULL, 0), PAYROUTE_OK);
    assert_int_equal(strlen(payroute_json_string(payroute_json_root(doc))), size - 2);
    payroute_json_free(doc);
    refuse(text, size + 1, PAYROUTE_E_LIMIT, "byte 4194304: longer than 4 MiB");
    memset(text, '[', size);
    refuse(text, size, PAYROUTE_E_LIMIT, "byte 32: nested too deep");
    for (size_t i = 0; i < size; i += 2) {
        memcpy(text + i, "1,", 2);
    }
    text[0] = '[';
    text[1] = ' ';
    refuse(text, size, PAYROUTE_E_LIMIT, "byte 524288: too many values");
    free(text);
}

/* Many keys that share a long beginning, many objects: time grows with n log n. */
static void hostile_keys_are_cheap(void **state)
{
    (void)state;
    size_t cap = 4U * 1024 * 1024;
    char *text = malloc(cap);
    assert_non_null(text);
    size_t len = 0;
    text[len++] = '{';
    for (int i = 0; i < 120000; i++) {
        len += (size_t)snprintf(text + len, cap - len, "%s\"aaaaaaaaaaaaaaaa%06d\":0", i > 0 ? "," : "", i);
    }
    text[len++] = '}';
    clock_t start = clock();
    payroute_json *doc = NULL;
    assert_int_equal(payroute_json_parse(&doc, text, len, NULL, 0), PAYROUTE_OK);
    assert_int_equal(payroute_json_count(payroute_json_root(doc)), 120000);
    payroute_json_free(doc);
    assert_true(clock() - start < 10 * CLOCKS_PER_SEC); /* quadratic would be minutes */
    free(text);
}

static void writer_writes(void **state)
{
    (void)state;
    payroute_json_out *out = payroute_json_out_new();
    size_t len = 77;
    assert_string_equal(payroute_json_out_text(out, &len), "");
    assert_int_equal(len, 0);
    payroute_json_out_object(out, NULL);
    payroute_json_out_string(out, "s", "q\"b\\n\n\x01\xE4\xB8\xAD/\x7F");
    payroute_json_out_string(out, "none", NULL);
    payroute_json_out_bytes(out, "b", "ab\0\xFF\xE4\xB8", 6);
    payroute_json_out_bytes(out, "e", NULL, 0);
    payroute_json_out_integer(out, "i", INT64_MIN);
    payroute_json_out_flag(out, "t", 5);
    payroute_json_out_flag(out, "f", 0);
    payroute_json_out_array(out, "a");
    payroute_json_out_end(out);
    payroute_json_out_array(out, "\"k\"");
    payroute_json_out_null(out, NULL);
    payroute_json_out_raw(out, NULL, "{\"x\":1.50}", 10);
    payroute_json_out_object(out, NULL);
    payroute_json_out_end(out);
    payroute_json_out_end(out);
    payroute_json_out_end(out);
    static const char expected[] =
        "{\"s\":\"q\\\"b\\\\n\\u000a\\u0001\xE4\xB8\xAD/\x7F\",\"none\":null,"
        "\"b\":\"ab\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD\","
        "\"e\":\"\",\"i\":-9223372036854775808,\"t\":true,\"f\":false,\"a\":[],"
        "\"\\\"k\\\"\":[null,{\"x\":1.50},{}]}";
    assert_string_equal(payroute_json_out_text(out, &len), expected);
    assert_int_equal(len, strlen(expected));
    payroute_json *doc = read_ok(expected);
    payroute_json_out_reset(out);
    payroute_json_out_node(out, NULL, payroute_json_root(doc));
    assert_string_equal(payroute_json_out_text(out, NULL), expected);
    payroute_json_free(doc);
    payroute_json_out_free(out);
}

static void expect_failed(payroute_json_out *out)
{
    size_t len = 77;
    payroute_json_out_integer(out, NULL, 1); /* sticky */
    assert_null(payroute_json_out_text(out, &len));
    assert_int_equal(len, 0);
    payroute_json_out_reset(out);
    payroute_json_out_integer(out, NULL, 1);
    assert_string_equal(payroute_json_out_text(out, NULL), "1");
    payroute_json_out_reset(out);
}

static void writer_refuses_wrong_calls(void **state)
{
    (void)state;
    payroute_json_out *out = payroute_json_out_new();
    payroute_json_out_integer(out, "name at the top", 1);
    expect_failed(out);
    payroute_json_out_array(out, NULL);
    payroute_json_out_integer(out, "name in an array", 1);
    expect_failed(out);
    payroute_json_out_object(out, NULL);
    payroute_json_out_integer(out, NULL, 1); /* no name in an object */
    expect_failed(out);
    payroute_json_out_null(out, NULL);
    payroute_json_out_null(out, NULL); /* a second document */
    expect_failed(out);
    payroute_json_out_end(out);
    expect_failed(out);
    payroute_json_out_raw(out, NULL, "", 0);
    expect_failed(out);
    payroute_json_out_raw(out, NULL, NULL, 3);
    expect_failed(out);
    for (int i = 0; i < 33; i++) {
        payroute_json_out_array(out, NULL);
    }
    expect_failed(out);
    payroute_json *doc = read_ok("[[[1]]]");
    for (int i = 0; i < 30; i++) {
        payroute_json_out_array(out, NULL);
    }
    payroute_json_out_node(out, NULL, payroute_json_root(doc));
    expect_failed(out);
    payroute_json_free(doc);
    payroute_json_out_node(out, NULL, NULL);
    assert_string_equal(payroute_json_out_text(out, NULL), "null");
    payroute_json_out_free(out);

    payroute_json_out_free(NULL);
    payroute_json_out_reset(NULL);
    payroute_json_out_object(NULL, NULL);
    payroute_json_out_array(NULL, NULL);
    payroute_json_out_end(NULL);
    payroute_json_out_string(NULL, NULL, "x");
    payroute_json_out_bytes(NULL, NULL, "x", 1);
    payroute_json_out_integer(NULL, NULL, 1);
    payroute_json_out_flag(NULL, NULL, 1);
    payroute_json_out_null(NULL, NULL);
    payroute_json_out_raw(NULL, NULL, "1", 1);
    payroute_json_out_node(NULL, NULL, NULL);
    assert_null(payroute_json_out_text(NULL, NULL));
}

/* Damaged documents: whatever is accepted must be written and read again to the same text. */
static void mutated_documents(void **state)
{
    (void)state;
    static const char seed[] =
        "{\"a\":[1,-2.5e3,\"x\\u4e2d\\ud83d\\ude00\\n\",true,null],"
        "\"b\":{\"c\":\"\xE4\xB8\xAD\",\"d\":{}},\"e\":0}";
    static const char alphabet[] = "{}[]\",:\\u0019-+.eE tfn\xE4\xB8\x01";
    pr_rng r;
    pr_rng_seed(&r, 99, 3);
    print_message("seed 99\n");
    int accepted = 0;
    for (int round = 0; round < 30000; round++) {
        char text[sizeof seed];
        memcpy(text, seed, sizeof seed);
        size_t len = sizeof seed - 1;
        for (uint32_t n = 1 + pr_rng_below(&r, 3); n > 0; n--) {
            text[pr_rng_below(&r, (uint32_t)len)] = alphabet[pr_rng_below(&r, sizeof alphabet - 1)];
        }
        if (pr_rng_below(&r, 4) == 0) {
            len = pr_rng_below(&r, (uint32_t)len);
        }
        payroute_json *doc = NULL;
        char why[100];
        int32_t rc = payroute_json_parse(&doc, text, len, why, sizeof why);
        if (rc != PAYROUTE_OK) {
            assert_int_equal(rc, PAYROUTE_E_JSON);
            assert_memory_equal(why, "byte ", 5);
            continue;
        }
        accepted++;
        payroute_json_out *out = payroute_json_out_new();
        payroute_json_out_node(out, NULL, payroute_json_root(doc));
        size_t once_len = 0;
        const char *once = payroute_json_out_text(out, &once_len);
        assert_non_null(once);
        payroute_json *again = NULL;
        assert_int_equal(payroute_json_parse(&again, once, once_len, NULL, 0), PAYROUTE_OK);
        payroute_json_out *twice = payroute_json_out_new();
        payroute_json_out_node(twice, NULL, payroute_json_root(again));
        assert_string_equal(payroute_json_out_text(twice, NULL), once);
        payroute_json_out_free(twice);
        payroute_json_out_free(out);
        payroute_json_free(again);
        payroute_json_free(doc);
    }
    assert_true(accepted > 100);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(values_of_every_kind),
        cmocka_unit_test(wrong_kinds_are_answered),
        cmocka_unit_test(numbers_stay_text),
        cmocka_unit_test(integers),
        cmocka_unit_test(refused_with_the_place),
        cmocka_unit_test(reasons_never_hold_values),
        cmocka_unit_test(depth_and_size_are_limited),
        cmocka_unit_test(hostile_keys_are_cheap),
        cmocka_unit_test(writer_writes),
        cmocka_unit_test(writer_refuses_wrong_calls),
        cmocka_unit_test(mutated_documents),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
