/* What the command does without a store: arguments, help, explain, check, route, and its behavior as a part
 * of pipes. */
#include "play.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <payroute/catalog.h>

/* ---- arguments ---- */

static void test_help_of_everything(void **state)
{
    (void)state;
    expect_code(payroute("help", NULL), 0);
    expect_out("Exit status\n  0 ");
    expect_out("  70  ");
    expect_silent_err();
    expect_code(payroute("--help", NULL), 0);
    expect_code(payroute("-h", NULL), 0);
    expect_code(payroute("--version", NULL), 0);
    expect_out("payroute ");
    static const char *const names[] = {
        "explain", "rules", "check",  "route",   "pay",     "advance",      "switch", "retry",  "refund",
        "capture", "cancel", "resolve", "feed",    "client-event", "notify", "sweep",  "show",
        "list",    "events", "ack",     "unlisted", "health", "restore", "reconciled",   "backup", "verify", "help"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        expect_code(payroute("help", names[i], NULL), 0);
        expect_out("Usage: payroute ");
        expect_code(payroute(names[i], "--help", NULL), 0);
        expect_out(names[i]);
    }
}

static void test_wrong_words_are_usage(void **state)
{
    (void)state;
    expect_code(payroute(NULL, NULL), 2);
    expect_code(payroute("swep", NULL), 2);
    expect_err("did you mean \"sweep\"?");
    expect_code(payroute("xyzzy", NULL), 2);
    expect_err("see payroute help");
    expect_code(payroute("help", "notfy", NULL), 2);
    expect_err("did you mean \"notify\"?");
    expect_code(payroute("sweep", "--budgetms", "3", NULL), 2);
    expect_err("unknown option --budgetms; did you mean --budget-ms?");
    expect_code(payroute("check", "--flow", "qr", "f", NULL), 2);
    expect_err("takes no option --flow");
    expect_code(payroute("check", "-x", "f", NULL), 2);
    expect_err("two dashes");
    expect_code(payroute("check", NULL), 2);
    expect_code(payroute("check", "a", "b", NULL), 2);
    expect_err("one too many");
    expect_code(payroute("check", "--json=1", "f", NULL), 2);
    expect_code(payroute("route", "f", "--seed", NULL), 2);
    expect_err("--seed: expected N behind it");
    expect_code(payroute("route", "f", "--seed", "--json", NULL), 2);
    expect_code(payroute("route", "f", "--seed=1", "--seed=2", NULL), 2);
    expect_err("given twice");
    expect_code(payroute("route", "f", "--seed=12x", NULL), 2);
    expect_code(payroute("route", "f", "--seed=99999999999999999999", NULL), 2);
    expect_code(payroute("route", "f", "--method=", NULL), 2);
    expect_code(payroute("pay", "--order=A", "--amount=1", "--currency=CNY", NULL), 2);
    expect_err("expected --config, or $PAYROUTE_CONFIG");
    expect_code(payroute("pay", "--amount=1", "--currency=CNY", NULL), 2);
    expect_err("--order: is missing");
    expect_code(payroute("pay", "--order=\xff", NULL), 2);
    expect_err("not UTF-8");
    expect_code(payroute("pay", "--order=\xe0\x80\x80", NULL), 2);
    expect_code(payroute("refund", "1", "--amount=1", NULL), 2);
    expect_err("--id: is missing");
    expect_code(payroute("resolve", "1", "paid", "--attempt=1", NULL), 2);
    expect_err("--who and --evidence");
    expect_code(payroute("resolve", "1", "perhaps", "--attempt=1", NULL), 2);
    expect_code(payroute("explain", "stripe", NULL), 2);
    expect_code(payroute("explain", "--batch", "--list", "stripe", NULL), 2);
}

