/* One suite for every store: what store.h promises, asked of each of them. */
#include "kit.h"

#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

typedef struct fixture {
    const char *scheme;
    char *folder;
    char url[600];
    prh_store *s;
} fixture;

static int start(void **state, const char *scheme)
{
    fixture *f = calloc(1, sizeof *f);
    f->scheme = scheme;
    f->folder = kit_folder();
    if (!strcmp(scheme, "sqlite")) {
        (void)snprintf(f->url, sizeof f->url, "sqlite:%s/shop.db", f->folder);
    } else {
        (void)snprintf(f->url, sizeof f->url, "memory:%s", f->folder);
    }
    f->s = kit_open(f->url);
    *state = f;
    return 0;
}

static int start_sqlite(void **state)
{
    return start(state, "sqlite");
}

static int start_memory(void **state)
{
    return start(state, "memory");
}

static int stop(void **state)
{
    fixture *f = *state;
    kit_close(f->s);
    kit_folder_remove(f->folder);
    free(f);
    return 0;
}

#define STORE fixture *f = *state; prh_store *s = f->s
#define OPS s->ops

static void same_bytes(const char *a, size_t a_len, const char *b, size_t b_len)
{
    assert_int_equal(a_len, b_len);
    if (a_len) {
        assert_memory_equal(a, b, a_len);
    }
}

/* ---- save and load ---- */

static void everything_saved_is_loaded(void **state)
{
    STORE;
    kit k;
    prh_rows rows;
    kit_new(&k, "order-1");
    payroute_row_payment *p = &k.set.payment;
    p->winner = 1;
    p->cancelled = 1;
    p->over = 2;
    p->status = 4;
    p->lease_until_ms = 99;
    p->lease_epoch = 3;
    p->lease_owner = "boot:1:2:3";
    p->wake_ms = 777;
    k.record[3] = 0; /* a record is bytes */
    payroute_row_attempt *a = kit_attempt(&k, 1, 2);
    a->state = 7;
    a->review = 4;
    a->sends = 2;
    a->shown = 1;
    a->provider_id = "prov-1";
    a->capture_id = "cap-1";
    a->content = "\0content";
    a->content_len = 8;
    a->show_kind = 3;
    a->show = "qr\0text";
    a->show_len = 7;
    payroute_row_action *c = kit_action(&k, 1, 4, "caller");
    c->state = 3;
    c->sends = 1;
    c->provider_id = "re-1";
    (void)kit_action(&k, 2, 1, "");
    (void)kit_fact(&k, 1, "{}");
    payroute_save_set given = k.set;
    assert_int_equal(kit_save(s, &k), PAYROUTE_OK);
    assert_true(k.set.payment.id > 0);

    assert_int_equal(OPS->load(s, k.set.payment.id, &rows), PAYROUTE_OK);
    const payroute_row_payment *q = &rows.set.payment;
    assert_int_equal(q->id, k.set.payment.id);
    assert_string_equal(q->instance, "shop");
    assert_string_equal(q->order_id, "order-1");
    assert_int_equal(q->ordered_ms, 1000);
    assert_int_equal(q->amount_minor, 1250);
    assert_string_equal(q->currency, "CNY");
    assert_int_equal(q->winner, 1);
    assert_int_equal(q->cancelled, 1);
    assert_int_equal(q->over, 2);
    assert_int_equal(q->status, 4);
    assert_int_equal(q->version, 1);
    assert_int_equal(q->seen, 1);
    assert_int_equal(q->lease_until_ms, 99);
    assert_int_equal(q->lease_epoch, 3);
    assert_string_equal(q->lease_owner, "boot:1:2:3");
    assert_int_equal(q->wake_ms, 777);
    assert_int_equal(q->record_len, given.payment.record_len);
    assert_int_equal(rows.set.attempt_count, 1);
    const payroute_row_attempt *b = rows.set.attempts;
    assert_int_equal(b->n, 1);
    assert_string_equal(b->channel, "ali");
    assert_string_equal(b->reference, "REF-order-1-1");
    assert_int_equal(b->state, 7);
    assert_int_equal(b->review, 4);
    assert_int_equal(b->sends, 2);
    assert_int_equal(b->shown, 1);
    assert_int_equal(b->guard, 2);
    assert_string_equal(b->provider_id, "prov-1");
    assert_string_equal(b->capture_id, "cap-1");
    same_bytes(b->content, b->content_len, "\0content", 8);
    assert_int_equal(b->show_kind, 3);
    same_bytes(b->show, b->show_len, "qr\0text", 7);
    assert_int_equal(rows.set.action_count, 2);
    const payroute_row_action *d = rows.set.actions;
    assert_int_equal(d->no, 1);
    assert_int_equal(d->n, 1);
    assert_int_equal(d->kind, 4);
    assert_string_equal(d->key, "REF-order-1-1R1");
    assert_string_equal(d->caller_id, "caller");
    assert_int_equal(d->state, 3);
    assert_int_equal(d->sends, 1);
    assert_int_equal(d->amount_minor, 300);
    assert_string_equal(d->provider_id, "re-1");
    assert_string_equal(d[1].caller_id, "");
    assert_int_equal(strlen(rows.set.audit), 64);
    OPS->rows_free(&rows);
    assert_null(rows.memory);
}

