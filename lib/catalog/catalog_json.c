/* The catalogue for people and for other languages: a question and an answer as JSON, and the built-in rows
 * one by one. */
#include "base/text.h"
#include "catalog/find.h"
#include "catalog/match.h"
#include "catalog/places.h"

#include <payroute/catalog.h>
#include <payroute/json.h>

#include <string.h>

typedef struct question {
    pr_catalog_query query;
    const char *locale;
} question;

static int32_t hand_out(payroute_json_out *json, char *out, size_t cap)
{
    size_t len = 0;
    const char *text = payroute_json_out_text(json, &len);
    int32_t rc = PAYROUTE_E_NOMEM;
    if (text != NULL) {
        rc = len < cap && len <= INT32_MAX ? (int32_t)len : PAYROUTE_E_BUFFER;
    }
    if (rc >= 0) {
        memcpy(out, text, len + 1);
    } else if (cap > 0) {
        out[0] = '\0';
    }
    payroute_json_out_free(json);
    return rc;
}

static int32_t read_text(const char **field, const payroute_json_node *member, pr_text *why)
{
    int32_t type = payroute_json_type(member);
    if (type == PAYROUTE_JSON_NULL) {
        return PAYROUTE_OK;
    }
    if (type != PAYROUTE_JSON_STRING && type != PAYROUTE_JSON_NUMBER) {
        pr_text_format(why, "%s: expected text", payroute_json_name(member));
        return PAYROUTE_E_SCHEMA;
    }
    *field = payroute_json_text(member);
    return PAYROUTE_OK;
}

static int32_t read_member(question *q, const payroute_json_node *member, pr_text *why)
{
    const struct {
        char name[16];
        const char **field;
    } fields[] = {{"provider", &q->query.provider},
                  {"operation", &q->query.operation},
                  {"layer", &q->query.layer},
                  {"code", &q->query.code},
                  {"message", &q->query.message},
                  {"network", &q->query.network},
                  {"network_code", &q->query.network_code},
                  {"advice_code", &q->query.advice_code},
                  {"locale", &q->locale}};
    const char *name = payroute_json_name(member);
    for (size_t i = 0; i < sizeof fields / sizeof fields[0]; i++) {
        if (strcmp(name, fields[i].name) == 0) {
            return read_text(fields[i].field, member, why);
        }
    }
    if (strcmp(name, "http") == 0) {
        int64_t status = 0;
        if (payroute_json_type(member) == PAYROUTE_JSON_NULL) {
            return PAYROUTE_OK;
        }
        if (payroute_json_integer(&status, member) != PAYROUTE_OK || status < 0 || status > 999) {
            pr_text_put(why, "http: expected a status such as 503");
            return PAYROUTE_E_SCHEMA;
        }
        q->query.http_status = (int32_t)status;
        return PAYROUTE_OK;
    }
    pr_text_format(why, "%.*s: unknown member", pr_text_fit(name, 60), name);
    return PAYROUTE_E_SCHEMA;
}

static void write_texts(payroute_json_out *json, const payroute_catalog *catalog, const pr_catalog_answer *a,
                        const char *locale)
{
    static const char names[PR_AUDIENCES][10] = {"customer", "merchant", "support"};
    for (int32_t who = 0; who < PR_AUDIENCES; who++) {
        if (locale != NULL && locale[0] != '\0') {
            payroute_json_out_string(json, names[who], pr_catalog_text(catalog, a->reason, who, locale));
            continue;
        }
        payroute_json_out_object(json, names[who]);
        for (uint32_t l = 0; l < PR_CAT_LOCALES; l++) {
            const char *name = &pr_catalog_pool[pr_catalog_locales[l]];
            payroute_json_out_string(json, name, pr_catalog_text(catalog, a->reason, who, name));
        }
        payroute_json_out_end(json);
    }
}

