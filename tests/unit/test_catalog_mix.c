/* What money hangs on: the classes of the dangerous codes, and that no mixture of codes makes an outcome
   better known or a repeat more welcome than its parts. */
#include "catalog/rules.h"
#include "catalog_data.h"

#include <payroute/catalog.h>

/* The codes on which money hangs, spelled out. */
static void money_codes_have_their_class(void **state)
{
    static const struct {
        const char *provider, *operation, *code;
        int klass;
    } t[] = {
        {"alipay", NULL, "ACQ.SYSTEM_ERROR", PR_CLASS_UNKNOWN},
        {"alipay", NULL, "20000", PR_CLASS_UNKNOWN},
        {"alipay", NULL, "40004", PR_CLASS_UNKNOWN},
        {"alipay", "create", "ACQ.TRADE_HAS_SUCCESS", PR_CLASS_PAID_ALREADY},
        {"alipay", "create", "ACQ.CONTEXT_INCONSISTENT", PR_CLASS_UNKNOWN},
        {"alipay", "create", "ACQ.APPLY_PC_MERCHANT_CODE_ERROR", PR_CLASS_UNKNOWN},
        {"alipay", "refund", "ACQ.DISCORDANT_REPEAT_REQUEST", PR_CLASS_UNKNOWN},
        {"alipay", "query", "ACQ.TRADE_NOT_EXIST", PR_CLASS_NOT_FOUND},
        {"alipay", "query", "TRADE_NOT_EXIST", PR_CLASS_NOT_FOUND},
        {"alipay", "query", "TRADE_SUCCESS", PR_CLASS_PAID_ALREADY},
        {"alipay", NULL, "9000", PR_CLASS_UNKNOWN},
        {"alipay", NULL, "6001", PR_CLASS_UNKNOWN},
        {"alipay", NULL, "40005", PR_CLASS_REFUSED_BEFORE},
        {"alipay", "close", "ACQ.TRADE_HAS_FINISHED", PR_CLASS_UNKNOWN},
        {"stripe", NULL, "idempotency_error", PR_CLASS_UNKNOWN},
        {"stripe", NULL, "idempotency_key_in_use", PR_CLASS_UNKNOWN},
        {"stripe", NULL, "lock_timeout", PR_CLASS_UNKNOWN},
        {"stripe", NULL, "api_error", PR_CLASS_UNKNOWN},
        {"stripe", NULL, "invalid_request_error", PR_CLASS_UNKNOWN},
        {"stripe", NULL, "payment_intent_unexpected_state", PR_CLASS_UNKNOWN},
        {"stripe", NULL, "duplicate_transaction", PR_CLASS_UNKNOWN},
        {"stripe", NULL, "charge_already_captured", PR_CLASS_UNKNOWN},
        {"stripe", NULL, "payment_method_provider_timeout", PR_CLASS_UNKNOWN},
        {"stripe", "query", "resource_missing", PR_CLASS_NOT_FOUND},
        {"stripe", NULL, "card_declined", PR_CLASS_DECLINED_SOFT},
        {"stripe", NULL, "fraudulent", PR_CLASS_DECLINED_HARD},
        {"stripe", NULL, "insufficient_funds", PR_CLASS_DECLINED_CUSTOMER},
        {"visa", NULL, "00", PR_CLASS_UNKNOWN},
        {"visa", NULL, "91", PR_CLASS_UNKNOWN},
        {"visa", NULL, "96", PR_CLASS_UNKNOWN},
        {"iso8583", NULL, "68", PR_CLASS_UNKNOWN},
        {"iso8583", NULL, "94", PR_CLASS_UNKNOWN},
        {"http", NULL, "429", PR_CLASS_REFUSED_BEFORE},
        {"http", NULL, "401", PR_CLASS_REFUSED_BEFORE},
        {"http", NULL, "400", PR_CLASS_UNKNOWN},
        {"http", NULL, "404", PR_CLASS_UNKNOWN},
        {"http", NULL, "409", PR_CLASS_UNKNOWN},
        {"http", NULL, "302", PR_CLASS_UNKNOWN},
        {"libcurl", NULL, "6", PR_CLASS_UNKNOWN},
        {"libcurl", NULL, "7", PR_CLASS_UNKNOWN},
        {"libcurl", NULL, "4242", PR_CLASS_UNKNOWN},
    };
    (void)state;
    for (size_t i = 0; i < sizeof t / sizeof t[0]; i++) {
        pr_catalog_query q = {.provider = t[i].provider, .operation = t[i].operation, .code = t[i].code};
        pr_catalog_answer a;
        pr_catalog_lookup(&a, NULL, &q);
        if (a.reason_class != t[i].klass) {
            fail_msg("%s %s: class %d (%s)", t[i].provider, t[i].code, (int)a.reason_class, a.name);
        }
    }
    for (size_t i = 0; i < data_count; i++) {
        int32_t klass = payroute_reason_class(pr_reason_find(reason_of(&data[i])));
        if (strcmp(data[i].provider, "libcurl") == 0) {
            assert_int_equal(klass, PR_CLASS_UNKNOWN);
        }
        if (strcmp(data[i].provider, "http") == 0 && data[i].code[0] == '5') {
            assert_int_equal(klass, PR_CLASS_UNKNOWN);
        }
    }
}

