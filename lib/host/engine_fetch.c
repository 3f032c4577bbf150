/* Certificates of providers that are missing: what any worker fetched lies in the store as the provider said
   it and proves itself, so that one download serves all of them. The same certificate is asked for at most
   once in ten minutes, whoever asks (after a download that failed in fifteen seconds); a notification only
   writes down what it misses, and the sweep fetches it. */
#include <stdio.h>

#include "host/engine.h"

#define AGAIN_MS 600000   /* between two downloads for the same certificate */
#define FAILED_MS 15000   /* the same after one without an answer: until then nobody can pay on this channel */
#define KEPT_MS 86400000  /* what lies in the store is asked for anew after a day */
#define WANTED_MS 3600000 /* how long a notification's want is remembered */
#define NAME_CAP 256

static int32_t sends_all(const payroute_engine *e, const char *channel)
{
    return payroute_keyring_exchange(e->ring, channel, PAYROUTE_EXCHANGE_LISTS) == 1;
}

/* "answer", "asked" or "wanted" of a channel. A provider that answers with every current certificate has one
   place a channel: a stranger who makes up serial numbers fills nothing and displaces nothing. */
static void place_name(char out[NAME_CAP], const payroute_engine *e, const char *what, const char *channel,
                       const char *id)
{
    snprintf(out, NAME_CAP, "certificate %s/%s/%s", what, channel, sends_all(e, channel) ? "" : id);
}

/* What another worker fetched. 1: the certificate is in the ring. */
static int32_t take_stored(payroute_engine *e, const char *channel, const char *id)
{
    char name[NAME_CAP];
    size_t len = 0;
    int64_t now = prh_clock_now(&e->clock);
    place_name(name, e, "answer", channel, id);
    if (e->store->ops->kv_get(e->store, name, now, NULL, 0, &len) != PAYROUTE_E_BUFFER) {
        return 0;
    }
    char *body = malloc(len);
    if (body && e->store->ops->kv_get(e->store, name, now, body, len, &len) == PAYROUTE_OK) {
        (void)payroute_keyring_take(e->ring, channel, body, len, now, NULL, 0);
    }
    free(body);
    return payroute_keyring_has(e->ring, channel, id, now);
}

/* Writes down that it is asked for now. 0: it was, less than ten minutes ago, or the store cannot say. */
static int32_t may_ask(payroute_engine *e, const char *channel, const char *id)
{
    char name[NAME_CAP];
    size_t len = 0;
    int64_t now = prh_clock_now(&e->clock);
    place_name(name, e, "asked", channel, id);
    if (e->store->ops->kv_get(e->store, name, now, NULL, 0, &len) != PAYROUTE_E_NOT_FOUND) {
        return 0;
    }
    return e->store->ops->kv_put(e->store, name, "1", 1, now + AGAIN_MS) == PAYROUTE_OK;
}

/* 1: the ring takes it, and it is what was wanted. A list is of use whatever was wanted: the number may be made
   up, and the others would ask for it in vain until they may ask again. */
static int32_t is_good(payroute_engine *e, const char *channel, const char *id, const prh_outcome *out)
{
    int64_t now = prh_clock_now(&e->clock);
    return payroute_keyring_has(e->ring, channel, id, now) ||
           (sends_all(e, channel) && out->body &&
            payroute_keyring_take(e->ring, channel, out->body, out->body_len, now, NULL, 0) == PAYROUTE_OK);
}

/* For the other workers, once the ring has taken it: a failure costs them a download, nothing else. A refusal
   stands for the ten minutes. */
static void share(payroute_engine *e, const char *channel, const char *id, const prh_outcome *out)
{
    char name[NAME_CAP];
    int64_t now = prh_clock_now(&e->clock);
    if (out->answered && out->status == 200 && is_good(e, channel, id, out)) {
        place_name(name, e, "answer", channel, id);
        (void)e->store->ops->kv_put(e->store, name, out->body, out->body_len, now + KEPT_MS);
    } else if (!out->answered || out->status >= 500) {
        place_name(name, e, "asked", channel, id);
        (void)e->store->ops->kv_put(e->store, name, "1", 1, now + FAILED_MS);
    }
}