static void test_rules_of_the_networks(void **state)
{
    static const char *const bad[] = {"2025-02-29", "2025-2-01", "20250524", "2025-05-24x", "today", "0000-00-00"};
    (void)state;
    expect_code(payroute("rules", "visa", "--day", "2025-05-24", NULL), 0);
    expect_out("at most 15 repeats of the same amount in 30 days");
    expect_code(payroute("rules", "VISA", "--day", "2025-05-25", NULL), 0);
    expect_out("at most 20 repeats of the same amount in 30 days");
    expect_out("\n                  https://");
    expect_code(payroute("rules", "American Express", NULL), 0);
    expect_out("No public rule of amex");
    expect_code(payroute("rules", "Master Card", "--day=2025-01-01", "--json", NULL), 0);
    assert_string_equal(said("network"), "mastercard");
    assert_int_equal(number("day"), 20250101);
    assert_int_equal(number("rules.0.rule"), 200);
    expect_code(payroute("rules", NULL), 0);
    expect_out("\nmastercard\n");
    expect_code(payroute("rules", "vise", NULL), 1);
    expect_err("no such network");
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        expect_code(payroute("rules", "--day", bad[i], NULL), 2);
        expect_err("expected a day such as");
    }
}

static void test_amounts_are_exact_or_refused(void **state)
{
    static const char *const bad[] = {
        "", "0", "0.00", "-1", "1e3", "1.234", "1,5", " 1", "1 ", "NaN", "9999999999999999", "１"};
    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        char amount[60];
        (void)snprintf(amount, sizeof amount, "--amount=%s", bad[i]);
        expect_code(payroute("route", "f", "--currency=CNY", amount, NULL), 2);
    }
    expect_code(payroute("route", "f", "--currency=XXY", "--amount=1", NULL), 2);
    expect_code(payroute("route", "f", "--amount=1", NULL), 2);
    expect_err("no default currency");
    expect_code(payroute("route", "f", "--currency=CNY", "--amount=1", "--amount-minor=100", NULL), 2);
    expect_code(payroute("route", "f", "--currency=CNY", NULL), 2);
}

/* Refused before anything else is looked at, and not repeated. */
static void test_secrets_are_refused(void **state)
{
    static const char *const secrets[] = {"sk_live_CANARY1",
                                          "sk_test_CANARY1",
                                          "rk_CANARY1",
                                          "rk_live_CANARY1",
                                          "whsec_CANARY1",
                                          "Bearer sk_test_CANARY1",
                                          "-----BEGIN PRIVATE KEY-----CANARY1",
                                          "RSA PRIVATE KEY CANARY1",
                                          "mysql://u:CANARY1@h/db",
                                          "{\"secret_key\":\"CANARY1\"}"};
    char long_key[900] = "CANARY1";
    (void)state;
    memset(long_key + 7, 'A', sizeof long_key - 8);
    forbid_secret("CANARY1");
    for (size_t i = 0; i <= sizeof secrets / sizeof secrets[0]; i++) {
        const char *secret = i < sizeof secrets / sizeof secrets[0] ? secrets[i] : long_key;
        char with[1000];
        expect_code(payroute("pay", "--instrument", secret, NULL), 2);
        expect_err("looks like");
        (void)snprintf(with, sizeof with, "--store=%s", secret);
        expect_code(payroute("list", with, NULL), 2);
        expect_err("looks like");
        expect_code(payroute(secret, NULL), 2);
        expect_err("looks like");
        expect_code(payroute("check", secret, "--help", NULL), 2);
    }
    /* What only resembles one is fine so far. */
    expect_code(payroute("explain", "stripe", "task_live_x", NULL), 1);
    expect_code(payroute("explain", "stripe", "card_declined", "--message", "[isv.invalid] sort", NULL), 0);
}

/* ---- explain ---- */

/* No line is wider; Chinese and the like take two columns. */
static void expect_narrow(const ran *r, int32_t most)
{
    int32_t columns = 0;
    for (const char *at = r->out; *at; at++) {
        unsigned char c = (unsigned char)*at;
        columns = c == '\n' ? 0 : columns + (c < 0x80 || (c >= 0xC0 && c < 0xE2)) + 2 * (c >= 0xE2 && c < 0xF0);
        if (columns > most) {
            fail_msg("a line is wider than %d: %.2000s", most, r->out);
        }
    }
}

