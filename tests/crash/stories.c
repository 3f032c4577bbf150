/* What a shop does, one act each, and everything that follows a disturbance. The act is made again
   afterwards, since a customer clicks again, a provider notifies again and cron sweeps again. */
#include "world.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define QR ",\"method\":\"alipay\",\"flow\":\"qr\""
#define CARD ",\"method\":\"card\",\"flow\":\"token\",\"instrument\":\"pm_card_visa\""
#define PAGE ",\"method\":\"alipay\",\"flow\":\"redirect\""
#define SECURE ",\"method\":\"card\",\"flow\":\"redirect\",\"instrument\":\"pm_card_authenticationRequired\""
#define WISH_CARD "{\"method\":\"card\",\"flow\":\"token\",\"instrument\":\"pm_card_visa\"}"

/* Every call of an act is heard: what it told and showed is out, whatever becomes of the process. */
static int heard(struct shop *s, int32_t rc)
{
    shop_remember(s);
    return rc == PAYROUTE_OK;
}

static int know_payment(struct shop *s)
{
    return s->id > 0 || payroute_engine_find(s->engine, s->order_id, &s->id) == PAYROUTE_OK;
}

static int customer(struct shop *s, const char *act)
{
    return world_do(s->w, "/_customer", "{\"%s\":\"%s\",\"act\":\"%s\"}",
                    strcmp(s->memory->kind, "qr") == 0 ? "qr" : "url", s->memory->shown, act);
}

static void pass(struct shop *s, int64_t ms)
{
    world_clock(s->w, *s->w->now_ms + ms);
    (void)payroute_engine_clock_step(s->engine, ms);
}

/* ---- setups ---- */

static int show_code(struct shop *s)
{
    return shop_pay(s, QR, WEB_MS) == PAYROUTE_OK && s->memory->shown[0];
}

static int show_and_scan(struct shop *s)
{
    return show_code(s) && customer(s, "scan");
}

static int pay_code(struct shop *s)
{
    return show_code(s) && customer(s, "pay");
}

/* Takes the first notification away from the sandbox and keeps it as the web server would. */
static int pay_code_and_catch(struct shop *s)
{
    char path[128];
    if (!pay_code(s)) {
        return 0;
    }
    snprintf(path, sizeof path, "/_outbox?take=1&reference=%s", shop_text(s, "attempts.0.reference"));
    payroute_json *doc = world_call(s->w, path, NULL);
    const payroute_json_node *root = payroute_json_root(doc);
    const payroute_json_node *list =
        payroute_json_type(root) == PAYROUTE_JSON_ARRAY ? root : payroute_json_get(root, "notifications");
    payroute_json_out *out = payroute_json_out_new();
    payroute_json_out_node(out, NULL, payroute_json_first(list));
    snprintf(s->memory->notice, sizeof s->memory->notice, "%s", payroute_json_out_text(out, NULL));
    payroute_json_out_free(out);
    payroute_json_free(doc);
    return s->memory->notice[0] == '{';
}

/* Paid, and no notification came: a lookup is due. */
static int pay_code_and_wait(struct shop *s)
{
    int paid = pay_code(s);
    pass(s, 40000);
    return paid;
}

static int pay_card(struct shop *s)
{
    return shop_pay(s, CARD, WEB_MS) == PAYROUTE_OK && strcmp(shop_text(s, "status"), "paid") == 0;
}

static int hold_card(struct shop *s)
{
    return shop_pay(s, CARD ",\"hold\":true", WEB_MS) == PAYROUTE_OK &&
           strcmp(shop_text(s, "status"), "authorized") == 0;
}

static int decline_once(struct shop *s)
{
    return world_do(
        s->w, "/_fault", "%s",
        "{\"account\":\"card-main\",\"operation\":\"confirm\",\"fault\":\"body\",\"status\":402,"
        "\"body\":\"{\\\"error\\\":{\\\"type\\\":\\\"card_error\\\",\\\"code\\\":\\\"card_declined\\\","
        "\\\"decline_code\\\":\\\"generic_decline\\\"}}\"}");
}

