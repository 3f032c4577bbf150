/* payroute-sandbox: options, start, the ready line, the end. */
#include "sandbox.h"

#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include <curl/curl.h>

static const char help_text[] =
    "Usage: payroute-sandbox --dir DIR [--port N] [--notify-port N] [--clock MS] [--keys DIR] [--stdin-exit]\n"
    "\n"
    "Plays Alipay and Stripe on 127.0.0.1, keeps their books, and breaks on request. Writes DIR/channels.json (a\n"
    "libpayroute configuration) and prints {\"ready\":true,\"port\":N,\"dir\":\"…\"}. Ends on SIGTERM.\n"
    "\n"
    "  --dir DIR        where channels.json is written (made if missing)\n"
    "  --keys DIR       where RSA keys are kept (default: DIR); made once, read afterwards\n"
    "  --port N         control port; 0 (default) takes any free one. N > 0: the accounts use N+1 to N+4\n"
    "  --notify-port N  the shop's port for notifications: http://127.0.0.1:N/notify/CHANNEL (default 18080)\n"
    "  --clock MS       start with a clock that stands at MS (Unix milliseconds) and moves by /_clock only\n"
    "  --stdin-exit     also end when standard input ends\n"
    "\n"
    "Accounts: ali-main, ali-backup (/alipay-main/gateway.do …), card-main, card-backup (/stripe-main/v1/… …);\n"
    "each listens on a port of its own (see channels.json), and all on the control port.\n"
    "\n"
    "Control calls (JSON in and out)\n"
    "  GET  /_books       orders, captures, refunds by account; totals with \"double\" and \"authorized_minor\"\n"
    "  GET  /_requests    the last 1000 requests: account, operation, reference, fault, executed, status\n"
    "  POST /_fault       {account, operation, reference, fault, times:1 (-1: always), after:0, at_byte, delay_ms,\n"
    "                     status, retry_after, should_retry} · {\"clear\":true[,account]} · GET lists\n"
    "    operations       precreate page wap query close cancel refund refund_query | create query confirm cancel\n"
    "                     capture refund refund_query refund_list | *\n"
    "    refuse, open     close the account's port; open it again (clear opens too)\n"
    "    drop_before      hang up, nothing done          drop_after    do it, then hang up (= execute_and_hang_up)\n"
    "    hold             hang up now, do it later: after delay_ms of the sandbox's clock, or at POST /_release\n"
    "    stall            do it, answer after delay_ms (none: never; ends when the client leaves)\n"
    "    status_before    answer `status` (503), nothing done\n"
    "    status_after     do it, answer `status` (500: saved with Stripe's key; others come from a gateway)\n"
    "    html, html_after a 200 HTML page, before or after the effect\n"
    "    cut              end the body after at_byte bytes; malformed: without its last byte\n"
    "    huge_body        64 MiB                          slow_body     one byte each delay_ms (1000)\n"
    "    system_error, system_error_after                 20000 or 500, before or after the effect\n"
    "    bad_signature, unsigned, escaped_slash           of Alipay's answers\n"
    "    wrong_amount, wrong_currency                     an authentic answer with other figures\n"
    "    pending          paid is told as waiting; confirm goes to processing; a refund is done after delay_ms (10 s)\n"
    "    not_found_once   as if it did not know the order\n"
    "  POST /_customer    {reference | qr | url [, account], act, force, payment_method}: scan, open, pay, pay_again,\n"
    "                     fail, authenticate, decline, refund_fail; force: pay although closed, expired or paid\n"
    "  GET  /_outbox      [?take=1] [&account=] [&reference=]: notifications as raw bytes; take: each only once\n"
    "  POST /_deliver     {id | all, times, order:\"reverse\", parallel, account, reference}: post them really;\n"
    "                     {\"auto\":true}: from now on by itself, repeated as the sandbox's clock advances\n"
    "  POST /_forge       {account, reference, kind}: bad_signature foreign_app wrong_amount unknown_reference\n"
    "                     wrong_seller old_timestamp future_timestamp paid (authentic, but a lie)\n"
    "  POST /_clock       {now_ms} | {advance_ms} | {\"real\":true}; GET tells\n"
    "  POST /_limit       {account, max, window_ms}: more requests than max in a window get 429 (Alipay: 40005)\n";

