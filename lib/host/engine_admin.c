/* Care of the store: check, backup, and amnesia. A store that was restored from a backup has forgotten its
   newest attempts, so it must not start orders that it may have paid already: it refuses those from before
   the restore until a person has compared the bills. */
#include <stdio.h>

#include "host/engine.h"
#include "host/lease.h"

#define FOREVER INT64_MAX

/* ---- orphans ---- */

typedef struct orphan_count {
    int64_t since_ms;
    int64_t found;
} orphan_count;

static int32_t count_claim(void *user, const char *channel, const char *event_id, const char *order_hash,
                           int64_t at_ms)
{
    orphan_count *count = user;
    (void)channel, (void)event_id, (void)order_hash;
    count->found += at_ms > count->since_ms;
    return 0;
}

int32_t prh_moment_read(payroute_engine *e, const char *name, int64_t *out)
{
    char text[32];
    size_t len = 0;
    int32_t rc = e->store->ops->kv_get(e->store, name, 0, text, sizeof text - 1, &len);
    *out = 0;
    if (rc != PAYROUTE_OK) {
        return rc == PAYROUTE_E_NOT_FOUND ? PAYROUTE_OK : rc;
    }
    text[len] = '\0';
    *out = strtoll(text, NULL, 10);
    return PAYROUTE_OK;
}

/* An authentic notification of this order speaks of an attempt that is not here: the store has forgotten it,
   and money may have moved. Until a person has looked, nothing is charged for the order. */
int32_t prh_orphans_claim(payroute_engine *engine, const payroute_payment *payment, int64_t *found)
{
    orphan_count count = {0};
    const char *hash = payroute_payment_order_hash(payment);
    *found = 0;
    int32_t rc =
        hash && *hash ? engine->store->ops->orphans(engine->store, hash, count_claim, &count) : PAYROUTE_OK;
    if (rc != PAYROUTE_OK || count.found == 0) {
        return rc;
    }
    rc = prh_moment_read(engine, "reconciled", &count.since_ms);
    count.found = 0;
    if (rc == PAYROUTE_OK) {
        rc = engine->store->ops->orphans(engine->store, hash, count_claim, &count);
    }
    *found = count.found;
    return rc;
}

/* ---- amnesia, written ---- */

int32_t prh_moment_write(payroute_engine *e, const char *name, int64_t ms)
{
    char text[32];
    int len = snprintf(text, sizeof text, "%lld", (long long)ms);
    return e->store->ops->kv_put(e->store, name, text, (size_t)len, FOREVER);
}

static int32_t write_amnesia(payroute_engine *e, int64_t restored_ms)
{
    int32_t rc = prh_moment_write(e, "amnesia", restored_ms);
    if (rc == PAYROUTE_OK) {
        e->restored_ms = restored_ms;
    }
    return rc;
}

int32_t prh_amnesia_read(payroute_engine *engine)
{
    return prh_moment_read(engine, "amnesia", &engine->restored_ms);
}

/* The side file remembers how far the store had come. When the store knows less, it was restored or copied,
 * whatever a person says. */
int32_t prh_amnesia_watch(payroute_engine *engine, const char *dir, char *why, size_t why_cap)
{
    char machine[64];
    char seen[PRH_WHY_CAP];
    prh_boot_ids ids;
    int64_t counter = engine->store->ops->counter(engine->store);
    if (counter < 0) {
        return (int32_t)counter;
    }
    int32_t rc = prh_boot_machine(machine, sizeof machine);
    if (rc == PAYROUTE_OK) {
        rc = prh_store_boot_ids(engine->store, machine, &ids);
    }
    if (rc == PAYROUTE_OK) {
        rc = prh_sidecar_open(&engine->sidecar, dir, engine->store_url, engine->instance, why, why_cap);
    }
    if (rc != PAYROUTE_OK) {
        return rc;
    }
    rc = prh_sidecar_verdict(engine->sidecar, counter, &ids, seen, sizeof seen);
    if (rc == PAYROUTE_E_AMNESIA) {
        rc = write_amnesia(engine,
                           prh_clock_now(&engine->clock)); /* durable before the side file forgets it */
    } else if (rc == PAYROUTE_E_CHECKSUM) {
        rc = PAYROUTE_OK;
    }
    return rc == PAYROUTE_OK ? prh_sidecar_begin(engine->sidecar, counter, &ids) : rc;
}