static void an_update_changes_what_may_change(void **state)
{
    STORE;
    kit k;
    prh_rows rows;
    kit_new(&k, "o");
    kit_attempt(&k, 1, 1)->show = "qr";
    k.attempts[0].show_len = 2;
    (void)kit_action(&k, 1, 4, "c");
    assert_int_equal(kit_save(s, &k), PAYROUTE_OK);
    k.set.payment.status = 4;
    k.set.payment.winner = 1;
    payroute_row_attempt *a = kit_attempt(&k, 1, 0);
    a->state = 7;
    a->provider_id = "p";
    kit_action(&k, 1, 4, "c")->state = 9;
    assert_int_equal(kit_save(s, &k), PAYROUTE_OK);
    a = kit_attempt(&k, 1, 0);
    a->state = 8;
    a->content = NULL; /* not given again */
    a->content_len = 0;
    assert_int_equal(kit_save(s, &k), PAYROUTE_OK);
    assert_int_equal(OPS->load(s, k.set.payment.id, &rows), PAYROUTE_OK);
    assert_int_equal(rows.set.payment.version, 3);
    assert_int_equal(rows.set.payment.status, 4);
    assert_int_equal(rows.set.attempts[0].state, 8);
    assert_int_equal(rows.set.attempts[0].guard, 0);
    assert_int_equal(rows.set.attempts[0].show_len, 0);
    assert_string_equal(rows.set.attempts[0].provider_id, "");
    same_bytes(rows.set.attempts[0].content, rows.set.attempts[0].content_len, "{\"amount\":1250}", 15);
    assert_int_equal(rows.set.actions[0].state, 9);
    OPS->rows_free(&rows);
}

static void rows_come_in_order_of_their_number(void **state)
{
    STORE;
    kit k;
    prh_rows rows;
    kit_new(&k, "o");
    (void)kit_attempt(&k, 3, 0);
    (void)kit_attempt(&k, 1, 0);
    (void)kit_action(&k, 2, 4, "");
    (void)kit_action(&k, 1, 4, "");
    assert_int_equal(kit_save(s, &k), PAYROUTE_OK);
    (void)kit_attempt(&k, 2, 1);
    assert_int_equal(kit_save(s, &k), PAYROUTE_OK);
    assert_int_equal(OPS->load(s, k.set.payment.id, &rows), PAYROUTE_OK);
    assert_int_equal(rows.set.attempt_count, 3);
    for (int32_t i = 0; i < 3; i++) {
        assert_int_equal(rows.set.attempts[i].n, i + 1);
    }
    assert_int_equal(rows.set.actions[0].no, 1);
    assert_int_equal(rows.set.actions[1].no, 2);
    OPS->rows_free(&rows);
}

/* Loads what is there and says that it is what `before` was. */
static void unchanged(prh_store *s, int64_t id, int64_t version, int32_t attempts, int64_t transactions)
{
    prh_rows rows;
    assert_int_equal(OPS->load(s, id, &rows), PAYROUTE_OK);
    assert_int_equal(rows.set.payment.version, version);
    assert_int_equal(rows.set.attempt_count, attempts);
    assert_int_equal(OPS->transactions(s), transactions);
    OPS->rows_free(&rows);
}

static void one_order_is_one_payment(void **state)
{
    STORE;
    kit a, b;
    int64_t id = 0;
    kit_new(&a, "same");
    kit_new(&b, "same");
    assert_int_equal(kit_save(s, &a), PAYROUTE_OK);
    assert_int_equal(kit_save(s, &b), PAYROUTE_E_CONFLICT);
    kit_new(&b, "Same"); /* another order: references are exact */
    assert_int_equal(kit_save(s, &b), PAYROUTE_OK);
    kit_new(&b, "same");
    b.set.payment.instance = "shop2";
    assert_int_equal(kit_save(s, &b), PAYROUTE_OK);
    assert_int_equal(OPS->find_order(s, "shop", "same", &id), PAYROUTE_OK);
    assert_int_equal(id, a.set.payment.id);
    assert_int_equal(OPS->find_order(s, "shop2", "same", &id), PAYROUTE_OK);
    assert_int_equal(id, b.set.payment.id);
    assert_int_equal(OPS->find_order(s, "shop", "none", &id), PAYROUTE_E_NOT_FOUND);
    assert_int_equal(OPS->find_order(s, "sho", "psame", &id), PAYROUTE_E_NOT_FOUND);
    assert_int_equal(OPS->transactions(s), 3);
}

static void stale_versions_change_nothing(void **state)
{
    STORE;
    kit a, b;
    kit_new(&a, "o");
    assert_int_equal(kit_save(s, &a), PAYROUTE_OK);
    b = a;
    b.set.payment.order_id = b.order;
    b.set.payment.record = b.record;
    b.set.audit = b.audit;
    b.set.attempts = b.attempts;
    assert_int_equal(kit_save(s, &a), PAYROUTE_OK);
    (void)kit_attempt(&b, 1, 1);
    assert_int_equal(kit_save(s, &b), PAYROUTE_E_STALE);
    unchanged(s, a.set.payment.id, 2, 0, 2);
    b.set.payment.id = 4711;
    assert_int_equal(kit_save(s, &b), PAYROUTE_E_STALE);
}

static void the_epoch_of_a_lease_never_goes_back(void **state)
{
    STORE;
    kit k;
    kit_new(&k, "o");
    k.set.payment.lease_epoch = 5;
    assert_int_equal(kit_save(s, &k), PAYROUTE_OK);
    k.set.payment.lease_epoch = 4;
    assert_int_equal(kit_save(s, &k), PAYROUTE_E_STALE);
    unchanged(s, k.set.payment.id, 1, 0, 1);
    k.set.payment.lease_epoch = 6;
    assert_int_equal(kit_save(s, &k), PAYROUTE_OK);
}

