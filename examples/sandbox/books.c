/* The books: what each account was asked, what it took and gave back, and whether anything was taken twice.
 */
#include "sandbox.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static char *order_key(const struct sb_account *account, const char *reference)
{
    return sb_print("%s|%s", account->id, reference);
}

struct sb_order *sb_order_find(struct sb *sb, const struct sb_account *account, const char *reference)
{
    if (!reference) {
        return NULL;
    }
    char *key = order_key(account, reference);
    struct sb_order *order = sb_map_get(&sb->by_reference, key);
    free(key);
    return order;
}

/* The shop's order as it came through: alone, or as order_hash=… among others. */
static char *shop_order(const char *text)
{
    const char *at = text ? strstr(text, "order_hash=") : NULL;
    if (!at) {
        return sb_dup(text ? text : "");
    }
    return sb_print("%.*s", (int)strcspn(at + 11, "&"), at + 11);
}

struct sb_order *sb_order_new(struct sb *sb, struct sb_account *account, const char *reference,
                              const char *shop)
{
    struct sb_order *order = sb_alloc(sizeof *order);
    order->account = account;
    order->reference = sb_dup(reference);
    order->shop = shop_order(shop);
    order->made = sb_now(sb);
    order->next = sb->orders;
    sb->orders = order;
    char *key = order_key(account, reference);
    sb_map_set(&sb->by_reference, key, order);
    free(key);
    return order;
}

void sb_settle_all(struct sb *sb)
{
    for (struct sb_order *order = sb->orders; order; order = order->next) {
        sb_driver(order->account)->settle(sb, order);
    }
}

void sb_count(struct sb *sb, struct sb_request *req)
{
    struct sb_counter *counter = NULL;
    (void)sb;
    for (int i = 0; !counter && i < SB_COUNTERS; i++) {
        if (!req->account->counters[i].op[0] || strcmp(req->account->counters[i].op, req->op) == 0) {
            counter = &req->account->counters[i];
        }
    }
    if (!counter) {
        return;
    }
    sb_copy(counter->op, sizeof counter->op, req->op);
    counter->requests += req->connection != NULL; /* not again when a held one is executed */
    counter->executed += req->executed;
}

/* What one order amounts to, whichever provider holds it. */
struct tally {
    int64_t captured, refunded, authorized;
    int captures, live; /* live: captures whose money was not given back in full */
    const char *state;
};

static struct tally tally_of(const struct sb_order *order)
{
    struct tally tally = {.state = "NONE"};
    if (order->intent) {
        const struct sb_intent *intent = order->intent;
        tally.captured = intent->received;
        tally.refunded = intent->refunded;
        tally.authorized = intent->capturable;
        tally.captures = intent->captures;
        tally.live = intent->captures;
        if (intent->received <= intent->refunded) {
            tally.live = 0;
        } else if (intent->captures > 1 && intent->received - intent->refunded <= intent->amount) {
            tally.live = 1;
        }
        tally.state = intent->status;
        return tally;
    }
    for (const struct sb_trade *trade = order->trades; trade; trade = trade->next) {
        tally.captured += trade->captured;
        tally.refunded += trade->refunded;
        tally.captures += trade->captured > 0;
        tally.live += trade->captured > trade->refunded;
        tally.state = trade->status;
    }
    return tally;
}

/* Orders of one shop order belong together, over all accounts; without it the reference stands alone. */
struct group {
    char *name;
    int live, captures;
    struct group *next;
};

static struct group *group_of(struct sb_map *map, struct group **all, const struct sb_order *order)
{
    const char *name = order->shop[0] ? order->shop : order->reference;
    struct group *group = sb_map_get(map, name);
    if (group) {
        return group;
    }
    group = sb_alloc(sizeof *group);
    group->name = sb_dup(name);
    group->next = *all;
    *all = group;
    sb_map_set(map, name, group);
    return group;
}

static cJSON *order_json(const struct sb_order *order)
{
    struct tally tally = tally_of(order);
    cJSON *out = cJSON_CreateObject();
    sb_json_text(out, "reference", order->reference);
    sb_json_text(out, "shop_order", order->shop[0] ? order->shop : NULL);
    sb_json_text(out, "provider_id",
                 order->intent ? order->intent->id
                 : order->last ? order->last->trade_no
                               : NULL);
    sb_json_text(out, "flow", order->intent ? order->intent->kind : order->flow);
    sb_json_int(out, "amount", order->amount);
    sb_json_text(out, "currency", order->currency);
    sb_json_text(out, "state", tally.state);
    sb_json_int(out, "captures", tally.captures);
    sb_json_int(out, "captured", tally.captured);
    sb_json_int(out, "refunded", tally.refunded);
    sb_json_int(out, "authorized", tally.authorized);
    return out;
}

