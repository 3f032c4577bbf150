/* Doctor: each thing that goes wrong at a first payment, planted, and found by name. The handler of the
   notify address is a real HTTP server with an engine of its own on the same file. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <microhttpd.h>

#include "host/engine.h"
#include "shop.h"

static struct sandbox sb;
static struct MHD_Daemon *handler;
static payroute_engine *behind; /* what the handler asks */
static const char *plays;       /* NULL: the handler; else "302", "404", "html" or "next" (another channel) */

struct body {
    char text[256];
    size_t len;
};

static enum MHD_Result answer(struct MHD_Connection *c, unsigned status, const char *text)
{
    struct MHD_Response *r =
        MHD_create_response_from_buffer(strlen(text), (void *)(uintptr_t)text, MHD_RESPMEM_MUST_COPY);
    enum MHD_Result done = MHD_queue_response(c, status, r);
    MHD_destroy_response(r);
    return done;
}

static enum MHD_Result on_request(void *user, struct MHD_Connection *c, const char *url, const char *method,
                                  const char *version, const char *data, size_t *size, void **state)
{
    struct body *b = *state;
    (void)user, (void)version;
    if (!b) {
        *state = calloc(1, sizeof *b);
        return *state ? MHD_YES : MHD_NO;
    }
    if (*size > 0) {
        size_t room = sizeof b->text - 1 - b->len, n = *size < room ? *size : room;
        memcpy(b->text + b->len, data, n);
        b->len += n;
        *size = 0;
        return MHD_YES;
    }
    if (plays && strcmp(plays, "next") != 0) {
        return strcmp(plays, "html") == 0 ? answer(c, 200, "<html>login</html>")
                                          : answer(c, (unsigned)atoi(plays), "no");
    }
    const char *channel = plays ? "ali-backup" : strrchr(url, '/') + 1;
    (void)payroute_engine_notify(behind, channel, method, NULL, 0, NULL, 0, b->text, b->len);
    return answer(c, (unsigned)told_number(behind, "ack.status"), told(behind, "ack.body"));
}

static void on_done(void *user, struct MHD_Connection *c, void **state, enum MHD_RequestTerminationCode code)
{
    (void)user, (void)c, (void)code;
    free(*state);
}

static int world_begin(void **state)
{
    (void)state;
    sandbox_start(&sb, 0);
    handler = MHD_start_daemon(MHD_USE_INTERNAL_POLLING_THREAD, 0, NULL, NULL, on_request, NULL,
                               MHD_OPTION_NOTIFY_COMPLETED, on_done, NULL, MHD_OPTION_END);
    return handler ? 0 : -1;
}

static int world_end(void **state)
{
    MHD_stop_daemon(handler);
    sandbox_stop(&sb);
    return shop_clean(state);
}

/* The sandbox's configuration with its notify addresses turned to our handler, and one text in place of
 * another. */
static char *config_with(const char *from, const char *to)
{
    int port = (int)MHD_get_daemon_info(handler, MHD_DAEMON_INFO_BIND_PORT)->port;
    char *text = calloc(1, strlen(sb.config) * 2 + 4096), *out = text;
    size_t from_len = from ? strlen(from) : 0;
    assert_non_null(text);
    for (const char *at = sb.config; *at;) {
        if (from && strncmp(at, from, from_len) == 0) {
            out += sprintf(out, "%s", to);
            at += from_len;
        } else if (strncmp(at, "127.0.0.1:18080/notify", 22) == 0) {
            out += sprintf(out, "127.0.0.1:%d/notify", port);
            at += 22;
        } else {
            *out++ = *at++;
        }
    }
    return text;
}

/* What doctor says of one channel ("": the installation): its findings, separated by blanks. */
static const char *findings(payroute_engine *e, const char *channel)
{
    static char text[1024];
    size_t len = 0, all = 0;
    payroute_json *doc = NULL;
    const char *result = payroute_engine_result(e, &all);
    assert_int_equal(payroute_json_parse(&doc, result, all, NULL, 0), PAYROUTE_OK);
    const payroute_json_node *list = payroute_json_get(payroute_json_root(doc), "findings");
    text[0] = '\0';
    for (const payroute_json_node *f = payroute_json_first(list); f; f = payroute_json_next(f)) {
        const char *of = payroute_json_string(payroute_json_get(f, "channel"));
        if (strcmp(of ? of : "", channel) == 0) {
            len += (size_t)snprintf(text + len, sizeof text - len, " %s",
                                    payroute_json_string(payroute_json_get(f, "finding")));
            assert_true(strlen(payroute_json_string(payroute_json_get(f, "zh-CN"))) > 9);
            assert_null(strstr(payroute_json_string(payroute_json_get(f, "en")), "{"));
        }
    }
    payroute_json_free(doc);
    return text;
}