static void what_was_ordered_is_immutable(void **state)
{
    STORE;
    kit k;
    kit_new(&k, "o");
    assert_int_equal(kit_save(s, &k), PAYROUTE_OK);
    k.set.payment.amount_minor++;
    assert_int_equal(kit_save(s, &k), PAYROUTE_E_STALE);
    k.set.payment.amount_minor--;
    k.set.payment.currency = "USD";
    assert_int_equal(kit_save(s, &k), PAYROUTE_E_STALE);
    k.set.payment.currency = "CNY";
    assert_int_equal(kit_save(s, &k), PAYROUTE_OK);
}

static void one_attempt_holds_a_guard(void **state)
{
    STORE;
    kit k;
    kit_new(&k, "o");
    (void)kit_attempt(&k, 1, 1);
    assert_int_equal(kit_save(s, &k), PAYROUTE_OK);
    (void)kit_attempt(&k, 2, 1);
    assert_int_equal(kit_save(s, &k), PAYROUTE_E_STALE);
    unchanged(s, k.set.payment.id, 1, 1, 1);
    k.attempts[0].guard = 2; /* overlap: the second slot */
    assert_int_equal(kit_save(s, &k), PAYROUTE_OK);
    (void)kit_attempt(&k, 3, 0); /* late money needs no slot */
    assert_int_equal(kit_save(s, &k), PAYROUTE_OK);
    unchanged(s, k.set.payment.id, 3, 3, 3);
}

static void a_guard_passes_on_within_one_set(void **state)
{
    STORE;
    kit k;
    kit_new(&k, "o");
    (void)kit_attempt(&k, 1, 1);
    assert_int_equal(kit_save(s, &k), PAYROUTE_OK);
    (void)kit_attempt(&k, 2, 1); /* the taker first, then the giver */
    (void)kit_attempt(&k, 1, 0);
    assert_int_equal(kit_save(s, &k), PAYROUTE_OK);
    (void)kit_attempt(&k, 1, 1); /* and both at once */
    (void)kit_attempt(&k, 2, 2);
    assert_int_equal(kit_save(s, &k), PAYROUTE_OK);
    (void)kit_attempt(&k, 1, 2);
    (void)kit_attempt(&k, 2, 1);
    assert_int_equal(kit_save(s, &k), PAYROUTE_OK);
    unchanged(s, k.set.payment.id, 4, 2, 4);
}

static void a_reference_is_unique_in_its_channel(void **state)
{
    STORE;
    kit a, b;
    int64_t id = 0;
    kit_new(&a, "a");
    (void)kit_attempt(&a, 1, 1);
    assert_int_equal(kit_save(s, &a), PAYROUTE_OK);
    kit_new(&b, "b");
    kit_attempt(&b, 1, 1)->reference = "REF-a-1";
    assert_int_equal(kit_save(s, &b), PAYROUTE_E_STALE);
    assert_int_equal(OPS->find_order(s, "shop", "b", &id), PAYROUTE_E_NOT_FOUND);
    b.attempts[0].channel = "stripe";
    assert_int_equal(kit_save(s, &b), PAYROUTE_OK);
    assert_int_equal(OPS->find_reference(s, "ali", "REF-a-1", &id), PAYROUTE_OK);
    assert_int_equal(id, a.set.payment.id);
    assert_int_equal(OPS->find_reference(s, "stripe", "REF-a-1", &id), PAYROUTE_OK);
    assert_int_equal(id, b.set.payment.id);
    assert_int_equal(OPS->find_reference(s, "ali", "REF-b-1", &id), PAYROUTE_E_NOT_FOUND);
}

static void content_and_keys_never_change(void **state)
{
    STORE;
    kit k;
    kit_new(&k, "o");
    (void)kit_attempt(&k, 1, 1);
    (void)kit_action(&k, 1, 4, "c");
    assert_int_equal(kit_save(s, &k), PAYROUTE_OK);
    kit_attempt(&k, 1, 1)->channel = "other";
    assert_int_equal(kit_save(s, &k), PAYROUTE_E_ARG);
    k.set.attempt_count = 0;
    kit_attempt(&k, 1, 1)->reference = "other";
    assert_int_equal(kit_save(s, &k), PAYROUTE_E_ARG);
    k.set.attempt_count = 0;
    kit_attempt(&k, 1, 1)->content = "{\"amount\":9999}";
    assert_int_equal(kit_save(s, &k), PAYROUTE_E_ARG);
    k.set.attempt_count = 0;
    kit_action(&k, 1, 4, "c")->key = "other";
    assert_int_equal(kit_save(s, &k), PAYROUTE_E_ARG);
    k.set.action_count = 0;
    kit_action(&k, 1, 4, "c")->kind = 3;
    assert_int_equal(kit_save(s, &k), PAYROUTE_E_ARG);
    k.set.action_count = 0;
    (void)kit_action(&k, 1, 4, "d");
    assert_int_equal(kit_save(s, &k), PAYROUTE_E_ARG);
    unchanged(s, k.set.payment.id, 1, 1, 1);
}

static void an_action_is_unique_by_key_and_by_caller(void **state)
{
    STORE;
    kit k, other;
    kit_new(&k, "o");
    (void)kit_action(&k, 1, 4, "c");
    assert_int_equal(kit_save(s, &k), PAYROUTE_OK);
    (void)kit_action(&k, 2, 4, "c"); /* the same refund asked twice */
    assert_int_equal(kit_save(s, &k), PAYROUTE_E_STALE);
    k.actions[0].kind = 3;           /* a capture of that id is another thing */
    assert_int_equal(kit_save(s, &k), PAYROUTE_OK);
    (void)kit_action(&k, 3, 1, "");
    assert_int_equal(kit_save(s, &k), PAYROUTE_OK);
    kit_new(&other, "p");
    kit_action(&other, 1, 4, "c")->key = "REF-o-1R3";
    assert_int_equal(kit_save(s, &other), PAYROUTE_E_STALE);
    (void)snprintf(other.keys[1], sizeof other.keys[1], "own");
    other.actions[0].key = other.keys[1];
    assert_int_equal(kit_save(s, &other), PAYROUTE_OK);
}

