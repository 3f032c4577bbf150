/* What the driver says of an exchange: whole answers, cuts, and above all when it may say that nothing was
 * sent. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include <payroute/base.h>

#include "host/driver.h"
#include "host/driver_answer.h"
#include "server.h"

#define WHOLE "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nX-A: b\r\n\r\nhello"

static prh_driver *driver;
static struct server server;
static char url[128];

static int set_up(void **state)
{
    (void)state;
    return prh_driver_new(&driver);
}

static int tear_down(void **state)
{
    (void)state;
    server_stop(&server);
    prh_driver_free(driver);
    driver = NULL;
    return 0;
}

static prh_exchange base_exchange(int port)
{
    snprintf(url, sizeof url, "http://127.0.0.1:%d/pay", port);
    return (prh_exchange){.method = "POST",
                          .url = url,
                          .headers = "X-Key: k\r\nContent-Type: text/plain\r\n",
                          .headers_len = 36,
                          .body = "a=1",
                          .body_len = 3,
                          .money = 1,
                          .plain = 1,
                          .timeout_ms = 5000,
                          .connect_ms = 1000};
}

static void ask(const prh_exchange *exchange, prh_outcome *out)
{
    assert_int_equal(prh_driver_perform(driver, exchange, out), PAYROUTE_OK);
}

static void ask_server(enum server_mode mode, const char *script, size_t cut, int64_t timeout_ms,
                       prh_outcome *out)
{
    server_start(&server, mode, script, cut);
    prh_exchange exchange = base_exchange(server.port);
    exchange.timeout_ms = timeout_ms;
    ask(&exchange, out);
}

/* ---- whole answers ---- */

static void whole_answer(void **state)
{
    (void)state;
    prh_outcome out;
    ask_server(SERVER_ANSWER, WHOLE, 0, 5000, &out);
    assert_int_equal(out.answered, 1);
    assert_int_equal(out.not_sent, 0);
    assert_int_equal(out.status, 200);
    assert_int_equal(out.verified_peer, 1);
    assert_int_equal(out.body_len, 5);
    assert_memory_equal(out.body, "hello", 5);
    assert_non_null(strstr(out.headers, "X-A: b\r\n"));
    assert_int_equal(server.seen->executed, 1);
    assert_non_null(strstr(server.seen->last, "X-Key: k\r\n"));
    assert_non_null(strstr(server.seen->last, "\r\n\r\na=1"));
    assert_null(strcasestr(server.seen->last, "expect:"));
    assert_null(strcasestr(server.seen->last, "accept-encoding:"));
    prh_outcome_free(&out);
    assert_null(out.body);
}

static void answered_for(const char *script, int answered, int status, const char *body)
{
    prh_outcome out;
    ask_server(SERVER_ANSWER, script, 0, 5000, &out);
    assert_int_equal(out.answered, answered);
    assert_int_equal(out.not_sent, 0);
    if (answered) {
        assert_int_equal(out.status, status);
        assert_int_equal(out.body_len, strlen(body));
        if (*body) {
            assert_memory_equal(out.body, body, strlen(body));
        }
    } else {
        assert_null(out.body);
    }
    prh_outcome_free(&out);
    server_stop(&server);
}

static void ends_that_count(void **state)
{
    (void)state;
    answered_for("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n", 1, 200, "abc");
    answered_for("HTTP/1.1 204 No Content\r\n\r\n", 1, 204, "");
    answered_for("HTTP/1.1 103 Early Hints\r\nX-A: no\r\n\r\n" WHOLE, 1, 200, "hello");
    answered_for("HTTP/1.1 500 Oops\r\nContent-Length: 2\r\n\r\nno", 1, 500, "no");
    answered_for("HTTP/1.1 302 Found\r\nLocation: /elsewhere\r\nContent-Length: 0\r\n\r\n", 1, 302, "");
}

static void ends_that_do_not_count(void **state)
{
    (void)state;
    answered_for("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhello", 0, 0, NULL);
    answered_for("HTTP/1.1 200 OK\r\n\r\nhello", 0, 0, NULL);
    answered_for("HTTP/1.0 200 OK\r\nConnection: close\r\n\r\nhello", 0, 0, NULL);
    answered_for("HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 4\r\n\r\nhello", 0, 0, NULL);
    answered_for("HTTP/1.1 200 OK\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 0, 0,
                 NULL);
    answered_for("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n", 0, 0, NULL);
    answered_for("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\nabc\r\n0\r\n\r\n", 0, 0, NULL);
    answered_for("HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\nhello", 0, 0, NULL);
    answered_for("garbage that is no HTTP\r\n\r\n", 0, 0, NULL);
    answered_for("HTTP/1.1 103 Early Hints\r\n\r\n", 0, 0, NULL);
}

