/* A payment from its order to its end, over each adapter, without I/O: what the library makes of the
   provider's voice, of the same voice cut short, and of one that only sounds like it. */
#include "adapter_all.h"

#include <payroute/rows.h>

static const char entropy[33] = "0123456789abcdef0123456789abcdef";
static voice said;

typedef struct shop {
    adk k; /* as the voice speaks of it */
    const shelf_row *row;
    payroute_payment *p;
    int64_t now_ms;
    char reference[PR_REF_CAP];
} shop;

static void save(shop *s)
{
    if (payroute_payment_next(s->p) == PAYROUTE_ACTION_SAVE) {
        EXPECT(payroute_payment_feed_saved(s->p, 1) == PAYROUTE_OK);
    }
}

/* An order at this channel, its create armed. */
static void open_shop(shop *s, const shelf_row *row)
{
    char spec[700], why[300] = "";
    memset(s, 0, sizeof *s);
    open_row(&s->k, row);
    s->row = row;
    s->now_ms = s->k.subject.now_ms;
    snprintf(
        spec, sizeof spec,
        "{\"order_id\":\"o\",\"amount_minor\":1250,\"currency\":\"%s\",\"method\":\"%s\",\"flow\":\"%s\","
        "\"subject\":\"Tea\",\"client_ip\":\"203.0.113.7\",\"return_url\":\"https://shop.example/r\"%s}",
        s->k.subject.currency, s->k.subject.method, s->k.subject.flow,
        wish_of(&s->k)->instrument != NULL ? ",\"instrument\":\"pm_1AbCdEfGhIjKlMnOpQrStUvW\"" : "");
    if (payroute_payment_new(&s->p, s->k.registry, NULL, spec, strlen(spec), "test", entropy, s->now_ms, why,
                             sizeof why) != PAYROUTE_OK) {
        fail_msg("%s: %s", where, why);
    }
    EXPECT(payroute_payment_lease(s->p, "me", 1) == PAYROUTE_OK);
    EXPECT(payroute_payment_present(s->p, 1) == PAYROUTE_OK);
    EXPECT(payroute_payment_tick(s->p, s->now_ms) == PAYROUTE_OK);
    save(s);
    EXPECT(payroute_payment_next(s->p) == PAYROUTE_ACTION_SEND);
}

static void close_shop(shop *s)
{
    payroute_payment_free(s->p);
    adk_close(&s->k);
}

/* The answer to what is armed; the first `len` bytes of it. */
static void hear(shop *s, int32_t says, size_t len)
{
    size_t n = 0;
    EXPECT(payroute_payment_request(s->p, s->now_ms, entropy) == PAYROUTE_OK);
    EXPECT(strncmp(payroute_payment_request_url(s->p), s->k.channel->base_url, 12) == 0);
    EXPECT(payroute_payment_request_headers(s->p, &n) != NULL && n > 0);
    int32_t step = (int32_t)payroute_payment_exchange(s->p, PAYROUTE_EXCHANGE_STEP);
    snprintf(s->reference, sizeof s->reference, "%.26s",
             payroute_payment_key(s->p)); /* a step's is longer by two */
    s->k.subject.reference = s->reference;
    EXPECT(speak_step(&said, &s->k, s->row, says, step));
    size_t whole = strlen(said.body);
    EXPECT(payroute_payment_feed_http(s->p, s->now_ms, said.status, said.headers, strlen(said.headers),
                                      said.body, len < whole ? len : whole, 1) == PAYROUTE_OK);
    EXPECT(speak(&said, &s->k, s->row, VOICE_NOTICE)); /* what it will say of its own accord */
}

/* Until the customer is asked, or the provider works at it. */
static void place(shop *s)
{
    for (int32_t i = 0; i < 4 && payroute_payment_next(s->p) == PAYROUTE_ACTION_SEND; i++) {
        hear(s, VOICE_PLACED, SIZE_MAX);
        save(s);
    }
    int32_t next = payroute_payment_next(s->p);
    EXPECT(next == PAYROUTE_ACTION_SHOW || next == PAYROUTE_ACTION_WAIT);
    EXPECT(next == PAYROUTE_ACTION_WAIT || payroute_payment_show(s->p, NULL) != NULL);
    EXPECT(payroute_payment_final(s->p) == 0);
}

