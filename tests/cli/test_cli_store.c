/* The command on a store, against the sandbox: every call is a process of its own, as a shop without FFI
 * would do it. */
#include "play.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

/* ---- a whole life ---- */

static void test_qr_from_order_to_delivery(void **state)
{
    (void)state;
    const char *reference = pay_by_qr("A1");
    assert_string_equal(said("show.kind"), "qr");
    expect_code(on_store("show", "--order=A1", NULL), 0);
    expect_out("Give the customer");
    expect_out("https://qr.");
    customer(reference, "pay");
    char *envelope = taken_envelope(reference);
    input(envelope, strlen(envelope));
    expect_code(on_store("notify", "ali-main", "--envelope", NULL), 0);
    expect_out("status          200");
    expect_out("changed by this");
    input(envelope, strlen(envelope));
    expect_code(on_store_json("notify", "ali-main", "--envelope", NULL), 0);
    assert_string_equal(said("ack.body"), "success");
    assert_string_equal(said("changed"), "false"); /* the second copy */
    input(envelope, strlen(envelope));
    const ran *r = on_store("notify", "ali-main", "--envelope", "--ack-only", NULL);
    expect_code(r, 0);
    assert_string_equal(r->out, "success");
    free(envelope);
    expect_code(on_store_json("show", "1", NULL), 0);
    assert_string_equal(said("status"), "paid");
    assert_int_equal(number("captured_minor"), 1990);
    expect_code(on_store("events", NULL), 0);
    expect_out("1.1.1");
    expect_code(on_store("ack", "1.1.1", "7.7.7", NULL), 1);
    expect_code(on_store_json("events", NULL), 0);
    assert_string_equal(said("events.0.id"), "1.1.1"); /* none was acknowledged */
    expect_code(on_store("ack", "1.1.1", NULL), 0);
    expect_code(on_store("ack", "1.1.1", NULL), 0);
    expect_code(on_store("ack", "nonsense", NULL), 2);
    expect_code(on_store("events", NULL), 0);
    expect_out("no events");
}

static void test_raw_notification(void **state)
{
    char *body = NULL;
    payroute_json *doc = NULL;
    (void)state;
    const char *reference = pay_by_qr("A1");
    customer(reference, "pay");
    char *envelope = taken_envelope(reference);
    assert_int_equal(payroute_json_parse(&doc, envelope, strlen(envelope), NULL, 0), PAYROUTE_OK);
    body = strdup(payroute_json_string(payroute_json_get(payroute_json_root(doc), "body")));
    const char *type = "Content-Type: application/x-www-form-urlencoded; charset=utf-8";
    const char *headers = file_write("headers", type, strlen(type));
    size_t cut = strlen(body) - 20; /* but not within an escape, which is another fault */
    while (body[cut - 1] == '%' || body[cut - 2] == '%') {
        cut--;
    }
    input(body, cut);
    expect_code(on_store("notify", "ali-main", "--header", type, NULL), 3);
    expect_out("400");
    expect_err("signature");
    input(body, strlen(body));
    expect_code(on_store("notify", "ali-main", "--headers-file", headers, "--method", "POST", NULL), 0);
    expect_out("paid");
    payroute_json_free(doc);
    free(envelope);
    free(body);
}

