/* SAVE: the whole set of rows, made of what changed. Facts, events and the audit line ride in the same
   transaction as the state they explain. */
#include "flow/handle.h"

#include <string.h>

enum { CORE_RECORD_MAX = 8192, FLOW_MAGIC = 0x31575250 /* "PRW1" */ };

struct pr_save {
    payroute_save_set set;
    payroute_row_attempt attempts[PR_ATTEMPTS_MAX];
    payroute_row_action actions[PR_ACTIONS_MAX];
    char keys[PR_ACTIONS_MAX][PR_KEY_CAP];
    payroute_row_fact facts[PR_FACT_ROWS_MAX];
    payroute_row_event events[PR_NEWS_MAX];
    payroute_json_out *bodies[PR_NEWS_MAX];
    payroute_row_notification notice;
    char audit[65];
    pr_buf record;
};

void pr_save_free(struct pr_save *s)
{
    if (s == NULL) {
        return;
    }
    for (int32_t i = 0; i < PR_NEWS_MAX; i++) {
        payroute_json_out_free(s->bodies[i]);
    }
    pr_buf_free(&s->record);
    pr_mem_free(s);
}

int32_t pr_fact_row_add(payroute_payment *p, int32_t n, int32_t source, int64_t asked_ms,
                        payroute_json_out *json)
{
    size_t len = 0;
    const char *text = payroute_json_out_text(json, &len);
    if (text == NULL) {
        return PAYROUTE_E_NOMEM;
    }
    if (p->fact_count == PR_FACT_ROWS_MAX) {
        return PAYROUTE_OK; /* the state holds what matters; rows explain it */
    }
    if (p->facts == NULL) {
        p->facts = pr_mem_array(PR_FACT_ROWS_MAX, sizeof *p->facts);
    }
    char *body = p->facts != NULL ? pr_mem_text(text, len) : NULL;
    if (body == NULL) {
        return PAYROUTE_E_NOMEM;
    }
    p->fact_no++;
    p->facts[p->fact_count++] =
        (pr_fact_row){.body = body, .n = n, .source = source, .no = p->fact_no, .asked_ms = asked_ms};
    return PAYROUTE_OK;
}

static void drop_facts(payroute_payment *p)
{
    for (int32_t i = 0; i < p->fact_count; i++) {
        pr_mem_free(p->facts[i].body);
    }
    p->fact_count = 0;
    pr_mem_free(p->facts);
    p->facts = NULL;
    pr_mem_free(p->notice_body);
    p->notice_body = NULL;
    p->notice_len = 0;
}

/* The record is the core's, framed with what flow needs after a restart: the order's wishes, what is known of
   the payment, and the number of the last fact. */
static int32_t write_record(payroute_payment *p, pr_buf *out)
{
    uint8_t core[CORE_RECORD_MAX];
    uint8_t head[12];
    pr_buf_init(out);
    payroute_json_out *order = payroute_json_out_new();
    payroute_json_out_object(order, NULL);
    pr_order_write(order, &p->order);
    pr_known_write(order, p->known);
    if (p->denied.reason[0] != '\0') {
        payroute_json_out_string(order, "denied", p->denied.reason);
        payroute_json_out_string(order, "denied_by", p->denied.rule);
    }
    payroute_json_out_end(order);
    size_t order_len = 0;
    const char *order_text = payroute_json_out_text(order, &order_len);
    int32_t core_len = pr_record_write(core, sizeof core, &p->pay);
    int32_t rc = order_text == NULL ? PAYROUTE_E_NOMEM : core_len;
    if (rc > 0) {
        const uint32_t numbers[3] = {FLOW_MAGIC, (uint32_t)core_len, (uint32_t)p->fact_no};
        for (size_t i = 0; i < 12; i++) {
            head[i] = (uint8_t)(numbers[i / 4] >> (8 * (i % 4)));
        }
        pr_buf_bytes(out, head, sizeof head);
        pr_buf_bytes(out, core, (size_t)core_len);
        pr_buf_bytes(out, order_text, order_len);
        rc = out->rc;
    }
    payroute_json_out_free(order);
    return rc;
}

static int32_t write_audit(const payroute_payment *p, struct pr_save *s)
{
    uint8_t digest[32];
    const void *parts[2] = {p->audit, s->record.at};
    const size_t lens[2] = {strlen(p->audit), s->record.len};
    int32_t rc = pr_sign_sha256_parts(digest, parts, lens, 2);
    if (rc == PAYROUTE_OK) {
        pr_sign_hex(s->audit, digest, sizeof digest);
    }
    return rc;
}