static void expect(payroute_engine *e, const char *channel, const char *finding)
{
    char word[64];
    snprintf(word, sizeof word, " %s", finding);
    if (!strstr(findings(e, channel), word)) {
        fail_msg("%s: expected %s, got%s", channel, finding, findings(e, channel));
    }
}

typedef struct examined {
    payroute_engine *e;
    char *config;
} examined;

static examined examine(const char *from, const char *to, const char *handler_plays)
{
    examined x = {.config = config_with(from, to)};
    const char *store = shop_store(1);
    plays = handler_plays;
    x.e = shop_open(x.config, store, NULL);
    char *plain = config_with(NULL, NULL);
    behind = shop_open(plain, store, "\"catalog\":[]"); /* other options: an engine of its own */
    free(plain);
    assert_int_equal(payroute_engine_doctor(x.e, 30000), PAYROUTE_OK);
    return x;
}

static void done(examined *x)
{
    payroute_engine_close(x->e);
    payroute_engine_close(behind);
    behind = NULL;
    free(x->config);
}

static void a_sound_installation(void **state)
{
    (void)state;
    examined x = examine(NULL, NULL, NULL);
    assert_int_equal(told_number(x.e, "fail"), 0);
    expect(x.e, "", "store_works");
    expect(x.e, "", "state_dir_missing");
    expect(x.e, "", "versions");
    static const char *const channels[] = {"ali-main", "ali-backup", "card-main", "card-backup"};
    for (size_t i = 0; i < sizeof channels / sizeof channels[0]; i++) {
        expect(x.e, channels[i], "notify_works");
        expect(x.e, channels[i], "clock_fits");
        expect(x.e, channels[i], "account_fits");
    }
    assert_int_equal(sandbox_books(&sb, "totals.orders"), 0); /* asked, and nothing made */
    done(&x);
}

static void addresses_that_do_not_work(void **state)
{
    (void)state;
    static const struct {
        const char *from, *to, *plays, *finding;
    } cases[] = {
        {NULL, NULL, "302", "notify_moved"},
        {NULL, NULL, "404", "notify_elsewhere"},
        {NULL, NULL, "html", "notify_elsewhere"},
        {NULL, NULL, "next", "notify_other_store"},
        {"127.0.0.1:18080/notify/ali-main", "127.0.0.1:1/notify/ali-main", NULL, "notify_unreachable"}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        examined x = examine(cases[i].from, cases[i].to, cases[i].plays);
        expect(x.e, "ali-main", cases[i].finding);
        expect(x.e, "ali-main", "account_fits");
        assert_true(told_number(x.e, "fail") > 0);
        done(&x);
    }
}

/* A stranger learns nothing and leaves nothing: only a mark that this store holds is given back. */
static void marks_of_strangers(void **state)
{
    (void)state;
    examined x = examine(NULL, NULL, NULL);
    static const char mark[] = "payroute-doctor 00112233445566778899aabbccddeeff";
    assert_int_equal(payroute_engine_notify(x.e, "ali-main", "POST", NULL, 0, NULL, 0, mark, sizeof mark - 1),
                     PAYROUTE_OK);
    assert_string_equal(told(x.e, "ack.status"), "404");
    assert_null(strstr(told(x.e, "ack.body"), "0011"));
    done(&x);
}

static void keys_that_do_not_fit(void **state)
{
    (void)state;
    examined x = examine("sk_test_", "sk_test_x", NULL);
    expect(x.e, "card-main", "account_refused");
    expect(x.e, "ali-main", "account_fits");
    done(&x);
    x = examine("2021000123450001", "2021000123450009", NULL);
    assert_null(strstr(findings(x.e, "ali-main"), "account_fits"));
    done(&x);
}