static void impossible_sets_are_refused(void **state)
{
    STORE;
    kit k;
    char text[20000];
    memset(text, 'x', sizeof text);
    text[sizeof text - 1] = 0;
#define REFUSED(change)                                              \
    do {                                                             \
        kit_new(&k, "bad");                                          \
        (void)kit_attempt(&k, 1, 1);                                 \
        (void)kit_action(&k, 1, 4, "");                              \
        (void)kit_event(&k, 1, 1, 1, "{}");                          \
        (void)kit_note(&k, "e", "", "b");                            \
        change;                                                      \
        assert_int_equal(OPS->save(s, &k.set, NULL), PAYROUTE_E_ARG); \
    } while (0)
    REFUSED(k.set.payment.order_id = "");
    REFUSED(k.set.payment.order_id = NULL);
    REFUSED(k.set.payment.order_id = text);
    REFUSED(k.set.payment.instance = "");
    REFUSED(k.set.payment.instance = text);
    REFUSED(k.set.payment.currency = NULL);
    REFUSED(k.set.payment.lease_owner = NULL);
    REFUSED(k.set.payment.record_len = 0);
    REFUSED(k.set.payment.record = NULL);
    REFUSED(k.set.payment.record_len = 65537);
    REFUSED(k.set.payment.version = 2);
    REFUSED(k.set.payment.seen = -1);
    REFUSED(k.set.payment.id = 1);
    REFUSED(k.set.payment.seen = 1; k.set.payment.version = 2);
    REFUSED(k.set.payment.winner = -1);
    REFUSED(k.set.audit = NULL);
    REFUSED(k.set.audit = "");
    REFUSED(k.set.attempt_count = -1);
    REFUSED(k.set.attempts = NULL);
    REFUSED(k.attempts[0].n = 0);
    REFUSED(k.attempts[0].guard = 3);
    REFUSED(k.attempts[0].guard = -1);
    REFUSED(k.attempts[0].channel = "");
    REFUSED(k.attempts[0].reference = NULL);
    REFUSED(k.attempts[0].provider_id = NULL);
    REFUSED(k.attempts[0].content = text; k.attempts[0].content_len = 4097);
    REFUSED(k.attempts[0].show = text; k.attempts[0].show_len = 16385);
    REFUSED(k.attempts[0].show = NULL; k.attempts[0].show_len = 1);
    REFUSED((void)kit_attempt(&k, 1, 0));
    REFUSED(k.actions[0].no = 0);
    REFUSED(k.actions[0].key = "");
    REFUSED(k.actions[0].caller_id = NULL);
    REFUSED((void)kit_action(&k, 1, 3, ""));
    REFUSED(k.events[0].kind = 0);
    REFUSED(k.events[0].body_len = 3); /* the NUL would cut it */
    REFUSED(k.notes[0].event_id = "");
    REFUSED(k.notes[0].order_hash = NULL);
#undef REFUSED
    assert_int_equal(OPS->save(s, NULL, NULL), PAYROUTE_E_ARG);
    assert_int_equal(OPS->transactions(s), 0);
    assert_int_equal(OPS->counter(s), 0);
}

static void limits_themselves_are_allowed(void **state)
{
    STORE;
    kit k;
    prh_rows rows;
    static char big[65536];
    memset(big, 'b', sizeof big);
    kit_new(&k, "0123456789012345678901234567890123456789012345678901234567890123");
    (void)snprintf(k.order, sizeof k.order, "012345678901234567890123456789012345678901234567890123456789012");
    k.set.payment.order_id = "0123456789012345678901234567890123456789012345678901234567890123";
    k.set.payment.record = big;
    k.set.payment.record_len = sizeof big;
    payroute_row_attempt *a = kit_attempt(&k, 1, 1);
    a->content = big;
    a->content_len = 4096;
    a->show = big;
    a->show_len = 16384;
    int64_t id = 0;
    assert_int_equal(OPS->save(s, &k.set, &id), PAYROUTE_OK);
    assert_int_equal(OPS->load(s, id, &rows), PAYROUTE_OK);
    same_bytes(rows.set.payment.record, rows.set.payment.record_len, big, sizeof big);
    same_bytes(rows.set.attempts[0].show, rows.set.attempts[0].show_len, big, 16384);
    OPS->rows_free(&rows);
    assert_int_equal(OPS->load(s, 4711, &rows), PAYROUTE_E_NOT_FOUND);
    assert_int_equal(OPS->load(s, 0, &rows), PAYROUTE_E_NOT_FOUND);
    OPS->rows_free(&rows); /* after a failure too */
}

/* ---- looking up ---- */

static void payments_are_found_by_provider_id(void **state)
{
    STORE;
    kit k;
    int64_t id = 0;
    kit_new(&k, "o");
    (void)kit_attempt(&k, 1, 1);
    assert_int_equal(kit_save(s, &k), PAYROUTE_OK);
    assert_int_equal(OPS->find_provider_id(s, "ali", "", &id), PAYROUTE_E_NOT_FOUND);
    kit_attempt(&k, 1, 1)->provider_id = "2026X";
    assert_int_equal(kit_save(s, &k), PAYROUTE_OK);
    assert_int_equal(OPS->find_provider_id(s, "ali", "2026X", &id), PAYROUTE_OK);
    assert_int_equal(id, k.set.payment.id);
    assert_int_equal(OPS->find_provider_id(s, "stripe", "2026X", &id), PAYROUTE_E_NOT_FOUND);
    assert_int_equal(OPS->find_provider_id(s, NULL, "2026X", &id), PAYROUTE_E_ARG);
}