/* Cut at every byte: only the whole is an answer, and nothing ever looks like "not sent". */
static void cut_at_every_byte(void **state)
{
    (void)state;
    for (size_t cut = 1; cut <= strlen(WHOLE); cut++) {
        prh_outcome out;
        ask_server(SERVER_ANSWER, WHOLE, cut, 5000, &out);
        assert_int_equal(out.answered, cut == strlen(WHOLE));
        assert_int_equal(out.not_sent, 0);
        prh_outcome_free(&out);
        server_stop(&server);
    }
}

static void no_redirect_is_followed(void **state)
{
    (void)state;
    prh_outcome out;
    ask_server(SERVER_ANSWER, "HTTP/1.1 307 Go\r\nLocation: /again\r\nContent-Length: 0\r\n\r\n", 0, 5000,
               &out);
    assert_int_equal(out.answered, 1);
    assert_int_equal(out.status, 307);
    assert_int_equal(server.seen->executed, 1);
    prh_outcome_free(&out);
}

/* ---- caps and deadlines ---- */

static void stall_ends_at_the_deadline(void **state)
{
    (void)state;
    prh_outcome out;
    ask_server(SERVER_STALL, NULL, 0, 300, &out);
    assert_int_equal(out.answered, 0);
    assert_int_equal(out.not_sent, 0);
    assert_int_equal(out.curl_code, 28);
    prh_outcome_free(&out);
}

static void slow_loris_is_cut(void **state)
{
    (void)state;
    prh_outcome out;
    ask_server(SERVER_TRICKLE, "HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\n", 0, 20000, &out);
    assert_int_equal(out.answered, 0);
    assert_int_equal(out.not_sent, 0);
    assert_int_equal(out.curl_code, 28); /* our own watch, long before the deadline */
    prh_outcome_free(&out);
}

static void speed_is_judged_from_the_first_byte(void **state)
{
    (void)state;
    prh_answer answer = {0};
    assert_int_equal(prh_answer_too_slow(&answer, 100000), 0); /* it still thinks */
    assert_int_equal(prh_answer_header(&answer, "HTTP/1.1 200 OK\r\n", 17, 100000), 1);
    assert_int_equal(prh_answer_too_slow(&answer, 102999), 0);
    char many[200] = {0};
    assert_int_equal(prh_answer_body(&answer, many, sizeof many, 102999), 1);
    assert_int_equal(prh_answer_too_slow(&answer, 103000), 0);
    assert_int_equal(prh_answer_body(&answer, many, 100, 104000), 1);
    assert_int_equal(prh_answer_too_slow(&answer, 106000), 1);
    prh_answer_free(&answer);
}

static void huge_body_stays_out(void **state)
{
    (void)state;
    static const char *const starts[] = {"HTTP/1.1 200 OK\r\nContent-Length: 67108864\r\n\r\n",
                                         "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n"};
    for (int i = 0; i < 2; i++) {
        struct rusage before, after;
        prh_outcome out;
        getrusage(RUSAGE_SELF, &before);
        ask_server(SERVER_HUGE, starts[i], 0, 20000, &out);
        getrusage(RUSAGE_SELF, &after);
        assert_int_equal(out.answered, 0);
        assert_int_equal(out.not_sent, 0);
        assert_int_equal(out.curl_code, 63);
        assert_null(out.body);
        assert_true(after.ru_maxrss - before.ru_maxrss < 16 * 1024);
        prh_outcome_free(&out);
        server_stop(&server);
    }
}

static void body_of_exactly_the_cap(void **state)
{
    (void)state;
    prh_answer answer = {0};
    char *block = calloc(1, PRH_BODY_CAP);
    assert_int_equal(prh_answer_body(&answer, block, PRH_BODY_CAP, 1), 1);
    assert_int_equal(prh_answer_body(&answer, block, 1, 1), 0);
    assert_int_equal(answer.broken, 1);
    prh_answer_free(&answer);
    free(block);
}

static void huge_headers_stay_out(void **state)
{
    (void)state;
    char *script = malloc(40000);
    size_t len = (size_t)sprintf(script, "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n");
    while (len < 20000) {
        len += (size_t)sprintf(script + len, "X-Pad-%zu: 0123456789012345678901234567890123456789\r\n", len);
    }
    sprintf(script + len, "\r\n");
    answered_for(script, 0, 0, NULL);
    free(script);
}

/* ---- what was sent ---- */

