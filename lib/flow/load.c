/* A handle from stored rows. The record is the truth; its columns are compared with it, so that a damaged
   or half-restored row is noticed and not
   believed. */
#include "flow/handle.h"

#include "base/wire.h"

#include <string.h>

enum { FRAME_LEN = 12, FRAME_MAGIC = 0x31575250 };

void pr_handle_clear(payroute_payment *p)
{
    for (int32_t i = 0; i < p->kept_count; i++) {
        pr_mem_free_secret(p->kept[i].content, p->kept[i].content_len);
        pr_mem_free_secret(p->kept[i].show, p->kept[i].show_len);
        p->kept[i] = (pr_kept){.content = NULL};
    }
    for (int32_t i = 0; i < PR_ACTIONS_MAX; i++) {
        pr_mem_free(p->action_ids[i]);
        p->action_ids[i] = NULL;
    }
}

static int32_t copy_column(char *out, size_t cap, const char *text)
{
    size_t len = text != NULL ? strlen(text) : 0;
    if (len >= cap) {
        return PAYROUTE_E_CHECKSUM;
    }
    memcpy(out, text != NULL ? text : "", len + 1);
    return PAYROUTE_OK;
}

static int32_t read_order(payroute_payment *p, const char *text, size_t len)
{
    payroute_json *doc = NULL;
    pr_order order;
    pr_denial denied = {"", ""};
    pr_known *known = NULL;
    pr_text none;
    memset(&order, 0, sizeof order);
    pr_text_init(&none, NULL, 0);
    int32_t rc = payroute_json_parse(&doc, text, len, NULL, 0);
    const payroute_json_node *root = payroute_json_root(doc);
    if (rc == PAYROUTE_OK) {
        rc = pr_order_read(&order, root, "", &none);
    }
    if (rc == PAYROUTE_OK) {
        rc = copy_column(denied.reason, sizeof denied.reason,
                         payroute_json_string(payroute_json_get(root, "denied")));
    }
    if (rc == PAYROUTE_OK) {
        rc = copy_column(denied.rule, sizeof denied.rule,
                         payroute_json_string(payroute_json_get(root, "denied_by")));
    }
    if (rc == PAYROUTE_OK) {
        rc = pr_known_read(&known, root, &none);
    }
    payroute_json_free(doc);
    if (rc == PAYROUTE_OK) {
        p->order = order;
        p->denied = denied;
        pr_known_free(p->known);
        p->known = known;
        return PAYROUTE_OK;
    }
    return rc == PAYROUTE_E_NOMEM ? rc : PAYROUTE_E_CHECKSUM;
}

static int32_t read_record(payroute_payment *p, const payroute_row_payment *row)
{
    pr_wire_in r = {.at = (const uint8_t *)row->record, .len = row->record_len, .pos = 0, .bad = 0};
    pr_policy policy = p->pay.policy;
    uint8_t present = p->pay.present;
    uint32_t magic = pr_wire_get_u32(&r);
    uint32_t core_len = pr_wire_get_u32(&r);
    uint32_t fact_no = pr_wire_get_u32(&r);
    if (r.bad || magic != FRAME_MAGIC || core_len > row->record_len - FRAME_LEN) {
        return PAYROUTE_E_CHECKSUM;
    }
    int32_t rc = pr_record_read(&p->pay, (const uint8_t *)row->record + FRAME_LEN, core_len);
    p->pay.policy = policy;
    p->pay.present = present;
    if (rc != PAYROUTE_OK) {
        return rc;
    }
    p->fact_no = (int32_t)(fact_no & 0x7fffffff);
    rc = read_order(p, row->record + FRAME_LEN + core_len, row->record_len - FRAME_LEN - core_len);
    pr_order_policy(&p->pay, &p->order);
    return rc;
}

static int32_t columns_agree(const payroute_payment *p, const payroute_save_set *rows)
{
    const payroute_row_payment *row = &rows->payment;
    if (row->amount_minor != p->pay.amount_minor || strcmp(row->currency, p->pay.currency) != 0 ||
        row->winner != p->pay.winner || row->cancelled != p->pay.cancelled || row->over != p->pay.over ||
        rows->attempt_count != p->pay.attempt_count || rows->action_count != p->pay.action_count) {
        return 0;
    }
    for (int32_t i = 0; i < rows->attempt_count; i++) {
        const payroute_row_attempt *r = &rows->attempts[i];
        const pr_attempt *a = r->n >= 1 && r->n <= p->pay.attempt_count ? &p->pay.attempts[r->n - 1] : NULL;
        if (a == NULL || r->n != i + 1 || strcmp(r->channel, a->channel) != 0 ||
            strcmp(r->reference, a->reference) != 0 || r->state != a->state || r->guard != a->guard ||
            r->sends != a->sends || r->shown != a->shown) {
            return 0;
        }
    }
    for (int32_t i = 0; i < rows->action_count; i++) {
        const payroute_row_action *r = &rows->actions[i];
        if (r->no != i + 1 || r->state != p->pay.actions[i].state ||
            r->amount_minor != p->pay.actions[i].amount_minor || r->sends != p->pay.actions[i].sends) {
            return 0;
        }
    }
    return 1;
}