void prh_amnesia_sync(payroute_engine *engine)
{
    if (engine->sidecar && prh_sidecar_sync(engine->sidecar, prh_clock_now(&engine->clock)) != PAYROUTE_OK) {
        engine->counts.store_failures++;
    }
}

int32_t payroute_engine_restore(payroute_engine *engine, int64_t restored_at_ms)
{
    int32_t rc = prh_enter(engine);
    if (rc != PAYROUTE_OK) {
        return rc;
    }
    if (restored_at_ms <= 0 || restored_at_ms > INT64_C(253402300799000)) {
        prh_say(engine, "restored_at_ms: expected Unix milliseconds of the moment of the restore");
        return prh_leave(engine, prh_result_error(engine, PAYROUTE_E_RANGE, 0));
    }
    rc = write_amnesia(engine, restored_at_ms);
    if (rc != PAYROUTE_OK) {
        return prh_leave(engine, prh_result_error(engine, rc, 0));
    }
    payroute_json_out *out = prh_result(engine);
    payroute_json_out_object(out, NULL);
    payroute_json_out_flag(out, "amnesia", 1);
    payroute_json_out_integer(out, "restored_at_ms", restored_at_ms);
    payroute_json_out_end(out);
    return prh_leave(engine, PAYROUTE_OK);
}

int32_t payroute_engine_reconciled(payroute_engine *engine)
{
    int32_t rc = prh_enter(engine);
    if (rc != PAYROUTE_OK) {
        return rc;
    }
    rc = prh_moment_write(engine, "reconciled", prh_clock_now(&engine->clock));
    if (rc == PAYROUTE_OK) {
        rc = write_amnesia(engine, 0);
    }
    if (rc != PAYROUTE_OK) {
        return prh_leave(engine, prh_result_error(engine, rc, 0));
    }
    payroute_json_out *out = prh_result(engine);
    payroute_json_out_object(out, NULL);
    payroute_json_out_flag(out, "amnesia", 0);
    payroute_json_out_end(out);
    return prh_leave(engine, PAYROUTE_OK);
}

/* ---- care ---- */

int32_t payroute_engine_check(payroute_engine *engine)
{
    int32_t rc = prh_enter(engine);
    if (rc != PAYROUTE_OK) {
        return rc;
    }
    rc = engine->store->ops->check(engine->store, engine->why, sizeof engine->why);
    if (rc != PAYROUTE_OK) {
        return prh_leave(engine, prh_result_error(engine, rc, 0));
    }
    payroute_json_out *out = prh_result(engine);
    payroute_json_out_object(out, NULL);
    payroute_json_out_flag(out, "sound", 1);
    payroute_json_out_string(out, "store", engine->store->ops->scheme);
    payroute_json_out_string(out, "instance", engine->instance);
    payroute_json_out_integer(out, "counter", engine->store->ops->counter(engine->store));
    payroute_json_out_flag(out, "amnesia", engine->restored_ms > 0);
    payroute_json_out_end(out);
    return prh_leave(engine, PAYROUTE_OK);
}

int32_t payroute_engine_backup(payroute_engine *engine, const char *path)
{
    int32_t rc = prh_enter(engine);
    if (rc != PAYROUTE_OK) {
        return rc;
    }
    rc = path && *path ? engine->store->ops->backup(engine->store, path) : PAYROUTE_E_ARG;
    if (rc != PAYROUTE_OK) {
        return prh_leave(engine, prh_result_error(engine, rc, 0));
    }
    payroute_json_out *out = prh_result(engine);
    payroute_json_out_object(out, NULL);
    payroute_json_out_string(out, "backup", path);
    payroute_json_out_end(out);
    return prh_leave(engine, PAYROUTE_OK);
}
