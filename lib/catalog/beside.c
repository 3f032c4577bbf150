/* What comes along beside a provider's own code: the network's code and the advice codes, each looked for in
   the tables where it may stand. What they are worth together is decided elsewhere (decide.c). */
#include "catalog/match.h"
#include "catalog/network.h"

#include <string.h>

/* The network's table by any layer, or a provider's own by that of the issuers. */
static int ask_network(pr_catalog_found *found, const payroute_catalog *overlay, const char *table,
                       const char *layer, const pr_catalog_query *q, const char *code)
{
    pr_catalog_ask ask = {.provider = table,
                          .operation = pr_catalog_given(q->operation),
                          .layer = layer,
                          .code = code,
                          .has_code = 1,
                          .strict = layer != NULL};
    pr_catalog_match(found, overlay, &ask);
    return pr_catalog_is_named(found);
}

static int ask_advice(pr_catalog_found *found, const payroute_catalog *overlay, const char *provider,
                      const char *operation, const char *code)
{
    pr_catalog_ask ask = {.provider = provider,
                          .operation = operation,
                          .layer = "advice_code",
                          .code = code,
                          .has_code = 1,
                          .strict = 1};
    pr_catalog_match(found, overlay, &ask);
    return pr_catalog_is_named(found);
}

/* "visa" from "Visa" and "mastercard" from "MC", with an ending; 0: too long. */
static int table_name(char *out, const char *network, const char *ending)
{
    const char *known = pr_network_name(network);
    network = known != NULL ? known : network;
    size_t n = strlen(network), e = strlen(ending);
    if (n == 0 || n + e >= PR_CATALOG_SINGLE) {
        return 0;
    }
    for (size_t i = 0; i < n; i++) {
        out[i] = network[i] >= 'A' && network[i] <= 'Z' ? (char)(network[i] + 32) : network[i];
    }
    memcpy(out + n, ending, e + 1);
    return 1;
}

/* One or more advice codes, separated by commas or blanks (Stripe sends its own and Mastercard's). Each is
   looked for in the provider's table, then in its network's. `take` is told of every one of them. */
void pr_catalog_each_advice(const payroute_catalog *overlay, const pr_catalog_query *q,
                            pr_catalog_part_taker take, void *context)
{
    char table[PR_CATALOG_SINGLE];
    pr_catalog_part part = {.what = "advice_code"};
    const char *provider = q->provider != NULL ? q->provider : "";
    const char *network = q->network != NULL && q->network[0] != '\0' ? q->network : provider;
    int named = table_name(table, network, "_mac");
    for (const char *at = q->advice_code; *at != '\0';) {
        size_t n = strcspn(at, ", ");
        if (n > 0 && n < sizeof part.code) {
            memcpy(part.code, at, n);
            part.code[n] = '\0';
            part.provider = provider;
            if (!ask_advice(&part.found, overlay, provider, q->operation, part.code) && named &&
                ask_advice(&part.found, overlay, table, q->operation, part.code)) {
                part.provider = table;
            }
            take(context, &part);
        }
        at += n;
        at += strspn(at, ", ");
    }
}

static int ask_tables(pr_catalog_issuer *w, const char *code, const char *layer)
{
    const pr_catalog_query *q = w->query;
    return (w->table[0] != '\0' && ask_network(&w->found, w->overlay, w->table, layer, q, code)) ||
           ask_network(&w->found, w->overlay, q->provider != NULL ? q->provider : "", "issuer", q, code);
}

static void try_pair(void *context, const pr_catalog_part *part)
{
    pr_catalog_issuer *w = context;
    char pair[PR_CATALOG_SINGLE];
    size_t a = strlen(w->query->network_code), b = strlen(part->code);
    if (w->named || a + b + 2 > sizeof pair) {
        return;
    }
    memcpy(pair, w->query->network_code, a);
    pair[a] = '+';
    memcpy(pair + a + 1, part->code, b + 1);
    w->named = ask_tables(w, pair, "issuer");
    if (w->named) {
        memcpy(w->code, pair, a + b + 2);
        memcpy(w->used, part->code, b + 1);
    }
}

void pr_catalog_hear_issuer(pr_catalog_issuer *w, const payroute_catalog *overlay, const pr_catalog_query *q)
{
    memset(w, 0, sizeof *w);
    w->overlay = overlay;
    w->query = q;
    if (pr_catalog_given(q->network_code) == NULL || strlen(q->network_code) >= sizeof w->code) {
        return;
    }
    if (q->network == NULL || !table_name(w->table, q->network, "")) {
        w->table[0] = '\0';
    }
    if (q->advice_code != NULL) {
        pr_catalog_each_advice(overlay, q, try_pair, w);
    }
    if (!w->named) {
        memcpy(w->code, q->network_code, strlen(q->network_code) + 1);
        w->named = ask_tables(w, q->network_code, NULL);
    }
}

static void hand_on(const payroute_catalog *overlay, const pr_catalog_ask *ask, const char *what,
                    const char *code, pr_catalog_part_taker take, void *context)
{
    pr_catalog_part part = {.what = what, .provider = ask->provider};
    pr_catalog_match(&part.found, overlay, ask);
    if (code != NULL) {
        size_t n = strnlen(code, sizeof part.code - 1);
        while (n > 0 && ((unsigned char)code[n] & 0xC0) == 0x80) {
            n--; /* not in the middle of a character */
        }
        memcpy(part.code, code, n);
    }
    take(context, &part);
}

void pr_catalog_parts(const payroute_catalog *overlay, const pr_catalog_query *q, pr_catalog_part_taker take,
                      void *context)
{
    char status[12] = "";
    pr_catalog_ask ask = {.provider = q->provider != NULL ? q->provider : "",
                          .operation = pr_catalog_given(q->operation),
                          .layer = pr_catalog_given(q->layer),
                          .code = pr_catalog_given(q->code),
                          .has_code = 1};
    if (ask.code != NULL) {
        hand_on(overlay, &ask, "code", ask.code, take, context);
    }
    ask.code = ask.layer = NULL;
    if (pr_catalog_given(q->message) != NULL) {
        ask.message = q->message;
        hand_on(overlay, &ask, "message", NULL, take, context);
    }
    if (q->http_status >= 100 && q->http_status <= 599) {
        status[0] = (char)('0' + q->http_status / 100);
        status[1] = (char)('0' + q->http_status / 10 % 10);
        status[2] = (char)('0' + q->http_status % 10);
        ask.message = NULL;
        ask.has_code = pr_catalog_given(q->code) != NULL;
        ask.http_status = q->http_status;
        hand_on(overlay, &ask, "http_status", status, take, context);
    }
    pr_catalog_issuer issuer;
    pr_catalog_hear_issuer(&issuer, overlay, q);
    if (pr_catalog_given(q->network_code) != NULL) {
        pr_catalog_part part = {.what = "network_code", .found = issuer.found};
        part.provider = issuer.table[0] != '\0' ? issuer.table : ask.provider;
        memcpy(part.code, issuer.code, sizeof part.code);
        take(context, &part);
    }
    if (q->advice_code != NULL) {
        pr_catalog_each_advice(overlay, q, take, context);
    }
}
