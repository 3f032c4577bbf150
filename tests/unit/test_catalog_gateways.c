/* The traps of the gateways and bank debits of the world: a debit that comes back was perhaps paid, a door
   that refuses may have let the first copy in, and two digits that differ from network to network. */
#include "catalog/catalog.h"
#include "catalog/rules.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <string.h>

typedef struct want {
    const char *provider, *layer, *code, *reason;
} want;

static pr_catalog_answer ask_for(const want *w)
{
    pr_catalog_query q = {.provider = w->provider, .layer = w->layer, .code = w->code};
    pr_catalog_answer a;
    pr_catalog_lookup(&a, NULL, &q);
    return a;
}

static void expect(const want *t, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        pr_catalog_answer a = ask_for(&t[i]);
        if (strcmp(a.name, t[i].reason) != 0) {
            fail_msg("%s %s: %s, wanted %s", t[i].provider, t[i].code, a.name, t[i].reason);
        }
    }
}
#define EXPECT(t) expect(t, sizeof(t) / sizeof(t)[0])

static void a_debit_that_comes_back_is_no_plain_decline(void **state)
{
    static const want t[] = {
        {"ach", "return_code", "R01", "unknown_outcome"},
        {"ach", "return_code", "R10", "disputed"},
        {"sepa", "return_code", "AM04", "unknown_outcome"},
        {"sepa", "return_code", "MD06", "disputed"},
        {"bacs", "arudd", "0", "unknown_outcome"},
        {"bacs", "addacs", "1", "unknown_outcome"},
        {"bacs", "auddis", "5", "account_invalid"},
        {"bacs", NULL, "5", "unknown_outcome"},
        {"becs_au", "return_code", "6", "unknown_outcome"},
        {"pad_ca", "return_code", "901", "unknown_outcome"},
        {"axerve", "error_code", "2527", "unknown_outcome"},
        {"axerve", "error_code", "2528", "duplicate_transaction"},
        {"gocardless", "cause", "refer_to_payer", "unknown_outcome"},
    };
    (void)state;
    EXPECT(t);
}

static void what_may_have_taken_money_stays_open(void **state)
{
    static const want t[] = {
        {"nmi", "response_code", "300", "unknown_outcome"},
        {"nmi", "response_code", "430", "duplicate_transaction"},
        {"worldpay_vantiv", "response", "353", "unknown_outcome"},
        {"worldpay_vantiv", "response", "712", "duplicate_transaction"},
        {"aci_opp", NULL, "800.100.192", "unknown_outcome"},
        {"mercadopago", NULL, "cc_rejected_duplicated_payment", "duplicate_transaction"},
        {"redsys", "code", "0928", "issuer_no_answer"},
        {"payway_au", NULL, "Q6", "unknown_outcome"},
        {"cielo", "code", "BP900", "unknown_outcome"},
        {"recurly", "error_code", "gateway_timeout", "provider_timeout"},
        {"klarna", "code", "SESSION_COMPLETED", "state_conflict"},
        {"cardstream", NULL, "65554", "duplicate_transaction"},
        {"dlocal", NULL, "321", "issuer_no_answer"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof t / sizeof t[0]; i++) {
        assert_false(pr_catalog_class_is_refusal(ask_for(&t[i]).reason_class));
    }
    EXPECT(t);
}

static void digits_differ_from_network_to_network(void **state)
{
    static const want t[] = {
        {"cb_france", "issuer", "38", "expired_card"},
        {"credorax", "issuer", "38", "pin_tries_exceeded"},
        {"gicc_de", "issuer", "57", "state_conflict"},
        {"elo", "issuer", "57", "card_not_supported"},
        {"elo", "issuer", "63", "incorrect_cvc"},
        {"gicc_de", "issuer", "63", "security_violation"},
        {"rapyd", "advice_code", "04", "authentication_required"},
        {"mastercard_mac", "advice_code", "04", "card_not_supported"},
    };
    (void)state;
    EXPECT(t);
    assert_int_equal(ask_for(&(want){"elo", "issuer", "57", NULL}).advice, PR_ADVICE_NEVER);
    assert_int_equal(ask_for(&(want){"elo", "issuer", "51", NULL}).advice, PR_ADVICE_OTHER_INSTRUMENT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_debit_that_comes_back_is_no_plain_decline),
        cmocka_unit_test(what_may_have_taken_money_stays_open),
        cmocka_unit_test(digits_differ_from_network_to_network),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