/* What goes with the advice: names or null, seconds or null. */
static void write_detail(payroute_json_out *json, int32_t field, int32_t act, int32_t wait_s)
{
    payroute_json_out_string(json, "field", field > 0 ? pr_catalog_field_word(field) : NULL);
    payroute_json_out_string(json, "act", act > 0 ? pr_catalog_act_word(act) : NULL);
    if (wait_s > 0) {
        payroute_json_out_integer(json, "wait_seconds", wait_s);
    } else {
        payroute_json_out_null(json, "wait_seconds");
    }
}

static void write_part(void *context, const pr_catalog_part *part)
{
    payroute_json_out *json = context;
    const pr_cat_reason *r = &pr_catalog_reasons[part->found.reason];
    payroute_json_out_object(json, NULL);
    payroute_json_out_string(json, "what", part->what);
    payroute_json_out_string(json, "provider", part->provider);
    payroute_json_out_string(json, "code", part->code);
    payroute_json_out_string(json, "matched", payroute_match_level_name(part->found.level));
    payroute_json_out_string(json, "reason", &pr_catalog_pool[r->name]);
    payroute_json_out_string(json, "class", payroute_reason_class_name(r->klass));
    payroute_json_out_string(json, "advice", pr_advice_name(part->found.advice));
    write_detail(json, part->found.field, part->found.act, part->found.wait_s);
    payroute_json_out_string(json, "source", part->found.source);
    payroute_json_out_end(json);
}

/* Where the shop mends it; null: nothing to do there, or no page known. */
static void write_place(payroute_json_out *json, const char *provider, int32_t reason, const char *locale)
{
    int32_t topic = pr_topic_of(reason);
    if (pr_place_name(provider, topic, "en")[0] == '\0') {
        payroute_json_out_null(json, "place");
        return;
    }
    payroute_json_out_object(json, "place");
    payroute_json_out_string(json, "topic", pr_topic_name(topic));
    if (locale != NULL && locale[0] != '\0') {
        payroute_json_out_string(json, "name", pr_place_name(provider, topic, locale));
    } else {
        payroute_json_out_object(json, "name");
        payroute_json_out_string(json, "zh-CN", pr_place_name(provider, topic, "zh-CN"));
        payroute_json_out_string(json, "en", pr_place_name(provider, topic, "en"));
        payroute_json_out_end(json);
    }
    payroute_json_out_string(json, "url", pr_place_url(provider, topic));
    payroute_json_out_end(json);
}

static void write_answer(payroute_json_out *json, const payroute_catalog *catalog, const question *q)
{
    pr_catalog_answer a;
    pr_catalog_lookup(&a, catalog, &q->query);
    int32_t may = pr_catalog_retry(a.reason_class, a.advice, a.network_forbids);
    payroute_json_out_object(json, NULL);
    payroute_json_out_string(json, "provider", q->query.provider);
    payroute_json_out_string(json, "code", q->query.code);
    payroute_json_out_string(json, "reason", a.name);
    payroute_json_out_integer(json, "reason_number", a.reason);
    payroute_json_out_string(json, "class", payroute_reason_class_name(a.reason_class));
    payroute_json_out_string(json, "fault", pr_fault_name(a.fault));
    payroute_json_out_string(json, "advice", pr_advice_name(a.advice));
    write_detail(json, a.field, a.act, a.wait_s);
    payroute_json_out_string(json, "matched", payroute_match_level_name(a.level));
    payroute_json_out_string(json, "decided_by", a.decided_by);
    payroute_json_out_object(json, "retry");
    payroute_json_out_flag(json, "same_channel", (may & PR_RETRY_SAME_CHANNEL) != 0);
    payroute_json_out_flag(json, "other_channel", (may & PR_RETRY_OTHER_CHANNEL) != 0);
    payroute_json_out_flag(json, "other_instrument", (may & PR_RETRY_OTHER_INSTRUMENT) != 0);
    payroute_json_out_flag(json, "network_forbids", a.network_forbids);
    payroute_json_out_end(json);
    payroute_json_out_flag(json, "channel_fault", a.channel_fault);
    payroute_json_out_flag(json, "private_cause", a.private_cause);
    payroute_json_out_flag(json, "unlisted", a.unlisted);
    payroute_json_out_array(json, "parts");
    pr_catalog_parts(catalog, &q->query, write_part, json);
    payroute_json_out_end(json);
    write_texts(json, catalog, &a, q->locale);
    write_place(json, q->query.provider, a.reason, q->locale);
    payroute_json_out_string(json, "source", a.source);
    payroute_json_out_string(json, "meaning", payroute_reason_meaning(a.reason));
    payroute_json_out_end(json);
}

