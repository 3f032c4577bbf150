/* Health in the engine: one block for all payments of a host, probes in the sweep, and what the browser says.
   It may be lost or wrong without harm to any payment, so nothing here fails a call. */
#include <stdio.h>

#include "host/engine.h"

#include <payroute/payment.h>
#include <payroute/probe.h>
#include <payroute/route.h>

enum {
    HEALTH_CHANNELS = 32,
    HEALTH_CELLS = 1024,
    PROBES_MAX = 4,  /* questions of one sweep */
    HANDED_MAX = 64, /* channels that are looked at for them; some cannot be asked */
    PROBE_MS = 3000, /* whoever needs longer for a lookup is not well */
    LEAST_MS = 300,  /* of the budget, to begin one */
    SNAPSHOT_CAP = 262144,
    PREVIEW_CAP = 16384
};

/* ---- where it lives ---- */

/* Beside the store, where all who use the store find it. NULL: the store is in this process alone. */
static char *default_path(const char *store_url)
{
    static const char end[] = "-health";
    if (strncmp(store_url, "sqlite:", 7) != 0) {
        return NULL;
    }
    size_t len = strcspn(store_url + 7, "?");
    char *path = malloc(len + sizeof end);
    if (path) {
        memcpy(path, store_url + 7, len);
        memcpy(path + len, end, sizeof end);
    }
    return path;
}

int32_t prh_health_open(payroute_engine *e, const payroute_json_node *option, char *why, size_t why_cap)
{
    int32_t off = payroute_json_type(option) == PAYROUTE_JSON_BOOL && payroute_json_flag(option) == 0;
    const char *named = payroute_json_string(option);
    if (option && !off && (!named || named[0] != '/' || strlen(named) > 4096)) {
        snprintf(why, why_cap, "options.health: expected false or a file's full path");
        return PAYROUTE_E_SCHEMA;
    }
    if (off) {
        return PAYROUTE_OK;
    }
    char *beside = named ? NULL : default_path(e->store_url);
    int64_t now = prh_clock_now(&e->clock);
    int32_t rc = prh_health_file_open(&e->health_file, named ? named : beside, HEALTH_CHANNELS, HEALTH_CELLS,
                                      now, NULL, 0);
    if (rc == PAYROUTE_OK) {
        e->health = prh_health_file_now(e->health_file, now);
        /* Who shares the file beside the store has nothing to be told through the store. */
        e->health_shares =
            (named || !prh_health_file_shared(e->health_file)) && strncmp(e->store_url, "memory:", 7);
    }
    free(beside);
    return rc;
}

void prh_health_close(payroute_engine *e)
{
    prh_health_file_close(e->health_file);
    e->health_file = NULL;
    e->health = NULL;
}

void prh_health_refresh(payroute_engine *e)
{
    if (e->health_file) {
        e->health = prh_health_file_now(e->health_file, prh_clock_now(&e->clock));
    }
}

void prh_health_client(payroute_engine *e, const char *channel, const char *what, int64_t age_ms)
{
    if (e->health) {
        (void)payroute_health_client(e->health, e->registry, channel, what, age_ms, prh_clock_now(&e->clock));
    }
}

/* ---- cheap questions ---- */

/* About an order that cannot exist: any answer shows that the line lives. Its time says nothing about
   payments, which are other work for the provider. Silence within less than its time-out says nothing at all.
 */
static void ask_probe(payroute_engine *e, const char *channel, payroute_probe *probe, int64_t left_ms)
{
    int64_t whole = payroute_probe_exchange(probe, PAYROUTE_EXCHANGE_TIMEOUT_MS);
    whole = whole > PROBE_MS ? PROBE_MS : whole;
    prh_outcome out = {0};
    prh_exchange exchange = {.method = payroute_probe_request_method(probe),
                             .url = payroute_probe_request_url(probe),
                             .money =
                                 1, /* over a new connection: one that still stands would answer for others */
                             .plain = payroute_probe_exchange(probe, PAYROUTE_EXCHANGE_PLAIN) == 1,
                             .timeout_ms = whole < left_ms ? whole : left_ms,
                             .connect_ms = payroute_probe_exchange(probe, PAYROUTE_EXCHANGE_CONNECT_MS),
                             .ca_file = payroute_probe_ca_file(probe)};
    exchange.headers = payroute_probe_request_headers(probe, &exchange.headers_len);
    exchange.body = payroute_probe_request_body(probe, &exchange.body_len);
    e->counts.exchanges++;
    e->counts.probes++;
    if (prh_driver_perform(e->driver, &exchange, &out) == PAYROUTE_OK &&
        (out.answered || out.not_sent || whole <= left_ms)) {
        int32_t ok = out.answered && out.status > 0 && out.status < 500;
        (void)payroute_health_probe(e->health, e->registry, channel, ok, 0, prh_clock_now(&e->clock));
    }
    prh_outcome_free(&out);
}

