/* The host's own rows, and the catalogue as JSON: what is laid over, what is refused and how it is told. */
#include "catalog/match.h"

#include <payroute/catalog.h>
#include <payroute/json.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char rows[] =
    "[{\"provider\":\"custompay\",\"code\":\"E1\",\"reason\":\"insufficient_funds\","
    "  \"source\":\"manual 3.2\"},"
    " {\"provider\":\"custompay\",\"code\":\"E1\",\"operation\":\"refund\","
    "  \"reason\":\"merchant_balance_too_low\"},"
    " {\"provider\":\"custompay\",\"code\":\"007\",\"layer\":\"issuer\",\"reason\":\"expired_card\","
    "  \"advice\":\"never\"},"
    " {\"provider\":\"custompay\",\"code\":\"SYS*\",\"reason\":\"provider_system_error\"},"
    " {\"provider\":\"custompay\",\"code\":\"SYS_BUSY*\",\"reason\":\"rate_limited\"},"
    " {\"provider\":\"alipay\",\"code\":\"ACQ.PAYMENT_FAIL\",\"reason\":\"declined_generic\","
    "  \"texts\":{\"zh-CN\":{\"customer\":\"付款没有成功 {reference}\"},"
    "  \"fr\":{\"merchant\":\"Refus de {channel}\"}}}]";

static payroute_catalog *make(const char *json)
{
    payroute_catalog *c = NULL;
    char why[4000];
    int32_t rc = payroute_catalog_new(&c, json, strlen(json), why, sizeof why);
    if (rc != PAYROUTE_OK) {
        fail_msg("%d: %s", (int)rc, why);
    }
    return c;
}

static pr_catalog_answer ask(const payroute_catalog *c, const char *provider, const char *operation,
                             const char *layer, const char *code)
{
    pr_catalog_query q = {.provider = provider, .operation = operation, .layer = layer, .code = code};
    pr_catalog_answer a;
    pr_catalog_lookup(&a, c, &q);
    return a;
}

static void own_rows_win(void **state)
{
    payroute_catalog *c = make(rows);
    (void)state;
    pr_catalog_answer a = ask(c, "custompay", NULL, NULL, "E1");
    assert_string_equal(a.name, "insufficient_funds");
    assert_int_equal(a.level, PR_MATCH_OVERLAY);
    assert_string_equal(a.decided_by, "code");
    assert_string_equal(a.source, "manual 3.2");
    assert_string_equal(ask(c, "custompay", "refund", NULL, " e1 ").name, "merchant_balance_too_low");
    assert_string_equal(ask(c, "custompay", "create", NULL, "E1").name, "insufficient_funds");
    a = ask(c, "custompay", NULL, "issuer", "7");
    assert_string_equal(a.name, "expired_card");
    assert_int_equal(a.advice, PR_ADVICE_NEVER);
    assert_int_equal(ask(c, "custompay", NULL, "gateway", "7").level, PR_MATCH_GLOBAL);
    assert_string_equal(ask(c, "custompay", NULL, NULL, "SYS_BUSY_2").name, "rate_limited");
    assert_string_equal(ask(c, "custompay", NULL, NULL, "sys-down").name, "provider_system_error");
    assert_int_equal(ask(c, "custompay", NULL, NULL, "SY").level, PR_MATCH_GLOBAL);
    assert_int_equal(ask(c, "custompay", NULL, NULL, NULL).level, PR_MATCH_GLOBAL);
    assert_string_equal(ask(c, "alipay", NULL, "sub_code", "ACQ.PAYMENT_FAIL").name, "declined_generic");
    assert_string_equal(ask(NULL, "alipay", NULL, NULL, "ACQ.PAYMENT_FAIL").name, "provider_declined");
    assert_int_equal(ask(c, "alipay", NULL, NULL, "ACQ.TRADE_NOT_EXIST").level, PR_MATCH_EXACT);
    payroute_catalog_free(c);
    payroute_catalog_free(NULL);
}