static int32_t action_under_way(const pr_pay *pay, int32_t n)
{
    int32_t open = 0;
    for (int32_t i = 0; i < pay->action_count; i++) {
        open |= pay->actions[i].n == n && pr_action_open(pay->actions[i].state);
    }
    return open;
}

/* The version of the credentials that is of the attempt's account. 0: none is; asking another account would
   prove nothing about this attempt, least of all that it was never paid. */
static int32_t find_credential(pr_kept *k, const pr_attempt *a, const pr_channel *c)
{
    for (int32_t i = 0; i < c->credential_count; i++) {
        if (a->account == 0 || pr_channel_account(c, i) == a->account) {
            k->credential = c->credentials[i].version;
            return 1;
        }
    }
    return c->credential_count == 0 && a->account == 0;
}

static int32_t fill_kept(payroute_payment *p, const payroute_row_attempt *r, pr_text *why)
{
    pr_kept *k = &p->kept[r->n - 1];
    const pr_attempt *a = &p->pay.attempts[r->n - 1];
    const pr_channel *c = pr_registry_find(p->registry, a->channel);
    int32_t over = pr_state_free(a->state) && !a->held && !action_under_way(&p->pay, r->n);
    if (c == NULL && !over) {
        pr_text_format(
            why,
            "attempt %d: channel \"%s\" is not in the configuration; put it back (enabled: false keeps it from new "
            "payments)\n",
            (int)r->n, a->channel);
        return PAYROUTE_E_NOT_FOUND;
    }
    if (c != NULL) {
        pr_facts_fill(p, r->n, c);
    }
    if (c != NULL && !find_credential(k, a, c) && !over) {
        pr_text_format(
            why,
            "attempt %d: channel \"%s\" now names another account; put the old one back as a further version, or "
            "give the new one a channel of its own\n",
            (int)r->n, a->channel);
        return PAYROUTE_E_FOREIGN;
    }
    int32_t rc = copy_column(k->provider_id, sizeof k->provider_id, r->provider_id);
    if (rc == PAYROUTE_OK) {
        rc = copy_column(k->capture_id, sizeof k->capture_id, r->capture_id);
    }
    if (rc == PAYROUTE_OK && r->content_len > 0) {
        k->content = pr_mem_text(r->content, r->content_len);
        k->content_len = r->content_len;
        rc = k->content == NULL ? PAYROUTE_E_NOMEM : PAYROUTE_OK;
    }
    if (rc == PAYROUTE_OK && r->show_len > 0) {
        k->show = pr_mem_text(r->show, r->show_len);
        k->show_len = r->show_len;
        k->show_kind = r->show_kind;
        rc = k->show == NULL ? PAYROUTE_E_NOMEM : PAYROUTE_OK;
    }
    return rc;
}

static int32_t fill_lists(payroute_payment *p, const payroute_save_set *rows, pr_text *why)
{
    int32_t rc = PAYROUTE_OK;
    for (int32_t i = 0; i < rows->attempt_count && rc == PAYROUTE_OK; i++) {
        rc = fill_kept(p, &rows->attempts[i], why);
    }
    for (int32_t i = 0; i < rows->action_count && rc == PAYROUTE_OK; i++) {
        const char *id = rows->actions[i].provider_id;
        if (id != NULL && id[0] != '\0') {
            p->action_ids[i] = pr_mem_text(id, strlen(id));
            rc = p->action_ids[i] == NULL ? PAYROUTE_E_NOMEM : PAYROUTE_OK;
        }
    }
    return rc;
}