static void test_explain_page(void **state)
{
    (void)state;
    const ran *r = payroute("explain", "alipay", "ACQ.TRADE_HAS_SUCCESS", NULL);
    expect_code(r, 0);
    expect_out("already_paid");
    expect_out("zh-CN");
    expect_out("重复付款");
    expect_out("Please do not pay again");
    expect_out("known exactly");
    expect_silent_err();
    expect_narrow(r, 80);
    expect_code(payroute("explain", "alipay", "ACQ.TRADE_HAS_SUCCESS", "--locale", "en", "--json", NULL), 0);
    assert_string_equal(said("reason"), "already_paid");
    assert_non_null(strstr(said("customer"), "do not pay again"));
    expect_code(payroute("explain", "stripe", "insufficient_funds", "--json", NULL), 0);
    assert_string_equal(said("retry.other_instrument"), "true");
    assert_string_equal(said("matched"), "exact");
    assert_true(strlen(said("customer.zh-CN")) > 0 && strlen(said("merchant.en")) > 0);
}

/* Several codes: what each came to, what the customer does, where the shop looks. */
static void test_explain_parts(void **state)
{
    (void)state;
    expect_code(payroute("explain", "stripe", "card_declined", "--network", "mastercard", "--network-code", "51",
                         "--advice-code", "25", "--locale", "en", NULL),
                0);
    expect_out("insufficient_funds");
    expect_out("not before      24 hours");
    expect_out("network's code  mastercard 51");
    expect_out("advice code     mastercard_mac 25");
    expect_out("Support asks");
    expect_code(payroute("explain", "unionpay_gateway", "00", "--layer", "status", "--operation", "refund", NULL), 0);
    expect_out("notification's respCode of the refund");
    expect_code(payroute("explain", "wechatpay", "NOTENOUGH", NULL), 0); /* in a refund it is the shop's balance */
    expect_out("The customer's balance is too low");
    expect_code(payroute("explain", "stripe", "incorrect_cvc", "--locale", "ja", NULL), 0);
    expect_out("what to correct the security code");
    expect_code(payroute("explain", "stripe", "card_declined", "--network", "visa", "--network-code", "43", NULL), 0);
    expect_out("do not tell the customer the cause");
}

static void test_explain_unknown_is_no_failure(void **state)
{
    (void)state;
    expect_code(payroute("explain", "alipay", "NO.SUCH.CODE", NULL), 1);
    expect_out("NOT KNOWN");
    expect_out("not a failure");
    expect_code(payroute("explain", "nobody", "x", "--http", "503", "--json", NULL), 1);
    assert_string_equal(said("class"), "UNKNOWN");
    expect_code(payroute("explain", "stripe", "x", "--http", "5000", NULL), 2);
}

/* Bytes of a provider must not reach the terminal. */
static void test_explain_prints_no_controls(void **state)
{
    (void)state;
    const ran *r = payroute("explain", "a\033[31m", "b\r\001\xff\xe2\x80\xae", NULL);
    expect_code(r, 1);
    for (size_t i = 0; i < r->out_len; i++) {
        assert_true(r->out[i] == '\n' || (unsigned char)r->out[i] >= 0x20);
    }
    assert_null(strstr(r->out, "\xe2\x80\xae"));
}