static void write_attempts(payroute_payment *p, struct pr_save *s)
{
    for (int32_t i = 0; i < p->pay.attempt_count; i++) {
        const pr_attempt *a = &p->pay.attempts[i];
        pr_kept *k = &p->kept[i];
        if ((p->pay.dirty_attempts & 1u << i) == 0) {
            continue;
        }
        int32_t keeps = a->has_payload && k->show != NULL;
        s->attempts[s->set.attempt_count++] = (payroute_row_attempt){.n = i + 1,
                                                                     .channel = a->channel,
                                                                     .reference = a->reference,
                                                                     .state = a->state,
                                                                     .review = a->review,
                                                                     .sends = a->sends,
                                                                     .shown = a->shown,
                                                                     .guard = a->guard,
                                                                     .provider_id = k->provider_id,
                                                                     .capture_id = k->capture_id,
                                                                     .content = k->content,
                                                                     .content_len = k->content_len,
                                                                     .show_kind = keeps ? k->show_kind : 0,
                                                                     .show = keeps ? k->show : "",
                                                                     .show_len = keeps ? k->show_len : 0};
    }
    s->set.attempts = s->attempts;
}

static void write_actions(payroute_payment *p, struct pr_save *s)
{
    for (int32_t i = 0; i < p->pay.action_count; i++) {
        const pr_action *x = &p->pay.actions[i];
        if ((p->pay.dirty_actions & 1u << i) == 0) {
            continue;
        }
        pr_action_key(s->keys[i], &p->pay, x);
        s->actions[s->set.action_count++] =
            (payroute_row_action){.no = i + 1,
                                  .n = x->n,
                                  .kind = x->kind,
                                  .key = s->keys[i],
                                  .caller_id = x->caller_id,
                                  .state = x->state,
                                  .sends = x->sends,
                                  .amount_minor = x->amount_minor,
                                  .provider_id = p->action_ids[i] != NULL ? p->action_ids[i] : ""};
    }
    s->set.actions = s->actions;
}

static const char *const event_names[] = {"",         "paid",    "late_paid", "surplus",
                                          "refunded", "expired", "review"};

static int32_t write_events(payroute_payment *p, struct pr_save *s)
{
    for (int32_t i = 0; i < p->pay.news_count; i++) {
        const pr_news *e = &p->pay.news[i];
        size_t len = 0;
        payroute_json_out *body = payroute_json_out_new();
        s->bodies[i] = body;
        payroute_json_out_object(body, NULL);
        payroute_json_out_string(body, "kind", event_names[e->kind]);
        payroute_json_out_string(body, "order_id", p->order_id);
        payroute_json_out_integer(body, "amount_minor", e->amount_minor);
        payroute_json_out_string(body, "currency", p->pay.currency);
        if (e->n > 0) {
            payroute_json_out_integer(body, "attempt", e->n);
            payroute_json_out_string(body, "channel", p->pay.attempts[e->n - 1].channel);
            payroute_json_out_string(body, "reference", p->pay.attempts[e->n - 1].reference);
        }
        if (e->kind == PR_NEWS_REVIEW) {
            payroute_json_out_integer(body, "review", e->review);
        }
        payroute_json_out_end(body);
        const char *text = payroute_json_out_text(body, &len);
        if (text == NULL) {
            return PAYROUTE_E_NOMEM;
        }
        s->events[s->set.event_count++] = (payroute_row_event){
            .kind = e->kind, .no = e->no, .at_ms = p->pay.last_ms, .body = text, .body_len = len};
    }
    s->set.events = s->events;
    return PAYROUTE_OK;
}

static void write_facts(payroute_payment *p, struct pr_save *s)
{
    for (int32_t i = 0; i < p->fact_count; i++) {
        const pr_fact_row *f = &p->facts[i];
        s->facts[s->set.fact_count++] = (payroute_row_fact){.n = f->n,
                                                            .source = f->source,
                                                            .no = f->no,
                                                            .asked_ms = f->asked_ms,
                                                            .last_seen_ms = p->pay.last_ms,
                                                            .count = 1,
                                                            .body = f->body,
                                                            .body_len = strlen(f->body)};
    }
    s->set.facts = s->facts;
    if (p->notice_body != NULL) {
        s->notice = (payroute_row_notification){.channel = p->notice_channel,
                                                .event_id = p->notice_event,
                                                .order_hash = p->order_hash,
                                                .body = p->notice_body,
                                                .body_len = p->notice_len};
        s->set.notifications = &s->notice;
        s->set.notification_count = 1;
    }
}

