/* Facts of the providers: complete, consistent, cautious where nothing is known. */
#include "registry_fixture.h"

#include "provider/provider.h"

static void test_lookup(void **state)
{
    (void)state;
    assert_true(pr_provider_count() >= 4);
    assert_null(pr_provider_find("paypal"));
    assert_null(pr_provider_find(NULL));
    assert_null(pr_provider_at(-1));
    assert_null(pr_provider_at(pr_provider_count()));
    for (int32_t i = 0; i < pr_provider_count(); i++) {
        const pr_provider *p = pr_provider_at(i);
        assert_ptr_equal(pr_provider_find(p->name), p);
        assert_in_range(strlen(p->name), 1, 15);
        assert_true(p->title_en != NULL && p->title_zh != NULL && p->poll_ms >= 1000);
        assert_in_range(p->field_count, 0, PR_CREDENTIAL_FIELDS_MAX);
    }
}

static void test_fields_and_rules_fit(void **state)
{
    (void)state;
    for (int32_t i = 0; i < pr_provider_count(); i++) {
        const pr_provider *p = pr_provider_at(i);
        for (int32_t k = 0; k < p->field_count; k++) {
            const pr_credential_field *f = &p->fields[k];
            assert_int_equal(pr_provider_field(p, f->name), k);
            assert_in_range(f->kind, PR_FIELD_TEXT, PR_FIELD_CERT_CHAIN);
            assert_true(f->min_len >= 1 && f->min_len <= f->max_len);
            assert_non_null(f->hint);
        }
        for (int32_t k = 0; k < p->rule_count; k++) {
            if (p->rules[k].kind == PR_RULE_NOTIFY) {
                continue; /* of the channel */
            }
            assert_true(pr_provider_field(p, p->rules[k].a) >= 0);
            assert_true(pr_provider_field(p, p->rules[k].b) >= 0);
        }
        assert_int_equal(pr_provider_field(p, "no_such_field"), -1);
    }
}

static void check_facts(const pr_provider *p, const pr_flow *f)
{
    const pr_facts *x = &f->facts;
    uint32_t flags = x->flags;
    print_message("%s %s\n", p->name, f->name);
    assert_in_range(x->steps, 1, 2);
    assert_true(x->money_steps < 1u << x->steps);
    assert_true(x->pay_ms > 0 && x->max_pending_ms > 0 && x->review_ms > 0);
    /* What would be a contradiction for the machine. */
    assert_true(x->lookup == PR_LOOKUP_REPLAY || (flags & PR_FACT_LOOKUP) != 0);
    assert_true(x->lookup != PR_LOOKUP_PROVIDER_ID || x->steps == 2); /* its id is saved before money moves */
    assert_true(x->lookup != PR_LOOKUP_PROVIDER_ID || (x->money_steps & 1) == 0);
    assert_true(x->late_send != PR_LATE_TOMBSTONE || (flags & PR_FACT_CAN_CLOSE) != 0);
    assert_true(x->late_send != PR_LATE_WINDOW || x->late_window_s > 0);
    assert_true((flags & PR_FACT_CLIENT) == 0 || (flags & PR_FACT_CONTAINER) != 0);
    assert_true((flags & PR_FACT_REFUND_KEYED) == 0 || (flags & PR_FACT_REFUND) != 0);
    assert_true((flags & PR_FACT_REPEAT_SAFE) == 0 || x->key_ttl_ms > 0);
    assert_true((flags & PR_FACT_HELD) == 0); /* a wish, never a fact of a flow */
    assert_true((flags & PR_FACT_PAGE_ONLY) == 0 ||
                ((flags & PR_FACT_BY_CUSTOMER) != 0 && x->money_steps == 0));
    assert_true(x->money_steps != 0 || (flags & PR_FACT_BY_CUSTOMER) != 0);
}

static void test_flows(void **state)
{
    (void)state;
    for (int32_t i = 0; i < pr_provider_count(); i++) {
        const pr_provider *p = pr_provider_at(i);
        assert_true(p->flow_count > 0);
        for (int32_t k = 0; k < p->flow_count; k++) {
            assert_true(strlen(p->flows[k].name) < 12);
            check_facts(p, &p->flows[k]);
            assert_ptr_equal(pr_provider_flow(p, p->flows[k].method, p->flows[k].name), &p->flows[k]);
        }
    }
    const pr_provider *alipay = pr_provider_find("alipay");
    assert_non_null(pr_provider_flow(alipay, "alipay", "wap"));
    assert_null(pr_provider_flow(alipay, "card", "qr"));
    assert_null(pr_provider_flow(alipay, "alipay", "token"));
    assert_null(pr_provider_flow(alipay, "alipay", NULL));
    assert_null(pr_provider_flow(NULL, "alipay", "qr"));
}

