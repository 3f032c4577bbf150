/* `health`: how each channel is now, in a word and a few figures, as the router sees it. */
#include "store.h"

#include <stdio.h>
#include <string.h>

enum { MILLION = 1000000 };

static int32_t health_chinese;

enum health_state { HS_WELL, HS_DOUBT, HS_DOWN, HS_HANGS, HS_SLOW, HS_DECLINES, HS_CASHIER, HS_UNSEEN, HS_COUNT };
static const struct {
    const char *en;
    const char *zh;
} health_words[HS_COUNT] = {
    [HS_WELL] = {"well", "正常"},
    [HS_DOUBT] = {"in doubt", "存疑"},
    [HS_DOWN] = {"down", "连不上"},
    [HS_HANGS] = {"does not answer", "没有回应"},
    [HS_SLOW] = {"slow, fails often", "变慢、常失败"},
    [HS_DECLINES] = {"declines what others take", "拒绝异常增多"},
    [HS_CASHIER] = {"its codes are not paid", "付款码付不了"},
    [HS_UNSEEN] = {"not used yet", "还没用过"},
};

static const char *in_words(const char *en, const char *zh)
{
    return health_chinese ? zh : en;
}

/* The likeliest of what is wrong, where that is likelier than not. */
static enum health_state state_of(const payroute_json_node *c)
{
    int64_t down = number_of(c, "down"), hang = number_of(c, "hang"), brown = number_of(c, "brown");
    if (number_of(c, "last_ms") == 0) {
        return HS_UNSEEN;
    }
    if (number_of(c, "up") < MILLION / 2) {
        return down >= hang && down >= brown ? HS_DOWN : hang >= brown ? HS_HANGS : HS_SLOW;
    }
    if (number_of(c, "blame_channel") > MILLION / 2) {
        return HS_DECLINES;
    }
    if (number_of(c, "cashier") > MILLION / 2) {
        return HS_CASHIER;
    }
    return number_of(c, "up") < MILLION / 10 * 9 ? HS_DOUBT : HS_WELL;
}

static void since_text(char *out, size_t cap, int64_t since_ms, int64_t now_ms)
{
    int64_t s = since_ms > 0 && now_ms > since_ms ? (now_ms - since_ms) / 1000 : -1;
    if (s < 0) {
        (void)snprintf(out, cap, "%s", since_ms > 0 ? "0 s" : "");
    } else if (s < 120) {
        (void)snprintf(out, cap, "%lld s", (long long)s);
    } else if (s < 7200) {
        (void)snprintf(out, cap, "%lld min", (long long)(s / 60));
    } else {
        (void)snprintf(out, cap, s < 172800 ? "%lld h" : "%lld d", (long long)(s < 172800 ? s / 3600 : s / 86400));
    }
}

static void put_channel(table *t, const payroute_json_node *c, int64_t now_ms)
{
    char text[64];
    enum health_state state = state_of(c);
    table_cell(t, text_of(c, "channel"));
    table_cellf(t, "%s%s", in_words(health_words[state].en, health_words[state].zh),
                number_of(c, "limit_per_s") > 0 ? in_words(", limited", "，限流") : "");
    since_text(text, sizeof text, number_of(c, "bad_since_ms"), now_ms);
    table_cell(t, text);
    table_cellf(t, "%lld.%lld%%", (long long)(number_of(c, "confirm") / 10000),
                (long long)(number_of(c, "confirm") / 1000 % 10));
    table_cellf(t, "%lld / %lld ms", (long long)number_of(c, "latency_p50_ms"),
                (long long)number_of(c, "latency_p95_ms"));
    table_cellf(t, "%lld", (long long)number_of(c, "in_flight"));
    table_cellf(t, "%lld", (long long)((number_of(c, "evidence") + 50) / 100));
    since_text(text, sizeof text, number_of(c, "last_ms"), now_ms);
    table_cell(t, text);
}

void print_health_place(const payroute_json_node *place)
{
    if (flag_of(place, "shared")) {
        putf("\n%s%s\n", in_words("shared by the processes of this host: ", "本机所有进程共享："), text_of(place, "file"));
    } else if (place) {
        putf("\n%s%s\n", in_words("known to this process alone: ", "只有本进程知道："), text_of(place, "why"));
    }
}

