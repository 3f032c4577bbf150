/* Shared by all adapters: the table that finds one, and the parts of reading and writing that know no
 * provider. */
#include "adapters/common.h"

#include <string.h>

static const pr_adapter *const adapters[] = {
#define ADAPTER(provider) &pr_adapter_##provider,
#include "adapters/adapters.def"
#undef ADAPTER
};

int32_t pr_adapter_count(void)
{
    return (int32_t)(sizeof adapters / sizeof adapters[0]);
}

const pr_adapter *pr_adapter_at(int32_t i)
{
    return i >= 0 && i < pr_adapter_count() ? adapters[i] : NULL;
}

const pr_adapter *pr_adapter_find(const char *provider)
{
    for (int32_t i = 0; provider && i < pr_adapter_count(); i++) {
        if (strcmp(adapters[i]->provider, provider) == 0) {
            return adapters[i];
        }
    }
    return NULL;
}

void pr_http_request_init(pr_http_request *r)
{
    memset(r, 0, sizeof *r);
    pr_buf_init(&r->url);
    pr_buf_init(&r->headers);
    pr_buf_init(&r->body);
}

void pr_http_request_free(pr_http_request *r)
{
    if (!r) {
        return;
    }
    pr_buf_free(&r->url);
    pr_buf_free(&r->headers);
    pr_buf_free(&r->body);
    memset(r->method, 0, sizeof r->method);
}

void pr_fact_init(pr_fact *f)
{
    memset(f, 0, sizeof *f);
    f->merchant_equal = -1;
    f->should_retry = -1;
    f->amount_minor = -1;
    f->reversed_total_minor = -1;
}

void pr_reading_init(pr_reading *r)
{
    memset(r, 0, sizeof *r);
    for (int32_t i = 0; i < PR_FACTS_MAX; i++) {
        pr_fact_init(&r->facts[i]);
    }
    pr_buf_init(&r->show);
}

void pr_reading_free(pr_reading *r)
{
    if (!r) {
        return;
    }
    pr_buf_free(&r->show);
    r->count = 0;
    r->show_kind = PR_SHOW_NONE;
}

/* ---- what a reading is made of ------------------------------------------------------------------------- */

int32_t pr_operation_target(int32_t operation)
{
    switch (operation) {
    case PR_OP_CLOSE:
    case PR_OP_VOID:
    case PR_OP_CAPTURE:
    case PR_OP_REFUND:
    case PR_OP_REFUND_QUERY:
        return PR_TARGET_ACTION;
    default:
        return PR_TARGET_ATTEMPT;
    }
}

pr_fact *pr_reading_add(pr_reading *r, int32_t target, int32_t event, int32_t evidence)
{
    if (r->count < PR_FACTS_MAX) {
        r->count++;
    }
    pr_fact *f = &r->facts[r->count - 1];
    pr_fact_init(f);
    f->target = target;
    f->event = event;
    f->evidence = evidence;
    return f;
}

pr_fact *pr_reading_unclear(pr_reading *r, int32_t operation, int32_t evidence)
{
    int32_t target = pr_operation_target(operation);
    int32_t event = target == PR_TARGET_ACTION ? (int32_t)PR_AE_UNCLEAR : (int32_t)PR_EV_UNCLEAR;
    return pr_reading_add(r, target, event, evidence);
}

int32_t pr_reading_show(pr_reading *r, int32_t kind, const char *text)
{
    size_t len = text ? strlen(text) : 0;
    if (len == 0 || len > PR_SHOW_CAP) {
        return 0;
    }
    pr_buf_clear(&r->show);
    pr_buf_bytes(&r->show, text, len);
    if (r->show.rc != PAYROUTE_OK) {
        return r->show.rc;
    }
    r->show_kind = kind;
    return 1;
}