static void due_is_oldest_first_and_bounded(void **state)
{
    STORE;
    static const int64_t wakes[] = { 500, 100, INT64_MAX, 300, 100, 900 };
    static const int64_t want[] = { 2, 5, 4, 1 };
    int64_t ids[8];
    int32_t count = -1;
    assert_int_equal(OPS->due(s, 500, ids, 8, &count), PAYROUTE_OK);
    assert_int_equal(count, 0);
    for (int i = 0; i < 6; i++) {
        kit k;
        char order[16];
        (void)snprintf(order, sizeof order, "o%d", i);
        kit_new(&k, order);
        k.set.payment.wake_ms = wakes[i];
        assert_int_equal(kit_save(s, &k), PAYROUTE_OK);
    }
    for (int32_t cap = 0; cap <= 8; cap++) {
        assert_int_equal(OPS->due(s, 500, ids, cap, &count), PAYROUTE_OK);
        assert_int_equal(count, cap < 4 ? cap : 4);
        for (int32_t i = 0; i < count; i++) {
            assert_int_equal(ids[i], want[i]);
        }
    }
    assert_int_equal(OPS->due(s, INT64_MAX, ids, 8, &count), PAYROUTE_OK);
    assert_int_equal(count, 5); /* never is not due, whatever the clock says */
    assert_int_equal(OPS->due(s, 0, NULL, 1, &count), PAYROUTE_E_ARG);
}

typedef struct seen_ids {
    int64_t ids[32];
    int count;
    int stop_at;
    prh_store *again;
} seen_ids;

static int32_t note_payment(void *user, const payroute_row_payment *row)
{
    seen_ids *seen = user;
    seen->ids[seen->count++] = row->id;
    if (seen->again) { /* a visitor may use the store */
        prh_rows rows;
        kit k;
        char order[32];
        assert_int_equal(seen->again->ops->load(seen->again, row->id, &rows), PAYROUTE_OK);
        assert_string_equal(rows.set.payment.order_id, row->order_id);
        seen->again->ops->rows_free(&rows);
        (void)snprintf(order, sizeof order, "nested%d", seen->count);
        kit_new(&k, order);
        assert_int_equal(kit_save(seen->again, &k), PAYROUTE_OK);
    }
    return seen->count == seen->stop_at;
}

static void list_pages_by_id_and_status(void **state)
{
    STORE;
    for (int i = 0; i < 6; i++) {
        kit k;
        char order[16];
        (void)snprintf(order, sizeof order, "o%d", i);
        kit_new(&k, order);
        k.set.payment.status = i % 2 ? 4 : 1;
        assert_int_equal(kit_save(s, &k), PAYROUTE_OK);
    }
    seen_ids seen = { .stop_at = -1 };
    assert_int_equal(OPS->list(s, 0, 0, 100, note_payment, &seen), PAYROUTE_OK);
    assert_int_equal(seen.count, 6);
    seen = (seen_ids){ .stop_at = -1 };
    assert_int_equal(OPS->list(s, 4, 2, 1, note_payment, &seen), PAYROUTE_OK);
    assert_int_equal(seen.count, 1);
    assert_int_equal(seen.ids[0], 4);
    seen = (seen_ids){ .stop_at = 2 };
    assert_int_equal(OPS->list(s, 0, 0, 100, note_payment, &seen), PAYROUTE_OK);
    assert_int_equal(seen.count, 2);
    seen = (seen_ids){ .stop_at = -1, .again = s };
    assert_int_equal(OPS->list(s, 0, 0, 6, note_payment, &seen), PAYROUTE_OK);
    assert_int_equal(seen.count, 6);
    assert_int_equal(OPS->list(s, 0, 0, 0, note_payment, &seen), PAYROUTE_E_ARG);
    assert_int_equal(OPS->list(s, 0, 0, 1, NULL, &seen), PAYROUTE_E_ARG);
}

/* ---- events ---- */

typedef struct seen_events {
    char text[512];
    int count;
} seen_events;

static int32_t note_event(void *user, const prh_event_row *row)
{
    seen_events *seen = user;
    size_t at = strlen(seen->text);
    (void)snprintf(seen->text + at, sizeof seen->text - at, "%s/%d.%d@%d=%s;", row->order_id, row->kind, row->no,
                   (int)row->at_ms, row->body);
    seen->count++;
    return 0;
}

static const char *events_of(prh_store *s, int64_t id, int32_t limit, seen_events *seen)
{
    memset(seen, 0, sizeof *seen);
    assert_int_equal(OPS->events(s, id, limit, note_event, seen), PAYROUTE_OK);
    return seen->text;
}

