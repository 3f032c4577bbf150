/* One suite for every store, first half: what a save keeps, refuses and makes unique. */
#include "kit.h"

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
    kit_same_bytes(b->content, b->content_len, "\0content", 8);
    assert_int_equal(b->show_kind, 3);
    kit_same_bytes(b->show, b->show_len, "qr\0text", 7);
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
    kit_same_bytes(rows.set.attempts[0].content, rows.set.attempts[0].content_len, "{\"amount\":1250}", 15);
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
    kit_unchanged(s, a.set.payment.id, 2, 0, 2);
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
    kit_unchanged(s, k.set.payment.id, 1, 0, 1);
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
    kit_unchanged(s, k.set.payment.id, 1, 1, 1);
    k.attempts[0].guard = 2; /* overlap: the second slot */
    assert_int_equal(kit_save(s, &k), PAYROUTE_OK);
    (void)kit_attempt(&k, 3, 0); /* late money needs no slot */
    assert_int_equal(kit_save(s, &k), PAYROUTE_OK);
    kit_unchanged(s, k.set.payment.id, 3, 3, 3);
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
    kit_unchanged(s, k.set.payment.id, 4, 2, 4);
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
    kit_unchanged(s, k.set.payment.id, 1, 1, 1);
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
    (void)snprintf(k.order, sizeof k.order,
                   "012345678901234567890123456789012345678901234567890123456789012");
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
    kit_same_bytes(rows.set.payment.record, rows.set.payment.record_len, big, sizeof big);
    kit_same_bytes(rows.set.attempts[0].show, rows.set.attempts[0].show_len, big, 16384);
    OPS->rows_free(&rows);
    assert_int_equal(OPS->load(s, 4711, &rows), PAYROUTE_E_NOT_FOUND);
    assert_int_equal(OPS->load(s, 0, &rows), PAYROUTE_E_NOT_FOUND);
    OPS->rows_free(&rows); /* after a failure too */
}

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
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