static pr_catalog_answer mix(const char *code, const char *network, const char *network_code,
                             const char *advice, int http)
{
    pr_catalog_query q = {.provider = "stripe",
                          .code = code,
                          .network = network,
                          .network_code = network_code,
                          .advice_code = advice,
                          .http_status = http};
    pr_catalog_answer a;
    pr_catalog_lookup(&a, NULL, &q);
    return a;
}

static void mixtures_by_example(void **state)
{
    (void)state;
    pr_catalog_answer a = mix("card_declined", "visa", "51", NULL, 402);
    assert_string_equal(a.name, "insufficient_funds");
    assert_string_equal(a.decided_by, "network_code");
    a = mix("fraudulent", "Visa", "05", NULL, 402);
    assert_string_equal(a.name, "suspected_fraud");
    assert_int_equal(a.reason_class, PR_CLASS_DECLINED_HARD);
    assert_int_equal(a.private_cause, 1);
    a = mix("generic_decline", "visa", "43", NULL, 402);
    assert_string_equal(a.name, "stolen_card");
    assert_int_equal(a.network_forbids, 1);
    a = mix("api_error", "visa", "51", NULL, 0);
    assert_int_equal(a.reason_class, PR_CLASS_UNKNOWN);
    a = mix("card_declined", "visa", "00", NULL, 402);
    assert_string_equal(a.name, "declined_generic");
    a = mix("card_declined", "visa", "91", NULL, 402);
    assert_string_equal(a.name, "declined_generic");
    a = mix("new_code", "visa", "51", NULL, 402);
    assert_string_equal(a.name, "insufficient_funds");
    a = mix("new_code", "visa", "91", NULL, 429); /* a refusal at the door, and an issuer that was asked */
    assert_int_equal(a.reason_class, PR_CLASS_UNKNOWN);
    a = mix("do_not_honor", "mastercard", "05", "03", 402);
    assert_string_equal(a.name, "do_not_try_again");
    assert_string_equal(a.decided_by, "advice_code");
    assert_int_equal(a.advice, PR_ADVICE_NEVER);
    assert_int_equal(a.network_forbids, 1);
    assert_int_equal(a.reason_class, PR_CLASS_DECLINED_HARD);
    a = mix("insufficient_funds", "mastercard", "51", "24", 402);
    assert_string_equal(a.name, "insufficient_funds");
    assert_int_equal(a.advice, PR_ADVICE_OTHER_INSTRUMENT);
    assert_int_equal(a.act, PR_ACT_ADD_FUNDS); /* the data of the advice that is left */
    assert_int_equal(a.wait_s, 3600);
    a = mix("insufficient_funds", "mastercard", "51", "24,30,26", 402);
    assert_int_equal(a.wait_s, 864000); /* the longest */
    a = mix("insufficient_funds", "mastercard", "51", "30,03", 402);
    assert_int_equal(a.wait_s, 0); /* never has no "when" */
    a = mix("do_not_honor", "mastercard", "05", "02", 402);
    assert_int_equal(a.advice, PR_ADVICE_LATER);
    assert_int_equal(a.wait_s, 72 * 3600);
    a = mix("incorrect_cvc", NULL, NULL, NULL, 402);
    assert_int_equal(a.field, PR_FIELD_CVC);
    assert_int_equal(a.unlisted, 0);
    a = mix("incorrect_cvc", "mastercard", NULL, "03", 402);
    assert_int_equal(a.field, 0);
    a = mix("a_new_code", NULL, NULL, NULL, 402);
    assert_int_equal(a.unlisted, 1);
    a = mix(NULL, NULL, NULL, NULL, 402);
    assert_int_equal(a.unlisted, 0);
    a = mix("generic_decline", NULL, NULL, "try_again_later, nonsense,", 402);
    assert_int_equal(a.advice, PR_ADVICE_LATER);
    a = mix("generic_decline", "mastercard", NULL, "try_again_later,03", 402);
    assert_int_equal(a.advice, PR_ADVICE_NEVER);
    a = mix("api_error", NULL, NULL, "do_not_try_again", 0);
    assert_int_equal(a.advice, PR_ADVICE_QUERY);
    assert_int_equal(a.network_forbids, 1);
    a = mix("card_declined", NULL, NULL, NULL, 500);
    assert_string_equal(a.name, "contradictory_answer");
    assert_int_equal(a.reason_class, PR_CLASS_UNKNOWN);
    a = mix("card_declined", "amex", "51", NULL,
            402); /* not in this table: nothing is guessed from another network's */
    assert_string_equal(a.name, "declined_generic");
    a = mix("processing_error", "mastercard", NULL, "03",
            402); /* a cause of its own stays, the class hardens */
    assert_string_equal(a.name, "processing_error");
    assert_int_equal(a.reason_class, PR_CLASS_DECLINED_HARD);
    a = mix("processing_error", "mastercard", NULL, "40", 402);
    assert_int_equal(a.reason_class, PR_CLASS_DECLINED_HARD);
    assert_int_equal(a.advice, PR_ADVICE_NEVER);
    a = mix("processing_error", "mastercard", NULL, "01", 402);
    assert_int_equal(a.reason_class, PR_CLASS_DECLINED_CUSTOMER);
    assert_int_equal(a.advice, PR_ADVICE_FIX_INPUT);
    a = mix("processing_error", "mastercard", NULL, "02", 402);
    assert_int_equal(a.reason_class, PR_CLASS_DECLINED_SOFT);
    assert_int_equal(a.advice, PR_ADVICE_LATER);
    a = mix("card_declined", "MC", "83", "01",
            402); /* a row for both: again, with the holder's confirmation */
    assert_string_equal(a.name, "authentication_required");
    assert_int_equal(a.advice, PR_ADVICE_AUTHENTICATE);
    assert_int_equal(a.act, PR_ACT_CONFIRM_IN_APP);
    a = mix("card_declined", "MasterCard", "83", "01,03", 402); /* and no pair takes a prohibition away */
    assert_int_equal(a.advice, PR_ADVICE_NEVER);
    assert_int_equal(a.network_forbids, 1);
    a = mix("card_declined", "mastercard", "79", "02", 402);
    assert_string_equal(a.name, "try_again_later");
    a = mix("card_declined", "mastercard", "79", NULL, 402);
    assert_string_equal(a.name, "card_data_outdated");
    a = mix("card_declined", "American Express", "101", NULL, 402);
    assert_string_equal(a.decided_by, "network_code");
    /* An advice code is looked for among advice codes only: 03 is also an issuer's code. */
    a = (pr_catalog_answer){0};
    pr_catalog_query m = {.provider = "mastercard", .code = "05", .advice_code = "03"};
    pr_catalog_lookup(&a, NULL, &m);
    assert_string_equal(a.name, "do_not_try_again");
    m.provider = "visa";
    pr_catalog_lookup(&a, NULL, &m);
    assert_string_equal(a.name, "do_not_honor");
    assert_int_equal(a.advice, PR_ADVICE_OTHER_CHANNEL);
    pr_catalog_query q = {.provider = "alipay", .code = "10000", .network = "visa", .network_code = "51"};
    pr_catalog_lookup(&a, NULL, &q);
    assert_string_equal(a.name, "contradictory_answer");
}