static void test_bad_notifications(void **state)
{
    static const char *const envelopes[] = {"",
                                            "nonsense",
                                            "[]",
                                            "{\"body\":1}",
                                            "{\"headers\":{\"A\":\"b\\r\\nC: d\"}}",
                                            "{\"headers\":7}",
                                            "{\"other\":\"x\"}",
                                            "{\"headers\":[\"no colon\"]}"};
    (void)state;
    (void)pay_by_qr("A1");
    for (size_t i = 0; i < sizeof envelopes / sizeof envelopes[0]; i++) {
        input(envelopes[i], strlen(envelopes[i]));
        expect_code(on_store("notify", "ali-main", "--envelope", NULL), 3);
    }
    input("a=b", 3);
    expect_code(on_store_json("notify", "ali-main", NULL), 3);
    assert_int_equal(number("ack.status"), 400);
    input("a\0b", 3);
    expect_code(on_store("notify", "ali-main", NULL), 3);
    input("{}", 2);
    expect_code(on_store("notify", "card-main", "--ack-only", NULL), 3);
    input("a=b", 3);
    expect_code(on_store("notify", "no-such", NULL), 3);
    expect_code(on_store("notify", "ali-main", "--header", "A: b\r\nC: d", NULL), 2);
    expect_code(on_store("notify", "ali-main", "--header", "nonsense", NULL), 2);
    expect_code(on_store("notify", "ali-main", "--envelope", "--method=GET", NULL), 2);
    expect_code(on_store("notify", "ali-main", "--ack-only", "--json", NULL), 2);
    for (size_t len = 300u << 10; len < 6u << 20; len *= 16) {
        char *huge = malloc(len);
        assert_non_null(huge);
        memset(huge, 'a', len);
        input(huge, len);
        expect_code(on_store("notify", "ali-main", NULL), 3);
        free(huge);
    }
}

/* ---- cards ---- */

static void test_card_and_refund(void **state)
{
    (void)state;
    int64_t id = pay_by_card("C1", "pm_card_visa", 0);
    assert_string_equal(said("status"), "paid");
    assert_int_equal(pay_by_card("C1", "pm_card_visa", 0), id); /* again: the same */
    expect_code(on_store("pay", "--order=C1", "--amount=20", "--currency=CNY", NULL), 1);
    expect_err("pay order C1");
    expect_code(on_store("refund", "--order=C1", "--id=R1", "--amount=5.00", NULL), 0);
    expect_out("returned: 5.00 CNY");
    expect_code(on_store_json("refund", "1", "--id=R1", "--amount-minor=500", NULL), 0);
    assert_int_equal(number("reversed_minor"), 500); /* once */
    expect_code(on_store("refund", "1", "--id=R1", "--amount=6", NULL), 1);
    expect_code(on_store("refund", "1", "--id=R2", "--amount=100", NULL), 1);
    expect_code(on_store_json("refund", "1", "--id=R2", "--amount=100", NULL), 1);
    assert_string_equal(said("error.name"), "E_RANGE");
    expect_code(on_store("refund", "1", "--id=R3", "--amount=1.234", NULL), 2);
    expect_code(on_store("cancel", "1", NULL), 1);
    expect_err("PAID");
    expect_code(on_store("refund", "77", "--id=R3", "--amount=1", NULL), 1);
    expect_code(on_store("capture", "1", "--id=K1", "--amount=1", NULL), 1);
}

static void test_declined_then_another_card(void **state)
{
    (void)state;
    (void)pay_by_card("C1", "pm_card_visa_chargeDeclinedInsufficientFunds", 1);
    assert_string_equal(said("status"), "declined");
    assert_string_equal(said("guidance.reason"), "insufficient_funds");
    expect_code(on_store("show", "1", NULL), 0);
    expect_out("换一张卡");
    expect_code(on_store("retry", "1", "--instrument=4242424242424242", NULL), 2);
    expect_err("card number");
    expect_code(on_store("retry", "1", "--instrument=pm_card_visa", NULL), 0);
    expect_out("paid (final)");
    expect_code(on_store("retry", "1", "--instrument=pm_card_visa", NULL), 1);
}

static void test_hold_capture_cancel(void **state)
{
    (void)state;
    static const char order[] =
        "{\"order_id\":\"H1\",\"amount_minor\":1990,\"currency\":\"CNY\",\"method\":\"card\","
        "\"instrument\":\"pm_card_visa\",\"hold\":true}";
    input(order, strlen(order));
    expect_code(on_store_json("pay", "-", NULL), 0);
    assert_string_equal(said("status"), "authorized");
    expect_code(on_store("capture", "--order=H1", "--id=K1", "--amount=10", NULL), 0);
    expect_out("captured        10.00 CNY");
    expect_code(on_store("pay", "--order=H2", "--amount=3", "--currency=CNY", "--method=card", "--hold",
                         "--instrument=pm_card_visa", NULL),
                0);
    expect_out("held, not captured");
    expect_code(on_store("cancel", "--order=H2", NULL), 0);
    expect_out("cancelled");
}