/* What the network forbids stays forbidden, whatever the host calls it. */
static void own_rows_loosen_no_network(void **state)
{
    payroute_catalog *c = make("[{\"provider\":\"visa\",\"code\":\"04\",\"reason\":\"do_not_honor\"},"
                               " {\"provider\":\"visa\",\"code\":\"05\",\"reason\":\"try_again_later\","
                               "  \"advice\":\"@86400\"},"
                               " {\"provider\":\"p\",\"code\":\"1\",\"reason\":\"cardholder_data_mismatch\","
                               "  \"advice\":\":email\"}]");
    (void)state;
    pr_catalog_answer a = ask(c, "visa", NULL, NULL, "04");
    assert_string_equal(a.name, "do_not_honor");
    assert_int_equal(a.network_forbids, 1);
    assert_int_equal(pr_catalog_retry(a.reason_class, a.advice, a.network_forbids),
                     PR_RETRY_OTHER_INSTRUMENT);
    a = ask(c, "visa", NULL, NULL, "05");
    assert_int_equal(a.network_forbids, 0);
    assert_int_equal(a.wait_s, 86400);
    assert_int_equal(ask(c, "p", NULL, NULL, "1").field, PR_FIELD_EMAIL);
    payroute_catalog_free(c);
}

static void own_words_win(void **state)
{
    payroute_catalog *c = make(rows);
    int32_t r = pr_reason_find("declined_generic");
    (void)state;
    assert_string_equal(pr_catalog_text(c, r, 0, "zh-CN"), "付款没有成功 {reference}");
    assert_string_equal(pr_catalog_text(c, r, 0, "zh-SG"), "付款没有成功 {reference}");
    assert_string_equal(pr_catalog_text(c, r, 1, "fr-CA"), "Refus de {channel}");
    assert_string_equal(pr_catalog_text(c, r, 0, "fr-CA"), pr_catalog_text(NULL, r, 0, "fr"));
    assert_string_equal(pr_catalog_text(c, r, 1, "zh-CN"), pr_catalog_text(NULL, r, 1, "zh-CN"));
    payroute_catalog_free(c);
}

static void refused(const char *json, int32_t rc, const char *line)
{
    payroute_catalog *c = (payroute_catalog *)(void *)&c;
    char why[4000] = "";
    int32_t got = payroute_catalog_new(&c, json, strlen(json), why, sizeof why);
    if (got != rc || strstr(why, line) == NULL) {
        fail_msg("%s\n gave %d: %s", json, (int)got, why);
    }
    assert_null(c);
    assert_int_equal(payroute_catalog_new(&c, json, strlen(json), NULL, 0), rc);
}

#define ROW(rest) "[{\"provider\":\"p\",\"code\":\"c\"," rest "}]"

