/* The built-in catalogue: every line of the data files gives its reason back, strangers never match, each
   level says so, and there is a text for every reason. */
#include "base/rng.h"
#include "catalog_data.h"

#include <payroute/catalog.h>

#include <strings.h>

static const char *unless_any(const char *text)
{
    return strcmp(text, "*") == 0 ? NULL : text;
}

static void each_line_gives_its_reason(void **state)
{
    (void)state;
    assert_true(data_count > 900);
    assert_int_equal(payroute_catalog_row_count(), data_count);
    for (size_t i = 0; i < data_count; i++) {
        const data_line *l = &data[i];
        char code[200], message[300];
        pr_catalog_query q = {.provider = l->provider, .operation = unless_any(l->operation)};
        int32_t level = l->alias[0] != '\0' ? PR_MATCH_ALIAS : PR_MATCH_EXACT;
        size_t n = strlen(l->code);
        snprintf(code, sizeof code, "%s", l->code);
        q.layer = unless_any(l->layer);
        q.code = code;
        if (strcmp(l->layer, "message") == 0) {
            snprintf(message, sizeof message, "<%s>", l->code);
            q.layer = NULL;
            q.code = "zz.unlisted";
            q.message = message;
            level = PR_MATCH_MESSAGE;
        } else if (n == 1 && l->code[0] == '*') {
            q.code = "zz.unlisted";
            level = PR_MATCH_PROVIDER;
        } else if (l->code[n - 1] == '*') {
            snprintf(code, sizeof code, "%.*szz", (int)n - 1, l->code);
            level = PR_MATCH_PREFIX;
        }
        pr_catalog_answer a;
        pr_catalog_lookup(&a, NULL, &q);
        if (strcmp(a.name, reason_of(l)) != 0 || a.level != level) {
            fail_msg("%s.tsv:%d: %s gave %s at level %d", l->provider, l->at, l->code, a.name, (int)a.level);
        }
        assert_true(a.source[0] != '\0');
        assert_int_equal(pr_reason_find(a.name), a.reason);
        /* The same without the layer: never a class that frees where one of the rows frees nothing. */
        q.layer = NULL;
        pr_catalog_answer wide;
        pr_catalog_lookup(&wide, NULL, &q);
        assert_true(wide.level <= level);
    }
}

/* A code that hides what the message tells: the message first, where it tells something. */
static void messages_come_before_codes_that_hide_them(void **state)
{
    const pr_cat_row *hidden = NULL;
    (void)state;
    for (uint32_t i = 0; i < PR_CAT_ROWS; i++) {
        const pr_cat_row *row = &pr_catalog_rows[i];
        hidden = row->flags & PR_CAT_MESSAGE_FIRST ? row : hidden;
        assert_true(!(row->flags & PR_CAT_MESSAGE_FIRST) || !(row->flags & PR_CAT_ALIAS));
    }
    assert_non_null(hidden);
    pr_catalog_answer a = ask("alipay", NULL, "40004", "交易已支付", 0);
    assert_string_equal(a.name, "already_paid");
    assert_int_equal(a.level, PR_MATCH_MESSAGE);
    a = ask("alipay", NULL, "40004", "zz", 0);
    assert_string_equal(a.name, "unknown_outcome");
    assert_int_equal(a.level, PR_MATCH_EXACT);
    a = ask("wechatpay", NULL, "TRADE_ERROR", "zz", 0);
    assert_string_equal(a.name, "state_conflict");
    assert_int_equal(a.level, PR_MATCH_EXACT);
}

/* The short way to a bare code and the long one through everything agree. */
static void the_short_way_is_the_long_way(void **state)
{
    (void)state;
    for (size_t i = 0; i < data_count; i++) {
        for (unsigned way = 0; way < 8; way++) {
            const data_line *l = &data[i], *other = &data[(i * 7 + 3) % data_count];
            pr_catalog_answer a, b;
            memset(&a, 0, sizeof a);
            memset(&b, 0, sizeof b);
            pr_catalog_query q = {.provider = l->provider, .code = l->code, .message = "zz"};
            q.operation = way & 1 ? unless_any(l->operation) : way & 4 ? other->operation : NULL;
            q.layer = way & 2 ? unless_any(l->layer) : way & 4 ? other->layer : NULL;
            pr_catalog_lookup(&a, NULL, &q);
            pr_catalog_weigh(&b, NULL, &q);
            assert_string_equal(a.decided_by, b.decided_by);
            b.decided_by = a.decided_by;
            if (memcmp(&a, &b, sizeof a) != 0) {
                fail_msg("%s.tsv:%d, way %u: %s (%d) and %s (%d)", l->provider, l->at, way, a.name,
                         (int)a.level, b.name, (int)b.level);
            }
        }
    }
}