/* 1: it was asked; a channel that the host drives itself cannot be. */
static int32_t ask_channel(payroute_engine *e, const char *channel, int64_t left_ms)
{
    payroute_probe *probe = NULL;
    char entropy[32];
    int32_t asked = 0;
    if (prh_entropy(entropy, sizeof entropy) == PAYROUTE_OK &&
        payroute_probe_new(&probe, e->registry, channel, prh_clock_now(&e->clock), entropy, NULL, 0) ==
            PAYROUTE_OK &&
        (e->driver || prh_driver_new(&e->driver) == PAYROUTE_OK)) {
        ask_probe(e, channel, probe, left_ms);
        asked = 1;
    }
    explicit_bzero(entropy, sizeof entropy);
    payroute_probe_free(probe);
    return asked;
}

int32_t prh_health_probe(payroute_engine *e, int64_t end_ms)
{
    int32_t asked = 0;
    for (int32_t i = 0; e->health && i < HANDED_MAX && asked < PROBES_MAX; i++) {
        int64_t left = end_ms - prh_monotonic_ms();
        int32_t at = left < LEAST_MS
                         ? PAYROUTE_E_NOT_FOUND
                         : payroute_health_probe_next(e->health, e->registry, prh_clock_now(&e->clock));
        if (at < 0) {
            break;
        }
        asked += ask_channel(e, payroute_registry_id(e->registry, at), left);
    }
    return asked;
}

/* ---- for those who look ---- */

static void put_place(payroute_engine *e, payroute_json_out *out)
{
    int32_t shared = prh_health_file_shared(e->health_file);
    payroute_json_out_flag(out, "shared", shared);
    payroute_json_out_string(out, "file", prh_health_file_path(e->health_file));
    payroute_json_out_string(out, "why", shared ? NULL : prh_health_file_why(e->health_file));
    payroute_json_out_flag(out, "exchanges", e->health_shares);
}

int32_t payroute_engine_health(payroute_engine *engine)
{
    int32_t rc = prh_enter(engine);
    if (rc != PAYROUTE_OK) {
        return rc;
    }
    payroute_json *doc = NULL;
    char *text = malloc(SNAPSHOT_CAP);
    if (!engine->health) {
        prh_say(engine, "options.health is false: nothing is learnt of channels");
    }
    rc = !text             ? PAYROUTE_E_NOMEM
         : !engine->health ? PAYROUTE_E_UNSUPPORTED
                           : payroute_health_snapshot(engine->health, engine->registry,
                                                      prh_clock_now(&engine->clock), text, SNAPSHOT_CAP);
    if (rc >= 0) {
        rc = payroute_json_parse(&doc, text, (size_t)rc, NULL, 0);
    }
    free(text);
    if (rc != PAYROUTE_OK) {
        return prh_leave(engine, prh_result_error(engine, rc, 0));
    }
    payroute_json_out *out = prh_result(engine);
    payroute_json_out_object(out, NULL);
    put_place(engine, out);
    payroute_json_out_integer(out, "now_ms", prh_clock_now(&engine->clock));
    payroute_json_out_node(out, "channels", payroute_json_root(doc));
    payroute_json_out_end(out);
    payroute_json_free(doc);
    return prh_leave(engine, PAYROUTE_OK);
}

/* One more channel, one more half kilobyte. To be freed; *rc the length or what went wrong, then with its
 * reasons. */
static char *ask_preview(payroute_engine *e, const char *request, size_t request_len, int64_t seed,
                         int32_t *rc)
{
    char *text = NULL;
    *rc = PAYROUTE_E_BUFFER;
    for (size_t cap = PREVIEW_CAP; *rc == PAYROUTE_E_BUFFER && cap <= SNAPSHOT_CAP * 16; cap *= 4) {
        free(text);
        text = malloc(cap);
        *rc = text ? payroute_route_preview(e->registry, e->health, request, request_len, seed,
                                            prh_clock_now(&e->clock), text, cap)
                   : PAYROUTE_E_NOMEM;
    }
    return text;
}

static void put_preview(payroute_engine *e, payroute_json_out *out, const payroute_json_node *trace)
{
    payroute_json_out_object(out, NULL);
    for (const payroute_json_node *m = payroute_json_first(trace); m; m = payroute_json_next(m)) {
        payroute_json_out_node(out, payroute_json_name(m), m);
    }
    if (e->health) {
        payroute_json_out_object(out, "health");
        put_place(e, out);
        payroute_json_out_end(out);
    } else {
        payroute_json_out_null(out, "health");
    }
    payroute_json_out_end(out);
}

int32_t payroute_engine_route(payroute_engine *engine, const char *request, size_t request_len, int64_t seed)
{
    int32_t rc = prh_enter(engine);
    if (rc != PAYROUTE_OK) {
        return rc;
    }
    payroute_json *doc = NULL;
    char *text = ask_preview(engine, request, request_len, seed, &rc);
    if (rc >= 0) {
        rc = payroute_json_parse(&doc, text, (size_t)rc, NULL, 0);
    } else if (text && rc != PAYROUTE_E_ARG) {
        prh_say(engine, "%s", text);
    }
    free(text);
    if (rc == PAYROUTE_OK) {
        put_preview(engine, prh_result(engine), payroute_json_root(doc));
    } else {
        rc = prh_result_error(engine, rc, 0);
    }
    payroute_json_free(doc);
    return prh_leave(engine, rc);
}
