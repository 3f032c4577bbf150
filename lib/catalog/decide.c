/* Several codes, one answer. The provider's own code and the network's are matched each by itself (match.h);
   here one of them decides, and advice codes tighten what it advises. Nothing here can make an outcome better
   known, a refusal softer or a repeat more welcome than its parts. */
#include "catalog/match.h"
#include "catalog/rules.h"

#include <string.h>

typedef struct verdict {
    pr_catalog_found found;
    int32_t klass;
    int32_t private_cause;
    const char *decided_by;
} verdict;

static int32_t class_of(int32_t reason)
{
    return pr_catalog_reasons[reason].klass;
}

static int hardness(int32_t klass)
{ /* of refusals */
    switch (klass) {
    case PR_CLASS_DECLINED_HARD: return 5;
    case PR_CLASS_DECLINED_CUSTOMER: return 4;
    case PR_CLASS_DECLINED_SOFT: return 3;
    case PR_CLASS_INVALID: return 2;
    default: return 1;
    }
}

static int says_little(int32_t reason)
{ /* refusals that name no cause */
    static const char names[3][20] = {"declined_generic", "do_not_honor", "provider_declined"};
    const char *name = &pr_catalog_pool[pr_catalog_reasons[reason].name];
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        if (strcmp(name, names[i]) == 0) {
            return 1;
        }
    }
    return 0;
}

static const char *decided(int32_t level)
{
    if (level == PR_MATCH_MESSAGE) {
        return "message";
    }
    if (level == PR_MATCH_HTTP) {
        return "http_status";
    }
    return level > PR_MATCH_HTTP ? "default" : "code";
}

static int rank(int32_t advice)
{
    switch (advice) {
    case PR_ADVICE_OTHER_CHANNEL: return 1;
    case PR_ADVICE_LATER: return 2;
    case PR_ADVICE_AUTHENTICATE: return 3;
    case PR_ADVICE_CUSTOMER_ACTS: return 4;
    case PR_ADVICE_FIX_INPUT: return 5;
    case PR_ADVICE_OTHER_INSTRUMENT: return 6;
    case PR_ADVICE_NEVER: return 7;
    default: return 0; /* no advice about a repeat */
    }
}

int32_t pr_catalog_tighten(int32_t a, int32_t b)
{
    if (a == b || a == PR_ADVICE_MERCHANT_ACTS || b == PR_ADVICE_MERCHANT_ACTS) {
        int32_t other = a == PR_ADVICE_MERCHANT_ACTS ? b : a;
        if (a == b || rank(other) == 1) {
            return a == b ? a : PR_ADVICE_MERCHANT_ACTS;
        }
        if (rank(other) == 0) {
            return a;
        }
        /* The one forbids this channel, the other all others: what both leave is another instrument. */
        return rank(other) >= 6 ? other : PR_ADVICE_OTHER_INSTRUMENT;
    }
    if (rank(a) == 0 || rank(b) == 0) {
        return a;
    }
    return rank(a) >= rank(b) ? a : b;
}

int32_t pr_catalog_retry(int32_t reason_class, int32_t advice, int32_t network_forbids)
{
    int32_t may = PR_RETRY_OTHER_INSTRUMENT;
    if (!pr_catalog_class_is_refusal(reason_class)) {
        return 0;
    }
    if (rank(advice) >= 1 && rank(advice) <= 5) {
        may |= PR_RETRY_SAME_CHANNEL;
    }
    if (advice == PR_ADVICE_OTHER_CHANNEL || advice == PR_ADVICE_MERCHANT_ACTS ||
        (advice == PR_ADVICE_LATER && reason_class == PR_CLASS_REFUSED_BEFORE)) {
        may |= PR_RETRY_OTHER_CHANNEL;
    }
    if (reason_class == PR_CLASS_DECLINED_CUSTOMER) {
        may &= ~PR_RETRY_OTHER_CHANNEL;
    }
    if (reason_class == PR_CLASS_DECLINED_HARD || network_forbids) {
        may = PR_RETRY_OTHER_INSTRUMENT;
    }
    return may;
}

/* The class that goes with an advice which was tightened from outside. */
static int32_t harden(int32_t klass, int32_t advice, int32_t forbids)
{
    if (klass != PR_CLASS_DECLINED_SOFT && klass != PR_CLASS_INVALID && klass != PR_CLASS_REFUSED_BEFORE) {
        return klass;
    }
    if (forbids || advice == PR_ADVICE_NEVER) {
        return PR_CLASS_DECLINED_HARD;
    }
    if (!pr_catalog_class_allows(klass, advice)) {
        return PR_CLASS_DECLINED_CUSTOMER;
    }
    return klass;
}

static void settle(verdict *v, const pr_catalog_found *f, const char *decided_by)
{
    v->found = *f;
    v->klass = class_of(f->reason);
    v->decided_by = decided_by;
}

static void contradict(verdict *v, const char *decided_by)
{
    v->found.reason = PR_CAT_CONTRADICTION;
    v->found.advice = pr_catalog_reasons[PR_CAT_CONTRADICTION].advice;
    v->found.field = v->found.act = v->found.wait_s = 0;
    v->klass = class_of(PR_CAT_CONTRADICTION);
    v->decided_by = decided_by;
}

/* Tighten what `v` advises by what `by` advises. The data go with the advice that is left; of two waits the
   longer one counts, whatever the advice. */