static int32_t told(shop *s)
{
    payroute_notice *n = NULL;
    int32_t rc = payroute_notice_read(&n, s->k.registry, NULL, NULL, s->k.channel->id, said.method,
                                      said.query, strlen(said.query), said.headers, strlen(said.headers),
                                      said.body, strlen(said.body), s->now_ms);
    if (rc == PAYROUTE_OK) {
        rc = payroute_payment_feed_notice(s->p, n, s->now_ms);
    }
    payroute_notice_free(n);
    return rc;
}

static void each_shop(void (*run)(const shelf_row *row))
{
    for (int32_t i = 0; i < SHELF_ROWS; i++) {
        if (shelf[i].voice != NULL) {
            run(&shelf[i]);
        }
    }
}

static void notified(const shelf_row *row)
{
    shop s;
    open_shop(&s, row);
    place(&s);
    char *text = said.query[0] != '\0' ? said.query : said.body; /* a letter of it changed: refused */
    char *at = strstr(text, "12.50") != NULL ? strstr(text, "12.50") : text + strlen(text) / 2;
    *at = *at == '2' ? '3' : '2';
    EXPECT(told(&s) != PAYROUTE_OK);
    EXPECT(payroute_payment_status(s.p) != PAYROUTE_STATUS_PAID);
    EXPECT(speak(&said, &s.k, row, VOICE_NOTICE) == 1);
    close_shop(&s);
    open_shop(&s, row);
    place(&s);
    EXPECT(told(&s) == PAYROUTE_OK);
    EXPECT(payroute_payment_next(s.p) == PAYROUTE_ACTION_SAVE);
    save(&s);
    EXPECT(payroute_payment_status(s.p) == PAYROUTE_STATUS_PAID);
    EXPECT(told(&s) == PAYROUTE_OK); /* again: nothing new */
    EXPECT(payroute_payment_status(s.p) == PAYROUTE_STATUS_PAID);
    close_shop(&s);
}

static void a_notification_pays(void **state)
{
    (void)state;
    each_shop(notified);
}

/* Nothing came: time passes until the library asks, and the answer to that pays. */
static void asked(const shelf_row *row)
{
    shop s;
    open_shop(&s, row);
    place(&s);
    for (int32_t i = 0; i < 10 && payroute_payment_next(s.p) != PAYROUTE_ACTION_QUERY; i++) {
        s.now_ms = payroute_payment_wake_ms(s.p);
        EXPECT(payroute_payment_tick(s.p, s.now_ms) == PAYROUTE_OK);
        save(&s);
    }
    EXPECT(payroute_payment_next(s.p) == PAYROUTE_ACTION_QUERY);
    hear(&s, VOICE_PAID, SIZE_MAX);
    save(&s);
    EXPECT(payroute_payment_status(s.p) == PAYROUTE_STATUS_PAID);
    close_shop(&s);
}

static void a_query_pays(void **state)
{
    (void)state;
    each_shop(asked);
}

/* The answer to the first request cut at each byte, under the headers of the whole: never an end of the
 * payment. */
static void cut(const shelf_row *row)
{
    size_t whole = 1;
    for (size_t len = 0; len < whole; len = len + 1 < whole && len * 2 >= whole ? whole - 1 : len * 2 + 1) {
        shop s;
        open_shop(&s, row);
        hear(&s, VOICE_PAID, len);
        if (len == 0) {
            EXPECT(speak(&said, &s.k, row, VOICE_PAID));
            whole = strlen(said.body);
        }
        EXPECT(payroute_payment_final(s.p) == 0 && payroute_payment_status(s.p) == PAYROUTE_STATUS_PENDING);
        save(&s);
        EXPECT(payroute_payment_next(s.p) != PAYROUTE_ACTION_SHOW);
        close_shop(&s);
    }
}

static void a_cut_answer_ends_nothing(void **state)
{
    (void)state;
    each_shop(cut);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_notification_pays),
        cmocka_unit_test(a_query_pays),
        cmocka_unit_test(a_cut_answer_ends_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