static void test_switch_from_code_to_card(void **state)
{
    static const char wish[] = "{\"method\":\"card\",\"instrument\":\"pm_card_visa\"}";
    (void)state;
    (void)pay_by_qr("S1");
    input(wish, strlen(wish));
    expect_code(on_store("switch", "1", "-", "--method=card", NULL), 2);
    input("{\"method\":", 10);
    expect_code(on_store("switch", "1", "-", NULL), 3);
    input(wish, strlen(wish));
    const ran *r = on_store_json("switch", "--order=S1", "-", NULL);
    assert_true(r->code == 0 || r->code == 5); /* an unscanned code may have to run out first */
    expect_code(on_store_json("cancel", "--payment=1", NULL), strcmp(said("status"), "paid") == 0 ? 1 : 0);
}

/* ---- not known yet ---- */

static void test_lost_answer_is_found_by_the_next_process(void **state)
{
    (void)state;
    world_tell("/_fault", "{\"account\":\"card-main\",\"operation\":\"confirm\",\"fault\":\"drop_after\"}");
    (void)pay_by_card("L1", "pm_card_visa", 5);
    assert_string_equal(said("status"), "pending");
    expect_code(on_store("show", "1", NULL), 0);
    expect_out("never take it for a failure");
    world_clock(world_now() + 5000);
    expect_code(on_store("advance", "1", NULL), 0);
    expect_out("paid (final)");
}

static pid_t pay_in_background(const char *order)
{
    char config[700];
    char store[700];
    char clock[60];
    char option[80];
    (void)snprintf(config, sizeof config, "--config=%s", world_config());
    (void)snprintf(store, sizeof store, "--store=%s", world_store());
    (void)snprintf(clock, sizeof clock, "--clock=%lld", (long long)world_now());
    (void)snprintf(option, sizeof option, "--order=%s", order);
    pid_t pid = fork();
    if (pid == 0) {
        int null = open("/dev/null", O_RDWR);
        (void)dup2(null, 0);
        (void)dup2(null, 1);
        (void)dup2(null, 2);
        (void)alarm(30);
        (void)execl(program_path(), "payroute", "pay", option, "--amount=19.90", "--currency=CNY",
                    "--method=card", "--instrument=pm_card_visa", config, store, clock, (char *)NULL);
        _exit(127);
    }
    assert_true(pid > 0);
    return pid;
}

/* A double click: processes at once on one order, in a store that none has made yet. */
static void test_many_processes_one_payment(void **state)
{
    pid_t pids[4];
    int64_t captured = total("captured_minor");
    (void)state;
    for (int i = 0; i < 4; i++) {
        pids[i] = pay_in_background("X1");
    }
    for (int i = 0; i < 4; i++) {
        int status = 0;
        assert_int_equal(waitpid(pids[i], &status, 0), pids[i]);
        int code = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
        if (code != 0 && code != 4 && code != 5) {
            fail_msg("one of four ended with %d", code);
        }
    }
    expect_code(on_store("advance", "--order=X1", NULL), 0);
    expect_out("paid (final)");
    assert_int_equal(total("captured_minor") - captured, 1990);
    assert_int_equal(total("double"), 0);
    expect_code(on_store_json("list", NULL), 0);
    assert_string_equal(said("payments.1.order_id"), "");
}

static void test_short_budget_and_no_budget(void **state)
{
    (void)state;
    expect_code(on_store("pay", "--order=B1", "--amount=1", "--currency=CNY", "--method=card",
                         "--instrument=pm_card_visa", "--budget-ms=100", NULL),
                5);
    expect_out("the budget was too short");
    expect_code(on_store("pay", "--order=B2", "--amount=1", "--currency=CNY", "--method=card",
                         "--instrument=pm_card_visa", "--budget-ms=0", NULL),
                0);
    expect_code(on_store("advance", "--order=B2", NULL), 0);
    expect_out("paid (final)");
    world_tell("/_fault",
               "{\"account\":\"card-main\",\"operation\":\"refund\",\"fault\":\"drop_before\",\"times\":-1}");
    expect_code(on_store("refund", "--order=B2", "--id=R1", "--amount=1", "--budget-ms=3000", NULL), 5);
    world_tell("/_fault", "{\"clear\":true}");
}