static void print_health(const payroute_json_node *root)
{
    table t;
    const payroute_json_node *all = payroute_json_get(root, "channels");
    table_begin(&t, in_words("CHANNEL|STATE|SINCE|SUCCESS|LATENCY (HALF / 95%)|WAITING|SEEN|LAST HEARD",
                             "通道|状态|已持续|预计成功率|耗时（一半 / 95%）|等待中|已见笔数|上次有消息"));
    for (const payroute_json_node *c = payroute_json_first(all); c; c = payroute_json_next(c)) {
        put_channel(&t, c, number_of(root, "now_ms"));
    }
    table_end(&t);
    print_health_place(root);
}

/* 1 when one of them had better not be used: for cron and for monitoring. */
static int judge_health(const payroute_json_node *root, const args *a)
{
    (void)a;
    const payroute_json_node *all = payroute_json_get(root, "channels");
    for (const payroute_json_node *c = payroute_json_first(all); c; c = payroute_json_next(c)) {
        enum health_state state = state_of(c);
        if (state != HS_WELL && state != HS_DOUBT && state != HS_UNSEEN) {
            return EXIT_NO;
        }
    }
    return EXIT_FINE;
}

/* ---- the score of a choice ---- */

static void share_cell(table *t, const payroute_json_node *score, const char *name)
{
    int64_t x = number_of(score, name);
    table_cellf(t, "%lld.%lld%%", (long long)(x / 10000), (long long)(x / 1000 % 10));
}

static const char *largest_blame(const payroute_json_node *score)
{
    int64_t channel = number_of(score, "blame_channel"), pair = number_of(score, "blame_pair"),
            issuer = number_of(score, "blame_issuer");
    int64_t most = channel > pair ? channel : pair;
    most = issuer > most ? issuer : most;
    return most < MILLION / 10 ? "" : most == channel ? "channel" : most == pair ? "issuer here" : "issuer";
}

/* What speaks most against it, where it is not to be tried. */
static const char *suspected(const payroute_json_node *score)
{
    int64_t down = number_of(score, "down"), hang = number_of(score, "hang"), brown = number_of(score, "brown");
    return !flag_of(score, "suspect")       ? ""
           : down >= hang && down >= brown ? "suspect: down "
           : hang >= brown                 ? "suspect: does not answer "
                                           : "suspect: slow, fails often ";
}

void print_trace_scores(const payroute_json_node *trace)
{
    table t;
    const payroute_json_node *c = payroute_json_first(payroute_json_get(trace, "channels"));
    table_begin(&t, "CHANNEL|INDEX|CONFIRM|FAIL OVER|UP|DOWN|HANG|SLOW|APPROVES|CASHIER DEAD|BLAME|WAITING|NOTE");
    int32_t any = 0;
    for (; c; c = payroute_json_next(c)) {
        static const char *const shares[] = {"confirm", "fail_over", "up",      "down",
                                             "hang",    "brown",     "approve", "cashier"};
        const payroute_json_node *score = payroute_json_get(c, "score");
        if (!score) {
            continue;
        }
        any++;
        table_cell(&t, text_of(c, "id"));
        table_cellf(&t, "%.4f", (double)number_of(score, "index") / MILLION);
        for (size_t i = 0; i < sizeof shares / sizeof shares[0]; i++) {
            share_cell(&t, score, shares[i]);
        }
        table_cell(&t, largest_blame(score));
        table_cellf(&t, "%lld", (long long)number_of(score, "in_flight"));
        table_cellf(&t, "%s%s%s", flag_of(score, "canary") ? "a test " : "", suspected(score),
                    flag_of(score, "limited") ? "over its rate" : "");
    }
    if (any > 0) {
        put("\n");
    }
    table_end(&t);
}

int run_health(const args *a)
{
    session s;
    health_chinese = a->value[OPT_LOCALE] && strncmp(a->value[OPT_LOCALE], "zh", 2) == 0;
    int code = session_open(&s, a);
    return code == EXIT_FINE ? session_end(&s, payroute_engine_health(s.engine), judge_health, print_health) : code;
}
