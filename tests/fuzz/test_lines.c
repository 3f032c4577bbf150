/* The line protocol: each line of the input is one line of a host. What is taken is JSON and says what it
   says; what is refused is told where an answer is due, and changes nothing; time never runs back. So a
   second router that hears only what was taken, written anew with a clock that stands where it would run
   back, says the same to the end. */
#include "kit.h"

#include "health/health.h"
#include "route/lines.h"

#include <payroute/route.h>

#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { LINES_MAX = 64, CANON_CAP = 4096, ANSWER_CAP = 2048, ANSWER_END = 16 };

typedef struct talk {
    payroute_router *first, *second;
    int32_t count;  /* channels; 0: no hello was taken yet */
    int64_t latest; /* ms of this hello's time */
} talk;

/* ---- what a line says, by the strict parser ---- */

static int is_lax(const char *why)
{
    return strstr(why, "duplicate key") != NULL || strstr(why, "half of a surrogate") != NULL ||
           strstr(why, "NUL in a string") != NULL; /* in what nobody looks at */
}

static void number_is(const payroute_json_node *root, const char *name, int64_t got, double unit)
{
    const char *digits = payroute_json_number(payroute_json_get(root, name));
    if (digits != NULL) {
        double value = strtod(digits, NULL) * unit, off = value - (double)got;
        double most = 0.51 + 1e-12 * (value < 0 ? -value : value);
        FUZZ_EXPECT(off <= most && off >= -most, "%s %s became %lld", name, digits, (long long)got);
    }
}

static void compare_reading(const pr_line *l, const char *line, size_t len)
{
    static const struct {
        const char *name;
        int32_t id;
        double unit;
    } numbers[] = {
        {"t", PR_FIELD_T, 1e3},         {"id", PR_FIELD_ID, 1},         {"k", PR_FIELD_K, 1},
        {"lat", PR_FIELD_LAT, 1e3},     {"delay", PR_FIELD_DELAY, 1e3}, {"deadline", PR_FIELD_DEADLINE, 1e3},
        {"method", PR_FIELD_METHOD, 1}, {"issuer", PR_FIELD_ISSUER, 1}, {"seed", PR_FIELD_SEED, 1}};
    char why[128] = "";
    payroute_json *doc = NULL;
    int32_t rc = payroute_json_parse(&doc, line, len, why, sizeof why);
    FUZZ_EXPECT(rc == PAYROUTE_OK || is_lax(why), "taken, and no JSON: %s", why);
    const payroute_json_node *root = payroute_json_root(doc);
    for (size_t i = 0; doc != NULL && i < sizeof numbers / sizeof numbers[0]; i++) {
        FUZZ_EXPECT((payroute_json_get(root, numbers[i].name) != NULL) ==
                        pr_line_has(l, (enum pr_line_field)numbers[i].id),
                    "%s: there or not", numbers[i].name);
        number_is(root, numbers[i].name, l->number[numbers[i].id], numbers[i].unit);
    }
    payroute_json_free(doc);
}

/* ---- the same line, written anew ---- */

static const char *const event_words[] = {
    [PR_LINE_HELLO] = "hello", [PR_LINE_ROUTE] = "route", [PR_LINE_START] = "start",
    [PR_LINE_END] = "end",     [PR_LINE_FINAL] = "final", [PR_LINE_TICK] = "tick",
    [PR_LINE_PROBE] = "probe", [PR_LINE_BYE] = "bye",     [PR_LINE_OTHER] = "x"};
static const char *const result_words[] = {[0] = "closed",
                                           [PR_HEALTH_APPROVED] = "ok",
                                           [PR_HEALTH_DECLINED_SOFT] = "soft",
                                           [PR_HEALTH_NOT_SENT] = "not_sent",
                                           [PR_HEALTH_UNKNOWN] = "unknown",
                                           [PR_HEALTH_LIMITED] = "limited",
                                           [PR_HEALTH_PENDING] = "pending",
                                           [PR_HEALTH_DECLINED_HARD] = "hard"};

static void put_decimal(pr_text *t, const char *name, int64_t v, int64_t unit)
{
    int digits = unit == 1000 ? 3 : 6;
    pr_text_format(t, ",\"%s\":%lld.%0*lld", name, (long long)(v / unit), digits, (long long)(v % unit));
}

