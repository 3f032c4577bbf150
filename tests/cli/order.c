/* Small steps of a shop and its customer, which many tests begin with. */
#include "play.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int fresh(void **state)
{
    (void)state;
    world_fresh_store();
    world_tell("/_fault", "{\"clear\":true}");
    world_clock(world_now());
    return 0;
}

/* An order by QR code; its reference. */
const char *pay_by_qr(const char *order)
{
    static char reference[80];
    char option[80];
    (void)snprintf(option, sizeof option, "--order=%s", order);
    expect_code(on_store_json("pay", option, "--amount=19.90", "--currency=CNY", "--method=alipay",
                              "--flow=qr", NULL),
                0);
    (void)snprintf(reference, sizeof reference, "%s", said("attempts.0.reference"));
    assert_true(strlen(reference) > 10);
    return reference;
}

int64_t pay_by_card(const char *order, const char *instrument, int code)
{
    char option[80];
    char token[80];
    (void)snprintf(option, sizeof option, "--order=%s", order);
    (void)snprintf(token, sizeof token, "--instrument=%s", instrument);
    expect_code(on_store_json("pay", option, "--amount=19.90", "--currency=CNY", "--method=card",
                              "--flow=token", token, NULL),
                code);
    return number("payment_id");
}

/* What the provider sent about a reference, as the envelope {method, headers, body}; to be freed. */
char *taken_envelope(const char *reference)
{
    char path[160];
    size_t len = 0;
    (void)snprintf(path, sizeof path, "/_outbox?take=1&reference=%s", reference);
    payroute_json *doc = world_ask(path);
    const payroute_json_node *n = payroute_json_first(payroute_json_root(doc));
    assert_non_null(n);
    payroute_json_out *o = payroute_json_out_new();
    payroute_json_out_object(o, NULL);
    payroute_json_out_node(o, "method", payroute_json_get(n, "method"));
    payroute_json_out_node(o, "headers", payroute_json_get(n, "headers"));
    payroute_json_out_node(o, "body", payroute_json_get(n, "body"));
    payroute_json_out_end(o);
    char *text = strdup(payroute_json_out_text(o, &len));
    payroute_json_out_free(o);
    payroute_json_free(doc);
    return text;
}

void customer(const char *reference, const char *act)
{
    world_tell("/_customer", "{\"reference\":\"%s\",\"act\":\"%s\"}", reference, act);
}

int64_t total(const char *name)
{
    int64_t value = -1;
    payroute_json *doc = world_ask("/_books");
    const payroute_json_node *totals = payroute_json_get(payroute_json_root(doc), "totals");
    assert_int_equal(payroute_json_integer(&value, payroute_json_get(totals, name)), PAYROUTE_OK);
    payroute_json_free(doc);
    return value;
}