static void write_payment(payroute_payment *p, struct pr_save *s)
{
    payroute_row_payment *row = &s->set.payment;
    row->id = p->id;
    row->instance = p->instance;
    row->order_id = p->order_id;
    row->ordered_ms = p->pay.ordered_ms;
    row->amount_minor = p->pay.amount_minor;
    row->currency = p->pay.currency;
    row->winner = p->pay.winner;
    row->cancelled = p->pay.cancelled;
    row->over = p->pay.over;
    row->status = payroute_payment_status(p);
    row->seen = p->pay.version;
    row->version = p->pay.version + 1;
    row->lease_until_ms = p->pay.lease_until_ms;
    row->lease_epoch = p->pay.lease_epoch;
    row->lease_owner = p->pay.lease_until_ms == 0 ? "" : p->lease_held != 0 ? p->owner : p->row_owner;
    row->wake_ms = payroute_payment_wake_ms(p);
    row->record = s->record.at;
    row->record_len = s->record.len;
}

const payroute_save_set *payroute_payment_save_set(payroute_payment *p)
{
    if (p == NULL || !p->pay.dirty || p->conflict) {
        return NULL;
    }
    pr_save_free(p->save);
    p->save = pr_mem_new(sizeof *p->save);
    if (p->save == NULL) {
        return NULL;
    }
    struct pr_save *s = p->save;
    pr_tell_mark(p);
    if (p->ex.armed && p->lease_held != 0) {
        memcpy(p->row_owner, p->owner, sizeof p->row_owner);
    }
    if (write_record(p, &s->record) != PAYROUTE_OK || write_audit(p, s) != PAYROUTE_OK ||
        write_events(p, s) != PAYROUTE_OK) {
        pr_save_free(s);
        p->save = NULL;
        return NULL;
    }
    write_payment(p, s);
    write_attempts(p, s);
    write_actions(p, s);
    write_facts(p, s);
    s->set.audit = s->audit;
    s->set.at_ms = p->pay.last_ms;
    return &s->set;
}

void pr_rows_drop(payroute_payment *p)
{
    if (p->save != NULL) {
        memcpy(p->audit, p->save->audit, sizeof p->audit);
        pr_save_free(p->save);
        p->save = NULL;
    }
    p->pay.version++;
    p->pay.dirty = 0;
    p->pay.soft = 0;
    p->pay.dirty_attempts = 0;
    p->pay.dirty_actions = 0;
    p->pay.news_count = 0;
    p->pay.saved_ms = p->pay.last_ms;
    if (p->pay.lease_until_ms == 0) {
        p->lease_held = 0;
        p->row_owner[0] = '\0';
    }
    drop_facts(p);
    pr_said_drop(p);
}

int32_t pr_kept_room(payroute_payment *p, int32_t count)
{
    if (count <= p->kept_count) {
        return PAYROUTE_OK;
    }
    pr_kept *more = pr_mem_grow(p->kept, (size_t)p->kept_count * sizeof *more, (size_t)count * sizeof *more);
    if (more == NULL) {
        return PAYROUTE_E_NOMEM;
    }
    p->kept = more;
    p->kept_count = count;
    return PAYROUTE_OK;
}

int32_t pr_said_room(payroute_payment *p)
{
    if (p->said == NULL) {
        p->said = pr_mem_new(sizeof *p->said);
        if (p->said == NULL) {
            return PAYROUTE_E_NOMEM;
        }
        pr_reading_init(p->said);
    }
    return PAYROUTE_OK;
}

/* An armed exchange keeps the room for its answer. */
void pr_said_drop(payroute_payment *p)
{
    p->said_for.armed = 0;
    if (p->said == NULL) {
        return;
    }
    pr_reading_free(p->said);
    if (p->ex.armed) {
        pr_reading_init(p->said);
    } else {
        pr_mem_free_secret(p->said, sizeof *p->said);
        p->said = NULL;
    }
}

void payroute_payment_free(payroute_payment *p)
{
    if (p == NULL) {
        return;
    }
    pr_handle_clear(p);
    (void)payroute_payment_health(p, NULL);
    drop_facts(p);
    pr_held_free(p->held);
    p->ex.armed = 0;
    pr_said_drop(p);
    pr_known_free(p->known);
    pr_mem_free(p->kept);
    pr_mem_free(p->unlisted);
    pr_http_request_free(&p->request);
    payroute_json_out_free(p->view);
    payroute_json_out_free(p->shown);
    payroute_json_out_free(p->trace);
    pr_save_free(p->save);
    payroute_registry_free(p->registry);
    pr_mem_free_secret(p, sizeof *p);
}
