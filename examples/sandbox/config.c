/* channels.json: a configuration for libpayroute that fits this sandbox's ports and keys. */
#include "sandbox.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static void add_word(cJSON *out, const char *name, const char *first, const char *second)
{
    cJSON *list = cJSON_AddArrayToObject(out, name);
    cJSON_AddItemToArray(list, cJSON_CreateString(first));
    if (second) {
        cJSON_AddItemToArray(list, cJSON_CreateString(second));
    }
}

void sb_channel_method(cJSON *out, const char *method, const char *flows)
{
    cJSON *list = cJSON_GetObjectItem(out, "methods"), *item = cJSON_CreateObject(), *words;
    sb_json_text(item, "method", method);
    words = cJSON_AddArrayToObject(item, "flows");
    while (*flows) {
        char *word = sb_print("%.*s", (int)strcspn(flows, " "), flows);
        cJSON_AddItemToArray(words, cJSON_CreateString(word));
        flows += strlen(word) + (flows[strlen(word)] == ' ');
        free(word);
    }
    cJSON_AddItemToArray(list ? list : cJSON_AddArrayToObject(out, "methods"), item);
}

void sb_channel_credentials(cJSON *out, cJSON *fields)
{
    cJSON_AddItemToArray(cJSON_AddArrayToObject(out, "credentials"), fields);
}

void sb_alipay_channel(struct sb *sb, const struct sb_account *account, cJSON *out)
{
    char *url = sb_print("http://127.0.0.1:%d/%s/gateway.do", account->port, account->path);
    cJSON *item = cJSON_CreateObject();
    sb_json_text(out, "base_url", url);
    sb_json_text(item, "version", "1");
    sb_json_text(item, "app_id", account->app_id);
    sb_json_text(item, "seller_id", account->seller_id);
    sb_json_text(item, "private_key", sb_keys_merchant_private(sb->keys));
    sb_json_text(item, "alipay_public_key", sb_keys_alipay_public(sb->keys));
    sb_channel_credentials(out, item);
    sb_channel_method(out, "alipay", "qr redirect");
    free(url);
}

void sb_stripe_channel(struct sb *sb, const struct sb_account *account, cJSON *out)
{
    char *url = sb_print("http://127.0.0.1:%d/%s", account->port, account->path);
    cJSON *item = cJSON_CreateObject();
    (void)sb;
    sb_json_text(out, "base_url", url);
    sb_json_text(item, "version", "1");
    sb_json_text(item, "secret_key", account->secret_key);
    sb_json_text(item, "webhook_secret", account->webhook_secret);
    sb_channel_credentials(out, item);
    sb_channel_method(out, "card", "token redirect");
    free(url);
}

static cJSON *channel_json(struct sb *sb, const struct sb_account *account)
{
    cJSON *out = cJSON_CreateObject();
    bool cards = account->provider == SB_STRIPE;
    char *notify = sb_print("http://127.0.0.1:%d/notify/%s", sb->notify_port, account->id);
    sb_json_text(out, "id", account->id);
    sb_json_text(out, "provider", sb_driver(account)->name);
    sb_json_text(out, "notify_url", notify);
    sb_json_text(out, "return_url", "https://shop.example/return");
    sb_driver(account)->channel(sb, account, out);
    add_word(out, "currencies", "CNY", cards ? "USD" : NULL);
    sb_json_int(out, "amount_min_minor", cards ? 50 : 1);
    sb_json_int(out, "amount_max_minor", 10000000);
    sb_json_int(out, "priority", account->priority);
    sb_json_int(out, "weight", 100);
    cJSON_AddTrueToObject(out, "enabled");
    free(notify);
    return out;
}

/* It holds private keys: mode 0600, and complete or not there at all. */
static bool write_whole(const char *path, const char *text)
{
    char *aside = sb_print("%s.%ld", path, (long)getpid());
    int fd = open(aside, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    size_t len = strlen(text);
    bool good = fd >= 0 && write(fd, text, len) == (ssize_t)len;
    if (fd >= 0) {
        good = close(fd) == 0 && good;
    }
    good = good && rename(aside, path) == 0;
    if (!good) {
        fprintf(stderr, "payroute-sandbox: %s: %s\n", path, strerror(errno));
    }
    free(aside);
    return good;
}

bool sb_config_write(struct sb *sb)
{
    cJSON *out = cJSON_CreateObject(), *list;
    sb_json_int(out, "schema", 1);
    cJSON_AddTrueToObject(out, "allow_plain_loopback");
    list = cJSON_AddArrayToObject(out, "channels");
    for (int i = 0; i < SB_ACCOUNTS; i++) {
        if (sb->accounts[i].listed) {
            cJSON_AddItemToArray(list, channel_json(sb, &sb->accounts[i]));
        }
    }
    char *text = cJSON_Print(out), *path = sb_print("%s/channels.json", sb->dir);
    bool good = write_whole(path, text);
    cJSON_free(text);
    free(path);
    cJSON_Delete(out);
    return good;
}
