/* The accounts, and what the common files ask of the provider behind each: one row a protocol. */
#include "sandbox.h"
#include "epay.h"
#include "wechat.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static bool accepted_success(long status, const struct sb_buf *answer)
{
    return status == 200 && answer->len == 7 && memcmp(answer->at, "success", 7) == 0;
}

static bool accepted_2xx(long status, const struct sb_buf *answer)
{
    (void)answer;
    return status >= 200 && status < 300;
}

static bool accepted_200_204(long status, const struct sb_buf *answer)
{
    (void)answer;
    return status == 200 || status == 204;
}

/* The status does not matter: the panel looks for the word in what it fetched, in three spellings
   (github.com/v03413/Epay, do_notify). */
static bool accepted_word(long status, const struct sb_buf *answer)
{
    const char *text = status && answer->at ? answer->at : "";
    return strstr(text, "success") || strstr(text, "SUCCESS") || strstr(text, "Success");
}

static bool no_words(struct sb_request *req)
{
    (void)req;
    return false;
}

/* Alipay and Stripe: docs of their notifications. WeChat: pay.weixin.qq.com/doc/v3/merchant/4012791865. epay:
   1, 3, 19, 55 and 115 minutes after the first (github.com/v03413/Epay, cron.php). */
static const int64_t schedule_alipay[] = {240, 600, 600, 3600, 7200, 21600, 54000, 0};
static const int64_t schedule_wechat[] = {15,   15,   30,    180,   600,   1200,  1800,  1800,
                                          1800, 3600, 10800, 10800, 10800, 21600, 21600, 0};
static const int64_t schedule_epay[] = {60, 120, 960, 2160, 3600, 0};

static const struct sb_driver drivers[] = {
    [SB_ALIPAY] = {"alipay", sb_alipay_identify, sb_alipay_execute, NULL, sb_alipay_limited, no_words,
                   sb_alipay_refuse, sb_alipay_settle, sb_alipay_customer, sb_alipay_headers,
                   accepted_success, sb_alipay_forge, sb_alipay_channel, schedule_alipay, 15},
    [SB_STRIPE] = {"stripe", sb_stripe_identify, sb_stripe_execute, NULL, sb_stripe_limited, sb_stripe_failed,
                   sb_stripe_refuse, sb_stripe_settle, sb_stripe_customer, sb_stripe_headers, accepted_2xx,
                   sb_stripe_forge, sb_stripe_channel, schedule_alipay, 15},
    [SB_WECHAT] = {"wechatpay", sb_wechat_identify, sb_wechat_execute, sb_wechat_finish, sb_wechat_limited,
                   sb_wechat_failed, sb_wechat_refuse, sb_wechat_settle, sb_wechat_customer,
                   sb_wechat_headers, accepted_200_204, sb_wechat_forge, sb_wechat_channel, schedule_wechat,
                   5},
    [SB_EPAY] = {"epay", sb_epay_identify, sb_epay_execute, NULL, sb_epay_limited, no_words, sb_epay_refuse,
                 sb_epay_settle, sb_epay_customer, sb_epay_headers, accepted_word, sb_epay_forge,
                 sb_epay_channel, schedule_epay, 10},
};

const struct sb_driver *sb_driver(const struct sb_account *account)
{
    return &drivers[account->provider];
}

int64_t sb_their_now(const struct sb *sb, const struct sb_account *account)
{
    return sb_now(sb) + account->skew_ms;
}

struct sb_account *sb_account_find(struct sb *sb, const char *name)
{
    for (int i = 0; i < SB_ACCOUNTS; i++) {
        if (sb_same(name, sb->accounts[i].id) || sb_same(name, sb->accounts[i].path)) {
            return &sb->accounts[i];
        }
    }
    return NULL;
}

static void derive(struct sb *sb, const char *what, const struct sb_account *account, const char *prefix,
                   char *out, size_t cap)
{
    char hex[65], *label = sb_print("%s %s", what, account->id), *text;
    sb_keys_derive(sb->keys, label, hex, 32);
    text = sb_print("%s%s", prefix, hex);
    sb_copy(out, cap, text);
    free(text);
    free(label);
}