static void nothing_sent(const char *where, prh_exchange exchange)
{
    prh_outcome out;
    ask(&exchange, &out);
    if (!out.not_sent || out.answered) {
        fail_msg("%s: not_sent %d, curl %d", where, out.not_sent, out.curl_code);
    }
    assert_int_not_equal(out.curl_code, 0);
    prh_outcome_free(&out);
}

static int32_t refuse(void *user)
{
    ++*(int *)user;
    return 0;
}

static int32_t agree(void *user)
{
    ++*(int *)user;
    return 1;
}

/* The left column of the measured table: no byte left. */
static void not_sent_cases(void **state)
{
    (void)state;
    prh_exchange exchange = base_exchange(server_free_port());
    nothing_sent("refused", exchange);
    exchange.url = "https://does-not-exist.invalid/pay";
    exchange.timeout_ms = 3000;
    nothing_sent("no such name", exchange);
    exchange.url = "ftp://127.0.0.1/pay";
    nothing_sent("scheme", exchange);
    exchange.url = "http://192.0.2.1/pay";
    nothing_sent("plain to the world", exchange);
    exchange.url = "http://localhost.example.com/pay";
    nothing_sent("plain to a name that only begins like ours", exchange);
    exchange.url = "http://user:word@127.0.0.1/pay";
    nothing_sent("credentials in the URL", exchange);
    exchange.url = "http://127.0.0.1/pay with blanks";
    nothing_sent("blanks", exchange);
    exchange.url = "https://127.0.0.1:1/";
    exchange.connect_ms = 1;
    nothing_sent("refused over TLS", exchange);
}

static void plain_needs_permission(void **state)
{
    (void)state;
    server_start(&server, SERVER_ANSWER, WHOLE, 0);
    prh_exchange exchange = base_exchange(server.port);
    exchange.plain = 0;
    nothing_sent("plain is off", exchange);
    assert_int_equal(server.seen->connections, 0);
}

static void tls_against_a_plain_port(void **state)
{
    (void)state;
    server_start(&server, SERVER_ANSWER, "HTTP/1.1 400 Bad\r\nContent-Length: 0\r\n\r\n", 0);
    prh_exchange exchange = base_exchange(server.port);
    char secure[128];
    snprintf(secure, sizeof secure, "https://127.0.0.1:%d/pay", server.port);
    exchange.url = secure;
    exchange.timeout_ms = 1500;
    nothing_sent("TLS against a plain port", exchange);
    assert_int_equal(server.seen->executed, 0);
}

static void lease_is_asked_before_the_first_byte(void **state)
{
    (void)state;
    int asked = 0;
    server_start(&server, SERVER_ANSWER, WHOLE, 0);
    prh_exchange exchange = base_exchange(server.port);
    exchange.still_ours = refuse;
    exchange.user = &asked;
    nothing_sent("lease lost", exchange);
    assert_int_equal(asked, 1);
    assert_int_equal(server.seen->bytes, 0);
    exchange.still_ours = agree;
    prh_outcome out;
    ask(&exchange, &out);
    assert_int_equal(out.answered, 1);
    assert_int_equal(asked, 2);
    prh_outcome_free(&out);
}