/* Visa's category 1: never again with this card. All others may be repeated within limits. */
static void visa_category_1_is_forbidden(void **state)
{
    static const char never[] = " 04 07 12 14 15 41 43 46 57 R0 R1 R3 ";
    (void)state;
    for (size_t i = 0; i < data_count; i++) {
        if (strcmp(data[i].provider, "visa") == 0 && strcmp(data[i].layer, "issuer") == 0) {
            char word[16];
            snprintf(word, sizeof word, " %s ", data[i].code);
            pr_catalog_answer a = ask("visa", NULL, data[i].code, NULL, 0);
            assert_int_equal(a.network_forbids, strstr(never, word) != NULL);
            assert_true(!a.network_forbids || a.advice == PR_ADVICE_NEVER);
        }
    }
}

static int32_t may(const pr_catalog_answer *a)
{
    return pr_catalog_retry(a->reason_class, a->advice, a->network_forbids);
}

/* All pairs of a provider's code with a network's and an advice code. */
static void mixtures_never_loosen(void **state)
{
    static const char *const advices[] = {NULL,
                                          "01",
                                          "02",
                                          "03",
                                          "04",
                                          "05",
                                          "21",
                                          "22",
                                          "24",
                                          "40",
                                          "42",
                                          "43",
                                          "try_again_later",
                                          "confirm_card_data"};
    (void)state;
    for (size_t i = 0; i < data_count; i++) {
        if (strcmp(data[i].provider, "stripe") != 0) {
            continue;
        }
        pr_catalog_answer p = mix(data[i].code, NULL, NULL, NULL, 0);
        for (size_t j = 0; j < data_count; j++) {
            if (strcmp(data[j].provider, "mastercard") != 0) {
                continue;
            }
            const char *advice = advices[(i + j) % (sizeof advices / sizeof advices[0])];
            pr_catalog_answer n = ask("mastercard", NULL, data[j].code, NULL, 0);
            pr_catalog_answer b = mix(data[i].code, "mastercard", data[j].code, NULL, 0);
            pr_catalog_answer a = mix(data[i].code, "mastercard", data[j].code, advice, 0);
            int known = p.level <= PR_MATCH_MESSAGE;
            if (known && !pr_catalog_class_is_refusal(p.reason_class)) {
                assert_int_equal(a.reason_class,
                                 p.reason_class); /* what the provider calls unknown stays unknown */
                assert_int_equal(a.advice, p.advice);
            }
            assert_true(a.reason_class != PR_CLASS_ACCEPTED);
            assert_true(a.reason_class != PR_CLASS_PAID_ALREADY || p.reason_class == PR_CLASS_PAID_ALREADY);
            if (pr_catalog_class_is_refusal(p.reason_class)) {
                assert_int_equal(may(&b) & ~may(&p), 0);
            }
            if (pr_catalog_class_is_refusal(p.reason_class) && pr_catalog_class_is_refusal(n.reason_class)) {
                assert_int_equal(may(&b) & ~may(&n), 0);
            }
            char pair[64];
            snprintf(pair, sizeof pair, "%s+%s", data[j].code, advice == NULL ? "" : advice);
            if (ask("mastercard", NULL, pair, NULL, 0).level <= PR_MATCH_ALIAS) {
                b = mix(data[i].code, "mastercard", pair, NULL,
                        0); /* a row of its own says more than its parts */
            }
            assert_int_equal(may(&a) & ~may(&b), 0);
            assert_true(a.network_forbids >= b.network_forbids && b.network_forbids >= p.network_forbids);
            assert_true(a.private_cause >= b.private_cause);
        }
    }
}