static void test_providers_down(void **state)
{
    (void)state;
    world_tell("/_fault", "{\"account\":\"*\",\"operation\":\"*\",\"fault\":\"refuse\",\"times\":-1}");
    (void)pay_by_card("D1", "pm_card_visa", 5);
    assert_string_equal(said("captured_minor"), "0");
    world_tell("/_fault", "{\"clear\":true}");
}

/* A provider that repeats our key in its complaint: every run looks for it in what is printed. */
static void test_a_provider_tells_our_key(void **state)
{
    (void)state;
    payroute_json *doc = NULL;
    char *text = file_read(world_config());
    assert_int_equal(payroute_json_parse(&doc, text, strlen(text), NULL, 0), PAYROUTE_OK);
    const payroute_json_node *c = payroute_json_first(payroute_json_get(payroute_json_root(doc), "channels"));
    while (c && strcmp(payroute_json_string(payroute_json_get(c, "id")), "card-main") != 0) {
        c = payroute_json_next(c);
    }
    const payroute_json_node *first = payroute_json_first(payroute_json_get(c, "credentials"));
    world_tell(
        "/_fault",
        "{\"account\":\"card-main\",\"operation\":\"*\",\"fault\":\"body\",\"status\":401,\"times\":-1,\"body\":"
        "\"{\\\"error\\\":{\\\"message\\\":\\\"Invalid key: %s\\\",\\\"type\\\":\\\"invalid_request_error\\\"}}\"}",
        payroute_json_string(payroute_json_get(first, "secret_key")));
    const ran *r = on_store("pay", "--order=K1", "--amount=3", "--currency=CNY", "--method=card",
                            "--channel=card-main", "--instrument=pm_card_visa", NULL);
    assert_int_not_equal(r->code, 0);
    expect_out("Invalid key: ***");
    expect_code(on_store("show", "1", NULL), 0);
    expect_code(on_store_json("show", "1", NULL), 0);
    world_tell("/_fault", "{\"clear\":true}");
    payroute_json_free(doc);
    free(text);
}

static void test_order_without_a_method(void **state)
{
    (void)state;
    expect_code(on_store("pay", "--order=M1", "--amount=3", "--currency=CNY", NULL), 5);
    expect_out("payroute switch");
    expect_code(on_store("switch", "--order=M1", "--method=card", "--instrument=pm_card_visa", NULL), 0);
    expect_code(on_store("pay", "--order=M2", "--amount=3", "--currency=EUR", "--method=card", NULL), 1);
    expect_out("currency: EUR");
}

static void test_sweep(void **state)
{
    (void)state;
    const char *reference = pay_by_qr("W1");
    expect_code(on_store("sweep", NULL), 0);
    expect_out("0 done");
    customer(reference, "pay"); /* and its notification never arrives */
    world_clock(world_now() + 60000);
    expect_code(on_store_json("sweep", NULL), 0);
    assert_int_equal(number("done"), 1);
    expect_code(on_store("sweep", NULL), 0);
    expect_out("events");
    expect_code(on_store_json("show", "1", NULL), 0);
    assert_string_equal(said("status"), "paid");
    (void)pay_by_qr("W2");
    world_clock(world_now() + 60000);
    expect_code(on_store("sweep", "--budget-ms=10", NULL), 5);
    expect_out("the budget ended");
}

/* ---- people ---- */

static void test_resolve_and_hints(void **state)
{
    (void)state;
    (void)pay_by_card("P1", "pm_card_visa", 0);
    expect_code(on_store("resolve", "1", "not_paid", "--attempt=1", "--who=anna", "--evidence=bill", NULL),
                1);
    expect_err("attempt 1 is PAID");
    expect_code(on_store("resolve", "1", "not_paid", "--attempt=9", "--who=anna", "--evidence=bill", NULL),
                1);
    expect_code(on_store("client-event", "1", "opened", "--attempt=1", NULL), 0);
    expect_out("kept: opened");
    expect_code(on_store_json("client-event", "--order=P1", "returned", "--attempt=1", NULL), 0);
    assert_string_equal(said("kept"), "returned");
    expect_code(on_store("client-event", "1", "opened", "--attempt=5", NULL), 1);
    expect_code(on_store("client-event", "1", "danced", "--attempt=1", NULL), 2);
    expect_code(on_store("client-event", "1", "opened", NULL), 2);
}