static void test_card_redirect_is_not_by_customer(void **state)
{
    (void)state;
    /* An issuer may skip the challenge: then the confirm itself took the money, and "nobody saw the page"
     * proves nothing. */
    const pr_provider *stripe = pr_provider_find("stripe");
    assert_int_equal(pr_provider_flow(stripe, "card", "redirect")->facts.flags & PR_FACT_BY_CUSTOMER, 0);
    assert_int_not_equal(pr_provider_flow(stripe, "ideal", "redirect")->facts.flags & PR_FACT_BY_CUSTOMER, 0);
    assert_int_equal(pr_provider_flow(stripe, "card", "token")->facts.money_steps, 2);
}

static void test_custom_is_weakest(void **state)
{
    (void)state;
    const pr_facts *f = &pr_provider_flow(pr_provider_find("custom"), "card", "direct")->facts;
    assert_int_equal(f->flags, PR_FACT_HOST_DRIVEN);
    assert_int_equal(f->lookup, PR_LOOKUP_REPLAY);
    assert_int_equal(f->late_send, PR_LATE_NONE);
    assert_int_equal(f->key_ttl_ms, 0);
    assert_int_equal(f->money_steps, 1);
}

static void test_operations(void **state)
{
    (void)state;
    const pr_provider *alipay = pr_provider_find("alipay");
    const pr_provider *stripe = pr_provider_find("stripe");
    /* A notification is proved by its signature only; money of Alipay as well. */
    for (int32_t i = 0; i < pr_provider_count(); i++) {
        const pr_operation_facts *n = pr_provider_operation(pr_provider_at(i), PR_OP_NOTIFY);
        int32_t least =
            pr_provider_at(i) == pr_provider_find("custom") ? PR_EVIDENCE_HOST : PR_EVIDENCE_SIGNED;
        assert_int_equal(n->evidence_money, least);
        assert_int_equal(n->evidence_free, least);
        assert_int_equal(n->evidence_other, least);
    }
    assert_int_equal(pr_provider_operation(alipay, PR_OP_QUERY)->evidence_money, PR_EVIDENCE_SIGNED);
    assert_int_equal(pr_provider_operation(alipay, PR_OP_QUERY)->evidence_free, PR_EVIDENCE_TLS);
    assert_int_equal(pr_provider_operation(alipay, PR_OP_CREATE)->evidence_other, PR_EVIDENCE_SIGNED);
    assert_int_equal(pr_provider_operation(alipay, PR_OP_NOTIFY)->money_compare,
                     PR_CMP_REFERENCE | PR_CMP_AMOUNT | PR_CMP_MERCHANT);
    assert_int_equal(pr_provider_operation(stripe, PR_OP_QUERY)->money_compare,
                     PR_CMP_REFERENCE | PR_CMP_AMOUNT | PR_CMP_CURRENCY);
    /* Nobody is trusted on what nobody described. */
    const pr_operation_facts *unknown = pr_provider_operation(alipay, PR_OP_CAPTURE);
    assert_int_equal(unknown->evidence_free, PR_EVIDENCE_SIGNED);
    assert_int_equal(unknown->money_compare, 15);
    assert_int_equal(pr_provider_operation(NULL, 99)->evidence_money, PR_EVIDENCE_SIGNED);
}

static void test_secret_like(void **state)
{
    (void)state;
    static const char *const secrets[] = {"sk_live_1", "x rk_test_2",
                                          "whsec_3",   "-----BEGIN RSA PRIVATE KEY-----",
                                          "MIIEvQ",    "abcdefABCDEF0123456789+==abcdefghijk"};
    static const char *const open_texts[] = {"", "RMBB", "alipay-main",
                                             "https://openapi.alipay.com/gateway.do", "channels"};
    for (size_t i = 0; i < sizeof secrets / sizeof *secrets; i++) {
        assert_int_equal(pr_provider_secret_like(secrets[i]), 1);
    }
    for (size_t i = 0; i < sizeof open_texts / sizeof *open_texts; i++) {
        assert_int_equal(pr_provider_secret_like(open_texts[i]), 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_lookup),
        cmocka_unit_test(test_fields_and_rules_fit),
        cmocka_unit_test(test_flows),
        cmocka_unit_test(test_card_redirect_is_not_by_customer),
        cmocka_unit_test(test_custom_is_weakest),
        cmocka_unit_test(test_operations),
        cmocka_unit_test(test_secret_like),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