static void tightening_is_a_meet(void **state)
{
    (void)state;
    for (int32_t a = 1; a <= PR_ADVICE_NONE; a++) {
        assert_int_equal(pr_catalog_tighten(a, a), a);
        for (int32_t b = 1; b <= PR_ADVICE_NONE; b++) {
            int32_t t = pr_catalog_tighten(a, b);
            assert_int_equal(pr_catalog_tighten(t, b), t);
            for (int32_t k = PR_CLASS_UNKNOWN; k <= PR_CLASS_PAID_ALREADY; k++) {
                assert_int_equal(pr_catalog_retry(k, t, 0) & ~pr_catalog_retry(k, a, 0), 0);
                assert_int_equal(pr_catalog_retry(k, t, 1) & ~pr_catalog_retry(k, t, 0), 0);
            }
        }
    }
}

static void what_may_be_tried(void **state)
{
    enum { SAME = PR_RETRY_SAME_CHANNEL, OTHER = PR_RETRY_OTHER_CHANNEL, MEANS = PR_RETRY_OTHER_INSTRUMENT };
    (void)state;
    assert_int_equal(pr_catalog_retry(PR_CLASS_DECLINED_SOFT, PR_ADVICE_OTHER_CHANNEL, 0),
                     SAME | OTHER | MEANS);
    assert_int_equal(pr_catalog_retry(PR_CLASS_DECLINED_SOFT, PR_ADVICE_LATER, 0), SAME | MEANS);
    assert_int_equal(pr_catalog_retry(PR_CLASS_REFUSED_BEFORE, PR_ADVICE_LATER, 0), SAME | OTHER | MEANS);
    assert_int_equal(pr_catalog_retry(PR_CLASS_INVALID, PR_ADVICE_MERCHANT_ACTS, 0), OTHER | MEANS);
    assert_int_equal(pr_catalog_retry(PR_CLASS_DECLINED_CUSTOMER, PR_ADVICE_OTHER_CHANNEL, 0), SAME | MEANS);
    assert_int_equal(pr_catalog_retry(PR_CLASS_DECLINED_CUSTOMER, PR_ADVICE_FIX_INPUT, 0), SAME | MEANS);
    assert_int_equal(pr_catalog_retry(PR_CLASS_DECLINED_CUSTOMER, PR_ADVICE_LATER, 0), SAME | MEANS);
    assert_int_equal(pr_catalog_retry(PR_CLASS_DECLINED_CUSTOMER, PR_ADVICE_FIX_INPUT, 1), MEANS);
    assert_int_equal(pr_catalog_retry(PR_CLASS_DECLINED_HARD, PR_ADVICE_OTHER_CHANNEL, 0), MEANS);
    assert_int_equal(pr_catalog_retry(PR_CLASS_UNKNOWN, PR_ADVICE_QUERY, 0), 0);
    assert_int_equal(pr_catalog_retry(PR_CLASS_PAID_ALREADY, PR_ADVICE_ALREADY_PAID, 0), 0);
    assert_int_equal(pr_catalog_retry(PR_CLASS_NOT_FOUND, PR_ADVICE_QUERY, 0), 0);
}

static void a_broken_server_is_not_believed(void **state)
{
    (void)state;
    for (size_t i = 0; i < data_count; i++) {
        for (int http = 500; http < 600; http += 33) {
            pr_catalog_answer a = ask(data[i].provider, NULL, data[i].code, NULL, http);
            assert_true(!pr_catalog_class_is_refusal(a.reason_class));
            assert_true(a.reason_class != PR_CLASS_CLOSED && a.reason_class != PR_CLASS_ACCEPTED);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(money_codes_have_their_class),
        cmocka_unit_test(mixtures_by_example),
        cmocka_unit_test(visa_category_1_is_forbidden),
        cmocka_unit_test(mixtures_never_loosen),
        cmocka_unit_test(tightening_is_a_meet),
        cmocka_unit_test(what_may_be_tried),
        cmocka_unit_test(a_broken_server_is_not_believed),
    };
    return cmocka_run_group_tests(tests, load_data, drop_data);
}
