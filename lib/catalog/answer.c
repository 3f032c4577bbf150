/* The door of the catalogue: the short way for the one listed code that most questions are, the long one
   (decide.c) for all else. The short way says what the long one would; a test compares them for every row. */
#include "catalog/find.h"
#include "catalog/match.h"

/* The common question, for one listed code and nothing beside it: answered from one line of the tables. 0: it
   needs more. */
static int answer_bare(pr_catalog_answer *out, const pr_catalog_query *q)
{
    size_t provider_len = strlen(q->provider), len = strlen(q->code), key_len = len;
    const char *key = pr_catalog_normal(q->provider, provider_len, q->code, &key_len);
    if (key_len == 0 || key_len > PR_CATALOG_MAX_KEY) {
        return 0;
    }
    const pr_cat_group *g = pr_catalog_slot_of(q->provider, provider_len, key, key_len);
    if (!pr_catalog_is_spelled(g, q->code, len) || !pr_catalog_is_provider(g, q->provider, provider_len) ||
        (g->flags & PR_CAT_CHOICE)) {
        return 0;
    }
    const char *operation = pr_catalog_given(q->operation), *layer = pr_catalog_given(q->layer);
    if ((operation != NULL || layer != NULL) &&
        (g->count != 1 || pr_catalog_place(pr_catalog_listed(g->operation), operation) < 0 ||
         pr_catalog_place(pr_catalog_listed(g->layer), layer) < 0)) {
        return 0;
    }
    const pr_cat_reason *r = &pr_catalog_reasons[g->reason];
    out->reason = r->number;
    out->advice = g->advice;
    out->field = g->field;
    out->act = g->act;
    out->network_forbids = (g->flags & PR_CAT_FORBIDS) != 0;
    out->wait_s = r->klass == PR_CLASS_DECLINED_HARD || out->network_forbids ? 0 : pr_catalog_waits[g->wait];
    out->reason_class = r->klass;
    out->fault = r->fault;
    out->level = PR_MATCH_EXACT;
    out->private_cause = (r->flags & PR_CAT_PRIVATE) != 0;
    out->channel_fault = (r->flags & PR_CAT_CHANNEL_FAULT) != 0;
    out->unlisted = 0;
    out->name = pr_catalog_pooled(r->name);
    out->decided_by = "code";
    out->source = pr_catalog_pooled(g->source);
    return 1;
}

/* 1: the host's own rows have something to say to the code. */
static int is_overlaid(const payroute_catalog *overlay, const pr_catalog_query *q)
{
    pr_catalog_ask ask = {.provider = q->provider,
                          .operation = pr_catalog_given(q->operation),
                          .layer = pr_catalog_given(q->layer),
                          .code = q->code,
                          .has_code = 1};
    pr_catalog_found found;
    return pr_catalog_overlay_match(&found, overlay, &ask);
}

void pr_catalog_lookup(pr_catalog_answer *out, const payroute_catalog *overlay, const pr_catalog_query *q)
{
    if (q->provider != NULL && q->code != NULL && q->network_code == NULL && q->advice_code == NULL &&
        q->http_status < 500 && (overlay == NULL || !is_overlaid(overlay, q)) && answer_bare(out, q)) {
        return;
    }
    pr_catalog_weigh(out, overlay, q);
}
