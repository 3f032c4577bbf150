/* What happens in shops, told once each: a setting, something that breaks, and what must be true afterwards. */
#include "tell.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define QR ",\"method\":\"alipay\",\"flow\":\"qr\""
#define CARD(token) ",\"method\":\"card\",\"flow\":\"token\",\"instrument\":\"" token "\""

static int qr_normal(till *t)
{
    int64_t id = till_pay(t, "qr-normal", QR, WEB_MS);
    char reference[40];
    (void)snprintf(reference, sizeof reference, "%s", reference_of(t, 1));
    int shown = strcmp(till_text(t, "show.kind"), "qr") == 0;
    int paid = customer(t, reference, "pay") && till_notify(t, reference, NULL) == 1;
    (void)payroute_engine_show(t->engine, id);
    note("%s by %s", till_text(t, "status"), till_text(t, "attempts.0.channel"));
    return shown && paid && status_is(t, "paid") && paid_once(t, "qr-normal", reference);
}

static int card_normal(till *t)
{
    (void)till_pay(t, "card-normal", CARD("pm_card_visa"), WEB_MS * 2);
    note("%s with %s", till_text(t, "status"), till_text(t, "attempts.0.instrument"));
    return status_is(t, "paid") && paid_once(t, "card-normal", reference_of(t, 1));
}

static int provider_down(till *t)
{
    breaks(t, "ali-main", "*", "refuse");
    int64_t id = till_pay(t, "provider-down", QR, WEB_MS * 2);
    mends(t);
    int moved = channel_is(t, 1, "ali-main") && channel_is(t, 2, "ali-backup");
    char reference[40];
    (void)snprintf(reference, sizeof reference, "%s", reference_of(t, 2));
    int paid = customer(t, reference, "pay") && till_notify(t, reference, NULL) == 1;
    (void)payroute_engine_show(t->engine, id);
    note("ali-main refused the connection, %s by %s", till_text(t, "status"),
         till_text(t, "attempts.1.channel"));
    return moved && paid && status_is(t, "paid") && paid_once(t, "provider-down", reference);
}

static int answer_lost(till *t)
{
    breaks(t, "card-main", "confirm", "drop_after");
    int64_t id = till_pay(t, "answer-lost", CARD("pm_card_visa"), WEB_MS * 2);
    int unknown = strcmp(till_text(t, "attempts.0.state"), "unknown") == 0 && status_is(t, "pending");
    till_pass(t, 5000);
    (void)till_advance(t, id, WEB_MS);
    int paid = status_is(t, "paid") && till_number(t, "attempts.1.attempt") == 0;
    note("%s after asking, 1 capture", till_text(t, "status"));
    return unknown && paid && paid_once(t, "answer-lost", reference_of(t, 1)) &&
           world_order(t->w, last_reference, "captured") == PRICE;
}

static int not_found_lost(till *t)
{
    (void)world_do(
        t->w, "/_fault",
        "{\"account\":\"card-main\",\"operation\":\"confirm\",\"fault\":\"hold\",\"delay_ms\":3600000}");
    (void)world_do(t->w, "/_fault",
                   "{\"account\":\"card-main\",\"operation\":\"query\",\"fault\":\"not_found_once\"}");
    int64_t id = till_pay(t, "not-found", CARD("pm_card_visa"), WEB_MS * 2);
    till_pass(t, 4000);
    (void)payroute_engine_show(t->engine, id);
    int waits = till_number(t, "attempts.1.attempt") ==
                0; /* no second channel while the first request may still arrive */
    till_pass(t, 60000);
    (void)world_do(t->w, "/_release", "{}"); /* the late first copy arrives now */
    till_pass(t, 60000);
    (void)till_advance(t, id, WEB_MS);
    int paid = status_is(t, "paid");
    note("%s, no second channel was tried, 1 capture", till_text(t, "status"));
    return waits && paid && paid_once(t, "not-found", reference_of(t, 1)) &&
           world_executed(t->w, "card-backup", "confirm") == 0;
}

static int hard_refusal(till *t)
{
    char zh[256];
    int64_t before = world_executed(t->w, "card-backup", "create");
    (void)till_pay(t, "stolen", CARD("pm_card_chargeDeclinedStolenCard") ",\"locale\":\"zh-CN\"", WEB_MS * 2);
    (void)snprintf(zh, sizeof zh, "%s", till_text(t, "guidance.customer"));
    int declined = status_is(t, "declined") && world_executed(t->w, "card-backup", "create") == before;
    (void)till_pay(t, "stolen-en", CARD("pm_card_chargeDeclinedStolenCard") ",\"locale\":\"en\"", WEB_MS * 2);
    note("「%s」 \"%s\"", zh, till_text(t, "guidance.customer"));
    return declined && zh[0] != '\0' && till_text(t, "guidance.customer")[0] != '\0' &&
           strstr(zh, "盗") == NULL;
}