static void put_numbers(pr_text *t, const pr_line *l)
{
    static const struct {
        const char *name;
        int32_t id;
        int32_t is_time;
    } rest[] = {{"id", PR_FIELD_ID, 0},
                {"k", PR_FIELD_K, 0},
                {"method", PR_FIELD_METHOD, 0},
                {"issuer", PR_FIELD_ISSUER, 0},
                {"lat", PR_FIELD_LAT, 1},
                {"delay", PR_FIELD_DELAY, 1},
                {"seed", PR_FIELD_SEED, 0},
                {"patience", PR_FIELD_PATIENCE, 1},
                {"deadline", PR_FIELD_DEADLINE, 1}};
    for (size_t i = 0; i < sizeof rest / sizeof rest[0]; i++) {
        if (!pr_line_has(l, (enum pr_line_field)rest[i].id)) {
            continue;
        }
        if (rest[i].is_time) {
            put_decimal(t, rest[i].name, l->number[rest[i].id], 1000);
        } else {
            pr_text_format(t, ",\"%s\":%lld", rest[i].name, (long long)l->number[rest[i].id]);
        }
    }
}

static void put_lists(pr_text *t, const pr_line *l)
{
    if (pr_line_has(l, PR_FIELD_FAILED)) {
        const char *comma = "";
        pr_text_put(t, ",\"failed\":[");
        for (int32_t k = 0; k < PR_LINE_CHANNELS; k++) {
            if ((uint64_t)l->number[PR_FIELD_FAILED] >> k & 1) {
                pr_text_format(t, "%s%d", comma, k);
                comma = ",";
            }
        }
        pr_text_put(t, "]");
    }
    if (pr_line_has(l, PR_FIELD_CHANNELS)) {
        pr_text_put(t, ",\"channels\":[");
        for (int32_t k = 0; k < l->channel_count; k++) {
            pr_text_format(t, "%s{\"k\":%d", k > 0 ? "," : "", k);
            put_decimal(t, "prior_sr", l->prior_millionths[k], 1000000);
            pr_text_put(t, "}");
        }
        pr_text_put(t, "]");
    }
}

static size_t write_anew(char out[CANON_CAP], const pr_line *l, int64_t t_ms)
{
    pr_text t;
    pr_text_init(&t, out, CANON_CAP);
    pr_text_format(&t, "{\"ev\":\"%s\"", event_words[l->event]);
    if (pr_line_has(l, PR_FIELD_T)) {
        put_decimal(&t, "t", t_ms, 1000);
    }
    if (pr_line_has(l, PR_FIELD_RES)) {
        pr_text_format(&t, ",\"res\":\"%s\"", result_words[l->res]);
    }
    if (pr_line_has(l, PR_FIELD_OK)) {
        pr_text_format(&t, ",\"ok\":%s", l->number[PR_FIELD_OK] ? "true" : "false");
    }
    if (pr_line_has(l, PR_FIELD_PROBES)) {
        pr_text_format(&t, ",\"probes\":%s", l->number[PR_FIELD_PROBES] ? "true" : "false");
    }
    put_numbers(&t, l);
    put_lists(&t, l);
    pr_text_put(&t, "}");
    FUZZ_EXPECT(!t.cut, "the line is too long to be written anew");
    return t.len;
}

/* ---- answers ---- */

/* Each number once, from 0 on and below `count`. How many. */
static int32_t places_of(const payroute_json_node *list, int32_t count)
{
    uint64_t seen = 0;
    int32_t n = 0;
    for (const payroute_json_node *e = payroute_json_first(list); e != NULL; e = payroute_json_next(e), n++) {
        int64_t k = -1;
        FUZZ_EXPECT(payroute_json_integer(&k, e) == PAYROUTE_OK && k >= 0 && k < count, "channel %lld",
                    (long long)k);
        FUZZ_EXPECT((seen >> k & 1) == 0, "channel %lld twice", (long long)k);
        seen |= UINT64_C(1) << k;
    }
    return n;
}

static void check_answer(const talk *w, const pr_line *l, const char *answer, int32_t len)
{
    payroute_json *doc = NULL;
    int32_t due = l->event == PR_LINE_HELLO || l->event == PR_LINE_ROUTE || l->event == PR_LINE_TICK;
    FUZZ_EXPECT((len > 0) == due && strlen(answer) == (size_t)len, "event %d, answer: %s", (int)l->event,
                answer);
    if (!due) {
        return;
    }
    FUZZ_EXPECT(payroute_json_parse(&doc, answer, (size_t)len, NULL, 0) == PAYROUTE_OK, "no JSON: %s",
                answer);
    const payroute_json_node *root = payroute_json_root(doc), *times = payroute_json_get(root, "timeout");
    if (l->event == PR_LINE_ROUTE) {
        FUZZ_EXPECT(places_of(payroute_json_get(root, "order"), w->count) == w->count, "not all: %s", answer);
        FUZZ_EXPECT(payroute_json_count(times) == w->count, "time-outs: %s", answer);
        for (const payroute_json_node *e = payroute_json_first(times); e != NULL; e = payroute_json_next(e)) {
            double s = strtod(payroute_json_number(e), NULL);
            FUZZ_EXPECT(s >= 0 && s <= 6, "a time-out of %f", s);
        }
    } else if (l->event == PR_LINE_TICK) {
        (void)places_of(payroute_json_get(root, "probe"), w->count);
    } else {
        FUZZ_EXPECT(payroute_json_flag(payroute_json_get(root, "ok")) == 1, "hello: %s", answer);
    }
    payroute_json_free(doc);
}