static void events_come_again_until_acknowledged(void **state)
{
    STORE;
    kit a, b;
    seen_events seen;
    kit_new(&a, "a");
    kit_new(&b, "b");
    (void)kit_event(&a, 1, 1, 20, "{\"x\":1}");
    assert_int_equal(kit_save(s, &a), PAYROUTE_OK);
    (void)kit_event(&b, 4, 1, 10, "{}");
    (void)kit_event(&b, 4, 2, 30, "{}");
    assert_int_equal(kit_save(s, &b), PAYROUTE_OK);
    (void)kit_event(&b, 4, 1, 99, "changed"); /* a repeat is not a new one */
    assert_int_equal(kit_save(s, &b), PAYROUTE_OK);
    const char *all = "b/4.1@10={};a/1.1@20={\"x\":1};b/4.2@30={};";
    assert_string_equal(events_of(s, 0, 100, &seen), all);
    assert_string_equal(events_of(s, 0, 100, &seen), all);
    assert_string_equal(events_of(s, 0, 2, &seen), "b/4.1@10={};a/1.1@20={\"x\":1};");
    assert_string_equal(events_of(s, b.set.payment.id, 100, &seen), "b/4.1@10={};b/4.2@30={};");
    int64_t before = OPS->transactions(s);
    int64_t ids[] = { a.set.payment.id, b.set.payment.id };
    int32_t kinds[] = { 1, 4 };
    int32_t nos[] = { 1, 2 };
    assert_int_equal(OPS->event_ack(s, ids, kinds, nos, 2, 50), PAYROUTE_OK);
    assert_int_equal(OPS->transactions(s), before + 1);
    assert_string_equal(events_of(s, 0, 100, &seen), "b/4.1@10={};");
    assert_int_equal(OPS->event_ack(s, ids, kinds, nos, 2, 60), PAYROUTE_OK);
    assert_int_equal(OPS->transactions(s), before + 1); /* nothing to write */
    nos[1] = 3;
    kinds[0] = 4; /* both unknown now */
    assert_int_equal(OPS->event_ack(s, ids, kinds, nos, 2, 70), PAYROUTE_E_NOT_FOUND);
    ids[0] = b.set.payment.id; /* the first is known, the second is not: neither is acknowledged */
    nos[0] = 1;
    assert_int_equal(OPS->event_ack(s, ids, kinds, nos, 2, 70), PAYROUTE_E_NOT_FOUND);
    assert_string_equal(events_of(s, 0, 100, &seen), "b/4.1@10={};");
    ids[0] = 99;
    assert_int_equal(OPS->event_ack(s, ids, kinds, nos, 1, 70), PAYROUTE_E_NOT_FOUND);
    assert_int_equal(OPS->event_ack(s, NULL, NULL, NULL, 0, 70), PAYROUTE_OK);
    assert_int_equal(OPS->event_ack(s, NULL, NULL, NULL, 1, 70), PAYROUTE_E_ARG);
    assert_int_equal(OPS->events(s, 0, 0, note_event, &seen), PAYROUTE_E_ARG);
}

/* ---- orphans ---- */

static int32_t note_orphan(void *user, const char *channel, const char *event_id, const char *hash, int64_t at_ms)
{
    seen_events *seen = user;
    size_t at = strlen(seen->text);
    (void)snprintf(seen->text + at, sizeof seen->text - at, "%s/%s/%s@%d;", channel, event_id, hash, (int)at_ms);
    seen->count++;
    return 0;
}

static const char *orphans_of(prh_store *s, const char *hash, seen_events *seen)
{
    memset(seen, 0, sizeof *seen);
    assert_int_equal(OPS->orphans(s, hash, note_orphan, seen), PAYROUTE_OK);
    return seen->text;
}

static void orphans_wait_for_their_payment(void **state)
{
    STORE;
    kit k;
    seen_events seen;
    char *body = NULL;
    size_t len = 0;
    payroute_row_notification one = { "ali", "e1", "h1", "bo\0dy", 5 };
    payroute_row_notification two = { "stripe", "e1", "", "", 0 };
    assert_int_equal(OPS->orphan_put(s, &one, 7), PAYROUTE_OK);
    assert_int_equal(OPS->orphan_put(s, &two, 8), PAYROUTE_OK);
    one.body = "other";
    int64_t before = OPS->transactions(s);
    assert_int_equal(OPS->orphan_put(s, &one, 9), PAYROUTE_OK); /* a repeat */
    assert_int_equal(OPS->transactions(s), before);
    assert_string_equal(orphans_of(s, NULL, &seen), "ali/e1/h1@7;stripe/e1/@8;");
    assert_string_equal(orphans_of(s, "h1", &seen), "ali/e1/h1@7;");
    assert_string_equal(orphans_of(s, "h2", &seen), "");
    assert_int_equal(OPS->orphan_body(s, "ali", "e1", &body, &len), PAYROUTE_OK);
    same_bytes(body, len, "bo\0dy", 5);
    free(body);
    assert_int_equal(OPS->orphan_body(s, "ali", "e2", &body, &len), PAYROUTE_E_NOT_FOUND);
    assert_int_equal(OPS->orphan_take(s, "ali", "e1", 1), PAYROUTE_E_NOT_FOUND); /* no such payment */
    kit_new(&k, "o");
    assert_int_equal(kit_save(s, &k), PAYROUTE_OK);
    assert_int_equal(OPS->orphan_take(s, "ali", "e2", 1), PAYROUTE_E_NOT_FOUND);
    assert_int_equal(OPS->orphan_take(s, "ali", "e1", 1), PAYROUTE_OK);
    assert_int_equal(OPS->orphan_take(s, "ali", "e1", 1), PAYROUTE_OK);
    assert_int_equal(OPS->orphan_take(s, "ali", "e1", 2), PAYROUTE_E_STALE);
    assert_string_equal(orphans_of(s, NULL, &seen), "stripe/e1/@8;");
    (void)kit_note(&k, "e9", "", "b");
    payroute_row_notification *claim = kit_note(&k, "e1", "", "b"); /* a save set claims the other one */
    claim->channel = "stripe";
    assert_int_equal(kit_save(s, &k), PAYROUTE_OK);
    assert_string_equal(orphans_of(s, NULL, &seen), "");
    assert_int_equal(OPS->orphan_body(s, "ali", "e9", &body, &len), PAYROUTE_OK);
    free(body);
    (void)kit_note(&k, "e9", "", "b"); /* again: ignored */
    assert_int_equal(kit_save(s, &k), PAYROUTE_OK);
    one.event_id = "";
    assert_int_equal(OPS->orphan_put(s, &one, 7), PAYROUTE_E_ARG);
}