static void tighten_by(verdict *v, const pr_catalog_found *by)
{
    pr_catalog_found *f = &v->found;
    int32_t advice = pr_catalog_tighten(f->advice, by->advice);
    if (advice != f->advice) {
        f->field = advice == by->advice ? by->field : 0;
        f->act = advice == by->advice ? by->act : 0;
    }
    f->advice = advice;
    f->wait_s = by->wait_s > f->wait_s ? by->wait_s : f->wait_s;
}

/* The network's code beside the provider's, which is settled already. */
static void weigh_network(verdict *v, const pr_catalog_found *n)
{
    int32_t mine = v->klass, its = class_of(n->reason);
    int known = pr_catalog_is_named(&v->found);
    v->private_cause |= pr_catalog_reasons[n->reason].flags & PR_CAT_PRIVATE;
    if (!known) {
        if (mine == PR_CLASS_UNKNOWN || its == PR_CLASS_UNKNOWN || pr_catalog_class_is_refusal(mine)) {
            settle(v, n, "network_code");
        }
        return;
    }
    if (!pr_catalog_class_is_refusal(its)) {
        return; /* an unclear issuer does not unsay what the provider documents */
    }
    if (mine == PR_CLASS_ACCEPTED) {
        contradict(v, "network_code");
        return;
    }
    if (!pr_catalog_class_is_refusal(mine)) {
        v->found.forbids |= n->forbids;
        return;
    }
    verdict p = *v;
    int harder = hardness(its) - hardness(mine);
    if (harder > 0 || (harder == 0 && (!says_little(n->reason) || says_little(p.found.reason)))) {
        settle(v, n, "network_code");
    }
    v->found.forbids = n->forbids | p.found.forbids;
    tighten_by(v, v->found.reason == n->reason ? &p.found : n);
    v->klass = harden(v->klass, v->found.advice, v->found.forbids);
}

static void weigh_advice(verdict *v, const pr_catalog_found *a)
{
    v->found.forbids |= a->forbids;
    v->private_cause |= pr_catalog_reasons[a->reason].flags & PR_CAT_PRIVATE;
    if (!pr_catalog_class_is_refusal(v->klass)) {
        return; /* what is unknown stays to be asked */
    }
    verdict before = *v;
    tighten_by(v, a);
    if (v->found.advice != before.found.advice && says_little(v->found.reason) &&
        pr_catalog_class_is_refusal(class_of(a->reason))) {
        pr_catalog_found tightened = v->found;
        settle(v, a, "advice_code");
        tightened.reason = a->reason;
        tightened.level = a->level;
        tightened.source = a->source;
        v->found = tightened;
    }
    v->klass = harden(v->klass, v->found.advice, v->found.forbids);
}

typedef struct weighing {
    verdict *verdict;
    const char *used;
} weighing;

/* An advice code that is part of a pair is answered by it, except that no pair takes a prohibition away. */
static void weigh_part(void *context, const pr_catalog_part *part)
{
    const weighing *w = context;
    if (pr_catalog_is_named(&part->found) && (part->found.forbids || strcmp(part->code, w->used) != 0)) {
        weigh_advice(w->verdict, &part->found);
    }
}

/* What stands beside the provider's own code. Apart, since most answers carry one code only. */
static void weigh_others(verdict *v, const payroute_catalog *overlay, const pr_catalog_query *q)
{
    pr_catalog_issuer issuer;
    pr_catalog_hear_issuer(&issuer, overlay, q);
    if (issuer.named) {
        weigh_network(v, &issuer.found);
    }
    if (q->advice_code != NULL) {
        weighing w = {v, issuer.used};
        pr_catalog_each_advice(overlay, q, weigh_part, &w);
    }
}

void pr_catalog_weigh(pr_catalog_answer *out, const payroute_catalog *overlay, const pr_catalog_query *q)
{
    verdict v;
    pr_catalog_ask ask = {.provider = q->provider != NULL ? q->provider : "",
                          .operation = pr_catalog_given(q->operation),
                          .layer = pr_catalog_given(q->layer),
                          .code = pr_catalog_given(q->code),
                          .message = pr_catalog_given(q->message),
                          .http_status = q->http_status,
                          .has_code = pr_catalog_given(q->code) != NULL};
    pr_catalog_match(&v.found, overlay, &ask);
    int32_t unlisted = ask.has_code && v.found.level >= PR_MATCH_HTTP;
    v.klass = class_of(v.found.reason);
    v.decided_by = decided(v.found.level);
    v.private_cause = pr_catalog_reasons[v.found.reason].flags & PR_CAT_PRIVATE;
    if (q->network_code != NULL || q->advice_code != NULL) {
        weigh_others(&v, overlay, q);
    }
    if (q->http_status >= 500 && v.klass != PR_CLASS_UNKNOWN && v.klass != PR_CLASS_PENDING &&
        v.klass != PR_CLASS_ACTION && v.klass != PR_CLASS_PAID_ALREADY) {
        contradict(&v, "http_status"); /* a server that broke is not believed when it refuses */
    }
    const pr_cat_reason *r = &pr_catalog_reasons[v.found.reason];
    out->reason = r->number;
    out->advice = v.found.advice;
    out->field = v.found.field;
    out->act = v.found.act;
    out->wait_s = v.klass == PR_CLASS_DECLINED_HARD || v.found.forbids ? 0 : v.found.wait_s;
    out->reason_class = v.klass;
    out->fault = r->fault;
    out->level = v.found.level;
    out->network_forbids = v.found.forbids;
    out->private_cause = v.private_cause != 0;
    out->unlisted = unlisted;
    out->channel_fault = (r->flags & PR_CAT_CHANNEL_FAULT) != 0;
    out->name = &pr_catalog_pool[r->name];
    out->decided_by = v.decided_by;
    out->source = v.found.source;
}
