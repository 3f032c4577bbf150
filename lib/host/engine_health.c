/* Health in the engine: one block for all payments, probes in the sweep, and what the browser says. It may be
   lost or wrong without harm to any payment, so nothing here fails a call. */
#include <stdio.h>

#include "host/engine.h"

#include <payroute/payment.h>
#include <payroute/probe.h>

enum { HEALTH_CHANNELS = 32, HEALTH_CELLS = 1024, PROBES_MAX = 4, SNAPSHOT_CAP = 262144 };

int32_t prh_health_open(payroute_engine *e, const payroute_json_node *option, char *why, size_t why_cap)
{
    int32_t off =
        option && payroute_json_type(option) == PAYROUTE_JSON_BOOL && payroute_json_flag(option) == 0;
    if (option && !off) {
        snprintf(why, why_cap, "options.health: expected false");
        return PAYROUTE_E_SCHEMA;
    }
    return off ? PAYROUTE_OK
               : payroute_health_new(&e->health, HEALTH_CHANNELS, HEALTH_CELLS, prh_clock_now(&e->clock));
}

void prh_health_close(payroute_engine *e)
{
    payroute_health_free(e->health);
    e->health = NULL;
}

void prh_health_client(payroute_engine *e, const char *channel, const char *what)
{
    if (e->health) {
        (void)payroute_health_client(e->health, e->registry, channel, what, prh_clock_now(&e->clock));
    }
}

/* A question about an order that cannot exist: any answer shows that the line lives. */
static void ask_channel(payroute_engine *e, const char *channel, int64_t end_ms)
{
    payroute_probe *probe = NULL;
    char entropy[32];
    int32_t rc = prh_entropy(entropy, sizeof entropy);
    if (rc == PAYROUTE_OK) {
        rc = payroute_probe_new(&probe, e->registry, channel, prh_clock_now(&e->clock), entropy, NULL, 0);
    }
    explicit_bzero(entropy, sizeof entropy);
    int64_t timeout = probe ? payroute_probe_exchange(probe, PAYROUTE_EXCHANGE_TIMEOUT_MS) : 0;
    if (rc == PAYROUTE_OK && prh_monotonic_ms() + timeout <= end_ms &&
        (e->driver || prh_driver_new(&e->driver) == PAYROUTE_OK)) {
        prh_outcome out = {0};
        prh_exchange exchange = {.method = payroute_probe_request_method(probe),
                                 .url = payroute_probe_request_url(probe),
                                 .plain = payroute_probe_exchange(probe, PAYROUTE_EXCHANGE_PLAIN) == 1,
                                 .timeout_ms = timeout,
                                 .connect_ms = payroute_probe_exchange(probe, PAYROUTE_EXCHANGE_CONNECT_MS),
                                 .ca_file = payroute_probe_ca_file(probe)};
        exchange.headers = payroute_probe_request_headers(probe, &exchange.headers_len);
        exchange.body = payroute_probe_request_body(probe, &exchange.body_len);
        int64_t from = prh_monotonic_ms();
        e->counts.exchanges++;
        rc = prh_driver_perform(e->driver, &exchange, &out);
        if (rc == PAYROUTE_OK) {
            int32_t ok = out.answered && out.status > 0 && out.status < 500;
            (void)payroute_health_probe(e->health, e->registry, channel, ok, prh_monotonic_ms() - from,
                                        prh_clock_now(&e->clock));
        }
        prh_outcome_free(&out);
    }
    payroute_probe_free(probe);
}

void prh_health_probe(payroute_engine *e, int64_t end_ms)
{
    for (int32_t i = 0; e->health && i < PROBES_MAX && prh_monotonic_ms() < end_ms; i++) {
        int32_t at = payroute_health_probe_next(e->health, e->registry, prh_clock_now(&e->clock));
        if (at < 0) {
            return;
        }
        ask_channel(e, payroute_registry_id(e->registry, at), end_ms);
    }
}

int32_t payroute_engine_health(payroute_engine *engine)
{
    int32_t rc = prh_enter(engine);
    if (rc != PAYROUTE_OK) {
        return rc;
    }
    payroute_json *doc = NULL;
    char *text = malloc(SNAPSHOT_CAP);
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
    payroute_json_out_node(out, "channels", payroute_json_root(doc));
    payroute_json_out_end(out);
    payroute_json_free(doc);
    return prh_leave(engine, PAYROUTE_OK);
}
