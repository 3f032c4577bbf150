/* The parts of an engine, built from its two texts: channels and options. Unknown options are errors, since a
   misspelt one would be a safety that is silently missing. */
#include <stdio.h>

#include "host/engine.h"
#include "host/lease.h"

static int32_t complain(char *why, size_t cap, int32_t rc, const char *text)
{
    snprintf(why, cap, "%s", text);
    return rc;
}

static int32_t known_option(const char *name)
{
    static const char *const known[] = {"store", "instance", "state_dir", "clock", "catalog", "health"};
    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++) {
        if (strcmp(name, known[i]) == 0) {
            return 1;
        }
    }
    return 0;
}

/* ---- a virtual clock needs channels that are all on this machine ---- */

int32_t prh_registry_view(const payroute_registry *registry, payroute_json **doc)
{
    size_t cap = 65536;
    char *view = NULL;
    int32_t rc = PAYROUTE_E_BUFFER;
    for (; rc == PAYROUTE_E_BUFFER && cap <= 8388608u; cap *= 4u) {
        free(view);
        view = malloc(cap);
        rc = view ? payroute_registry_view(registry, view, cap) : PAYROUTE_E_NOMEM;
    }
    if (rc > 0) {
        rc = payroute_json_parse(doc, view, (size_t)rc, NULL, 0);
    }
    free(view);
    return rc;
}

static int32_t all_loopback(const payroute_registry *registry, char *why, size_t why_cap)
{
    payroute_json *doc = NULL;
    int32_t rc = prh_registry_view(registry, &doc);
    if (rc != PAYROUTE_OK) {
        return rc;
    }
    const payroute_json_node *channels = payroute_json_get(payroute_json_root(doc), "channels");
    for (const payroute_json_node *at = payroute_json_first(channels); at; at = payroute_json_next(at)) {
        const char *url = payroute_json_string(payroute_json_get(at, "base_url"));
        const char *id = payroute_json_string(payroute_json_get(at, "id"));
        if (!url || !*url || prh_driver_loopback(url)) {
            continue;
        }
        snprintf(why, why_cap, "options.clock: a virtual clock needs channels on loopback, and %s is at %s",
                 id ? id : "one", url);
        rc = PAYROUTE_E_CLOCK;
    }
    payroute_json_free(doc);
    return rc;
}

/* ---- instance: one name for the life of one installation ---- */