static void test_host_driven_channel(void **state)
{
    static const char config[] =
        "{\"schema\":1,\"channels\":[{\"id\":\"bank\",\"provider\":\"custom\",\"methods\":[{\"method\":\"card\","
        "\"flows\":[\"direct\"]}],\"currencies\":[\"CNY\"],\"facts\":{\"lookup\":\"our_ref\",\"refund\":true}}]}";
    (void)state;
    const char *path = file_write("bank.json", config, strlen(config));
    char own[700];
    char store[700];
    (void)snprintf(own, sizeof own, "--config=%s", path);
    (void)snprintf(store, sizeof store, "--store=%s", world_store()); /* a bare path */
    expect_code(payroute("pay", "--order=F1", "--amount=1", "--currency=CNY", "--method=card", own, store,
                         "--json", NULL),
                0);
    assert_string_equal(said("do.channel"), "bank");
    expect_code(payroute("feed", "1", "paid", "--provider-id=T1", own, store, "--json", NULL), 0);
    assert_string_equal(said("status"), "paid");
    expect_code(payroute("feed", "1", "paid", own, store, NULL), 1);
    expect_code(payroute("feed", "1", "sold", own, store, NULL), 2);

    expect_code(payroute("unlisted", own, store, NULL), 0);
    expect_out("no unlisted codes");
    expect_code(payroute("pay", "--order=F2", "--amount=1", "--currency=CNY", "--method=card", own, store, NULL), 0);
    expect_code(payroute("feed", "2", "declined", "--code=NEVER_SEEN_BEFORE", own, store, NULL), 1);
    expect_code(payroute("unlisted", own, store, NULL), 0);
    expect_out("NEVER_SEEN_BEFORE");
    expect_code(payroute("unlisted", "--days=1", own, store, "--json", NULL), 0);
    assert_string_equal(said("unlisted.0.provider"), "custom");
    assert_string_equal(said("unlisted.0.code"), "NEVER_SEEN_BEFORE");
    assert_int_equal(number("unlisted.0.count"), 1);
    expect_code(payroute("unlisted", "--days=32", own, store, NULL), 2);
}

static void test_health(void **state)
{
    (void)state;
    (void)pay_by_card("H1", "pm_card_visa", 0);
    expect_code(on_store("health", NULL), 0);
    expect_out("CHANNEL");
    expect_out("card-main    well");
    expect_out("not used yet");
    expect_out("shared by the processes of this host: ");
    expect_code(on_store("health", "--locale=zh-CN", NULL), 0);
    expect_out("正常");
    expect_out("还没用过");
    expect_code(on_store_json("health", NULL), 0);
    assert_string_equal(said("shared"), "true");
    assert_int_equal(number("channels.0.suspect"), 0);
    expect_code(on_store("health", "--health=off", NULL), 1);
    expect_err("options.health is false");
    expect_code(on_store("health", "--health=relative", NULL), 3);
    expect_err("expected false or a file's full path");
    world_tell("/_fault", "{\"account\":\"card-main\",\"operation\":\"*\",\"fault\":\"refuse\"}");
    for (int i = 0; i < 4; i++) {
        char order[16];
        (void)snprintf(order, sizeof order, "H%d", i + 2);
        expect_code(on_store("pay", "--order", order, "--amount=5", "--currency=CNY", "--method=card",
                             "--instrument=pm_card_visa", NULL),
                    0);
    }
    expect_code(on_store("health", NULL), 1);
    expect_out("card-main    down");
    expect_code(on_store("health", "--locale=zh", NULL), 1);
    expect_out("连不上");
}