/* ---- acts ---- */

static int act_code(struct shop *s)
{
    return shop_pay(s, QR, WEB_MS) == PAYROUTE_OK;
}

static int act_card(struct shop *s)
{
    return shop_pay(s, CARD, WEB_MS) == PAYROUTE_OK;
}

static int act_page(struct shop *s)
{
    return shop_pay(s, PAGE, WEB_MS) == PAYROUTE_OK;
}

static int act_secure(struct shop *s)
{
    return shop_pay(s, SECURE, WEB_MS) == PAYROUTE_OK;
}

static int act_notify(struct shop *s)
{
    payroute_json *doc = NULL;
    (void)payroute_json_parse(&doc, s->memory->notice, strlen(s->memory->notice), NULL, 0);
    int32_t rc = shop_notify(s, payroute_json_root(doc));
    payroute_json_free(doc);
    (void)shop_deliver(s, 0);
    return rc == PAYROUTE_OK;
}

static int act_sweep(struct shop *s)
{
    return payroute_engine_sweep(s->engine, 20000) == PAYROUTE_OK;
}

static int act_refund(struct shop *s)
{
    return know_payment(s) && heard(s, payroute_engine_refund(s->engine, s->id, "return-1", PART, WEB_MS));
}

static int act_capture(struct shop *s)
{
    return know_payment(s) &&
           heard(s, payroute_engine_capture(s->engine, s->id, "ship-1", s->amount, WEB_MS));
}

static int act_cancel(struct shop *s)
{
    return know_payment(s) && heard(s, payroute_engine_cancel(s->engine, s->id, WEB_MS));
}

static int pay_code_and_know(struct shop *s)
{
    return pay_code_and_catch(s) && act_notify(s);
}

/* A second click on "by card" must not switch away from the card. */
static int act_switch(struct shop *s)
{
    if (!know_payment(s) || payroute_engine_show(s->engine, s->id) != PAYROUTE_OK) {
        return 0;
    }
    if (strcmp(shop_text(s, "attempts.1.method"), "card") == 0) {
        return heard(s, payroute_engine_advance(s->engine, s->id, WEB_MS));
    }
    return heard(s, payroute_engine_switch(s->engine, s->id, WISH_CARD, strlen(WISH_CARD), WEB_MS));
}

static int act_deliver(struct shop *s)
{
    return shop_deliver(s, 0) >= 0;
}

const struct story stories[] = {
    {"pay by QR code", END_PAID, 1, NULL, act_code},
    {"pay on Alipay's page", END_PAID, 1, NULL, act_page},
    {"card with 3-D Secure", END_PAID, 1, NULL, act_secure},
    {"pay by card, two steps", END_PAID, 0, NULL, act_card},
    {"card declined, next channel", END_PAID, 0, decline_once, act_card},
    {"notification", END_PAID, 0, pay_code_and_catch, act_notify},
    {"sweep finds a payment", END_PAID, 0, pay_code_and_wait, act_sweep},
    {"refund", END_PART_BACK, 0, pay_card, act_refund},
    {"refund by Alipay", END_PART_BACK, 0, pay_code_and_know, act_refund},
    {"capture of a hold", END_PAID, 0, hold_card, act_capture},
    {"void of a hold", END_NOTHING, 0, hold_card, act_cancel},
    {"close, then card", END_PAID, 0, show_and_scan, act_switch},
    {"close for good", END_NOTHING, 0, show_and_scan, act_cancel},
    {"delivery", END_PAID, 0, pay_card, act_deliver},
};
const int story_count = sizeof stories / sizeof stories[0];

/* ---- afterwards ---- */