static void many_orphans_are_all_visited(void **state)
{
    STORE;
    seen_events seen;
    for (int i = 0; i < 101; i++) {
        char id[16];
        (void)snprintf(id, sizeof id, "e%d", i);
        payroute_row_notification row = { "ali", id, i == 50 ? "h" : "", "b", 1 };
        assert_int_equal(OPS->orphan_put(s, &row, i), PAYROUTE_OK);
    }
    (void)orphans_of(s, NULL, &seen);
    assert_int_equal(seen.count, 101);
    assert_string_equal(orphans_of(s, "h", &seen), "ali/e50/h@50;");
}

/* ---- key and value ---- */

static void values_end_at_their_time(void **state)
{
    STORE;
    char out[16];
    size_t len = 99;
    assert_int_equal(OPS->kv_get(s, "token", 1, out, sizeof out, &len), PAYROUTE_E_NOT_FOUND);
    assert_int_equal(OPS->kv_put(s, "token", "a\0b", 3, 100), PAYROUTE_OK);
    assert_int_equal(OPS->kv_get(s, "token", 99, out, sizeof out, &len), PAYROUTE_OK);
    same_bytes(out, len, "a\0b", 3);
    assert_int_equal(OPS->kv_get(s, "token", 99, out, 3, &len), PAYROUTE_OK);
    assert_int_equal(OPS->kv_get(s, "token", 99, out, 2, &len), PAYROUTE_E_BUFFER);
    assert_int_equal(len, 3);
    assert_int_equal(OPS->kv_get(s, "token", 100, out, sizeof out, &len), PAYROUTE_E_NOT_FOUND);
    assert_int_equal(OPS->kv_put(s, "token", "new", 3, INT64_MAX), PAYROUTE_OK);
    assert_int_equal(OPS->kv_get(s, "token", INT64_MAX - 1, out, sizeof out, &len), PAYROUTE_OK);
    assert_int_equal(OPS->kv_put(s, "empty", NULL, 0, 100), PAYROUTE_OK);
    assert_int_equal(OPS->kv_get(s, "empty", 1, out, 0, &len), PAYROUTE_OK);
    assert_int_equal(len, 0);
    int64_t before = OPS->transactions(s);
    assert_int_equal(OPS->kv_put(s, "token", NULL, 0, 0), PAYROUTE_OK); /* taken away */
    assert_int_equal(OPS->kv_put(s, "token", NULL, 0, 0), PAYROUTE_OK);
    assert_int_equal(OPS->transactions(s), before + 1);
    assert_int_equal(OPS->kv_get(s, "token", 1, out, sizeof out, &len), PAYROUTE_E_NOT_FOUND);
    assert_int_equal(OPS->kv_put(s, "", "x", 1, 5), PAYROUTE_E_ARG);
    assert_int_equal(OPS->kv_put(s, NULL, "x", 1, 5), PAYROUTE_E_ARG);
    assert_int_equal(OPS->kv_put(s, "n", NULL, 1, 5), PAYROUTE_E_ARG);
    assert_int_equal(OPS->kv_get(s, "n", 1, NULL, 1, &len), PAYROUTE_E_ARG);
}

/* ---- handles ---- */

static void writes_are_counted_and_audited(void **state)
{
    STORE;
    kit k;
    char why[256] = "left";
    kit_new(&k, "o");
    assert_int_equal(OPS->counter(s), 0);
    for (int i = 1; i <= 3; i++) {
        assert_int_equal(kit_save(s, &k), PAYROUTE_OK);
        assert_int_equal(OPS->transactions(s), i);
        assert_int_equal(OPS->counter(s), i);
    }
    assert_int_equal(OPS->check(s, why, sizeof why), PAYROUTE_OK);
    assert_string_equal(f->scheme, OPS->scheme);
}

static void two_handles_see_each_other(void **state)
{
    STORE;
    prh_store *t = kit_open(f->url);
    kit a, b;
    kit_new(&a, "o");
    kit_new(&b, "o");
    assert_int_equal(kit_save(s, &a), PAYROUTE_OK);
    assert_int_equal(kit_save(t, &b), PAYROUTE_E_CONFLICT);
    b.set.payment.id = a.set.payment.id;
    kit_next(&b);
    (void)kit_attempt(&a, 1, 1);
    (void)kit_attempt(&b, 1, 1);
    assert_int_equal(kit_save(t, &b), PAYROUTE_OK);
    assert_int_equal(kit_save(s, &a), PAYROUTE_E_STALE);
    assert_int_equal(OPS->transactions(s), 1);
    assert_int_equal(t->ops->transactions(t), 1);
    unchanged(s, b.set.payment.id, 2, 1, 1);
    kit_close(t);
    unchanged(s, b.set.payment.id, 2, 1, 1);
}

static int child_status(pid_t pid)
{
    int status = 0;
    assert_int_equal(waitpid(pid, &status, 0), pid);
    return WIFEXITED(status) ? WEXITSTATUS(status) : 255;
}