int32_t prh_fetch_for_payment(prh_work *w)
{
    payroute_engine *e = w->engine;
    char channel[64], id[160];
    snprintf(channel, sizeof channel, "%s", payroute_payment_channel(w->payment));
    snprintf(id, sizeof id, "%s", payroute_payment_aux(w->payment));
    prh_outcome out = {.not_sent = 1};
    int32_t rc = PAYROUTE_OK;
    int32_t asks = !take_stored(e, channel, id) && may_ask(e, channel, id);
    if (asks) {
        rc = prh_exchange_outcome(w, &out);
    }
    if (rc == PAYROUTE_OK) {
        rc = prh_feed_outcome(w, &out);
    }
    if (asks) {
        share(e, channel, id, &out);
    }
    prh_outcome_free(&out);
    return rc;
}

int32_t prh_fetch_for_notice(payroute_engine *e, const char *channel, const char *id)
{
    char name[NAME_CAP];
    size_t len = 0;
    int64_t now = prh_clock_now(&e->clock);
    if (take_stored(e, channel, id)) {
        return 1;
    }
    place_name(name, e, "wanted", channel, "");
    if (e->store->ops->kv_get(e->store, name, now, NULL, 0, &len) == PAYROUTE_E_NOT_FOUND) {
        (void)e->store->ops->kv_put(e->store, name, id, strlen(id), now + WANTED_MS);
    }
    return 0;
}

static int32_t perform_fetch(payroute_engine *e, const char *channel, const char *id, prh_outcome *out)
{
    char entropy[32];
    int32_t rc = prh_entropy(entropy, sizeof entropy);
    if (rc == PAYROUTE_OK) {
        rc = payroute_keyring_request(e->ring, channel, id, prh_clock_now(&e->clock), entropy, e->why,
                                      sizeof e->why);
    }
    explicit_bzero(entropy, sizeof entropy);
    if (rc == PAYROUTE_OK && !e->driver) {
        rc = prh_driver_new(&e->driver);
    }
    if (rc != PAYROUTE_OK) {
        return rc;
    }
    prh_exchange exchange = {
        .method = payroute_keyring_request_method(e->ring),
        .url = payroute_keyring_request_url(e->ring),
        .plain = payroute_keyring_exchange(e->ring, channel, PAYROUTE_EXCHANGE_PLAIN) == 1,
        .timeout_ms = payroute_keyring_exchange(e->ring, channel, PAYROUTE_EXCHANGE_TIMEOUT_MS),
        .connect_ms = payroute_keyring_exchange(e->ring, channel, PAYROUTE_EXCHANGE_CONNECT_MS),
        .ca_file = payroute_keyring_ca_file(e->ring, channel)};
    exchange.headers = payroute_keyring_request_headers(e->ring, &exchange.headers_len);
    exchange.body = payroute_keyring_request_body(e->ring, &exchange.body_len);
    e->counts.exchanges++;
    return prh_driver_perform(e->driver, &exchange, out);
}

int32_t prh_fetch_now(payroute_engine *e, const char *channel, const char *id, int64_t end_ms)
{
    prh_outcome out = {0};
    int64_t longest = payroute_keyring_exchange(e->ring, channel, PAYROUTE_EXCHANGE_TIMEOUT_MS);
    if (take_stored(e, channel, id)) {
        return 1;
    }
    if (end_ms - prh_monotonic_ms() < longest || !may_ask(e, channel, id)) {
        return 0;
    }
    if (perform_fetch(e, channel, id, &out) == PAYROUTE_OK && out.answered && out.status == 200) {
        (void)payroute_keyring_take(e->ring, channel, out.body, out.body_len, prh_clock_now(&e->clock),
                                    e->why, sizeof e->why);
    }
    share(e, channel, id, &out);
    prh_outcome_free(&out);
    return payroute_keyring_has(e->ring, channel, id, prh_clock_now(&e->clock));
}

/* What a notification missed. A certificate that could not be had stays wanted until an hour is over. */
static void fetch_wanted(payroute_engine *e, const char *channel, int64_t end_ms)
{
    char name[NAME_CAP], id[160];
    size_t len = 0;
    place_name(name, e, "wanted", channel, "");
    if (e->store->ops->kv_get(e->store, name, prh_clock_now(&e->clock), id, sizeof id - 1, &len) !=
        PAYROUTE_OK) {
        return;
    }
    id[len] = '\0';
    if (prh_fetch_now(e, channel, id, end_ms)) {
        (void)e->store->ops->kv_put(e->store, name, "", 0, 0);
    }
}

void prh_fetch_all(payroute_engine *e, int64_t end_ms)
{
    for (int32_t i = 0; i < payroute_registry_count(e->registry); i++) {
        fetch_wanted(e, payroute_registry_id(e->registry, i), end_ms);
    }
}