static void test_explain_rows(void **state)
{
    (void)state;
    expect_code(payroute("explain", "--search", "INSUFFICIENT", NULL), 0);
    expect_out("insufficient_funds");
    expect_out("PROVIDER");
    expect_code(payroute("explain", "--search", "no such thing anywhere", NULL), 1);
    expect_code(payroute("explain", "--list", "stripe", "--json", NULL), 0);
    assert_string_equal(said("0.provider"), "stripe");
    expect_code(payroute("explain", "--list", "strip", "--json", NULL), 1);
    expect_out("[]");
    expect_code(payroute("explain", "--list", "strip", NULL), 1);
    expect_out(" stripe");
    expect_code(payroute("explain", "--provider", "stripe", "--reason", "insufficient_funds", "--json", NULL), 0);
    assert_string_equal(said("0.reason"), "insufficient_funds");
    expect_code(payroute("explain", "--provider", "unionpay_gateway", "--layer", "status", "--json", NULL), 0);
    assert_string_equal(said("0.layer"), "status");
    expect_code(payroute("explain", "--reason", "insufficient_fund", NULL), 2);
    expect_err("explain --reasons");
    expect_code(payroute("explain", "--provider", "stripe", "--limit", "2", NULL), 0);
    expect_out("more");
    expect_code(payroute("explain", "--provider", "stripe", "--list", "stripe", NULL), 2);
    expect_code(payroute("explain", "--provider", "stripe", "x", NULL), 2);
}

/* A word of a customer's text finds the reason, in Chinese too; rows found so are counted, not poured out. */
static void test_explain_search_in_texts(void **state)
{
    (void)state;
    expect_code(payroute("explain", "--search", "可用额度不足", NULL), 0);
    expect_out("insufficient_funds");
    expect_out("MORE ROWS");
    expect_code(payroute("explain", "--search", "可用额度不足", "--json", NULL), 0);
    assert_string_equal(said("0.reason"), "insufficient_funds");
    expect_code(payroute("explain", "--search", "BALANCE", "--provider", "stripe", NULL), 0);
    expect_out("balance_insufficient");
}

static void test_explain_tables(void **state)
{
    (void)state;
    expect_code(payroute("explain", "--providers", NULL), 0);
    expect_out("wechatpay");
    expect_code(payroute("explain", "--providers", "--json", NULL), 0);
    assert_true(number("0.rows") > 0);
    expect_code(payroute("explain", "--reasons", NULL), 0);
    expect_out("insufficient_funds");
    expect_code(payroute("explain", "--reasons", "--json", NULL), 0);
    assert_string_equal(said("0.reason"), "unknown_outcome");
    expect_code(payroute("explain", "--reasons", "--providers", NULL), 2);
}

static void test_explain_own_rows(void **state)
{
    static const char rows[] =
        "[{\"provider\":\"shopbank\",\"code\":\"E7\",\"reason\":\"insufficient_funds\"}]";
    static const char wrong[] = "[{\"provider\":\"shopbank\",\"code\":\"E7\",\"reason\":\"nonsense\"}]";
    (void)state;
    const char *path = file_write("rows.json", rows, strlen(rows));
    expect_code(payroute("explain", "shopbank", "E7", "--catalog", path, "--json", NULL), 0);
    assert_string_equal(said("matched"), "overlay");
    path = file_write("wrong.json", wrong, strlen(wrong));
    expect_code(payroute("explain", "shopbank", "E7", "--catalog", path, NULL), 3);
    expect_err("rows[0].reason");
    expect_code(payroute("explain", "shopbank", "E7", "--catalog", file_path("none"), NULL), 4);
}

/* ---- batch ---- */

static int32_t line_count(const char *text)
{
    int32_t count = 0;
    for (; *text; text++) {
        count += *text == '\n';
    }
    return count;
}