static void each_problem_has_path_and_value(void **state)
{
    (void)state;
    refused("{}", PAYROUTE_E_SCHEMA, "rows: expected an array");
    refused("[1]", PAYROUTE_E_SCHEMA, "rows[0]: expected an object \"1\"");
    refused("[", PAYROUTE_E_JSON, "byte");
    refused(ROW("\"reason\":\"foo\""), PAYROUTE_E_SCHEMA, "rows[0].reason: unknown reason \"foo\"");
    refused(ROW("\"reason\":7"), PAYROUTE_E_SCHEMA, "rows[0].reason: expected text \"7\"");
    refused(ROW("\"advice\":\"query\""), PAYROUTE_E_SCHEMA, "rows[0].reason: missing");
    refused(ROW("\"reason\":\"accepted\""), PAYROUTE_E_SCHEMA, "rows[0].reason: a row may not turn");
    refused(ROW("\"reason\":\"refund_confirmed\""), PAYROUTE_E_SCHEMA, "rows[0].reason: a row may not turn");
    refused(ROW("\"reason\":\"expired_card\",\"advice\":\"maybe\""), PAYROUTE_E_SCHEMA,
            "rows[0].advice: unknown advice \"maybe\"");
    refused(ROW("\"reason\":\"unknown_outcome\",\"advice\":\"other_channel\""), PAYROUTE_E_SCHEMA,
            "rows[0].advice: does not fit the class of the reason: \"other_channel\"");
    refused(ROW("\"reason\":\"stolen_card\",\"advice\":\"other_channel\""), PAYROUTE_E_SCHEMA,
            "does not fit");
    refused(ROW("\"reason\":\"expired_card\",\"advice\":\":colour\""), PAYROUTE_E_SCHEMA,
            "rows[0].advice: unknown field or act \":colour\"");
    refused(ROW("\"reason\":\"expired_card\",\"advice\":\":add_funds\""), PAYROUTE_E_SCHEMA,
            "rows[0].advice: an act goes with");
    refused(ROW("\"reason\":\"rate_limited\",\"advice\":\"@0\""), PAYROUTE_E_SCHEMA,
            "rows[0].advice: no number of seconds \"@0\"");
    refused(ROW("\"reason\":\"expired_card\",\"colour\":1"), PAYROUTE_E_SCHEMA,
            "rows[0]: unknown member \"colour\"");
    refused(ROW("\"reason\":\"expired_card\",\"operation\":\"\""), PAYROUTE_E_SCHEMA,
            "rows[0].operation: empty");
    refused(ROW("\"reason\":\"expired_card\",\"layer\":\"a\\u0007b\""), PAYROUTE_E_SCHEMA,
            "rows[0].layer: control character in \"a?b\"");
    refused("[{\"provider\":\"p\",\"code\":\"*\",\"reason\":\"expired_card\"}]", PAYROUTE_E_SCHEMA,
            "rows[0].code: a row must");
    refused("[{\"provider\":\"p\",\"code\":\"  \",\"reason\":\"expired_card\"}]", PAYROUTE_E_SCHEMA,
            "rows[0].code: blank");
    refused("[{\"code\":\"1\",\"reason\":\"expired_card\"}]", PAYROUTE_E_SCHEMA, "rows[0].provider: missing");
    refused(ROW("\"reason\":\"expired_card\",\"texts\":[]"), PAYROUTE_E_SCHEMA,
            "rows[0].texts: expected an object");
    refused(ROW("\"reason\":\"expired_card\",\"texts\":{\"en\":1}"), PAYROUTE_E_SCHEMA,
            "rows[0].texts.en: expected");
    refused(ROW("\"reason\":\"expired_card\",\"texts\":{\"en\":{\"boss\":\"x\"}}"), PAYROUTE_E_SCHEMA,
            "rows[0].texts.en.boss: unknown audience");
    refused(ROW("\"reason\":\"expired_card\",\"texts\":{\"en\":{\"customer\":\"{name}\"}}"),
            PAYROUTE_E_SCHEMA, "rows[0].texts.en.customer: unknown placeholder");
    refused(ROW("\"reason\":\"expired_card\",\"texts\":{\"en\":{\"customer\":\"\"}}"), PAYROUTE_E_SCHEMA,
            "rows[0].texts.en.customer: expected a text");
    refused("[{\"provider\":\"p\",\"code\":\"07\",\"reason\":\"expired_card\"},"
            " {\"provider\":\"p\",\"code\":\" 7\",\"reason\":\"lost_card\"}]",
            PAYROUTE_E_SCHEMA, "rows[1].code: given by an earlier row already: \" 7\"");
    refused("[{\"provider\":\"p\",\"code\":\"a*\",\"reason\":\"expired_card\"},"
            " {\"provider\":\"p\",\"code\":\"A*\",\"reason\":\"lost_card\"}]",
            PAYROUTE_E_SCHEMA, "rows[1].code: given by an earlier row already");
    refused(
        "[{\"provider\":\"p\",\"code\":\"a\",\"reason\":\"expired_card\",\"texts\":{\"en\":{\"customer\":\"x\"}}},"
        " {\"provider\":\"p\",\"code\":\"b\",\"reason\":\"expired_card\",\"texts\":{\"en\":{\"customer\":\"y\"}}}]",
        PAYROUTE_E_SCHEMA, "rows[1].texts.en.customer: another text");
}

static void all_problems_are_told_at_once(void **state)
{
    static const char json[] = "[{\"provider\":\"p\",\"code\":\"a\",\"reason\":\"foo\"},"
                               "{\"provider\":\"p\",\"code\":\"b\",\"reason\":\"expired_card\"},"
                               "{\"code\":\"c\",\"reason\":\"accepted\",\"advice\":\"x\"}]";
    payroute_catalog *c = NULL;
    char why[1000], small[20];
    (void)state;
    assert_int_equal(payroute_catalog_new(&c, json, sizeof json - 1, why, sizeof why), PAYROUTE_E_SCHEMA);
    assert_string_equal(why, "rows[0].reason: unknown reason \"foo\"\n"
                             "rows[2].provider: missing\n"
                             "rows[2].advice: unknown advice \"x\"\n"
                             "rows[2].reason: a row may not turn a code into an accepted call: \"accepted\"");
    assert_int_equal(payroute_catalog_new(&c, json, sizeof json - 1, small, sizeof small), PAYROUTE_E_SCHEMA);
    assert_true(strlen(small) < sizeof small);
    assert_int_equal(payroute_catalog_new(NULL, json, sizeof json - 1, why, sizeof why), PAYROUTE_E_ARG);
    assert_int_equal(payroute_catalog_new(&c, NULL, 0, why, sizeof why), PAYROUTE_E_ARG);
    char *many = malloc(30 * 25000);
    assert_non_null(many);
    size_t n = 0;
    many[n++] = '[';
    for (int i = 0; i < 20001; i++) {
        n += (size_t)sprintf(many + n, i == 0 ? "{}" : ",{}");
    }
    many[n++] = ']';
    assert_int_equal(payroute_catalog_new(&c, many, n, why, sizeof why), PAYROUTE_E_LIMIT);
    many[3000] = ']'; /* a thousand empty rows: the list is cut, and says so */
    assert_int_equal(payroute_catalog_new(&c, many, 3001, why, sizeof why), PAYROUTE_E_SCHEMA);
    free(many);
}