static void check_refusal(const pr_line *l, int32_t read, int32_t rc, const char *answer)
{
    payroute_json *doc = NULL;
    int32_t due =
        l->event == 0 || l->event == PR_LINE_HELLO || l->event == PR_LINE_ROUTE || l->event == PR_LINE_TICK;
    FUZZ_EXPECT(read == PAYROUTE_OK || rc == read, "%d became %d", (int)read, (int)rc);
    FUZZ_EXPECT(rc == PAYROUTE_E_JSON || rc == PAYROUTE_E_SCHEMA || rc == PAYROUTE_E_RANGE ||
                    rc == PAYROUTE_E_STATE,
                "rc %d", (int)rc);
    FUZZ_EXPECT((answer[0] != '\0') == due, "event %d, refused with: %s", (int)l->event, answer);
    if (due) {
        FUZZ_EXPECT(payroute_json_parse(&doc, answer, strlen(answer), NULL, 0) == PAYROUTE_OK, "no JSON: %s",
                    answer);
        const char *why = payroute_json_string(payroute_json_get(payroute_json_root(doc), "error"));
        const char *name = payroute_json_string(payroute_json_get(payroute_json_root(doc), "name"));
        FUZZ_EXPECT(why != NULL && why[0] != '\0', "no reason: %s", answer);
        FUZZ_EXPECT(name != NULL && strcmp(name, payroute_rc_name(rc)) == 0, "another name: %s", answer);
        payroute_json_free(doc);
    }
}

/* ---- a line ---- */

static void note_taken(talk *w, const pr_line *l)
{
    int64_t t = l->number[PR_FIELD_T];
    if (l->event == PR_LINE_HELLO) {
        w->count = l->channel_count;
        w->latest = 0;
    } else if (pr_line_has(l, PR_FIELD_T) && t > w->latest) {
        w->latest = t;
    }
}

static void say_line(talk *w, const char *line, size_t len)
{
    char answer[ANSWER_CAP + ANSWER_END], again[ANSWER_CAP], anew[CANON_CAP], reason[160];
    pr_line l;
    pr_text why;
    pr_text_init(&why, reason, sizeof reason);
    int32_t read = pr_line_read(&l, line, len, &why);
    FUZZ_EXPECT(read == PAYROUTE_OK || reason[0] != '\0', "refused without a word");
    memset(answer, '#', sizeof answer);
    int32_t rc = payroute_router_line(w->first, line, len, answer, ANSWER_CAP);
    FUZZ_EXPECT(answer[ANSWER_CAP] == '#', "written behind the buffer");
    fuzz_ends(answer, ANSWER_CAP, "the answer");
    if (fuzz_telling()) {
        printf("%d %s %s\n", (int)rc, reason, answer);
    }
    if (rc < 0) {
        check_refusal(&l, read, rc, answer);
        return;
    }
    FUZZ_EXPECT(read == PAYROUTE_OK, "taken, and the reader refuses: %s", reason);
    compare_reading(&l, line, len);
    note_taken(w, &l);
    check_answer(w, &l, answer, rc);
    size_t n = write_anew(anew, &l, w->latest);
    int32_t other = payroute_router_line(w->second, anew, n, again, sizeof again);
    FUZZ_EXPECT(other == rc && strcmp(answer, again) == 0, "%s\n    written anew: %s\n    gives: %s", answer,
                anew, again);
    FUZZ_EXPECT(payroute_router_over(w->first) == payroute_router_over(w->second), "over or not");
}

/* A new router is zeros (lib/route/lines.c), and its pages are what an input would cost most. */
static payroute_router *like_new(payroute_router **kept)
{
    if (*kept == NULL && payroute_router_new(kept) != PAYROUTE_OK) {
        abort();
    }
    memset(*kept, 0, malloc_usable_size(*kept));
    return *kept;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static payroute_router *kept[2];
    fuzz_in in = {data, size};
    talk w = {like_new(&kept[0]), like_new(&kept[1]), 0, 0};
    for (int i = 0; i < LINES_MAX && in.len > 0; i++) {
        size_t len;
        char *line = fuzz_line(&in, &len);
        say_line(&w, line, len);
        free(line);
    }
    return 0;
}