static int soft_refusal(till *t)
{
    breaks(t, "card-main", "confirm", "decline");
    (void)till_pay(t, "soft", CARD("pm_card_visa"), WEB_MS * 3);
    int cancelled = strcmp(till_text(t, "attempts.0.state"), "closed") == 0;
    int moved = channel_is(t, 1, "card-main") && channel_is(t, 2, "card-backup");
    note("card-main declined and was cancelled, %s by %s", till_text(t, "status"),
         till_text(t, "attempts.1.channel"));
    return cancelled && moved && status_is(t, "paid") && paid_once(t, "soft", reference_of(t, 2));
}

static int qr_expired(till *t)
{
    int64_t id = till_pay(t, "expired", QR, WEB_MS);
    till_pass(t, 9 * 60000);
    (void)till_advance(t, id, WEB_MS * 2);
    int next = strcmp(till_text(t, "attempts.0.state"), "closed") == 0 &&
               strcmp(till_text(t, "attempts.1.state"), "waiting") == 0;
    char reference[40];
    (void)snprintf(reference, sizeof reference, "%s", reference_of(t, 2));
    int paid = customer(t, reference, "pay") && till_notify(t, reference, NULL) == 1;
    (void)payroute_engine_show(t->engine, id);
    note("first code closed by its expiry, second one %s", till_text(t, "status"));
    return next && paid && status_is(t, "paid") && paid_once(t, "expired", reference);
}

static int switches(till *t)
{
    static const char wish[] = "{\"method\":\"card\",\"flow\":\"token\",\"instrument\":\"pm_card_visa\"}";
    int64_t id = till_pay(t, "switch", QR, WEB_MS);
    (void)customer(t, reference_of(t, 1),
                   "scan"); /* the code is scanned, so the order stands at Alipay and can be closed */
    int32_t rc = payroute_engine_switch(t->engine, id, wish, strlen(wish), WEB_MS * 3);
    int closed = strcmp(till_text(t, "attempts.0.state"), "closed") == 0;
    int refused = !customer(t, last_reference, "pay");
    note("QR code closed first, then %s by card; the old code cannot be paid", till_text(t, "status"));
    return rc == PAYROUTE_OK && closed && refused && status_is(t, "paid") &&
           paid_once(t, "switch", reference_of(t, 2));
}

static int late_surplus(till *t)
{
    static const char wish[] = "{\"method\":\"card\",\"flow\":\"token\",\"instrument\":\"pm_card_visa\"}";
    char first[40];
    int64_t id = till_pay(t, "late", QR, WEB_MS);
    (void)snprintf(first, sizeof first, "%s", reference_of(t, 1));
    (void)customer(t, first, "scan");
    (void)payroute_engine_switch(t->engine, id, wish, strlen(wish), WEB_MS * 3);
    int paid = status_is(t, "paid");
    (void)customer_forces(t, first, "pay"); /* Alipay takes the money although it confirmed the close */
    (void)till_notify(t, first, NULL);
    till_pass(t, 120000);
    (void)payroute_engine_show(t->engine, id);
    int back = world_order(t->w, first, "refunded") == PRICE && world_order(t->w, first, "captures") == 1;
    int still = status_is(t, "paid");
    note("%s by card, the late %d.%02d CNY went back", till_text(t, "status"), PRICE / 100, PRICE % 100);
    (void)till_deliver(t);
    return paid && back && still && till_delivered(t, "late") == 1;
}

static int forged_notice(till *t, int64_t id, const char *reference)
{
    int32_t rc = PAYROUTE_OK;
    (void)world_do(t->w, "/_forge",
                   "{\"account\":\"ali-main\",\"reference\":\"%s\",\"kind\":\"bad_signature\"}", reference);
    int came = till_notify(t, reference, &rc);
    (void)payroute_engine_show(t->engine, id);
    return came == 1 && rc == PAYROUTE_E_SIGNATURE && status_is(t, "pending");
}

static int repeated_notice(till *t, const char *reference)
{
    (void)customer(t, reference, "pay");
    int first = till_notify(t, reference, NULL);
    int64_t writes = payroute_engine_transactions(t->engine);
    int again = till_notify_again(t, reference, NULL) + till_notify_again(t, reference, NULL);
    return first == 1 && again >= 2 &&
           payroute_engine_transactions(t->engine) == writes; /* nothing new, nothing written */
}