static int listed(const char *provider, const char *code)
{
    size_t provider_len = strlen(provider), a_len = strlen(code);
    const char *a = pr_catalog_normal(provider, provider_len, code, &a_len);
    for (size_t i = 0; i < data_count; i++) {
        if (data[i].provider != provider) {
            continue;
        }
        size_t b_len = strlen(data[i].code);
        const char *b = pr_catalog_normal(provider, provider_len, data[i].code, &b_len);
        if (a_len == b_len && strncasecmp(a, b, a_len) == 0) {
            return 1;
        }
    }
    return 0;
}

static void strangers_never_match(void **state)
{
    const uint64_t seed = 20251125;
    pr_rng rng;
    int tried = 0;
    (void)state;
    print_message("seed %llu\n", (unsigned long long)seed);
    pr_rng_seed(&rng, seed, 1);
    while (tried < 100000) {
        const data_line *l = &data[pr_rng_below(&rng, (uint32_t)data_count)];
        char code[200];
        size_t n = (size_t)snprintf(code, sizeof code - 2, "%s", l->code);
        for (uint32_t k = 1 + pr_rng_below(&rng, 3); k > 0; k--) {
            code[pr_rng_below(&rng, (uint32_t)n)] = (char)(33 + pr_rng_below(&rng, 94));
        }
        if (pr_rng_below(&rng, 4) == 0) {
            code[n++] = (char)(33 + pr_rng_below(&rng, 94));
            code[n] = '\0';
        }
        if (listed(l->provider, code)) {
            continue;
        }
        pr_catalog_answer a = ask(l->provider, NULL, code, NULL, 0);
        if (a.level <= PR_MATCH_ALIAS) {
            fail_msg("%s \"%s\" matched at level %d", l->provider, code, (int)a.level);
        }
        assert_true(a.level == PR_MATCH_PREFIX || a.reason_class == PR_CLASS_UNKNOWN);
        tried++;
    }
}