/* Everything that a provider wants to say about orders of ours, found in its books and not in our journal. */
static void take_notices(struct shop *s)
{
    payroute_json *books = world_call(s->w, "/_books", NULL);
    const payroute_json_node *account = payroute_json_first(walk(payroute_json_root(books), "accounts"));
    for (; account; account = payroute_json_next(account)) {
        const payroute_json_node *o = payroute_json_first(payroute_json_get(account, "orders"));
        for (; o; o = payroute_json_next(o)) {
            char path[128];
            int64_t amount = 0;
            (void)payroute_json_integer(&amount, payroute_json_get(o, "amount"));
            if (amount != s->amount) {
                continue;
            }
            snprintf(path, sizeof path, "/_outbox?take=1&reference=%s",
                     payroute_json_string(payroute_json_get(o, "reference")));
            payroute_json *doc = world_call(s->w, path, NULL);
            const payroute_json_node *root = payroute_json_root(doc);
            const payroute_json_node *n = payroute_json_first(payroute_json_type(root) == PAYROUTE_JSON_ARRAY
                                                                  ? root
                                                                  : payroute_json_get(root, "notifications"));
            for (; n; n = payroute_json_next(n)) {
                (void)shop_notify(s, n);
            }
            payroute_json_free(doc);
        }
    }
    payroute_json_free(books);
}

static int owes_nothing(struct shop *s)
{
    char path[32];
    for (int i = 0; i < 8; i++) {
        snprintf(path, sizeof path, "actions.%d.state", i);
        const char *state = shop_text(s, path);
        if (*state && strcmp(state, "done") != 0 && strcmp(state, "failed") != 0) {
            return 0;
        }
    }
    return 1;
}

static int is_final(struct shop *s, const struct story *story)
{
    if (strcmp(shop_text(s, "final"), "true") != 0 || !owes_nothing(s)) {
        return 0;
    }
    const char *status = shop_text(s, "status");
    return story->end == END_NOTHING || strcmp(status, "paid") == 0 || strcmp(status, "reversed") == 0;
}

/* One round: look, let the customer pay, hear the providers, deliver, then go to the next moment at which
 * something is due. */
static int settle_round(struct shop *s, const struct story *story)
{
    if (!know_payment(s) || payroute_engine_advance(s->engine, s->id, WEB_MS) != PAYROUTE_OK) {
        pass(s, 1000);
        return story->act(s) && 0;
    }
    shop_remember(s);
    if (story->customer_pays && shop_text(s, "show.kind")[0]) {
        (void)customer(s, "pay");
    }
    take_notices(s);
    (void)shop_deliver(s, 0);
    if (payroute_engine_show(s->engine, s->id) != PAYROUTE_OK) {
        return 0;
    }
    shop_remember(s);
    int64_t nap = shop_number(s, "wake_ms") - *s->w->now_ms;
    int settled = is_final(s, story);
    if (!settled) {
        pass(s, nap < 1000 ? 1000 : nap > 3600000 ? 3600000 : nap);
        (void)payroute_engine_sweep(s->engine, 20000);
    }
    return settled;
}

int settle(struct shop *s, const struct story *story)
{
    int settled = 0;
    s->id = 0;
    if (!s->engine && !shop_open(s)) {
        return 0;
    }
    if (story->customer_pays && s->memory->shown[0] && s->amount % 2 == 0) {
        (void)customer(s, "pay"); /* he still has the code before him, whatever became of the shop */
    }
    (void)story->act(s);
    for (int round = 0; round < 60 && !settled; round++) {
        settled = settle_round(s, story);
    }
    if (!settled) {
        snprintf(s->why, sizeof s->why, "not settled: %.400s", payroute_engine_result(s->engine, NULL));
        return 0;
    }
    for (int i = 0; i < 3; i++) { /* a surplus goes back, a late payer is noticed */
        pass(s, 3600000);
        (void)payroute_engine_sweep(s->engine, 20000);
        take_notices(s);
        (void)shop_deliver(s, 0);
    }
    if (payroute_engine_check(s->engine) != PAYROUTE_OK) {
        snprintf(s->why, sizeof s->why, "check: %.400s", payroute_engine_result(s->engine, NULL));
        return 0;
    }
    return payroute_engine_show(s->engine, s->id) == PAYROUTE_OK;
}