int32_t payroute_catalog_explain(const payroute_catalog *catalog, const char *query_json, size_t query_len,
                                 char *out, size_t out_cap)
{
    payroute_json *doc = NULL;
    question q = {.locale = NULL};
    pr_text why;
    if (query_json == NULL || out == NULL || out_cap == 0) {
        return PAYROUTE_E_ARG;
    }
    pr_text_init(&why, out, out_cap);
    int32_t rc = payroute_json_parse(&doc, query_json, query_len, out, out_cap);
    if (rc != PAYROUTE_OK) {
        return rc;
    }
    const payroute_json_node *root = payroute_json_root(doc);
    if (payroute_json_type(root) != PAYROUTE_JSON_OBJECT) {
        pr_text_put(&why, "expected an object");
        rc = PAYROUTE_E_SCHEMA;
    }
    for (const payroute_json_node *m = payroute_json_first(root); rc == PAYROUTE_OK && m != NULL;
         m = payroute_json_next(m)) {
        rc = read_member(&q, m, &why);
    }
    if (rc == PAYROUTE_OK) {
        payroute_json_out *json = payroute_json_out_new();
        write_answer(json, catalog, &q);
        rc = hand_out(json, out, out_cap);
    }
    payroute_json_free(doc);
    return rc;
}

int32_t payroute_catalog_row_count(void)
{
    return PR_CAT_ROWS;
}

int32_t payroute_catalog_row_at(int32_t index, char *out, size_t out_cap)
{
    if (out == NULL || out_cap == 0) {
        return PAYROUTE_E_ARG;
    }
    out[0] = '\0';
    if (index < 0 || index >= PR_CAT_ROWS) {
        return PAYROUTE_E_RANGE;
    }
    const pr_cat_row *row = &pr_catalog_rows[index];
    int32_t alias = (row->flags & PR_CAT_ALIAS) != 0;
    const pr_cat_row *meant = row;
    if (alias) { /* what the alias stands for */
        meant = &pr_catalog_rows[pr_catalog_groups[row->target].first];
    }
    const pr_cat_reason *r = &pr_catalog_reasons[meant->reason];
    payroute_json_out *json = payroute_json_out_new();
    payroute_json_out_object(json, NULL);
    payroute_json_out_string(json, "provider", &pr_catalog_pool[pr_catalog_providers[row->provider].name]);
    payroute_json_out_string(json, "operation", pr_catalog_listed(row->operation));
    payroute_json_out_string(json, "layer", pr_catalog_listed(row->layer));
    payroute_json_out_string(json, "code", &pr_catalog_pool[row->code]);
    const char *alias_of = alias                               ? &pr_catalog_pool[meant->code]
                           : row->flags & PR_CAT_MESSAGE_FIRST ? "@message"
                                                               : NULL;
    payroute_json_out_string(json, "alias_of", alias_of);
    payroute_json_out_string(json, "reason", &pr_catalog_pool[r->name]);
    payroute_json_out_string(json, "class", payroute_reason_class_name(r->klass));
    payroute_json_out_string(json, "advice", pr_advice_name(meant->advice));
    write_detail(json, meant->field, meant->act, pr_catalog_waits[meant->wait]);
    payroute_json_out_string(json, "source", &pr_catalog_pool[row->source]);
    payroute_json_out_string(json, "note", &pr_catalog_pool[row->note]);
    payroute_json_out_string(json, "reviewed",
                             row->flags & PR_CAT_REVIEWED ? pr_catalog_listed(row->reviewed) : NULL);
    payroute_json_out_end(json);
    return hand_out(json, out, out_cap);
}