static int wrong_amount_notice(till *t)
{
    int32_t rc = PAYROUTE_E_INTERNAL;
    char reference[40];
    int64_t id = till_pay(t, "wrong-amount", QR, WEB_MS);
    (void)snprintf(reference, sizeof reference, "%s", reference_of(t, 1));
    (void)world_do(t->w, "/_forge",
                   "{\"account\":\"ali-main\",\"reference\":\"%s\",\"kind\":\"wrong_amount\"}", reference);
    (void)till_notify(t, reference, &rc);
    (void)payroute_engine_show(t->engine, id);
    return rc == PAYROUTE_OK && status_is(t, "pending") &&
           strcmp(till_text(t, "attempts.0.review.0"), "mismatch") == 0 &&
           till_delivered(t, "wrong-amount") == 0;
}

static int bad_notices(till *t)
{
    char reference[40];
    int64_t id = till_pay(t, "notices", QR, WEB_MS);
    (void)snprintf(reference, sizeof reference, "%s", reference_of(t, 1));
    int forged = forged_notice(t, id, reference);
    int repeated = repeated_notice(t, reference) && paid_once(t, "notices", reference);
    int wrong = wrong_amount_notice(t);
    note("forged: %s; repeated: %s; wrong amount: %s", forged ? "refused" : "TAKEN",
         repeated ? "no effect" : "AN EFFECT", wrong ? "a person must look" : "TAKEN");
    return forged && repeated && wrong;
}

static int double_click(till *t)
{
    int64_t first = till_pay(t, "double-click", CARD("pm_card_visa"), WEB_MS * 2);
    int64_t second = till_pay(t, "double-click", CARD("pm_card_visa"), WEB_MS * 2);
    note("both clicks got payment %lld, %s", (long long)first, till_text(t, "status"));
    return first > 0 && first == second && status_is(t, "paid") &&
           paid_once(t, "double-click", reference_of(t, 1));
}

static int refund_lost(till *t)
{
    int64_t id = till_pay(t, "refund", CARD("pm_card_visa"), WEB_MS * 2);
    char reference[40];
    (void)snprintf(reference, sizeof reference, "%s", reference_of(t, 1));
    (void)till_deliver(t);
    breaks(t, "card-main", "refund", "drop_after");
    (void)payroute_engine_refund(t->engine, id, "return-1", 500, WEB_MS);
    till_pass(t, 60000);
    (void)payroute_engine_refund(t->engine, id, "return-1", 500,
                                 WEB_MS); /* asked twice by the shop: the same refund */
    (void)till_advance(t, id, WEB_MS);
    int64_t back = till_number(t, "reversed_minor");
    note("the answer was lost, asked again: %lld.%02lld CNY came back, once", (long long)(back / 100),
         (long long)(back % 100));
    return world_order(t->w, reference, "refunded") == 500 && back == 500;
}

static int hold_capture(till *t)
{
    int64_t id = till_pay(t, "hold", CARD("pm_card_visa") ",\"hold\":true", WEB_MS * 2);
    int held = status_is(t, "authorized");
    int32_t rc = payroute_engine_capture(t->engine, id, "ship-1", PRICE, WEB_MS);
    note("authorized, then %s", till_text(t, "status"));
    return held && rc == PAYROUTE_OK && status_is(t, "paid") && paid_once(t, "hold", reference_of(t, 1));
}

const story shop_stories[] = {
    {"normal payment by QR code", "paid once, delivered once", qr_normal},
    {"normal payment by card", "paid once, delivered once", card_normal},
    {"a provider is down", "the other channel takes the payment", provider_down},
    {"the answer is lost after the charge", "asked, not charged again", answer_lost},
    {"\"not found\" after a lost request", "no blind second charge", not_found_lost},
    {"a refusal that must not fail over", "no other channel, words for the customer", hard_refusal},
    {"a refusal that may fail over", "first one cancelled, other channel", soft_refusal},
    {"the QR code expires", "closed by proof, then the next", qr_expired},
    {"the customer switches method", "old code closed before the card is charged", switches},
    {"paid after it was closed", "the surplus goes back", late_surplus},
    {"duplicate, forged, wrong-amount notices", "one effect, none, a person", bad_notices},
    {"double click on pay", "one payment", double_click},
    {"the answer to a refund is lost", "refunded once", refund_lost},
    {"a hold, captured later", "captured once", hold_capture},
};
const int shop_story_count = sizeof shop_stories / sizeof shop_stories[0];