static int32_t instance_ok(const char *text)
{
    size_t len = text ? strlen(text) : 0;
    if (len == 0 || len >= PRH_INSTANCE_CAP) {
        return 0;
    }
    return strspn(text, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.") == len;
}

/* Made once: two processes which open a new store at the same time must come to the same name, or one order
 * would have two payments. */
static int32_t agree_on_instance(payroute_engine *e)
{
    static const char digits[] = "ABCDEFGHJKLMNPQRSTUVWXYZ23456789";
    unsigned char random[10];
    char fresh[sizeof random + 1];
    size_t len = 0;
    int32_t rc = e->store->ops->kv_get(e->store, "instance", 0, e->instance, sizeof e->instance - 1, &len);
    if (rc == PAYROUTE_E_NOT_FOUND) {
        rc = prh_entropy(random, sizeof random);
        if (rc != PAYROUTE_OK) {
            return rc;
        }
        for (size_t i = 0; i < sizeof random; i++) {
            fresh[i] = digits[random[i] & 31u];
        }
        fresh[sizeof random] = '\0';
        rc = e->store->ops->kv_add(e->store, "instance", fresh, sizeof random);
        if (rc == PAYROUTE_OK || rc == PAYROUTE_E_CONFLICT || rc == PAYROUTE_E_STORE_DOUBT) {
            rc = e->store->ops->kv_get(e->store, "instance", 0, e->instance, sizeof e->instance - 1, &len);
        }
    }
    if (rc != PAYROUTE_OK) {
        return rc;
    }
    e->instance[len] = '\0';
    return instance_ok(e->instance) ? PAYROUTE_OK : PAYROUTE_E_CHECKSUM;
}

static int32_t set_instance(payroute_engine *e, const payroute_json_node *node, char *why, size_t why_cap)
{
    if (!node) {
        int32_t rc = agree_on_instance(e);
        return rc == PAYROUTE_OK
                   ? rc
                   : complain(why, why_cap, rc, "the store has no readable name of this installation");
    }
    const char *text = payroute_json_string(node);
    if (!instance_ok(text)) {
        return complain(why, why_cap, PAYROUTE_E_SCHEMA,
                        "options.instance: expected 1 to 32 of A-Z a-z 0-9 - _ .");
    }
    snprintf(e->instance, sizeof e->instance, "%s", text);
    return PAYROUTE_OK;
}

/* ---- the parts ---- */

static int32_t set_catalog(payroute_engine *e, const payroute_json_node *node, char *why, size_t why_cap)
{
    if (!node) {
        return PAYROUTE_OK;
    }
    payroute_json_out *out = payroute_json_out_new();
    payroute_json_out_node(out, NULL, node);
    size_t len = 0;
    const char *text = payroute_json_out_text(out, &len);
    int32_t rc = text ? payroute_catalog_new(&e->catalog, text, len, why, why_cap) : PAYROUTE_E_NOMEM;
    payroute_json_out_free(out);
    return rc;
}

static int32_t set_store(payroute_engine *e, const payroute_json_node *node, char *why, size_t why_cap)
{
    const char *url = payroute_json_string(node);
    if (!url || !*url) {
        return complain(why, why_cap, PAYROUTE_E_SCHEMA,
                        "options.store: expected a URL such as sqlite:/path/to/file");
    }
    e->store_url = strdup(url);
    if (!e->store_url) {
        return PAYROUTE_E_NOMEM;
    }
    return prh_store_open(&e->store, url, why, why_cap);
}

static int32_t set_state_dir(payroute_engine *e, const payroute_json_node *node, char *why, size_t why_cap)
{
    const char *dir = payroute_json_string(node);
    if (node && (!dir || !*dir)) {
        return complain(why, why_cap, PAYROUTE_E_SCHEMA, "options.state_dir: expected a folder");
    }
    int32_t rc = prh_amnesia_read(e);
    return rc == PAYROUTE_OK && dir ? prh_amnesia_watch(e, dir, why, why_cap) : rc;
}

static int32_t open_options(payroute_engine *e, const payroute_json_node *root, char *why, size_t why_cap)
{
    if (payroute_json_type(root) != PAYROUTE_JSON_OBJECT) {
        return complain(why, why_cap, PAYROUTE_E_SCHEMA, "options: expected an object");
    }
    for (const payroute_json_node *at = payroute_json_first(root); at; at = payroute_json_next(at)) {
        if (known_option(payroute_json_name(at))) {
            continue;
        }
        snprintf(why, why_cap, "options: unknown member \"%s\"", payroute_json_name(at));
        return PAYROUTE_E_SCHEMA;
    }
    const payroute_json_node *clock = payroute_json_get(root, "clock");
    int32_t rc = clock ? prh_clock_read(&e->clock, clock, why, why_cap) : PAYROUTE_OK;
    if (rc == PAYROUTE_OK && clock) {
        rc = all_loopback(e->registry, why, why_cap);
    }
    if (rc == PAYROUTE_OK) {
        rc = set_catalog(e, payroute_json_get(root, "catalog"), why, why_cap);
    }
    if (rc == PAYROUTE_OK) {
        rc = set_store(e, payroute_json_get(root, "store"), why, why_cap);
    }
    if (rc == PAYROUTE_OK) {
        rc = set_instance(e, payroute_json_get(root, "instance"), why, why_cap);
    }
    if (rc == PAYROUTE_OK) {
        rc = set_state_dir(e, payroute_json_get(root, "state_dir"), why, why_cap);
    }
    if (rc == PAYROUTE_OK) {
        rc = prh_health_open(e, payroute_json_get(root, "health"), why, why_cap);
    }
    return rc;
}

int32_t prh_open_parts(payroute_engine *e, char *why, size_t why_cap)
{
    payroute_json *doc = NULL;
    int32_t rc = payroute_registry_from_json(&e->registry, e->config, e->config_len, why, why_cap);
    if (rc != PAYROUTE_OK) {
        return rc;
    }
    rc = payroute_keyring_new(&e->ring, e->registry);
    if (rc != PAYROUTE_OK) {
        return rc;
    }
    rc = prh_lease_owner(e->owner);
    if (rc != PAYROUTE_OK) {
        return complain(why, why_cap, rc, "this process cannot be told from others (boot id, start time)");
    }
    rc = payroute_json_parse(&doc, e->options, e->options_len, why, why_cap);
    if (rc == PAYROUTE_OK) {
        rc = open_options(e, payroute_json_root(doc), why, why_cap);
    }
    payroute_json_free(doc);
    return rc;
}