/* An outage that payments found out is seen by `route`, in a process of its own, and only with the store. */
static void test_route_knows_of_the_outage(void **state)
{
    char store[700], health[800], now[60];
    (void)state;
    (void)snprintf(store, sizeof store, "--store=%s", world_store());
    (void)snprintf(health, sizeof health, "--health=%s-health", strchr(world_store(), '/'));
    world_tell("/_fault", "{\"account\":\"card-main\",\"operation\":\"*\",\"fault\":\"refuse\"}");
    for (int i = 0; i < 4; i++) {
        char order[16];
        (void)snprintf(order, sizeof order, "R%d", i);
        expect_code(on_store("pay", "--order", order, "--amount=5", "--currency=CNY", "--method=card",
                             "--instrument=pm_card_visa", NULL),
                    0);
    }
    (void)snprintf(now, sizeof now, "--now-ms=%lld", (long long)world_now());
#define ROUTE_CARD "route", world_config(), "--amount=5", "--currency=CNY", "--method=card", now
    expect_code(payroute(ROUTE_CARD, NULL), 0);
    assert_null(strstr(payroute(ROUTE_CARD, NULL)->out, "suspect"));
    for (int i = 0; i < 2; i++) { /* through the store, or the file alone; as often as one likes */
        expect_code(payroute(ROUTE_CARD, i ? health : store, NULL), 0);
        expect_out("suspect: down");
        expect_out("card-backup");
        expect_out("shared by the processes of this host: ");
        expect_code(payroute(ROUTE_CARD, "--json", i ? health : store, NULL), 0);
        expect_out("\"suspect\":true");
        assert_string_equal(said("chosen.id"), "card-backup");
        assert_string_equal(said("health.shared"), "true");
    }
    static const char request[] =
        "{\"amount_minor\":500,\"currency\":\"CNY\",\"method\":\"alipay\",\"flow\":\"token\"}";
    input(request, strlen(request));
    expect_code(payroute("route", world_config(), "-", store, NULL), 1);
    expect_out("none: no channel can take it now");
    input("{}", 2);
    expect_code(payroute("route", world_config(), "-", store, NULL), 3);
    expect_err("amount_minor");
    expect_code(payroute(ROUTE_CARD, store, "--health=off", NULL), 0);
    assert_null(strstr(payroute(ROUTE_CARD, store, "--health=off", NULL)->out, "suspect"));
    expect_code(payroute(ROUTE_CARD, "--store=/no/such/pay.db", NULL), 4);
    expect_code(payroute("route", world_config(), "--method=card", store, NULL), 2);
    char *config = file_read(world_config()); /* on standard input */
    input(config, strlen(config));
    expect_code(payroute("route", "-", "--amount=5", "--currency=CNY", store, now, NULL), 0);
    free(config);
#undef ROUTE_CARD
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_health, fresh),
        cmocka_unit_test_setup(test_route_knows_of_the_outage, fresh),
        cmocka_unit_test_setup(test_qr_from_order_to_delivery, fresh),
        cmocka_unit_test_setup(test_raw_notification, fresh),
        cmocka_unit_test_setup(test_bad_notifications, fresh),
        cmocka_unit_test_setup(test_card_and_refund, fresh),
        cmocka_unit_test_setup(test_declined_then_another_card, fresh),
        cmocka_unit_test_setup(test_hold_capture_cancel, fresh),
        cmocka_unit_test_setup(test_switch_from_code_to_card, fresh),
        cmocka_unit_test_setup(test_lost_answer_is_found_by_the_next_process, fresh),
        cmocka_unit_test_setup(test_many_processes_one_payment, fresh),
        cmocka_unit_test_setup(test_short_budget_and_no_budget, fresh),
        cmocka_unit_test_setup(test_providers_down, fresh),
        cmocka_unit_test_setup(test_a_provider_tells_our_key, fresh),
        cmocka_unit_test_setup(test_order_without_a_method, fresh),
        cmocka_unit_test_setup(test_sweep, fresh),
        cmocka_unit_test_setup(test_resolve_and_hints, fresh),
        cmocka_unit_test_setup(test_host_driven_channel, fresh),
    };
    (void)unsetenv("PAYROUTE_CONFIG");
    (void)unsetenv("PAYROUTE_STORE");
    return cmocka_run_group_tests(tests, world_begin, world_end);
}