static cJSON *account_json(const struct sb *sb, const struct sb_account *account)
{
    cJSON *out = cJSON_CreateObject(), *list = cJSON_AddArrayToObject(out, "orders");
    for (const struct sb_order *order = sb->orders; order; order = order->next) {
        if (order->account == account) {
            cJSON_AddItemToArray(list, order_json(order));
        }
    }
    cJSON *counts = cJSON_AddObjectToObject(out, "executed"),
          *asked = cJSON_AddObjectToObject(out, "requests");
    for (int i = 0; i < SB_COUNTERS && account->counters[i].op[0]; i++) {
        sb_json_int(counts, account->counters[i].op, account->counters[i].executed);
        sb_json_int(asked, account->counters[i].op, account->counters[i].requests);
    }
    return out;
}

static void free_map(struct sb_map *map)
{
    for (size_t i = 0; i < sizeof map->slot / sizeof *map->slot; i++) {
        while (map->slot[i]) {
            struct sb_cell *cell = map->slot[i];
            map->slot[i] = cell->next;
            free(cell->key);
            free(cell);
        }
    }
}

cJSON *sb_books(struct sb *sb)
{
    cJSON *out = cJSON_CreateObject(), *accounts = cJSON_AddObjectToObject(out, "accounts");
    struct sb_map *map = sb_alloc(sizeof *map);
    struct group *groups = NULL;
    int64_t captured = 0, refunded = 0, authorized = 0, attempts = 0;
    sb_settle_all(sb);
    for (int i = 0; i < SB_ACCOUNTS; i++) {
        cJSON_AddItemToObject(accounts, sb->accounts[i].id, account_json(sb, &sb->accounts[i]));
    }
    for (const struct sb_order *order = sb->orders; order; order = order->next) {
        struct tally tally = tally_of(order);
        struct group *group = group_of(map, &groups, order);
        group->live += tally.live;
        group->captures += tally.captures;
        captured += tally.captured;
        refunded += tally.refunded;
        authorized += tally.authorized;
        attempts++;
    }
    int64_t orders = 0, paid = 0, twice = 0, surplus = 0;
    cJSON *names = cJSON_CreateArray();
    while (groups) {
        struct group *group = groups;
        groups = group->next;
        orders++;
        paid += group->live > 0;
        twice += group->live > 1 ? group->live - 1 : 0;
        surplus += group->captures > 1 ? group->captures - 1 : 0;
        if (group->live > 1) {
            cJSON_AddItemToArray(names, cJSON_CreateString(group->name));
        }
        free(group->name);
        free(group);
    }
    free_map(map);
    free(map);
    cJSON *totals = cJSON_AddObjectToObject(out, "totals");
    sb_json_int(totals, "orders", orders);
    sb_json_int(totals, "attempts", attempts);
    sb_json_int(totals, "paid", paid);
    sb_json_int(totals, "captured_minor", captured);
    sb_json_int(totals, "refunded_minor", refunded);
    sb_json_int(totals, "authorized_minor", authorized);
    sb_json_int(totals, "double", twice);
    sb_json_int(totals, "surplus_captures", surplus);
    cJSON_AddItemToObject(totals, "double_orders", names);
    return out;
}

cJSON *sb_log_json(struct sb *sb)
{
    cJSON *out = cJSON_CreateArray();
    int64_t first = sb->log_next > SB_LOG ? sb->log_next - SB_LOG : 0;
    for (int64_t i = first; i < sb->log_next; i++) {
        const struct sb_log *log = &sb->log[i % SB_LOG];
        cJSON *item = cJSON_CreateObject();
        sb_json_int(item, "id", log->id);
        sb_json_int(item, "at_ms", log->at);
        sb_json_text(item, "account", log->account);
        sb_json_text(item, "operation", log->op);
        sb_json_text(item, "reference", log->reference);
        sb_json_text(item, "key", log->key);
        sb_json_text(item, "fault", log->fault[0] ? log->fault : NULL);
        cJSON_AddBoolToObject(item, "executed", log->executed);
        sb_json_int(item, "status", log->status);
        cJSON_AddItemToArray(out, item);
    }
    return out;
}