static int32_t action_refusal(int32_t operation, int32_t reason_class)
{
    int32_t undo = operation == PR_OP_CLOSE || operation == PR_OP_VOID;
    if (operation == PR_OP_REFUND_QUERY) { /* a lookup's own failure changes nothing */
        return reason_class == PR_CLASS_NOT_FOUND ? PR_AE_NOT_FOUND : PR_AE_UNCLEAR;
    }
    switch (reason_class) {
    case PR_CLASS_DECLINED_SOFT:
    case PR_CLASS_DECLINED_HARD:
    case PR_CLASS_DECLINED_CUSTOMER:
    case PR_CLASS_INVALID:
        return PR_AE_REFUSED;
    case PR_CLASS_REFUSED_BEFORE:
        return PR_AE_REFUSED_BEFORE;
    case PR_CLASS_NOT_FOUND:
        return undo ? PR_AE_NOT_FOUND : PR_AE_UNCLEAR;
    case PR_CLASS_CLOSED:
        return undo ? PR_AE_DONE : PR_AE_UNCLEAR;
    default:
        return PR_AE_UNCLEAR;
    }
}

int32_t pr_refusal_event(int32_t operation, int32_t reason_class)
{
    if (pr_operation_target(operation) == PR_TARGET_ACTION) {
        return action_refusal(operation, reason_class);
    }
    if (operation != PR_OP_CREATE) {
        return reason_class == PR_CLASS_NOT_FOUND ? PR_EV_ST_NOT_FOUND : PR_EV_UNCLEAR;
    }
    switch (reason_class) {
    case PR_CLASS_DECLINED_SOFT:
    case PR_CLASS_DECLINED_HARD:
    case PR_CLASS_DECLINED_CUSTOMER:
        return PR_EV_DECLINED;
    case PR_CLASS_INVALID:
        return PR_EV_INVALID;
    case PR_CLASS_REFUSED_BEFORE:
        return PR_EV_REFUSED_BEFORE;
    default:
        return PR_EV_UNCLEAR;
    }
}

static const char *text_or_null(const char *text)
{
    return text && text[0] ? text : NULL;
}

void pr_fact_explain(pr_fact *f, const pr_subject *subject, const char *provider, const char *operation,
                     const char *message)
{
    pr_catalog_query q = {0};
    q.provider = provider;
    q.operation = operation;
    q.layer = text_or_null(f->layer);
    q.code = text_or_null(f->code);
    q.message = message;
    q.network = text_or_null(f->network);
    q.network_code = text_or_null(f->network_code);
    q.advice_code = text_or_null(f->advice_code);
    q.http_status = f->http_status >= 400 ? f->http_status : 0; /* a 200 explains no refusal */
    pr_catalog_lookup(&f->meaning, subject->catalog, &q);
}

/* ---- content ------------------------------------------------------------------------------------------- */

int32_t pr_content_finish(pr_buf *out, payroute_json_out *json, pr_text *why)
{
    size_t len = 0;
    const char *text = payroute_json_out_text(json, &len);
    int32_t rc = PAYROUTE_OK;
    if (!text) {
        rc = PAYROUTE_E_NOMEM;
    } else if (len > PR_CONTENT_CAP) {
        pr_text_format(why, "content: %lu bytes, at most %d", (unsigned long)len, (int)PR_CONTENT_CAP);
        rc = PAYROUTE_E_LIMIT;
    } else {
        pr_buf_bytes(out, text, len);
        rc = out->rc;
    }
    payroute_json_out_free(json);
    return rc;
}

int32_t pr_adapter_url_check(const char *url, const char *name, pr_text *why)
{
    if (!url || !url[0]) {
        return PAYROUTE_OK;
    }
    if (strncmp(url, "https://", 8) != 0 && strncmp(url, "http://", 7) != 0) {
        pr_text_format(why, "%s: expected a URL that begins with https:// or http://", name);
        return PAYROUTE_E_SCHEMA;
    }
    size_t len = 0;
    for (; url[len]; len++) {
        unsigned char c = (unsigned char)url[len];
        if (c <= 0x20 || c >= 0x7f) {
            pr_text_format(why, "%s: byte %lu must be percent-encoded", name, (unsigned long)len);
            return PAYROUTE_E_ENCODING;
        }
    }
    if (len > 1024) {
        pr_text_format(why, "%s: %lu bytes, at most 1024", name, (unsigned long)len);
        return PAYROUTE_E_LIMIT;
    }
    return PAYROUTE_OK;
}