static void levels_are_told(void **state)
{
    static const struct {
        const char *provider, *layer, *code, *message;
        int http;
        const char *reason;
        int level;
        const char *by;
    } t[] = {
        {"alipay", "sub_code", "ACQ.SYSTEM_ERROR", NULL, 0, "provider_system_error", PR_MATCH_EXACT, "code"},
        {"alipay", NULL, "acq.system_error", NULL, 0, "provider_system_error", PR_MATCH_NORMALIZED, "code"},
        {"alipay", NULL, " aop.ACQ.SYSTEM_ERROR\n", NULL, 0, "provider_system_error", PR_MATCH_NORMALIZED,
         "code"},
        {"alipay", "business:pay|precreate", "ACQ.TRADE_HAS_SUCCESS", NULL, 0, "already_paid", PR_MATCH_EXACT,
         "code"},
        {"alipay", NULL, "AQC.SYSTEM_ERROR", NULL, 0, "provider_system_error", PR_MATCH_ALIAS, "code"},
        {"alipay", NULL, "isp.new-thing", NULL, 0, "provider_system_error", PR_MATCH_PREFIX, "code"},
        {"alipay", NULL, "NEW", "提示：系统繁忙，请稍后", 0, "provider_system_error", PR_MATCH_MESSAGE,
         "message"},
        {"alipay", NULL, "NEW", NULL, 0, "unknown_outcome", PR_MATCH_PROVIDER, "default"},
        {"alipay", "trade_status", "ACQ.SYSTEM_ERROR", NULL, 0, "unknown_outcome", PR_MATCH_PROVIDER,
         "default"},
        {"alipay", "trade_status", "isp.new-thing", NULL, 0, "unknown_outcome", PR_MATCH_PROVIDER, "default"},
        {"visa", NULL, "5", NULL, 0, "do_not_honor", PR_MATCH_NORMALIZED, "code"},
        {"visa", NULL, "005", NULL, 0, "do_not_honor", PR_MATCH_NORMALIZED, "code"},
        {"visa", NULL, "1a", NULL, 0, "authentication_required", PR_MATCH_NORMALIZED, "code"},
        {"nobody", NULL, "1", NULL, 0, "unknown_outcome", PR_MATCH_GLOBAL, "default"},
        {"nobody", NULL, NULL, NULL, 503, "provider_unavailable", PR_MATCH_HTTP, "http_status"},
        {"stripe", NULL, NULL, NULL, 429, "rate_limited", PR_MATCH_HTTP, "http_status"},
        {"stripe", NULL, "new_code", NULL, 429, "rate_limited", PR_MATCH_HTTP, "http_status"},
        {"stripe", NULL, NULL, NULL, 403, "permission_denied", PR_MATCH_HTTP, "http_status"},
        {"stripe", NULL, "new_code", NULL, 403, "unknown_outcome", PR_MATCH_PROVIDER, "default"},
        {"stripe", NULL, "new_code", NULL, 402, "unknown_outcome", PR_MATCH_PROVIDER, "default"},
        {"stripe", NULL, "new_code", NULL, 200, "unknown_outcome", PR_MATCH_PROVIDER, "default"},
        {"stripe", NULL, NULL, NULL, 200, "unknown_outcome", PR_MATCH_PROVIDER, "default"},
        {"stripe", NULL, NULL, NULL, 599, "provider_system_error", PR_MATCH_HTTP, "http_status"},
        {"", NULL, NULL, NULL, 0, "unknown_outcome", PR_MATCH_GLOBAL, "default"},
        {NULL, NULL, "", "", -1, "unknown_outcome", PR_MATCH_GLOBAL, "default"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof t / sizeof t[0]; i++) {
        pr_catalog_answer a = ask(t[i].provider, t[i].layer, t[i].code, t[i].message, t[i].http);
        if (strcmp(a.name, t[i].reason) != 0 || a.level != t[i].level || strcmp(a.decided_by, t[i].by) != 0) {
            fail_msg("case %zu: %s, level %d, by %s", i, a.name, (int)a.level, a.decided_by);
        }
    }
}

static void texts_are_there(void **state)
{
    (void)state;
    for (int32_t i = 0; i < payroute_reason_count(); i++) {
        int32_t r = payroute_reason_at(i);
        assert_true(r > 0);
        assert_int_equal(payroute_reason_find(payroute_reason_name(r)), r);
        assert_true(payroute_reason_meaning(r)[0] != '\0');
        for (int32_t who = 0; who < PR_AUDIENCES; who++) {
            const char *zh = payroute_reason_text(NULL, r, who, "zh-CN"),
                       *en = payroute_reason_text(NULL, r, who, "en");
            assert_true(zh[0] != '\0' && en[0] != '\0');
            assert_string_not_equal(zh, en);
            const char *tw = payroute_reason_text(NULL, r, who, "zh-TW"); /* zh-CN's while there is none */
            assert_ptr_equal(payroute_reason_text(NULL, r, who, "zh-HK"), tw);
            assert_ptr_equal(payroute_reason_text(NULL, r, who, "zh-mo"), tw);
            assert_ptr_equal(payroute_reason_text(NULL, r, who, "zh_Hant_TW"), tw);
            assert_ptr_equal(payroute_reason_text(NULL, r, who, "ZH-HANT"), tw);
            assert_ptr_equal(payroute_reason_text(NULL, r, who, "zh-Hans-HK"), zh);
            assert_ptr_equal(payroute_reason_text(NULL, r, who, "zh-SG"), zh);
            assert_ptr_equal(payroute_reason_text(NULL, r, who, "zh-xTW"), zh);
            assert_ptr_equal(payroute_reason_text(NULL, r, who, "ZH"), zh);
            assert_ptr_equal(payroute_reason_text(NULL, r, who, "en-GB"), en);
            assert_ptr_equal(payroute_reason_text(NULL, r, who, "zhx"), en);
            assert_ptr_equal(payroute_reason_text(NULL, r, who, "pt-BR"),
                             payroute_reason_text(NULL, r, who, "pt"));
            assert_ptr_equal(payroute_reason_text(NULL, r, who, "-"), en);
            assert_ptr_equal(payroute_reason_text(NULL, r, who, ""), en);
            assert_ptr_equal(payroute_reason_text(NULL, r, who, NULL), en);
        }
        if (payroute_reason_class(r) == PR_CLASS_UNKNOWN) {
            assert_null(strstr(payroute_reason_text(NULL, r, 0, "zh-CN"), "未扣款"));
            assert_null(strstr(payroute_reason_text(NULL, r, 0, "en"), "nothing was charged"));
        }
    }
    /* What must not be told looks like any other refusal. */
    const char *plain = payroute_reason_text(NULL, pr_reason_find("do_not_honor"), 0, "zh-CN");
    assert_string_equal(payroute_reason_text(NULL, pr_reason_find("stolen_card"), 0, "zh-CN"), plain);
    assert_string_equal(payroute_reason_text(NULL, pr_reason_find("lost_card"), 0, "zh-CN"), plain);
    assert_string_equal(payroute_reason_text(NULL, pr_reason_find("suspected_fraud"), 0, "zh-CN"), plain);
    assert_string_equal(payroute_reason_name(0), "?");
    assert_string_equal(payroute_reason_name(-5), "?");
    assert_string_equal(payroute_reason_name(70000), "?");
    assert_int_equal(payroute_reason_class(255), PAYROUTE_E_NOT_FOUND);
    assert_int_equal(payroute_reason_at(-1), 0);
    assert_int_equal(payroute_reason_at(payroute_reason_count()), 0);
    assert_int_equal(payroute_reason_find(NULL), 0);
    assert_string_equal(payroute_reason_text(NULL, 9999, 7, "en"),
                        payroute_reason_text(NULL, pr_reason_find("unknown_outcome"), 0, "en"));
    assert_string_equal(payroute_advice_name(PR_ADVICE_QUERY), "query");
    assert_string_equal(payroute_advice_name(99), "?");
    assert_string_equal(payroute_fault_name(PR_FAULT_ISSUER), "issuer");
    assert_string_equal(payroute_match_level_name(PR_MATCH_GLOBAL), "global");
}

static void public_numbers_agree(void **state)
{
    (void)state;
    assert_int_equal((int)PAYROUTE_CLASS_PAID_ALREADY, (int)PR_CLASS_PAID_ALREADY);
    assert_int_equal((int)PAYROUTE_CLASS_DECLINED_CUSTOMER, (int)PR_CLASS_DECLINED_CUSTOMER);
    assert_int_equal((int)PAYROUTE_CLASS_REFUSED_BEFORE, (int)PR_CLASS_REFUSED_BEFORE);
    assert_int_equal((int)PAYROUTE_ADVICE_NEVER, (int)PR_ADVICE_NEVER);
    assert_int_equal((int)PAYROUTE_ADVICE_MERCHANT_ACTS, (int)PR_ADVICE_MERCHANT_ACTS);
    assert_int_equal((int)PAYROUTE_ADVICE_NONE, (int)PR_ADVICE_NONE);
    assert_int_equal((int)PAYROUTE_MATCH_OVERLAY, (int)PR_MATCH_OVERLAY);
    assert_int_equal((int)PAYROUTE_MATCH_GLOBAL, (int)PR_MATCH_GLOBAL);
}

static void hostile_queries_are_harmless(void **state)
{
    char *big = malloc(1 << 20);
    (void)state;
    assert_non_null(big);
    memset(big, 'A', (1 << 20) - 1);
    big[(1 << 20) - 1] = '\0';
    pr_catalog_query q = {big, big, big, big, big, big, big, big, 0x7FFFFFFF};
    pr_catalog_answer a;
    pr_catalog_lookup(&a, NULL, &q);
    assert_int_equal(a.reason_class, PR_CLASS_UNKNOWN);
    q = (pr_catalog_query){
        .provider = "stripe", .code = "\xFF\xFE", .message = "\x80", .advice_code = ",,  ,"};
    pr_catalog_lookup(&a, NULL, &q);
    assert_string_equal(a.name, "unknown_outcome");
    q = (pr_catalog_query){.provider = "visa", .code = "000000000000000000000000"};
    pr_catalog_lookup(&a, NULL, &q);
    assert_string_equal(a.name, "network_approved");
    assert_int_equal(a.reason_class, PR_CLASS_UNKNOWN);
    assert_ptr_equal(payroute_reason_text(NULL, 1, 0, big), payroute_reason_text(NULL, 1, 0, "en"));
    free(big);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_line_gives_its_reason),
        cmocka_unit_test(strangers_never_match),
        cmocka_unit_test(levels_are_told),
        cmocka_unit_test(the_short_way_is_the_long_way),
        cmocka_unit_test(messages_come_before_codes_that_hide_them),
        cmocka_unit_test(texts_are_there),
        cmocka_unit_test(public_numbers_agree),
        cmocka_unit_test(hostile_queries_are_harmless),
    };
    return cmocka_run_group_tests(tests, load_data, drop_data);
}
