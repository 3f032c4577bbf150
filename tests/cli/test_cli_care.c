/* The command on a whole store: lists, care, and everything that can be wrong before a payment is looked at.
 */
#include "play.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

/* ---- lists and care ---- */

static void test_list(void **state)
{
    (void)state;
    (void)pay_by_qr("A1");
    (void)pay_by_card("A2", "pm_card_visa", 0);
    expect_code(on_store("list", NULL), 0);
    expect_out("19.90 CNY");
    expect_code(on_store_json("list", "--status=paid", NULL), 0);
    assert_string_equal(said("payments.0.order_id"), "A2");
    assert_string_equal(said("payments.1.order_id"), "");
    expect_code(on_store_json("list", "--after-id=1", "--limit=1", NULL), 0);
    assert_int_equal(number("payments.0.payment_id"), 2);
    expect_code(on_store("list", "--status=reversed", NULL), 0);
    expect_out("no payments");
    expect_code(on_store("list", "--status=lost", NULL), 2);
    expect_code(on_store("list", "--limit=0", NULL), 2);
    expect_code(on_store("show", "99", NULL), 1);
    expect_code(on_store("show", "--order=none", NULL), 1);
    expect_code(on_store_json("show", "--order=none", NULL), 1);
    assert_string_equal(said("error.name"), "E_NOT_FOUND");
    expect_code(on_store("show", "A2", NULL), 2);
    expect_err("for an order say --order");
    expect_code(on_store("show", NULL), 2);
    expect_code(on_store("show", "--order=A1", "--payment=1", NULL), 2);
}

static void test_backup_restore_verify(void **state)
{
    (void)state;
    (void)pay_by_card("A1", "pm_card_visa", 0);
    expect_code(on_store("verify", NULL), 0);
    expect_out("sound");
    expect_code(on_store_json("backup", file_path("copy.db"), NULL), 0);
    assert_string_equal(said("backup"), file_path("copy.db"));
    expect_code(on_store("backup", file_path("copy.db"), NULL), 4);
    expect_err("never written over");
    expect_code(on_store("restore", "--at-ms=1799999999000", NULL), 0);
    expect_out("refused until payroute reconciled");
    expect_code(
        on_store("pay", "--order=OLD", "--amount=1", "--currency=CNY", "--ordered-at-ms=1799999000000", NULL),
        4);
    expect_err("reconciled");
    expect_code(on_store_json("verify", NULL), 0);
    assert_string_equal(said("amnesia"), "true");
    expect_code(on_store_json("reconciled", NULL), 0);
    assert_string_equal(said("amnesia"), "false");
    expect_code(on_store_json("restore", NULL), 0);
    assert_int_equal(number("restored_at_ms"), world_now());
}

static void test_damaged_and_missing_stores(void **state)
{
    char page[4096];
    (void)state;
    expect_code(on_store("list", NULL), 4);
    expect_err("the first payroute pay makes it");
    (void)pay_by_card("A1", "pm_card_visa", 0);
    int fd = open(world_store(), O_RDWR | O_CLOEXEC);
    assert_true(fd >= 0);
    memset(page, 0x5a, sizeof page);
    for (off_t at = 4096; at < 5 * 4096; at += 4096) {
        assert_int_equal(pwrite(fd, page, sizeof page, at), sizeof page);
    }
    (void)close(fd);
    const ran *r = on_store("verify", NULL);
    assert_true(r->code == 3 || r->code == 4);
    world_fresh_store();
    (void)file_write(strrchr(world_store(), '/') + 1, "this is no database, it only has a name like one", 48);
    r = on_store("show", "1", NULL);
    assert_true(r->code == 3 || r->code == 4);
    expect_err("payroute: ");
}

/* A store that cannot write before the first request: nothing is sent, and the status says whose fault it is.
 */
static void test_store_that_fails(void **state)
{
    static const char *const how[] = {"store", "lost"};
    int64_t captured = total("captured_minor");
    (void)state;
    for (size_t i = 0; i < sizeof how / sizeof how[0]; i++) {
        for (int n = 1; n <= 2; n++) {
            char config[700];
            char store[80];
            (void)snprintf(config, sizeof config, "--config=%s", world_config());
            (void)snprintf(store, sizeof store, "--store=memory:%s%d?fail=%d&how=%s", how[i], n, n, how[i]);
            expect_code(payroute("pay", "--order=Z1", "--amount=1", "--currency=CNY", "--method=card",
                                 "--instrument=pm_card_visa", "--json", config, store, NULL),
                        4);
            assert_true(strlen(said("error.name")) > 0);
        }
    }
    assert_int_equal(total("captured_minor"), captured);
}