static void a_handle_of_another_process_is_refused(void **state)
{
    STORE;
    kit k;
    kit_new(&k, "o");
    assert_int_equal(kit_save(s, &k), PAYROUTE_OK);
    pid_t pid = fork();
    assert_true(pid >= 0);
    if (pid == 0) {
        prh_rows rows;
        int64_t id, ids[1];
        int32_t count;
        size_t len;
        char *body;
        payroute_row_notification row = { "ali", "e1", "", "b", 1 };
        int bad = OPS->save(s, &k.set, NULL) != PAYROUTE_E_FORKED;
        bad |= OPS->load(s, 1, &rows) != PAYROUTE_E_FORKED;
        bad |= OPS->find_order(s, "shop", "o", &id) != PAYROUTE_E_FORKED;
        bad |= OPS->find_reference(s, "ali", "o", &id) != PAYROUTE_E_FORKED;
        bad |= OPS->find_provider_id(s, "ali", "o", &id) != PAYROUTE_E_FORKED;
        bad |= OPS->due(s, 1, ids, 1, &count) != PAYROUTE_E_FORKED;
        bad |= OPS->list(s, 0, 0, 1, note_payment, NULL) != PAYROUTE_E_FORKED;
        bad |= OPS->events(s, 0, 1, note_event, NULL) != PAYROUTE_E_FORKED;
        bad |= OPS->event_ack(s, NULL, NULL, NULL, 0, 1) != PAYROUTE_E_FORKED;
        bad |= OPS->orphan_put(s, &row, 1) != PAYROUTE_E_FORKED;
        bad |= OPS->orphans(s, NULL, note_orphan, NULL) != PAYROUTE_E_FORKED;
        bad |= OPS->orphan_take(s, "a", "b", 1) != PAYROUTE_E_FORKED;
        bad |= OPS->orphan_body(s, "a", "b", &body, &len) != PAYROUTE_E_FORKED;
        bad |= OPS->kv_get(s, "n", 1, NULL, 0, &len) != PAYROUTE_E_FORKED;
        bad |= OPS->kv_put(s, "n", NULL, 0, 1) != PAYROUTE_E_FORKED;
        bad |= OPS->counter(s) != PAYROUTE_E_FORKED;
        bad |= OPS->check(s, NULL, 0) != PAYROUTE_E_FORKED;
        OPS->close(s);
        prh_store *own = NULL; /* what a child must do instead */
        if (!strcmp(f->scheme, "sqlite")) {
            bad |= prh_store_open(&own, f->url, NULL, 0) || own->ops->save(own, &k.set, NULL);
            own->ops->close(own);
        }
        _exit(bad ? 1 : 0);
    }
    assert_int_equal(child_status(pid), 0);
    assert_int_equal(kit_save(s, &k), strcmp(f->scheme, "sqlite") ? PAYROUTE_OK : PAYROUTE_E_STALE);
}

static void backups_are_complete_or_said_to_be_impossible(void **state)
{
    STORE;
    kit k;
    char path[600];
    kit_new(&k, "o");
    assert_int_equal(kit_save(s, &k), PAYROUTE_OK);
    (void)snprintf(path, sizeof path, "%s/copy.db", f->folder);
    if (strcmp(f->scheme, "sqlite") != 0) {
        assert_int_equal(OPS->backup(s, path), PAYROUTE_E_UNSUPPORTED);
        return;
    }
    assert_int_equal(OPS->backup(s, path), PAYROUTE_OK);
    assert_int_equal(OPS->backup(s, path), PAYROUTE_E_CONFLICT); /* never over a file that is there */
    assert_int_equal(OPS->backup(s, "/nonexistent/x"), PAYROUTE_E_STORE);
    assert_int_equal(OPS->backup(s, ""), PAYROUTE_E_ARG);
    struct stat st;
    assert_int_equal(stat(path, &st), 0);
    assert_int_equal(st.st_mode & 0777, 0600);
    char url[700];
    (void)snprintf(url, sizeof url, "sqlite:%s", path);
    prh_store *copy = kit_open(url);
    unchanged(copy, 1, 1, 0, 0);
    assert_int_equal(copy->ops->check(copy, NULL, 0), PAYROUTE_OK);
    assert_int_equal(copy->ops->counter(copy), 1);
    assert_int_equal(kit_save(copy, &k), PAYROUTE_OK);
    kit_close(copy);
}

#define BOTH(test)                                                                  \
    { #test " (memory)", test, start_memory, stop, NULL },                          \
    { #test " (sqlite)", test, start_sqlite, stop, NULL }

int main(void)
{
    const struct CMUnitTest tests[] = {
        BOTH(everything_saved_is_loaded),
        BOTH(an_update_changes_what_may_change),
        BOTH(rows_come_in_order_of_their_number),
        BOTH(one_order_is_one_payment),
        BOTH(stale_versions_change_nothing),
        BOTH(the_epoch_of_a_lease_never_goes_back),
        BOTH(what_was_ordered_is_immutable),
        BOTH(one_attempt_holds_a_guard),
        BOTH(a_guard_passes_on_within_one_set),
        BOTH(a_reference_is_unique_in_its_channel),
        BOTH(content_and_keys_never_change),
        BOTH(an_action_is_unique_by_key_and_by_caller),
        BOTH(impossible_sets_are_refused),
        BOTH(limits_themselves_are_allowed),
        BOTH(payments_are_found_by_provider_id),
        BOTH(due_is_oldest_first_and_bounded),
        BOTH(list_pages_by_id_and_status),
        BOTH(events_come_again_until_acknowledged),
        BOTH(orphans_wait_for_their_payment),
        BOTH(many_orphans_are_all_visited),
        BOTH(values_end_at_their_time),
        BOTH(writes_are_counted_and_audited),
        BOTH(two_handles_see_each_other),
        BOTH(a_handle_of_another_process_is_refused),
        BOTH(backups_are_complete_or_said_to_be_impossible),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