static void test_batch_goes_on_after_bad_lines(void **state)
{
    static const char lines[] =
        "{\"provider\":\"stripe\",\"code\":\"insufficient_funds\",\"locale\":\"en\"}\n"
        "not json\n"
        "\n"
        "{\"provider\":\"stripe\",\"code\":\"x\",\"code\":\"y\"}\n"
        "{\"provider\":\"stripe\",\"http\":\"many\"}\n"
        "{\"nonsense\":1}\n"
        "[1]\n"
        "{\"provider\":\"a\0b\"}\n"
        "{\"provider\":\"\xff\"}\n"
        "{}\n"
        "{\"provider\":\"alipay\",\"code\":\"ACQ.TRADE_HAS_SUCCESS\",\"locale\":\"en\"}";
    (void)state;
    input(lines, sizeof lines - 1);
    const ran *r = payroute("explain", "--batch", NULL);
    expect_code(r, 3);
    assert_int_equal(line_count(r->out), 11);
    expect_out("\"reason\":\"insufficient_funds\"");
    expect_out("\"reason\":\"already_paid\"");
    static const char *const bad[] = {"\"line\":2}", "\"line\":3}", "\"line\":4}", "\"line\":5}",
                                      "\"line\":6}", "\"line\":7}", "\"line\":8}", "\"line\":9}"};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        expect_out(bad[i]);
    }
    assert_null(strstr(r->out, "\"line\":1}"));
    assert_null(strstr(r->out, "\"line\":10}"));
    assert_null(strstr(r->out, "\"line\":11}"));
    expect_silent_err();
}

static void test_batch_of_fine_lines_and_of_none(void **state)
{
    static const char fine[] = "{\"provider\":\"stripe\",\"code\":\"card_declined\"}\r\n";
    (void)state;
    input(fine, sizeof fine - 1);
    expect_code(payroute("explain", "--batch", "--locale", "en", NULL), 0);
    assert_string_equal(said("reason"), "declined_generic");
    assert_true(strlen(said("customer")) > 0); /* one text: the locale was given to the line */
    input(fine, sizeof fine - 1);
    expect_code(payroute("explain", "--batch", "--json", NULL), 0);
    assert_true(strlen(said("customer.en")) > 0);
    const ran *r = payroute("explain", "--batch", NULL);
    expect_code(r, 0);
    assert_int_equal(r->out_len, 0);
    expect_code(payroute("explain", "--batch", "--http", "503", NULL), 2);
}

static void test_batch_of_a_huge_line(void **state)
{
    size_t len = 3u << 20;
    char *text = malloc(len + 100);
    (void)state;
    assert_non_null(text);
    memset(text, 'a', len);
    strcpy(text + len, "\n{\"provider\":\"stripe\",\"code\":\"card_declined\"}\n");
    input(text, strlen(text));
    const ran *r = payroute("explain", "--batch", NULL);
    expect_code(r, 3);
    assert_int_equal(line_count(r->out), 2);
    expect_out("too long");
    expect_out("declined_generic");
    free(text);
}

/* An answer comes before the next question is asked: another program may hold the pipe open all day. */
static void test_batch_streams(void **state)
{
    int in[2];
    int out[2];
    char answer[8192];
    (void)state;
    assert_int_equal(pipe2(in, O_CLOEXEC) | pipe2(out, O_CLOEXEC), 0);
    pid_t pid = fork();
    if (pid == 0) {
        (void)dup2(in[0], 0);
        (void)dup2(out[1], 1);
        (void)alarm(20);
        (void)execl(program_path(), "payroute", "explain", "--batch", (char *)NULL);
        _exit(127);
    }
    (void)close(in[0]);
    (void)close(out[1]);
    for (int i = 0; i < 3; i++) {
        static const char line[] = "{\"provider\":\"stripe\",\"code\":\"card_declined\",\"locale\":\"en\"}\n";
        assert_int_equal(write(in[1], line, sizeof line - 1), sizeof line - 1);
        ssize_t got = read(out[0], answer, sizeof answer - 1);
        assert_true(got > 0 && answer[got - 1] == '\n');
    }
    int status = 0;
    (void)close(in[1]);
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
    (void)close(out[0]);
}

/* ---- check and route ---- */

#define CHANNEL(id, more)                                                                                    \
    "{\"id\":\"" id "\",\"provider\":\"stripe\",\"credentials\":[{\"secret_key\":\"sk_test_CANARY2\","       \
    "\"webhook_secret\":\"whsec_CANARY3\"}],\"methods\":[{\"method\":\"card\",\"flows\":[\"token\"]}],"      \
    "\"currencies\":[\"CNY\"],\"notify_url\":\"https://shop.example/n\"" more "}"
