/* `route --lines`: the protocol as a host speaks it, and what it says to nonsense. */
#include "play.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define HELLO                                                                                                \
    "{\"ev\":\"hello\",\"v\":1,\"channels\":[{\"k\":0,\"prior_sr\":0.95,\"cost_bps\":120.0},"                \
    "{\"k\":1,\"prior_sr\":0.85}],\"methods\":2,\"issuers\":6,\"patience\":8.0,\"seed\":123}\n"
#define ROUTE(t)                                                                                             \
    "{\"ev\":\"route\",\"t\":" t ",\"id\":7,\"method\":1,\"issuer\":3,\"deadline\":1000,\"failed\":[]}\n"

static const ran *speak(const char *text)
{
    input(text, strlen(text));
    return payroute("route", "--lines", NULL);
}

static void test_a_talk(void **state)
{
    (void)state;
    expect_code(
        speak(HELLO ROUTE(
            "1.5") "{\"ev\":\"start\",\"t\":1.5,\"id\":7,\"k\":0,\"method\":1,\"issuer\":3}\n"
                   "{\"ev\":\"end\",\"t\":2.4,\"id\":7,\"k\":0,\"method\":1,\"issuer\":3,\"res\":\"ok\",\"lat\":0.9}\n"
                   "{\"ev\":\"tick\",\"t\":3}\n{\"ev\":\"new\",\"what\":[1,{\"a\":\"\\u00e9\"}]}\n"
                   "{\"ev\":\"bye\"}\nnot read any more\n"),
        0);
    expect_out(
        "{\"ok\":true,\"tick\":2}\n{\"order\":[0,1],\"timeout\":[6,6],\"on_unknown\":\"query\"}\n{}\n");
    expect_silent_err();
}

/* Three refused connections: the better one goes behind, and is asked about. */
static void test_it_learns(void **state)
{
    char text[4096] = HELLO;
    (void)state;
    for (int i = 0; i < 4; i++) {
        snprintf(
            text + strlen(text), sizeof text - strlen(text),
            "{\"ev\":\"start\",\"t\":%d,\"id\":%d,\"k\":0,\"method\":1,\"issuer\":3}\n"
            "{\"ev\":\"end\",\"t\":%d.05,\"id\":%d,\"k\":0,\"method\":1,\"issuer\":3,\"res\":\"not_sent\","
            "\"lat\":0.05}\n",
            10 + i, i, 10 + i, i);
    }
    strcat(text, "{\"ev\":\"route\",\"t\":15,\"id\":9,\"failed\":[0]}\n{\"ev\":\"tick\",\"t\":16}\n");
    expect_code(speak(text), 0);
    expect_out("{\"order\":[1,0]");
    expect_out("{\"probe\":[0");
}

