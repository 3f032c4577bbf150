/* A channel is named, given a profile, and told apart by single facts; an order is a row of words. */
#include "setup.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

typedef struct profile {
    const char *name;
    const char *facts; /* words as in the configuration's "facts" */
    const char *rest;  /* members that are no flags */
    const char *methods;
} profile;

static const profile profiles[] = {
    {"qr", "by_customer repeat_safe can_close close_blind refund refund_keyed refund_lookup expires",
     "\"lookup\":\"our_ref\",\"key_ttl_s\":-1",
     "{\"method\":\"alipay\",\"flows\":[\"qr\"]},{\"method\":\"wechat\",\"flows\":[\"qr\"]}"},
    {"page", "by_customer refund", "\"lookup\":\"our_ref\"",
     "{\"method\":\"alipay\",\"flows\":[\"redirect\"]}"},
    {"card", "repeat_safe replays_decline refund refund_keyed refund_lookup",
     "\"lookup\":\"our_ref\",\"late_send\":\"window\",\"late_window_s\":300,\"key_ttl_s\":86400,\"auth_ttl_s\":604800",
     "{\"method\":\"card\",\"flows\":[\"token\"]}"},
    {"box", "container client repeat_safe replays_decline can_close refund refund_keyed refund_lookup",
     "\"lookup\":\"provider_id\",\"late_send\":\"tombstone\",\"key_ttl_s\":86400",
     "{\"method\":\"card\",\"flows\":[\"token\"]}"},
    {"weak", "", "\"lookup\":\"replay\"", "{\"method\":\"card\",\"flows\":[\"token\"]}"},
};

static int32_t wanted(const char *words, const char *fact, const char *options)
{
    char plus[48];
    char minus[48];
    char one[48];
    snprintf(plus, sizeof plus, "+%s ", fact);
    snprintf(minus, sizeof minus, "-%s ", fact);
    snprintf(one, sizeof one, " %s ", fact);
    if (strstr(options, plus) != NULL) {
        return 1;
    }
    char padded[256];
    snprintf(padded, sizeof padded, " %s ", words);
    return strstr(padded, one) != NULL && strstr(options, minus) == NULL;
}

static void put_channel(char *out, size_t cap, const char *id, const profile *p, const char *options,
                        int32_t priority)
{
    static const char *const flags[] = {"by_customer",     "container",    "client",         "repeat_safe",
                                        "replays_decline", "can_close",    "close_reverses", "close_blind",
                                        "refund",          "refund_keyed", "refund_lookup",  "expires"};
    size_t at = strlen(out);
    at += (size_t)snprintf(
        out + at, cap - at,
        "%s{\"id\":\"%s\",\"provider\":\"custom\",\"currencies\":[\"CNY\"],\"priority\":%d,\"overlap\":%s,"
        "\"methods\":[%s],\"facts\":{%s",
        out[strlen(out) - 1] == '[' ? "" : ",", id, priority,
        strstr(options, "overlap ") != NULL ? "true" : "false", p->methods, p->rest);
    for (size_t i = 0; i < sizeof flags / sizeof flags[0]; i++) {
        if (wanted(p->facts, flags[i], options)) {
            at += (size_t)snprintf(out + at, cap - at, ",\"%s\":true", flags[i]);
        }
    }
    snprintf(out + at, cap - at, "}}");
}

static void put_stripe(char *out, size_t cap, const char *id, int32_t priority)
{
    size_t at = strlen(out);
    snprintf(out + at, cap - at,
             "%s{\"id\":\"%s\",\"provider\":\"stripe\",\"currencies\":[\"CNY\"],\"priority\":%d,"
             "\"credentials\":[{\"version\":\"1\",\"secret_key\":\"sk_test_scenario\","
             "\"webhook_secret\":\"whsec_scenario\"}],"
             "\"methods\":[{\"method\":\"card\",\"flows\":[\"token\"]}]}",
             out[strlen(out) - 1] == '[' ? "" : ",", id, priority);
}

payroute_registry *setup_registry(const char *file, int32_t line, const char *channels)
{
    char json[8192] = "{\"schema\":1,\"channels\":[";
    char text[2048];
    char why[1024] = "";
    int32_t priority = 0;
    snprintf(text, sizeof text, "%s", channels);
    char *rest = NULL;
    for (char *row = strtok_r(text, "\n", &rest); row != NULL; row = strtok_r(NULL, "\n", &rest)) {
        char id[33] = "";
        char name[33] = "";
        int used = 0;
        sscanf(row, "%32s %32s%n", id, name, &used);
        char options[256];
        snprintf(options, sizeof options, "%s ", row + used);
        priority++;
        if (strcmp(name, "stripe") == 0) {
            put_stripe(json, sizeof json, id, priority);
            continue;
        }
        const profile *p = NULL;
        for (size_t i = 0; i < sizeof profiles / sizeof profiles[0]; i++) {
            p = strcmp(profiles[i].name, name) == 0 ? &profiles[i] : p;
        }
        if (p == NULL) {
            fail_msg("%s:%d: no profile \"%s\"", file, line + priority - 1, name);
        }
        put_channel(json, sizeof json, id, p, options, priority);
    }
    strcat(json, "]}");
    payroute_registry *registry = NULL;
    if (payroute_registry_from_json(&registry, json, strlen(json), why, sizeof why) != PAYROUTE_OK) {
        fail_msg("%s:%d: channels: %s\n%s", file, line, why, json);
    }
    return registry;
}

payroute_payment *setup_payment(const char *file, int32_t line, payroute_registry *registry, const char *pay,
                                int64_t now_ms)
{
    char spec[1024];
    char text[512];
    char why[512] = "";
    char *rest = NULL;
    snprintf(text, sizeof text, "%s", pay);
    size_t at = (size_t)snprintf(spec, sizeof spec,
                                 "{\"order_id\":\"order-1\",\"amount_minor\":1000,\"currency\":\"CNY\"");
    for (char *word = strtok_r(text, " \n", &rest); word != NULL; word = strtok_r(NULL, " \n", &rest)) {
        char *equal = strchr(word, '=');
        if (equal == NULL) {
            at += (size_t)snprintf(spec + at, sizeof spec - at, ",\"%s\":true", word);
            continue;
        }
        *equal = '\0';
        at += (size_t)snprintf(spec + at, sizeof spec - at, ",\"%s\":\"%s\"", word, equal + 1);
    }
    snprintf(spec + at, sizeof spec - at, "}");
    payroute_payment *p = NULL;
    static const char entropy[33] = "scenarios need no secret entropy";
    if (payroute_payment_new(&p, registry, NULL, spec, strlen(spec), "scenario", entropy, now_ms, why,
                             sizeof why) != PAYROUTE_OK) {
        fail_msg("%s:%d: pay: %s\n%s", file, line, why, spec);
    }
    return p;
}