#define FILE_OF(channels) "{\"schema\":1,\"channels\":[" channels "]}"

static const char good[] =
    FILE_OF(CHANNEL("card-main", "") "," CHANNEL("card-off", ",\"enabled\":false,\"title\":\"备用\""));

static void test_check_of_a_good_file(void **state)
{
    (void)state;
    forbid_secret("sk_test_CANARY2");
    forbid_secret("whsec_CANARY3");
    const char *path = file_write("good.json", good, strlen(good));
    assert_int_equal(chmod(path, 0600), 0);
    expect_code(payroute("check", path, NULL), 0);
    expect_out("fine, 2 channels");
    expect_out("card(token)");
    expect_silent_err();
    expect_code(payroute("check", path, "--json", NULL), 0);
    assert_string_equal(said("ok"), "true");
    assert_string_equal(said("registry.channels.1.enabled"), "false");
    assert_string_equal(said("readable_by_others"), "false");
    assert_int_equal(chmod(path, 0644), 0);
    expect_code(payroute("check", path, NULL), 0);
    expect_err("other users");
    input(good, strlen(good));
    expect_code(payroute("check", "-", NULL), 0);
}

static void test_check_says_all_problems(void **state)
{
    static const char bad[] = FILE_OF(CHANNEL("card-main", ",\"weight\":-5,\"nonsense\":1") "," CHANNEL(
        "card-main", ",\"base_url\":\"ftp://x\""));
    (void)state;
    const char *path = file_write("bad.json", bad, strlen(bad));
    expect_code(payroute("check", path, NULL), 1);
    expect_out("channels[0].weight");
    expect_out("channels[0].nonsense");
    expect_out("channels[1].base_url");
    expect_silent_err();
    expect_code(payroute("check", path, "--json", NULL), 1);
    assert_string_equal(said("ok"), "false");
    assert_non_null(strstr(said("problems.0"), "channels["));
    path = file_write("broken.json", "{\"schema\":1,\"channels\":[", 24);
    expect_code(payroute("check", path, NULL), 1);
    expect_out("1 problem (malformed JSON)");
    path = file_write("nul.json", "{\"schema\":1\0}", 13);
    expect_code(payroute("check", path, NULL), 1);
    path = file_write("empty.json", "", 0);
    expect_code(payroute("check", path, NULL), 1);
    expect_code(payroute("check", file_path("missing.json"), NULL), 4);
    expect_err("No such file");
    expect_code(payroute("check", file_path(""), NULL), 4);
}

static void test_check_of_huge_input(void **state)
{
    size_t len = 6u << 20;
    char *text = malloc(len);
    (void)state;
    assert_non_null(text);
    memset(text, ' ', len);
    input(text, len);
    expect_code(payroute("check", "-", NULL), 3);
    expect_err("too large");
    free(text);
}

