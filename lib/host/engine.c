/* Open engines of this process. PHP-FPM loads the library before it forks and opens it in each request:
   nothing happens at load, a second open of the same thing costs a comparison, and a child of fork leaves its
   parent's handles and descriptors alone. */
#include <pthread.h>
#include <stdio.h>
#include <unistd.h>

#include "host/engine.h"
#include "host/lease.h"

static pthread_mutex_t table_lock = PTHREAD_MUTEX_INITIALIZER;
static payroute_engine *table; /* of this process, and what it inherited and must not touch */

/* ---- calls ---- */

int32_t prh_enter(payroute_engine *engine)
{
    if (!engine) {
        return PAYROUTE_E_ARG;
    }
    if (engine->pid != getpid()) {
        engine->out_now ^= 1;
        prh_say(engine, "this engine belongs to process %ld; open one after fork", (long)engine->pid);
        return prh_result_error(engine, PAYROUTE_E_FORKED, 0);
    }
    if (atomic_flag_test_and_set(&engine->busy)) {
        return PAYROUTE_E_BUSY;
    }
    engine->out_now ^= 1;
    engine->why[0] = '\0';
    prh_health_refresh(engine);
    return PAYROUTE_OK;
}

int32_t prh_leave(payroute_engine *engine, int32_t rc)
{
    atomic_flag_clear(&engine->busy);
    return rc;
}

const char *payroute_engine_result(payroute_engine *engine, size_t *len)
{
    size_t text_len = 0;
    const char *text = engine ? payroute_json_out_text(engine->out[engine->out_now], &text_len) : NULL;
    if (!text || text_len == 0) {
        text = "{}";
        text_len = 2;
    }
    if (len) {
        *len = text_len;
    }
    return text;
}

int64_t payroute_engine_now_ms(payroute_engine *engine)
{
    return engine ? prh_clock_now(&engine->clock) : PAYROUTE_E_ARG;
}

int32_t payroute_engine_clock_step(payroute_engine *engine, int64_t ms)
{
    int32_t rc = prh_enter(engine);
    if (rc != PAYROUTE_OK) {
        return rc;
    }
    if (!engine->clock.is_virtual) {
        prh_say(engine, "only a virtual clock can be stepped; give options.clock when opening");
        return prh_leave(engine, prh_result_error(engine, PAYROUTE_E_CLOCK, 0));
    }
    if (ms < -INT64_C(315360000000) || ms > INT64_C(315360000000)) {
        prh_say(engine, "a step of more than ten years");
        return prh_leave(engine, prh_result_error(engine, PAYROUTE_E_RANGE, 0));
    }
    engine->clock.stepped_ms += ms;
    payroute_json_out *out = prh_result(engine);
    payroute_json_out_object(out, NULL);
    payroute_json_out_integer(out, "now_ms", prh_clock_now(&engine->clock));
    payroute_json_out_end(out);
    return prh_leave(engine, PAYROUTE_OK);
}

int64_t payroute_engine_transactions(payroute_engine *engine)
{
    if (!engine) {
        return PAYROUTE_E_ARG;
    }
    if (engine->pid != getpid()) {
        return PAYROUTE_E_FORKED;
    }
    return engine->store->ops->transactions(engine->store);
}

/* ---- closing ---- */

static void wipe_text(char *text, size_t len)
{
    if (text) {
        explicit_bzero(text, len);
    }
    free(text);
}

static void free_engine(payroute_engine *e)
{
    if (!e) {
        return;
    }
    prh_kept_drop(e);
    prh_driver_free(e->driver);
    prh_sidecar_close(e->sidecar);
    if (e->store) {
        e->store->ops->close(e->store);
    }
    payroute_keyring_free(e->ring);
    prh_health_close(e);
    payroute_registry_free(e->registry);
    payroute_catalog_free(e->catalog);
    payroute_json_out_free(e->out[0]);
    payroute_json_out_free(e->out[1]);
    wipe_text(e->config, e->config_len);
    wipe_text(e->options, e->options_len);
    free(e->store_url);
    free(e);
}

void payroute_engine_close(payroute_engine *engine)
{
    if (!engine || engine->pid != getpid()) {
        return;
    }
    pthread_mutex_lock(&table_lock);
    int32_t last = --engine->opened <= 0;
    for (payroute_engine **at = &table; last && *at; at = &(*at)->next) {
        if (*at != engine) {
            continue;
        }
        *at = engine->next;
        break;
    }
    pthread_mutex_unlock(&table_lock);
    if (last) {
        free_engine(engine);
    }
}

/* ---- opening ---- */

/* Under the lock: an open engine of this process with the same words; its count is raised. */
static payroute_engine *find_same(const char *config, size_t config_len, const char *options,
                                  size_t options_len)
{
    pid_t pid = getpid();
    for (payroute_engine *at = table; at; at = at->next) {
        if (at->pid == pid && at->config_len == config_len && at->options_len == options_len &&
            memcmp(at->config, config, config_len) == 0 && memcmp(at->options, options, options_len) == 0) {
            at->opened += at->opened < INT32_MAX;
            return at;
        }
    }
    return NULL;
}

static payroute_engine *find_open(const char *config, size_t config_len, const char *options,
                                  size_t options_len)
{
    pthread_mutex_lock(&table_lock);
    payroute_engine *found = find_same(config, config_len, options, options_len);
    pthread_mutex_unlock(&table_lock);
    return found;
}

/* Two threads may have opened the same at once; the second one's work is thrown away. */
static payroute_engine *enter_table(payroute_engine *fresh)
{
    pthread_mutex_lock(&table_lock);
    payroute_engine *other = find_same(fresh->config, fresh->config_len, fresh->options, fresh->options_len);
    if (!other) {
        fresh->next = table;
        table = fresh;
    }
    pthread_mutex_unlock(&table_lock);
    if (!other) {
        return fresh;
    }
    free_engine(fresh);
    return other;
}

static char *copy_input(const char *text, size_t len)
{
    char *copy = malloc(len + 1u);
    if (!copy) {
        return NULL;
    }
    memcpy(copy, text, len);
    copy[len] = '\0';
    return copy;
}

int32_t payroute_engine_open(payroute_engine **out, const char *config_json, size_t config_len,
                             const char *options_json, size_t options_len, char *why, size_t why_cap)
{
    char unused[1];
    if (out) {
        *out = NULL;
    }
    if (!why || why_cap == 0) {
        why = unused;
        why_cap = sizeof unused;
    }
    why[0] = '\0';
    if (!out || !config_json || !options_json) {
        return PAYROUTE_E_ARG;
    }
    *out = find_open(config_json, config_len, options_json, options_len);
    if (*out) {
        return PAYROUTE_OK;
    }
    payroute_engine *e = calloc(1, sizeof *e);
    if (!e) {
        return PAYROUTE_E_NOMEM;
    }
    atomic_flag_clear(&e->busy);
    e->pid = getpid();
    e->opened = 1;
    e->config = copy_input(config_json, config_len);
    e->config_len = config_len;
    e->options = copy_input(options_json, options_len);
    e->options_len = options_len;
    e->out[0] = payroute_json_out_new();
    e->out[1] = payroute_json_out_new();
    int32_t rc = e->config && e->options && e->out[0] && e->out[1] ? PAYROUTE_OK : PAYROUTE_E_NOMEM;
    if (rc == PAYROUTE_OK) {
        rc = prh_open_parts(e, why, why_cap);
    }
    if (rc != PAYROUTE_OK) {
        free_engine(e);
        return rc;
    }
    *out = enter_table(e);
    return PAYROUTE_OK;
}