/* The right column: something may have left, whatever the CURLcode. */
static void sent_cases(void **state)
{
    (void)state;
    static const struct {
        enum server_mode mode;
        const char *script;
    } cases[] = {
        {SERVER_CLOSE_AT_ONCE, NULL},
        {SERVER_CLOSE_READ, NULL},
        {SERVER_RESET, NULL},
        {SERVER_STALL, NULL},
        {SERVER_ANSWER, "garbage"},
        {SERVER_ANSWER, "HTTP/1.1 200 OK\r\nConte"},
        {SERVER_ANSWER, "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhello"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        prh_outcome out;
        ask_server(cases[i].mode, cases[i].script, 0, 300, &out);
        assert_int_equal(out.answered, 0);
        assert_int_equal(out.not_sent, 0);
        assert_int_not_equal(server.seen->connections, 0);
        prh_outcome_free(&out);
        server_stop(&server);
    }
}

/* libcurl repeats a POST on a fresh connection when a kept-alive one dies without an answer. For money it
 * must not. */
static void executed_once(int money, int expected)
{
    prh_outcome out;
    server_start(&server, SERVER_KEEP_THEN_HANG, WHOLE, 0);
    prh_exchange exchange = base_exchange(server.port);
    exchange.money = 0;
    ask(&exchange, &out);
    assert_int_equal(out.answered, 1);
    prh_outcome_free(&out);
    exchange.money = money;
    exchange.timeout_ms = 1000;
    ask(&exchange, &out);
    prh_outcome_free(&out);
    assert_int_equal(server.seen->executed, expected);
    server_stop(&server);
    prh_driver_free(driver);
    assert_int_equal(prh_driver_new(&driver), PAYROUTE_OK);
}

static void money_is_executed_once(void **state)
{
    (void)state;
    executed_once(0, 3); /* the danger is real: two requests, three executions */
    executed_once(1, 2);
}

static void money_uses_a_fresh_connection(void **state)
{
    (void)state;
    server_start(&server, SERVER_ANSWER, WHOLE, 0);
    prh_exchange exchange = base_exchange(server.port);
    for (int i = 1; i <= 3; i++) {
        prh_outcome out;
        ask(&exchange, &out);
        assert_int_equal(out.answered, 1);
        assert_int_equal(server.seen->connections, i);
        assert_int_equal(server.seen->executed, i);
        prh_outcome_free(&out);
    }
    server_stop(&server);
    server_start(&server, SERVER_CLOSE_READ, NULL, 0);
    exchange = base_exchange(server.port);
    prh_outcome out;
    ask(&exchange, &out);
    assert_int_equal(out.answered, 0);
    assert_int_equal(server.seen->executed, 1);
    prh_outcome_free(&out);
}

/* ---- the environment and wrong calls ---- */

static void environment_proxy_is_ignored(void **state)
{
    (void)state;
    prh_outcome out;
    struct server proxy;
    server_start(&proxy, SERVER_CLOSE_READ, NULL, 0);
    char at[64];
    snprintf(at, sizeof at, "http://127.0.0.1:%d", proxy.port);
    setenv("http_proxy", at, 1);
    setenv("ALL_PROXY", at, 1);
    ask_server(SERVER_ANSWER, WHOLE, 0, 2000, &out);
    unsetenv("http_proxy");
    unsetenv("ALL_PROXY");
    assert_int_equal(out.answered, 1);
    assert_int_equal(proxy.seen->connections, 0);
    prh_outcome_free(&out);
    server_stop(&proxy);
}

static void wrong_calls(void **state)
{
    (void)state;
    prh_outcome out;
    prh_exchange exchange = base_exchange(1);
    assert_int_equal(prh_driver_perform(NULL, &exchange, &out), PAYROUTE_E_ARG);
    assert_int_equal(prh_driver_perform(driver, NULL, &out), PAYROUTE_E_ARG);
    assert_int_equal(prh_driver_perform(driver, &exchange, NULL), PAYROUTE_E_ARG);
    exchange.method = "BREW";
    assert_int_equal(prh_driver_perform(driver, &exchange, &out), PAYROUTE_E_ARG);
    static const char *const bad[] = {"no colon\r\n", ": empty\r\n", "A: b\nInjected: c\r\n", "A b: c\r\n",
                                      "A: b\001\r\n"};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        exchange = base_exchange(1);
        exchange.headers = bad[i];
        exchange.headers_len = strlen(bad[i]);
        assert_int_equal(prh_driver_perform(driver, &exchange, &out), PAYROUTE_E_ARG);
    }
    prh_outcome_free(NULL);
    prh_driver_free(NULL);
}

static void child_of_fork_is_refused(void **state)
{
    (void)state;
    server_start(&server, SERVER_ANSWER, WHOLE, 0);
    prh_exchange exchange = base_exchange(server.port);
    pid_t pid = fork();
    if (pid == 0) {
        prh_outcome out;
        int32_t rc = prh_driver_perform(driver, &exchange, &out);
        _exit(rc == PAYROUTE_E_FORKED ? 0 : 1);
    }
    int status = 1;
    waitpid(pid, &status, 0);
    assert_int_equal(status, 0);
    assert_int_equal(server.seen->connections, 0);
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        T(whole_answer),
        T(ends_that_count),
        T(ends_that_do_not_count),
        T(cut_at_every_byte),
        T(no_redirect_is_followed),
        T(stall_ends_at_the_deadline),
        T(slow_loris_is_cut),
        T(speed_is_judged_from_the_first_byte),
        T(huge_body_stays_out),
        T(body_of_exactly_the_cap),
        T(huge_headers_stay_out),
        T(not_sent_cases),
        T(plain_needs_permission),
        T(tls_against_a_plain_port),
        T(lease_is_asked_before_the_first_byte),
        T(sent_cases),
        T(money_is_executed_once),
        T(money_uses_a_fresh_connection),
        T(environment_proxy_is_ignored),
        T(wrong_calls),
        T(child_of_fork_is_refused),
    };
    return cmocka_run_group_tests_name("driver", tests, NULL, NULL);
}