int32_t pr_handle_fill(payroute_payment *p, const payroute_save_set *rows, int64_t now_ms, pr_text *why)
{
    const payroute_row_payment *row = &rows->payment;
    if (row->record == NULL || row->instance == NULL || row->order_id == NULL || row->currency == NULL ||
        row->id <= 0) {
        return PAYROUTE_E_ARG;
    }
    int32_t rc = rows->attempt_count <= PR_ATTEMPTS_MAX ? pr_kept_room(p, rows->attempt_count) : PAYROUTE_OK;
    if (rc == PAYROUTE_OK) {
        rc = read_record(p, row);
    }
    if (p->pay.attempt_count > p->kept_count) {
        p->pay.attempt_count = (uint8_t)p->kept_count; /* more than rows: refused below, but the handle lives on */
    }
    if (rc == PAYROUTE_OK && !columns_agree(p, rows)) {
        pr_text_format(why, "payment %lld: the record and its columns disagree\n", (long long)row->id);
        rc = PAYROUTE_E_CHECKSUM;
    }
    if (rc == PAYROUTE_OK) {
        rc = copy_column(p->instance, sizeof p->instance, row->instance);
    }
    if (rc == PAYROUTE_OK) {
        rc = copy_column(p->order_id, sizeof p->order_id, row->order_id);
    }
    if (rc == PAYROUTE_OK) {
        rc = copy_column(p->row_owner, sizeof p->row_owner, row->lease_owner);
    }
    if (rc == PAYROUTE_OK) {
        rc = copy_column(p->audit, sizeof p->audit, rows->audit);
    }
    if (rc == PAYROUTE_OK) {
        rc = fill_lists(p, rows, why);
    }
    if (rc != PAYROUTE_OK) {
        return rc;
    }
    p->id = row->id;
    p->pay.version = row->version;
    p->pay.lease_epoch = row->lease_epoch;
    p->pay.lease_until_ms = row->lease_until_ms;
    p->pay.saved_ms = now_ms;
    if (p->pay.last_ms == 0) {
        p->pay.last_ms = now_ms;
    }
    return pr_handle_identify(p);
}

int32_t payroute_payment_load(payroute_payment **out, payroute_registry *registry,
                              const payroute_catalog *catalog, const payroute_save_set *rows,
                              const char *entropy, int64_t now_ms, char *why, size_t why_cap)
{
    pr_text detail;
    payroute_payment *p = NULL;
    pr_text_init(&detail, why, why_cap);
    if (out == NULL || registry == NULL || rows == NULL || entropy == NULL || now_ms <= 0) {
        return PAYROUTE_E_ARG;
    }
    *out = NULL;
    int32_t rc = pr_handle_new(&p, registry, catalog, entropy, &detail);
    if (rc == PAYROUTE_OK) {
        rc = pr_handle_fill(p, rows, now_ms, &detail);
    }
    if (rc != PAYROUTE_OK) {
        payroute_payment_free(p);
        return rc;
    }
    *out = p;
    return PAYROUTE_OK;
}

/* Everything of ours that was not saved is dropped; what a provider said is not ours to drop: it is applied
   again. */
int32_t payroute_payment_reload(payroute_payment *p, const payroute_save_set *rows, int64_t now_ms, char *why,
                                size_t why_cap)
{
    pr_text detail;
    pr_text_init(&detail, why, why_cap);
    if (p == NULL || rows == NULL || now_ms <= 0) {
        return PAYROUTE_E_ARG;
    }
    if (!p->conflict) {
        return PAYROUTE_E_STATE;
    }
    pr_exchange said_for = p->said_for;
    int64_t held = p->lease_held;
    pr_handle_clear(p);
    p->ex.armed = 0; /* armed behind a SAVE that failed: nothing was sent */
    p->lease_held = 0;
    for (int32_t i = 0; i < p->fact_count; i++) {
        pr_mem_free(p->facts[i].body);
    }
    p->fact_count = 0;
    int32_t rc = pr_handle_fill(p, rows, now_ms, &detail);
    if (rc != PAYROUTE_OK) {
        p->lease_held = held; /* for the reload that comes again */
        return rc;
    }
    p->conflict = 0;
    p->show_now = 0; /* what was to be shown was not saved as shown */
    p->lease_held = held == p->pay.lease_epoch ? held : 0; /* still ours: the next save gives it back */
    p->lease_free = 0;                                     /* the host looks at the lease again */
    if (said_for.armed && said_for.n <= p->pay.attempt_count) {
        if (said_for.action >= p->pay.action_count) {
            said_for.action = -1;
        }
        rc = pr_absorb(p, p->said, &said_for, p->said_source, now_ms);
        pr_verdict_settle(&p->pay, now_ms);
        p->conflict =
            rc == PAYROUTE_E_NOMEM; /* what was said is still ours to tell: reload may be called again */
    }
    return rc;
}