static void many_rows_are_found(void **state)
{
    enum { COUNT = 5000 };
    char *json = malloc(120 * COUNT), code[32];
    size_t n = 0;
    (void)state;
    assert_non_null(json);
    for (int i = 0; i < COUNT; i++) {
        n += (size_t)sprintf(json + n, "%c{\"provider\":\"p\",\"code\":\"K%d\",\"reason\":\"%s\"}",
                             i == 0 ? '[' : ',', i, i % 2 == 0 ? "expired_card" : "do_not_honor");
    }
    json[n++] = ']';
    json[n] = '\0';
    payroute_catalog *c = make(json);
    for (int i = 0; i < COUNT; i++) {
        sprintf(code, "k%d", i);
        assert_string_equal(ask(c, "p", NULL, NULL, code).name, i % 2 == 0 ? "expired_card" : "do_not_honor");
    }
    assert_int_equal(ask(c, "p", NULL, NULL, "K5000").level, PR_MATCH_GLOBAL);
    assert_int_equal(ask(c, "q", NULL, NULL, "K1").level, PR_MATCH_GLOBAL);
    payroute_catalog_free(c);
    free(json);
}

static int32_t explain(const payroute_catalog *c, const char *query, char *out, size_t cap)
{
    return payroute_catalog_explain(c, query, strlen(query), out, cap);
}

static const char *text_at(const payroute_json_node *root, const char *name)
{
    return payroute_json_string(payroute_json_get(root, name));
}

static void explained_as_json(void **state)
{
    static char out[65536];
    payroute_json *doc = NULL;
    (void)state;
    int32_t n = explain(
        NULL,
        "{\"provider\":\"stripe\",\"layer\":\"decline_code\",\"code\":\"generic_decline\",\"http\":402,"
        "\"network\":\"visa\",\"network_code\":43,\"advice_code\":null,\"locale\":\"zh-CN\"}",
        out, sizeof out);
    assert_true(n > 0);
    assert_int_equal(n, strlen(out));
    assert_int_equal(payroute_json_parse(&doc, out, (size_t)n, NULL, 0), PAYROUTE_OK);
    const payroute_json_node *root = payroute_json_root(doc), *retry = payroute_json_get(root, "retry");
    assert_string_equal(text_at(root, "reason"), "stolen_card");
    assert_string_equal(text_at(root, "class"), "DECLINED_HARD");
    assert_string_equal(text_at(root, "fault"), "issuer");
    assert_string_equal(text_at(root, "advice"), "never");
    assert_string_equal(text_at(root, "matched"), "exact");
    assert_string_equal(text_at(root, "decided_by"), "network_code");
    assert_int_equal(payroute_json_flag(payroute_json_get(retry, "same_channel")), 0);
    assert_int_equal(payroute_json_flag(payroute_json_get(retry, "other_channel")), 0);
    assert_int_equal(payroute_json_flag(payroute_json_get(retry, "other_instrument")), 1);
    assert_int_equal(payroute_json_flag(payroute_json_get(retry, "network_forbids")), 1);
    assert_non_null(strstr(text_at(root, "customer"), "银行未批准"));
    assert_non_null(text_at(root, "support"));
    assert_int_equal(payroute_json_type(payroute_json_get(root, "field")), PAYROUTE_JSON_NULL);
    assert_int_equal(payroute_json_type(payroute_json_get(root, "wait_seconds")), PAYROUTE_JSON_NULL);
    assert_int_equal(payroute_json_flag(payroute_json_get(root, "unlisted")), 0);
    const payroute_json_node *part = payroute_json_first(payroute_json_get(root, "parts"));
    assert_string_equal(text_at(part, "what"), "code");
    part = payroute_json_next(payroute_json_next(part));
    assert_string_equal(text_at(part, "what"), "network_code");
    assert_string_equal(text_at(part, "reason"), "stolen_card");
    assert_string_equal(text_at(part, "advice"), "never");
    payroute_json_free(doc);
    n = explain(NULL, "{}", out, sizeof out);
    assert_int_equal(payroute_json_parse(&doc, out, (size_t)n, NULL, 0), PAYROUTE_OK);
    root = payroute_json_root(doc);
    assert_string_equal(text_at(root, "reason"), "unknown_outcome");
    assert_int_equal(payroute_json_type(payroute_json_get(root, "code")), PAYROUTE_JSON_NULL);
    assert_non_null(text_at(payroute_json_get(root, "customer"), "en"));
    assert_non_null(text_at(payroute_json_get(root, "merchant"), "zh-CN"));
    payroute_json_free(doc);
    for (size_t cap = 1; cap <= (size_t)n; cap += cap > 200 && cap + 200 < (size_t)n ? 97 : 1) {
        out[0] = 'x';
        assert_int_equal(explain(NULL, "{}", out, cap), PAYROUTE_E_BUFFER);
        assert_int_equal(out[0], 0);
    }
    assert_int_equal(explain(NULL, "{}", out, (size_t)n + 1), n);
}