static void test_opening_goes_wrong(void **state)
{
    char config[700];
    (void)state;
    (void)pay_by_qr("A1");
    (void)snprintf(config, sizeof config, "--config=%s", world_config());
    expect_code(payroute("list", config, "--store=/no/such/folder/pay.db", NULL), 4);
    expect_code(payroute("pay", config, "--store=/no/such/folder/pay.db", "--order=A", "--amount=1",
                         "--currency=CNY", NULL),
                4);
    expect_code(payroute("list", config, "--store=redis:host", NULL), 4);
    expect_code(payroute("list", "--config=/no/such/file", "--store=memory:x", NULL), 4);
    expect_code(payroute("list", config, "--store=memory:x", "--instance=a b", "--json", NULL), 3);
    assert_string_equal(said("error.name"), "E_SCHEMA");
    const char *bad = file_write("bad.json", "{\"schema\":1,\"channels\":[]}", 26);
    (void)snprintf(config, sizeof config, "--config=%s", bad);
    expect_code(payroute("list", config, "--store=memory:x", NULL), 3);
    expect_err("channels");
    char *text = file_read(world_config());
    input(text, strlen(text));
    expect_code(payroute("list", "--config=-", "--store=memory:x", NULL), 0);
    expect_code(payroute("notify", "ali-main", "--config=-", "--store=memory:x", NULL), 2);
    free(text);
    static const char far[] =
        "{\"schema\":1,\"channels\":[{\"id\":\"a\",\"provider\":\"stripe\",\"credentials\":[{\"secret_key\":"
        "\"sk_test_CANARY4\",\"webhook_secret\":\"whsec_CANARY4\"}],\"methods\":[{\"method\":\"card\","
        "\"flows\":[\"token\"]}],\"currencies\":[\"CNY\"],\"notify_url\":\"https://s.example/n\"}]}";
    forbid_secret("sk_test_CANARY4");
    (void)snprintf(config, sizeof config, "--config=%s", file_write("far.json", far, strlen(far)));
    expect_code(payroute("list", config, "--store=memory:x", "--clock=1800000000000", NULL), 3);
    expect_err("loopback");
}

static void test_pay_says_what_is_wrong_with_an_order(void **state)
{
    static const char *const orders[] = {
        "",
        "{",
        "[]",
        "{\"order_id\":\"A\"}",
        "{\"order_id\":\"A\",\"amount_minor\":1.5,\"currency\":\"CNY\"}",
        "{\"order_id\":\"A\",\"amount_minor\":1e400,\"currency\":\"CNY\"}",
        "{\"order_id\":\"A\",\"amount_minor\":100,\"currency\":\"XXY\"}",
        "{\"order_id\":\"A\",\"amount_minor\":100,\"currency\":\"CNY\",\"x\":1}",
        "{\"order_id\":\"A\",\"amount_minor\":-5,\"currency\":\"CNY\"}"};
    (void)state;
    for (size_t i = 0; i < sizeof orders / sizeof orders[0]; i++) {
        input(orders[i], strlen(orders[i]));
        expect_code(on_store_json("pay", "-", NULL), 3);
        assert_true(strlen(said("error.name")) > 0);
    }
    input("{\"order_id\":\"A\0\"}", 17);
    expect_code(on_store("pay", "-", NULL), 3);
    expect_code(on_store("pay", "-", "--order=A", NULL), 2);
    expect_err("put it into the JSON");
    expect_code(on_store("pay", "A", NULL), 2);
    expect_code(on_store("pay", "--order=A", "--amount=1", "--currency=CNY", "--late-money=keep", NULL), 2);
    expect_code(on_store_json("list", NULL), 0);
    assert_string_equal(said("payments.0.order_id"), ""); /* nothing was made of any */
}

/* Whoever asked for JSON reads nothing else: also what never reached the library is an object there. */
static void test_every_error_is_json_too(void **state)
{
    static const struct {
        const char *words[4];
        int code;
        const char *name;
        const char *why;
    } rows[] = {
        {{"swep", "--json"}, 2, "E_ARG", "unknown subcommand \"swep\"; did you mean \"sweep\"?"},
        {{"--json", "sweep"}, 2, "E_ARG", "unknown subcommand \"--json\"; see payroute help"},
        {{"route", "x", "--nonsense", "--json"}, 2, "E_ARG", "route: unknown option --nonsense"},
        {{"check", "/nowhere/at/all", "--json"}, 4, "E_STORE", "No such file"},
        {{"list", "--json", "sk_live_0123456789"}, 2, "E_ARG", "secrets never stand on the command line"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const char *const *w = rows[i].words;
        expect_code(payroute(w[0], w[1], w[2], w[3], NULL), rows[i].code);
        assert_string_equal(said("error.name"), rows[i].name);
        assert_non_null(strstr(said("error.why"), rows[i].why));
        assert_null(strstr(said("error.why"), "0123456789"));
    }
    expect_code(payroute("--version", "--json", NULL), 0);
    char version[16];
    (void)snprintf(version, sizeof version, "%d.%d.%d", PAYROUTE_VERSION_MAJOR, PAYROUTE_VERSION_MINOR,
                   PAYROUTE_VERSION_PATCH);
    assert_string_equal(said("version"), version);
    const char *empty = file_write("empty.db", "", 0);
    expect_code(payroute("show", "1", "--json", "--config", world_config(), "--store", empty, NULL), 4);
    assert_non_null(strstr(said("error.why"), "an empty file, not a store"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_list, fresh),
        cmocka_unit_test_setup(test_backup_restore_verify, fresh),
        cmocka_unit_test_setup(test_damaged_and_missing_stores, fresh),
        cmocka_unit_test_setup(test_store_that_fails, fresh),
        cmocka_unit_test_setup(test_opening_goes_wrong, fresh),
        cmocka_unit_test_setup(test_pay_says_what_is_wrong_with_an_order, fresh),
        cmocka_unit_test_setup(test_every_error_is_json_too, fresh),
    };
    (void)unsetenv("PAYROUTE_CONFIG");
    (void)unsetenv("PAYROUTE_STORE");
    return cmocka_run_group_tests(tests, world_begin, world_end);
}
