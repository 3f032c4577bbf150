/* From a URL to a store: what a shop writes into its configuration is read strictly, so that a misspelt
   option does not silently mean nothing. */
#include "host/memory_store.h"
#include "host/sqlite_store.h"
#include "host/store_fault.h"

#include <stdlib.h>
#include <string.h>

typedef struct url_options {
    prh_sqlite_options sqlite;
    prh_store_fault fault;
} url_options;

static int32_t number_read(const char *text, int64_t *out)
{
    char *end = NULL;
    if (*text < '0' || *text > '9') {
        return PAYROUTE_E_ARG;
    }
    *out = (int64_t)strtoll(text, &end, 10);
    return *end ? PAYROUTE_E_ARG : PAYROUTE_OK;
}

static int32_t word_read(const char *value, const char *const *words, int32_t *out)
{
    for (int32_t i = 0; words[i]; i++) {
        if (!strcmp(words[i], value)) {
            *out = i;
            return PAYROUTE_OK;
        }
    }
    return PAYROUTE_E_ARG;
}

static int32_t option_read(url_options *options, int32_t memory, const char *name, const char *value)
{
    static const char *const journals[] = { "truncate", "delete", "wal", NULL };
    static const char *const kinds[] = { "store", "lost", "applied", NULL };
    int64_t number = 0;
    int32_t rc;
    if (!memory && !strcmp(name, "journal")) {
        return word_read(value, journals, &options->sqlite.journal);
    }
    if (!memory && !strcmp(name, "network")) {
        return word_read(value, (const char *const[]){ "0", "1", NULL }, &options->sqlite.network);
    }
    if (memory && !strcmp(name, "fail")) {
        rc = number_read(value, &number);
        options->fault.fail_at = number;
        return rc;
    }
    if (memory && !strcmp(name, "how")) {
        return word_read(value, kinds, &options->fault.kind);
    }
    return PAYROUTE_E_ARG;
}

/* Cuts the options off `text`. */
static int32_t options_read(char *text, int32_t memory, url_options *options, char *why, size_t why_cap)
{
    char *at = strchr(text, '?');
    if (at) {
        *at++ = 0;
    }
    while (at && *at) {
        char *next = strchr(at, '&');
        if (next) {
            *next++ = 0;
        }
        char *value = strchr(at, '=');
        if (value) {
            *value++ = 0;
        }
        if (!value || option_read(options, memory, at, value)) {
            prh_why(why, why_cap, "store: option '%s' is not known or has a wrong value; there are %s", at,
                    memory ? "fail=N and how=store|lost|applied"
                        : "journal=truncate|delete|wal and network=0|1");
            return PAYROUTE_E_ARG;
        }
        at = next;
    }
    return PAYROUTE_OK;
}

static int32_t memory_url(prh_store **out, const char *name, const url_options *options)
{
    prh_store *inner = NULL;
    int32_t rc = prh_memory_open(&inner, name);
    if (rc || !options->fault.fail_at) {
        *out = inner;
        return rc;
    }
    prh_store_fault *plan = calloc(1, sizeof *plan);
    if (plan) {
        *plan = options->fault;
        plan->owned = 1;
    }
    rc = plan ? prh_store_fault_wrap(out, inner, plan) : PAYROUTE_E_NOMEM;
    if (rc) {
        free(plan);
        inner->ops->close(inner);
    }
    return rc;
}

static int32_t open_text(prh_store **out, char *text, char *why, size_t why_cap)
{
    url_options options;
    memset(&options, 0, sizeof options);
    int32_t memory = !strncmp(text, "memory:", 7);
    if (!memory && strncmp(text, "sqlite:", 7) != 0) {
        prh_why(why, why_cap, "store: '%s' has no known scheme; there are sqlite:/path/to/file and "
                              "memory:name", text);
        return strchr(text, ':') ? PAYROUTE_E_UNSUPPORTED : PAYROUTE_E_ARG;
    }
    text += 7;
    int32_t rc = options_read(text, memory, &options, why, why_cap);
    if (rc) {
        return rc;
    }
    if (memory) {
        return memory_url(out, text, &options);
    }
    if (!*text) {
        prh_why(why, why_cap, "store: a path must follow sqlite:");
        return PAYROUTE_E_ARG;
    }
    options.sqlite.path = text;
    return prh_sqlite_open(out, &options.sqlite, why, why_cap);
}

int32_t prh_store_open(prh_store **out, const char *url, char *why, size_t why_cap)
{
    prh_why(why, why_cap, "%s", "");
    if (!out || !url) {
        return PAYROUTE_E_ARG;
    }
    *out = NULL;
    char *text = strdup(url);
    if (!text) {
        return PAYROUTE_E_NOMEM;
    }
    int32_t rc = open_text(out, text, why, why_cap);
    if (rc && why && why_cap && !*why) {
        prh_why(why, why_cap, "store: %s", payroute_rc_text(rc));
    }
    free(text);
    return rc;
}