static const struct {
    const char *id, *path, *app_id, *seller_id;
    enum sb_provider provider;
    int priority; /* epay also takes alipay and wechat: after their own */
} rows[SB_ACCOUNTS] = {
    {"ali-main", "alipay-main", "2021000123450001", "2088000123456781", SB_ALIPAY, 1},
    {"ali-backup", "alipay-backup", "2021000123450002", "2088000123456782", SB_ALIPAY, 2},
    {"card-main", "stripe-main", "", "", SB_STRIPE, 1},
    {"card-backup", "stripe-backup", "", "", SB_STRIPE, 2},
    {"wx-main", "wechat-main", "wxd678efh567hg6787", "1900000109", SB_WECHAT, 1},
    {"wx-pub", "wechat-pub", "wx8888888888888888", "1900007291", SB_WECHAT, 2},
    {"epay-main", "epay-main", "", "1001", SB_EPAY, 3},
    {"epay-v2", "epay-v2", "", "1002", SB_EPAY, 4},
};

/* "all", or ids with commas between. */
bool sb_accounts_known(const char *listed)
{
    while (*listed && strcmp(listed, "all") != 0) {
        size_t len = strcspn(listed, ",");
        bool known = false;
        for (int i = 0; i < SB_ACCOUNTS; i++) {
            known = known || (strncmp(listed, rows[i].id, len) == 0 && !rows[i].id[len]);
        }
        if (!known) {
            return false;
        }
        listed += len + (listed[len] == ',');
    }
    return true;
}

static void open_account(struct sb *sb, int n, const char *listed)
{
    struct sb_account *account = &sb->accounts[n];
    account->id = rows[n].id;
    account->path = rows[n].path;
    account->provider = rows[n].provider;
    account->port = sb->port ? sb->port + n + 1 : 0;
    account->listener = -1;
    account->priority = rows[n].priority;
    sb_copy(account->app_id, sizeof account->app_id, rows[n].app_id);
    sb_copy(account->seller_id, sizeof account->seller_id, rows[n].seller_id);
    derive(sb, "secret", account, account->provider == SB_STRIPE ? "sk_test_" : "", account->secret_key,
           sizeof account->secret_key);
    derive(sb, "webhook", account, "whsec_", account->webhook_secret, sizeof account->webhook_secret);
    char *word = sb_print(",%s,", account->id), *all = sb_print(",%s,", listed);
    account->listed = sb_same(listed, "all") || strstr(all, word) != NULL;
    free(word);
    free(all);
    if (account->provider == SB_WECHAT) {
        sb_wechat_open(sb, account);
    } else if (account->provider == SB_EPAY) {
        sb_epay_open(sb, account);
    }
}

void sb_accounts_open(struct sb *sb, const char *listed)
{
    for (int i = 0; i < SB_ACCOUNTS; i++) {
        open_account(sb, i, listed);
    }
}

static cJSON *account_view(const struct sb_account *account)
{
    cJSON *out = cJSON_CreateObject();
    sb_json_text(out, "account", account->id);
    sb_json_text(out, "provider", sb_driver(account)->name);
    sb_json_int(out, "port", account->port);
    sb_json_int(out, "skew_ms", account->skew_ms);
    if (account->wechat) {
        sb_wechat_view(account, out);
    }
    if (account->epay) {
        sb_epay_view(account, out);
    }
    return out;
}

cJSON *sb_account_list(const struct sb *sb)
{
    cJSON *out = cJSON_CreateArray();
    for (int i = 0; i < SB_ACCOUNTS; i++) {
        cJSON_AddItemToArray(out, account_view(&sb->accounts[i]));
    }
    return out;
}

/* What a merchant's console or the provider's operators would change. */
cJSON *sb_account_control(struct sb *sb, const cJSON *in, int *status)
{
    struct sb_account *account = sb_account_find(sb, sb_json_get(in, "account"));
    const char *problem = account ? NULL : "account: no such account";
    if (account) {
        account->skew_ms = sb_json_number(in, "skew_ms", account->skew_ms);
        problem = account->wechat ? sb_wechat_change(sb, account, in)
                  : account->epay ? sb_epay_change(account, in)
                                  : NULL;
    }
    if (problem) {
        cJSON *out = cJSON_CreateObject();
        *status = 400;
        sb_json_text(out, "error", problem);
        return out;
    }
    return account_view(account);
}