int64_t sb_now(const struct sb *sb) {
    struct timespec now;
    if (sb->clock_mono < 0)
        return sb->clock_base;
    clock_gettime(CLOCK_REALTIME, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

struct sb_account *sb_account_find(struct sb *sb, const char *name) {
    for (int i = 0; i < SB_ACCOUNTS; i++)
        if (sb_same(name, sb->accounts[i].id) || sb_same(name, sb->accounts[i].path))
            return &sb->accounts[i];
    return NULL;
}

static void open_account(struct sb *sb, int n) {
    static const char *const names[SB_ACCOUNTS][2] = {
        {"ali-main", "alipay-main"}, {"ali-backup", "alipay-backup"}, {"card-main", "stripe-main"},
        {"card-backup", "stripe-backup"}};
    struct sb_account *account = &sb->accounts[n];
    char hex[65], *text;
    account->id = names[n][0];
    account->path = names[n][1];
    account->provider = n < 2 ? SB_ALIPAY : SB_STRIPE;
    account->port = sb->port ? sb->port + n + 1 : 0;
    account->listener = -1;
    text = sb_print("202100012345000%d", n + 1);
    sb_copy(account->app_id, sizeof account->app_id, text);
    free(text);
    text = sb_print("208800012345678%d", n + 1);
    sb_copy(account->seller_id, sizeof account->seller_id, text);
    free(text);
    text = sb_print("secret %s", account->id);
    sb_keys_derive(sb->keys, text, hex, 32);
    free(text);
    text = sb_print("sk_test_%s", hex);
    sb_copy(account->secret_key, sizeof account->secret_key, text);
    free(text);
    text = sb_print("webhook %s", account->id);
    sb_keys_derive(sb->keys, text, hex, 32);
    free(text);
    text = sb_print("whsec_%s", hex);
    sb_copy(account->webhook_secret, sizeof account->webhook_secret, text);
    free(text);
}

static bool start(struct sb *sb, const char *keys) {
    if (mkdir(sb->dir, 0700) != 0 && errno != EEXIST) {
        fprintf(stderr, "payroute-sandbox: %s: %s\n", sb->dir, strerror(errno));
        return false;
    }
    if (keys && mkdir(keys, 0700) != 0 && errno != EEXIST) {
        fprintf(stderr, "payroute-sandbox: %s: %s\n", keys, strerror(errno));
        return false;
    }
    sb->keys = sb_keys_open(keys ? keys : sb->dir);
    if (!sb->keys)
        return false;
    for (int i = 0; i < SB_ACCOUNTS; i++)
        open_account(sb, i);
    curl_global_init(CURL_GLOBAL_DEFAULT);
    sb->curl = curl_multi_init();
    return sb->curl && sb_server_open(sb) && sb_config_write(sb);
}

static void say_ready(const struct sb *sb) {
    cJSON *out = cJSON_CreateObject();
    cJSON_AddTrueToObject(out, "ready");
    sb_json_int(out, "port", sb->port);
    sb_json_text(out, "dir", sb->dir);
    char *text = cJSON_PrintUnformatted(out);
    puts(text);
    fflush(stdout);
    cJSON_free(text);
    cJSON_Delete(out);
}

static bool number(const char *text, int64_t max, int64_t *out) {
    return sb_int_read(text, out) && *out <= max;
}

static int usage(const char *text) {
    fprintf(stderr, "payroute-sandbox: %s; see --help\n", text);
    return 64;
}

int main(int argc, char **argv) {
    static struct sb sandbox; /* the program's one object: too large for the stack */
    static const struct option options[] = {
        {"port", required_argument, NULL, 'p'}, {"dir", required_argument, NULL, 'd'},
        {"clock", required_argument, NULL, 'c'}, {"notify-port", required_argument, NULL, 'n'},
        {"keys", required_argument, NULL, 'k'}, {"stdin-exit", no_argument, NULL, 's'},
        {"help", no_argument, NULL, 'h'}, {NULL, 0, NULL, 0}};
    struct sb *sb = &sandbox;
    const char *keys = NULL;
    bool stdin_exit = false;
    int64_t value;
    sb->notify_port = 18080;
    sb->listener = -1;
    for (int c; (c = getopt_long(argc, argv, "h", options, NULL)) != -1;) {
        switch (c) {
        case 'h':
            fputs(help_text, stdout);
            return 0;
        case 'p':
            if (!number(optarg, 65531, &value))
                return usage("--port wants a number from 0 to 65531");
            sb->port = (int)value;
            break;
        case 'n':
            if (!number(optarg, 65535, &value))
                return usage("--notify-port wants a number from 1 to 65535");
            sb->notify_port = (int)value;
            break;
        case 'c':
            if (!number(optarg, INT64_C(4102444800000), &value))
                return usage("--clock wants Unix milliseconds");
            sb->clock_base = value;
            sb->clock_mono = -1;
            break;
        case 'd':
            sb->dir = optarg;
            break;
        case 'k':
            keys = optarg;
            break;
        case 's':
            stdin_exit = true;
            break;
        default:
            return 64;
        }
    }
    if (!sb->dir || optind != argc)
        return usage("--dir DIR is wanted, and nothing but options");
    if (!start(sb, keys))
        return 1;
    say_ready(sb);
    sb_server_run(sb, stdin_exit);
    sb_server_close(sb);
    return 0;
}