static void a_provider_that_is_not_there(void **state)
{
    (void)state;
    (void)sandbox_call(&sb, "POST", "/_fault",
                       "{\"account\":\"ali-main\",\"operation\":\"*\",\"fault\":\"refuse\",\"times\":-1}");
    (void)sandbox_call(&sb, "POST", "/_fault",
                       "{\"account\":\"card-main\",\"operation\":\"*\",\"fault\":\"html\",\"times\":-1}");
    (void)sandbox_call(
        &sb, "POST", "/_fault",
        "{\"account\":\"ali-backup\",\"operation\":\"*\",\"fault\":\"bad_signature\",\"times\":-1}");
    examined x = examine(NULL, NULL, NULL);
    expect(x.e, "ali-main", "account_unreachable");
    expect(x.e, "card-main", "account_unclear");
    expect(x.e, "ali-backup", "account_unverified");
    expect(x.e, "card-backup", "account_fits");
    done(&x);
    (void)sandbox_call(&sb, "POST", "/_fault", "{\"clear\":true}");
}

static void a_clock_that_is_off(void **state)
{
    (void)state;
    (void)sandbox_call(&sb, "POST", "/_clock", "{\"advance_ms\":3600000}");
    examined x = examine(NULL, NULL, NULL);
    expect(x.e, "card-main", "clock_off");
    done(&x);
    (void)sandbox_call(&sb, "POST", "/_clock", "{\"real\":true}");
}

/* An answer without a date says nothing of the clock. */
static void a_provider_without_a_clock(void **state)
{
    (void)state;
    char from[80] = "", to[80], path[40];
    int port = 0;
    for (const char *at = sb.config; (at = strstr(at, "127.0.0.1:")) != NULL && !from[0]; at++) {
        if (sscanf(at, "127.0.0.1:%d/%39[^\"]", &port, path) == 2 && strcmp(path, "stripe-main") == 0) {
            snprintf(from, sizeof from, "127.0.0.1:%d/stripe-main\"", port);
        }
    }
    assert_true(from[0]);
    struct MHD_Daemon *bare =
        MHD_start_daemon(MHD_USE_INTERNAL_POLLING_THREAD | MHD_USE_SUPPRESS_DATE_NO_CLOCK, 0, NULL, NULL,
                         on_request, NULL, MHD_OPTION_NOTIFY_COMPLETED, on_done, NULL, MHD_OPTION_END);
    assert_non_null(bare);
    snprintf(to, sizeof to, "127.0.0.1:%d/stripe-main\"",
             (int)MHD_get_daemon_info(bare, MHD_DAEMON_INFO_BIND_PORT)->port);
    examined x = examine(from, to, "html");
    expect(x.e, "card-main", "account_unclear");
    assert_null(strstr(findings(x.e, "card-main"), "clock"));
    expect(x.e, "ali-main", "clock_fits");
    done(&x);
    MHD_stop_daemon(bare);
}

static void channels_that_are_not_asked(void **state)
{
    (void)state;
    payroute_engine *e = shop_open(custom_config, shop_store(0), NULL);
    assert_int_equal(payroute_engine_doctor(e, 0), PAYROUTE_OK);
    expect(e, "", "store_memory");
    assert_non_null(strstr(payroute_engine_result(e, NULL), "host_driven"));
    payroute_engine_close(e);
    char *config = config_with(NULL, NULL);
    e = shop_open(config, shop_store(0), NULL);
    assert_int_equal(payroute_engine_doctor(e, 0), PAYROUTE_OK); /* no time: says so and asks nobody */
    expect(e, "ali-main", "out_of_time");
    payroute_engine_close(e);
    free(config);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_sound_installation),         cmocka_unit_test(addresses_that_do_not_work),
        cmocka_unit_test(marks_of_strangers),           cmocka_unit_test(keys_that_do_not_fit),
        cmocka_unit_test(a_provider_that_is_not_there), cmocka_unit_test(a_clock_that_is_off),
        cmocka_unit_test(a_provider_without_a_clock),   cmocka_unit_test(channels_that_are_not_asked),
    };
    return cmocka_run_group_tests(tests, world_begin, world_end);
}