static void test_route(void **state)
{
    static const char request[] = "{\"amount_minor\":1234,\"currency\":\"CNY\",\"method\":\"card\"}";
    (void)state;
    const char *path = file_write("good.json", good, strlen(good));
    expect_code(payroute("route", path, "--method=card", "--amount=12.34", "--currency=CNY", NULL), 0);
    expect_out("12.34 CNY");
    expect_out("chosen          card-main");
    expect_out("left out");
    expect_code(payroute("route", path, "--amount-minor=1234", "--currency=CNY", "--json", NULL), 0);
    assert_string_equal(said("chosen.id"), "card-main");
    assert_int_equal(number("request.amount_minor"), 1234);
    assert_string_equal(said("channels.1.eligible"), "false");
    expect_code(payroute("route", path, "--amount=1", "--currency=EUR", NULL), 1);
    expect_out("no channel can take it");
    expect_code(payroute("route", path, "--amount=1", "--currency=EUR", "--json", NULL), 1);
    expect_code(payroute("route", path, "--amount=1", "--currency=CNY", "--channel=card-off", NULL), 1);
    input(request, strlen(request));
    expect_code(payroute("route", path, "-", "--json", NULL), 0);
    assert_string_equal(said("chosen.id"), "card-main");
    input("{\"amount_minor\":", 16);
    expect_code(payroute("route", path, "-", NULL), 3);
    input(request, strlen(request));
    expect_code(payroute("route", path, "-", "--method=card", NULL), 2);
    expect_code(payroute("route", file_path("bad.json"), "--amount=1", "--currency=CNY", NULL), 3);
    expect_err("channels[0].weight");
    expect_code(payroute("route", file_path("bad.json"), "--amount=1", "--currency=CNY", "--json", NULL), 3);
    assert_string_equal(said("error.name"), "E_SCHEMA");
    expect_code(payroute("route", file_path("missing"), "--amount=1", "--currency=CNY", NULL), 4);
}

/* ---- standard output ---- */

static int run_into(int out_fd, const char *word, const char *value)
{
    int status = 0;
    pid_t pid = fork();
    if (pid == 0) {
        int null = open("/dev/null", O_WRONLY | O_CLOEXEC);
        (void)dup2(null, 2);
        if (out_fd >= 0) {
            (void)dup2(out_fd, 1);
        } else {
            (void)close(1);
        }
        (void)signal(SIGPIPE, SIG_DFL);
        (void)alarm(20);
        (void)execl(program_path(), "payroute", "explain", word, value, (char *)NULL);
        _exit(127);
    }
    assert_int_equal(waitpid(pid, &status, 0), pid);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
}

static void test_output_that_cannot_be_written(void **state)
{
    int pair[2];
    (void)state;
    int full = open("/dev/full", O_WRONLY | O_CLOEXEC);
    if (full >= 0) {
        assert_int_equal(run_into(full, "stripe", "card_declined"), 4);
        (void)close(full);
    }
    assert_int_equal(run_into(-1, "stripe", "card_declined"), 4);
    assert_int_equal(pipe2(pair, O_CLOEXEC), 0);
    (void)close(pair[0]);
    assert_int_equal(run_into(pair[1], "stripe", "card_declined"),
                     0); /* a reader that had enough is no fault */
    assert_int_equal(run_into(pair[1], "--list", "stripe"), 0);
    (void)close(pair[1]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_help_of_everything),
        cmocka_unit_test(test_wrong_words_are_usage),
        cmocka_unit_test(test_rules_of_the_networks),
        cmocka_unit_test(test_amounts_are_exact_or_refused),
        cmocka_unit_test(test_secrets_are_refused),
        cmocka_unit_test(test_explain_page),
        cmocka_unit_test(test_explain_parts),
        cmocka_unit_test(test_explain_unknown_is_no_failure),
        cmocka_unit_test(test_explain_prints_no_controls),
        cmocka_unit_test(test_explain_rows),
        cmocka_unit_test(test_explain_search_in_texts),
        cmocka_unit_test(test_explain_tables),
        cmocka_unit_test(test_explain_own_rows),
        cmocka_unit_test(test_batch_goes_on_after_bad_lines),
        cmocka_unit_test(test_batch_of_fine_lines_and_of_none),
        cmocka_unit_test(test_batch_of_a_huge_line),
        cmocka_unit_test(test_batch_streams),
        cmocka_unit_test(test_check_of_a_good_file),
        cmocka_unit_test(test_check_says_all_problems),
        cmocka_unit_test(test_check_of_huge_input),
        cmocka_unit_test(test_route),
        cmocka_unit_test(test_output_that_cannot_be_written),
    };
    (void)unsetenv("PAYROUTE_CONFIG");
    (void)unsetenv("PAYROUTE_STORE");
    return cmocka_run_group_tests(tests, play_begin, play_end);
}