static void bad_questions_are_told(void **state)
{
    char out[200];
    (void)state;
    assert_int_equal(explain(NULL, "[]", out, sizeof out), PAYROUTE_E_SCHEMA);
    assert_string_equal(out, "expected an object");
    assert_int_equal(explain(NULL, "{\"code\":true}", out, sizeof out), PAYROUTE_E_SCHEMA);
    assert_string_equal(out, "code: expected text");
    assert_int_equal(explain(NULL, "{\"http\":\"x\"}", out, sizeof out), PAYROUTE_E_SCHEMA);
    assert_string_equal(out, "http: expected a status such as 503");
    assert_int_equal(explain(NULL, "{\"http\":-1}", out, sizeof out), PAYROUTE_E_SCHEMA);
    assert_int_equal(explain(NULL, "{\"kode\":\"1\"}", out, sizeof out), PAYROUTE_E_SCHEMA);
    assert_string_equal(out, "kode: unknown member");
    /* found by fuzzing: a long name was cut within a character */
    static const char bit[] = "\xE7\xA0\x81";
    char named[100] = "{\"k";
    for (int i = 0; i < 20; i++) {
        strcat(named, bit);
    }
    assert_int_equal(explain(NULL, strcat(named, "\":1}"), out, sizeof out), PAYROUTE_E_SCHEMA);
    assert_string_equal(strchr(out, ':'), ": unknown member");
    assert_int_equal(strchr(out, ':') - out, 58);
    assert_int_equal(explain(NULL, "{\"code\":\"1\"} x", out, sizeof out), PAYROUTE_E_JSON);
    assert_true(out[0] != '\0');
    assert_int_equal(payroute_catalog_explain(NULL, NULL, 0, out, sizeof out), PAYROUTE_E_ARG);
    assert_int_equal(payroute_catalog_explain(NULL, "{}", 2, NULL, 0), PAYROUTE_E_ARG);
    assert_int_equal(payroute_catalog_explain(NULL, "{}", 2, out, 0), PAYROUTE_E_ARG);
}

static void rows_can_be_listed(void **state)
{
    char out[4000];
    int aliases = 0;
    (void)state;
    for (int32_t i = 0; i < payroute_catalog_row_count(); i++) {
        payroute_json *doc = NULL;
        int32_t n = payroute_catalog_row_at(i, out, sizeof out);
        assert_true(n > 0);
        assert_int_equal(payroute_json_parse(&doc, out, (size_t)n, NULL, 0), PAYROUTE_OK);
        const payroute_json_node *root = payroute_json_root(doc);
        assert_true(payroute_reason_find(text_at(root, "reason")) > 0);
        assert_true(text_at(root, "source")[0] != '\0');
        aliases += text_at(root, "alias_of") != NULL;
        payroute_json_free(doc);
    }
    assert_true(aliases >= 8);
    assert_int_equal(payroute_catalog_row_at(-1, out, sizeof out), PAYROUTE_E_RANGE);
    assert_int_equal(payroute_catalog_row_at(payroute_catalog_row_count(), out, sizeof out),
                     PAYROUTE_E_RANGE);
    assert_int_equal(payroute_catalog_row_at(0, out, 5), PAYROUTE_E_BUFFER);
    assert_int_equal(payroute_catalog_row_at(0, NULL, 5), PAYROUTE_E_ARG);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(own_rows_win),
        cmocka_unit_test(own_rows_loosen_no_network),
        cmocka_unit_test(own_words_win),
        cmocka_unit_test(each_problem_has_path_and_value),
        cmocka_unit_test(all_problems_are_told_at_once),
        cmocka_unit_test(many_rows_are_found),
        cmocka_unit_test(explained_as_json),
        cmocka_unit_test(bad_questions_are_told),
        cmocka_unit_test(rows_can_be_listed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
