/* Stories of WeChat Pay and of epay panels: certificates that change on their own, orders that nobody can close. */
#include "tell.h"

#include <stdio.h>
#include <string.h>

#define WECHAT ",\"method\":\"wechat\",\"channel\":\"wx-main\",\"flow\":\"qr\""
#define EPAY                                                                                                  \
    ",\"method\":\"alipay\",\"channel\":\"epay-main\",\"flow\":\"qr\",\"client_ip\":\"192.0.2.7\""

static int state_is(till *t, int attempt, const char *state)
{
    char path[40];
    (void)snprintf(path, sizeof path, "attempts.%d.state", attempt - 1);
    return strcmp(till_text(t, path), state) == 0;
}

static void keep(char out[40], till *t, int attempt)
{
    (void)snprintf(out, 40, "%s", reference_of(t, attempt));
}

static int wechat_then_alipay(till *t)
{
    static const char wish[] = "{\"method\":\"alipay\",\"flow\":\"qr\"}";
    char first[40], second[40];
    int64_t id = till_pay(t, "wx-then-ali", WECHAT, WEB_MS);
    int shown = strncmp(till_text(t, "show.text"), "weixin://", 9) == 0;
    keep(first, t, 1);
    int32_t rc = payroute_engine_switch(t->engine, id, wish, strlen(wish), WEB_MS * 2);
    till_pass(t, 2000); /* WeChat answers a close with nothing: that it is closed is asked for */
    (void)till_advance(t, id, WEB_MS);
    int closed = state_is(t, 1, "closed") && channel_is(t, 2, "ali-main");
    int refused = !customer(t, first, "pay");
    keep(second, t, 2);
    int paid = customer(t, second, "pay") && till_notify(t, second, NULL) == 1;
    (void)payroute_engine_show(t->engine, id);
    note("WeChat's code closed first, then %s by %s", till_text(t, "status"), till_text(t, "attempts.1.channel"));
    return shown && rc == PAYROUTE_OK && closed && refused && paid && status_is(t, "paid") &&
           paid_once(t, "wx-then-ali", second);
}

static int certificate_rotates(till *t)
{
    char reference[40];
    int32_t first = PAYROUTE_OK, again = PAYROUTE_E_INTERNAL;
    till_pass(t, 11 * MINUTE_MS); /* certificates may be fetched again */
    int64_t id = till_pay(t, "wx-rotates", WECHAT, WEB_MS);
    int64_t before = world_executed(t->w, "wx-main", "certificates");
    keep(reference, t, 1);
    (void)world_do(t->w, "/_account", "{\"account\":\"wx-main\",\"certificate\":\"rotate\"}");
    (void)customer(t, reference, "pay");
    int came = till_notify(t, reference, &first); /* signed by a certificate that nobody here has seen */
    (void)till_sweep(t);                          /* fetches it */
    (void)till_notify_again(t, reference, &again);
    (void)payroute_engine_show(t->engine, id);
    int64_t fetched = world_executed(t->w, "wx-main", "certificates") - before;
    note("notice under an unknown certificate: please resend; fetched %lld time, %s", (long long)fetched,
         till_text(t, "status"));
    return came == 1 && first == PAYROUTE_E_NEED_AUX && again == PAYROUTE_OK && fetched == 1 && status_is(t, "paid") &&
           paid_once(t, "wx-rotates", reference);
}

/* The panel made the order and answered with its page: nobody here knows a code to show, and nothing says that the
   order does not exist. */
static int html_answer(till *t)
{
    char first[40];
    breaks(t, "epay-main", "create", "html_after");
    int64_t id = till_pay(t, "epay-html", EPAY, WEB_MS);
    mends(t);
    keep(first, t, 1);
    int waits = status_is(t, "pending") && state_is(t, 1, "unknown") && till_number(t, "attempts.1.attempt") == 0;
    (void)customer_forces(t, first, "pay"); /* somebody paid it there all the same */
    till_pass(t, MINUTE_MS);
    (void)till_advance(t, id, WEB_MS);
    note("an HTML page is no answer: asked about, %s, no second channel", till_text(t, "status"));
    return waits && status_is(t, "paid") && paid_once(t, "epay-html", first);
}

static int number_reused(till *t)
{
    char first[40];
    breaks(t, "epay-main", "create", "drop_before");
    int64_t id = till_pay(t, "epay-reused", EPAY, WEB_MS);
    mends(t);
    keep(first, t, 1);
    int64_t made = world_executed(t->w, "epay-main", "create");
    till_pass(t, 11 * 24 * 60 * (int64_t)MINUTE_MS); /* from now on the panel would make a new order of it */
    (void)till_advance(t, id, WEB_MS);
    int64_t again = world_executed(t->w, "epay-main", "create") - made;
    note("eleven days later: %s, the old number was sent %lld times more", till_text(t, "status"), (long long)again);
    return again == 0 && !status_is(t, "paid") && world_order(t->w, first, "captures") == 0;
}

static int neither_closed_nor_refunded(till *t)
{
    char first[40];
    int64_t id = till_pay(t, "epay-late", EPAY, WEB_MS);
    int shown = *till_text(t, "show.text") != '\0';
    keep(first, t, 1);
    till_pass(t, 40 * MINUTE_MS);
    (void)till_advance(t, id, WEB_MS);
    int over = status_is(t, "expired");
    (void)customer_forces(t, first, "pay"); /* the panel still takes it */
    (void)till_notify(t, first, NULL);
    (void)payroute_engine_show(t->engine, id);
    int late = status_is(t, "paid") && paid_once(t, "epay-late", first);
    note("expired for the shop, watched, paid late: %s", late ? "taken, delivered once" : "LOST");
    return shown && over && late;
}

const story china_stories[] = {
    {"WeChat is closed, then Alipay", "closed by proof, then the other provider", wechat_then_alipay},
    {"a platform certificate rotates", "fetched once, the notice understood", certificate_rotates},
    {"an epay panel answers with a page", "unknown, asked, paid once", html_answer},
    {"an epay number is free again", "the old number is never sent again", number_reused},
    {"neither closed nor refunded (epay v1)", "expired, watched, taken when paid late", neither_closed_nor_refunded},
};
const int china_story_count = sizeof china_stories / sizeof china_stories[0];