static void test_nonsense_is_told_and_changes_nothing(void **state)
{
    static const struct {
        const char *line, *says;
    } bad[] = {
        {"{\"ev\":\"route\",\"t\":1", "E_JSON"},
        {"{\"ev\":\"route\",\"t\":1}x", "E_JSON"},
        {"{\"ev\":\"route\",\"t\":1,\"t\":2}", "E_JSON"},
        {"{\"ev\":\"route\",\"t\":01}", "E_JSON"},
        {"{\"ev\":\"route\",\"t\":\"1\"}", "E_SCHEMA"},
        {"{\"ev\":\"route\"}", "E_SCHEMA"},
        {"{\"ev\":\"route\",\"t\":-1}", "E_RANGE"},
        {"{\"ev\":\"route\",\"t\":1e300}", "E_RANGE"},
        {"{\"ev\":\"route\",\"t\":1,\"failed\":[64]}", "E_RANGE"},
        {"{\"ev\":\"hello\",\"channels\":[]}", "E_SCHEMA"},
        {"{\"ev\":\"hello\",\"channels\":[{\"k\":1}]}", "E_SCHEMA"},
        {"{\"ev\":\"hello\",\"v\":2,\"channels\":[{\"k\":0}]}", "E_RANGE"},
        {"[]", "E_JSON"},
        {"{}", "E_SCHEMA"},
        {"{\"ev\":\"route\",\"t\":1,\"x\":[[[[[[[[[[[[[[[[[[[[1]]]]]]]]]]]]]]]]]]]]}", "E_JSON"},
        {"{\"ev\":\"route\",\"t\":1,\"x\":\"\xff\"}", "E_JSON"},
        {"{\"ev\":\"route\",\"t\":1,\"x\":\"\\q\"}", "E_JSON"},
        {"{\"ev\":\"route\",\"t\":1,\"x\":\"\\u12g4\"}", "E_JSON"},
        {"{\"ev\":\"route\",\"\\u0074\":1}", "E_SCHEMA"},
        {"{\"ev\":\"rout\\u0065\",\"t\":1}", "E_SCHEMA"},
        {"{\"ev\":\"hello\",\"channels\":[{\"k\":0,\"k\":0}]}", "E_JSON"},
        {"{\"t\":1e300,\"ev\":\"route\"}", "E_RANGE"},
        {"{\"t\":1e300,\"ev\":\"start\",\"id\":1,\"k\":0}", NULL},
        {"{\"t\":1e300,\"ev", "E_RANGE"},
        {"{\"ev\":\"start\",\"t\":1,\"id\":1,\"k\":2}", NULL},
        {"{\"ev\":\"end\",\"t\":1,\"id\":1,\"k\":0,\"res\":\"closed\"}", NULL},
        {"{\"ev\":\"end\",\"t\":1,\"id\":1,\"k\":0,\"res\":\"perhaps\"}", NULL},
    };
    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        char text[2048];
        snprintf(text, sizeof text, HELLO "%s\n" ROUTE("2"), bad[i].line);
        const ran *r = speak(text);
        expect_code(r, 3);
        expect_err("payroute: line 2: ");
        int lines = 0;
        for (const char *c = r->out; *c != '\0'; c++) {
            lines += *c == '\n';
        }
        assert_int_equal(lines, bad[i].says != NULL ? 3 : 2); /* an answer only where one is due */
        if (bad[i].says != NULL) {
            expect_out("{\"error\":\"");
            expect_out(bad[i].says);
        }
        expect_out("{\"order\":[0,1]");
    }
}

static void test_order_of_things(void **state)
{
    (void)state;
    expect_code(speak(ROUTE("1")), 3);
    expect_out("'hello' must come first");
    expect_code(speak(""), 0);
    expect_code(payroute("route", "--lines", "file", NULL), 2);
    expect_code(payroute("route", "--lines", "--seed", "3", NULL), 2);
    expect_code(payroute("route", NULL), 2);
    expect_err("FILE is missing");
}

/* The same lines and seed, the same answers. */
static void test_it_repeats_itself(void **state)
{
    char text[16384] = HELLO, *first;
    (void)state;
    for (int i = 0; i < 60; i++) {
        snprintf(text + strlen(text), sizeof text - strlen(text),
                 "{\"ev\":\"route\",\"t\":%d,\"id\":%d}\n{\"ev\":\"start\",\"t\":%d,\"id\":%d,\"k\":%d}\n"
                 "{\"ev\":\"end\",\"t\":%d,\"id\":%d,\"k\":%d,\"res\":\"%s\",\"lat\":0.4}\n",
                 i, i, i, i, i % 2, i, i, i % 2,
                 i % 7 == 3   ? "unknown"
                 : i % 3 == 0 ? "soft"
                              : "ok");
    }
    first = strdup(speak(text)->out);
    assert_non_null(first);
    assert_string_equal(first, speak(text)->out);
    free(first);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_a_talk, play_begin, play_end),
        cmocka_unit_test_setup_teardown(test_it_learns, play_begin, play_end),
        cmocka_unit_test_setup_teardown(test_nonsense_is_told_and_changes_nothing, play_begin, play_end),
        cmocka_unit_test_setup_teardown(test_order_of_things, play_begin, play_end),
        cmocka_unit_test_setup_teardown(test_it_repeats_itself, play_begin, play_end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
