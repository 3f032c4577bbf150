/* Two stores that were written apart must answer every call alike: random calls go to both, the answers and
   the rows are compared. */
#include "kit.h"

#include <time.h>

#define ORDERS 6

typedef struct pair {
    prh_store *a;
    prh_store *b;
    uint64_t seed;
    int64_t step;
} pair;

static uint32_t pick(pair *p, uint32_t below)
{
    return kit_random(&p->seed) % below;
}

static void same_rc(const pair *p, const char *call, int32_t a, int32_t b)
{
    if (a != b) {
        fail_msg("step %lld: %s: memory says %s, SQLite %s", (long long)p->step, call, payroute_rc_name(a),
                 payroute_rc_name(b));
    }
}

static void same_text(const pair *p, const char *what, const char *a, const char *b)
{
    if (strcmp(a, b) != 0) {
        fail_msg("step %lld: %s: memory '%s', SQLite '%s'", (long long)p->step, what, a, b);
    }
}

/* All rows of a payment as one text. */
static int32_t rows_text(prh_store *s, int64_t id, char *out, size_t cap)
{
    prh_rows rows;
    int32_t rc = s->ops->load(s, id, &rows);
    size_t at = 0;
    *out = 0;
    if (rc) {
        return rc;
    }
    const payroute_row_payment *p = &rows.set.payment;
    at += (size_t)snprintf(out + at, cap - at, "%s %d %d v%d e%d %.*s %s", p->order_id, p->status, p->winner,
                           (int)p->version, (int)p->lease_epoch, (int)p->record_len, p->record,
                               rows.set.audit);
    for (int32_t i = 0; i < rows.set.attempt_count; i++) {
        const payroute_row_attempt *a = &rows.set.attempts[i];
        at += (size_t)snprintf(out + at, cap - at, " [%d %s %s %d g%d %s %.*s %.*s]", a->n, a->channel,
                               a->reference,
                               a->state, a->guard, a->provider_id, (int)a->content_len, a->content,
                                   (int)a->show_len,
                               a->show);
    }
    for (int32_t i = 0; i < rows.set.action_count; i++) {
        const payroute_row_action *a = &rows.set.actions[i];
        at += (size_t)snprintf(out + at, cap - at, " (%d %d %d %s %s %d %d)", a->no, a->n, a->kind, a->key,
                               a->caller_id, a->state, (int)a->amount_minor);
    }
    assert_true(at < cap);
    s->ops->rows_free(&rows);
    return rc;
}

static int32_t add_event(void *user, const prh_event_row *row)
{
    char *text = user;
    (void)snprintf(text + strlen(text), 4000 - strlen(text), "%d/%s/%d.%d@%d;", (int)row->payment_id,
                   row->order_id, row->kind, row->no, (int)row->at_ms);
    return 0;
}

static int32_t add_orphan(void *user, const char *channel, const char *event_id, const char *hash,
                          int64_t at_ms)
{
    char *text = user;
    (void)snprintf(text + strlen(text), 4000 - strlen(text), "%s/%s/%s@%d;", channel, event_id, hash,
                   (int)at_ms);
    return 0;
}

static int32_t add_payment(void *user, const payroute_row_payment *row)
{
    char *text = user;
    (void)snprintf(text + strlen(text), 4000 - strlen(text), "%d:%s:%d;", (int)row->id, row->order_id,
                   (int)row->version);
    return 0;
}

static void compare_views(pair *p)
{
    char a[4096] = "";
    char b[4096] = "";
    same_rc(p, "events", p->a->ops->events(p->a, 0, 50, add_event, a),
            p->b->ops->events(p->b, 0, 50, add_event, b));
    same_text(p, "events", a, b);
    *a = *b = 0;
    const char *hash = pick(p, 2) ? "h1" : NULL;
    same_rc(p, "orphans", p->a->ops->orphans(p->a, hash, add_orphan, a),
            p->b->ops->orphans(p->b, hash, add_orphan, b));
    same_text(p, "orphans", a, b);
    *a = *b = 0;
    int32_t status = (int32_t)pick(p, 3);
    int32_t limit = 1 + (int32_t)pick(p, 8);
    int64_t after = pick(p, 4);
    same_rc(p, "list", p->a->ops->list(p->a, status, after, limit, add_payment, a),
            p->b->ops->list(p->b, status, after, limit, add_payment, b));
    same_text(p, "list", a, b);
    int64_t ids_a[8], ids_b[8];
    int32_t count_a = 0, count_b = 0;
    int64_t now = pick(p, 20);
    int32_t cap = (int32_t)pick(p, 8);
    same_rc(p, "due", p->a->ops->due(p->a, now, ids_a, cap, &count_a),
            p->b->ops->due(p->b, now, ids_b, cap, &count_b));
    assert_int_equal(count_a, count_b);
    assert_memory_equal(ids_a, ids_b, (size_t)count_a * sizeof ids_a[0]);
    assert_int_equal(p->a->ops->counter(p->a), p->b->ops->counter(p->b));
    assert_int_equal(p->a->ops->transactions(p->a), p->b->ops->transactions(p->b));
}

static void compare_finds(pair *p)
{
    char text[32];
    int64_t a = 0, b = 0;
    (void)snprintf(text, sizeof text, "o%u", pick(p, ORDERS));
    same_rc(p, "find_order", p->a->ops->find_order(p->a, "shop", text, &a),
            p->b->ops->find_order(p->b, "shop", text, &b));
    assert_int_equal(a, b);
    (void)snprintf(text, sizeof text, "R%u", pick(p, 12));
    a = b = 0;
    same_rc(p, "find_reference", p->a->ops->find_reference(p->a, "ali", text, &a),
            p->b->ops->find_reference(p->b, "ali", text, &b));
    assert_int_equal(a, b);
    (void)snprintf(text, sizeof text, "P%u", pick(p, 4));
    a = b = 0;
    same_rc(p, "find_provider_id", p->a->ops->find_provider_id(p->a, "ali", text, &a),
            p->b->ops->find_provider_id(p->b, "ali", text, &b));
    assert_int_equal(a, b);
}

/* A set from a small world, so that keys collide and versions are stale often. */
static void random_save(pair *p)
{
    static const char *const contents[] = { "c0", "c1", NULL };
    static const char *const callers[] = { "", "x", "y" };
    kit k;
    char order[16], refs[3][16], keys[2][16], ids[3][16], notes[2][16];
    uint32_t which = pick(p, ORDERS);
    (void)snprintf(order, sizeof order, "o%u", which);
    kit_new(&k, order);
    payroute_row_payment *row = &k.set.payment;
    int64_t id = 0;
    if (!p->a->ops->find_order(p->a, "shop", order, &id) && pick(p, 8)) {
        prh_rows rows;
        assert_int_equal(p->a->ops->load(p->a, id, &rows), PAYROUTE_OK);
        row->id = id;
        row->version = rows.set.payment.version - (pick(p, 10) == 0 && rows.set.payment.version > 1);
        row->lease_epoch = rows.set.payment.lease_epoch;
        p->a->ops->rows_free(&rows);
        kit_next(&k);
    }
    row->lease_epoch += (int64_t)pick(p, 3) - (pick(p, 10) == 0 && row->lease_epoch > 0);
    row->status = 1 + (int32_t)pick(p, 2);
    row->wake_ms = pick(p, 3) ? pick(p, 20) : INT64_MAX;
    row->amount_minor += pick(p, 30) == 0;
    for (uint32_t i = 0, n = pick(p, 3); i < n; i++) {
        payroute_row_attempt *a = kit_attempt(&k, 1 + (int32_t)((i + pick(p, 3)) % 3), (int32_t)pick(p, 3));
        (void)snprintf(refs[i], sizeof refs[i], "R%u", pick(p, 3) ? which * 2 + (uint32_t)a->n % 2
                       : pick(p, 12));
        (void)snprintf(ids[i], sizeof ids[i], "P%u", pick(p, 4));
        a->reference = refs[i];
        a->provider_id = pick(p, 2) ? ids[i] : "";
        a->content = contents[pick(p, 12) ? 0 : pick(p, 3)];
        a->content_len = a->content ? 2 : 0;
        a->state = (int32_t)pick(p, 9);
        a->show = "qr";
        a->show_len = pick(p, 3);
    }
    for (uint32_t i = 0, n = pick(p, 2); i < n; i++) {
        payroute_row_action *a = kit_action(&k, 1 + (int32_t)pick(p, 3), 3 + (int32_t)pick(p, 2),
                                            callers[pick(p, 3)]);
        (void)snprintf(keys[i], sizeof keys[i], "K%u", pick(p, 3) ? which * 4 + (uint32_t)a->no
                       : pick(p, 24));
        a->key = keys[i];
    }
    if (pick(p, 4) == 0) {
        (void)kit_event(&k, 1 + (int32_t)pick(p, 3), 1 + (int32_t)pick(p, 2), (int64_t)pick(p, 9), "{}");
    }
    if (pick(p, 4) == 0) {
        (void)snprintf(notes[0], sizeof notes[0], "e%u", pick(p, 6));
        (void)kit_note(&k, notes[0], "", "b");
    }
    if (pick(p, 4) == 0) {
        (void)kit_fact(&k, 1 + (int32_t)pick(p, 2), "{}");
    }
    int64_t a = 0, b = 0;
    same_rc(p, "save", p->a->ops->save(p->a, &k.set, &a), p->b->ops->save(p->b, &k.set, &b));
    assert_int_equal(a, b);
}

static void random_ack(pair *p)
{
    int64_t ids[2] = { 1 + pick(p, ORDERS), 1 + pick(p, ORDERS) };
    int32_t kinds[2] = { 1 + (int32_t)pick(p, 3), 1 + (int32_t)pick(p, 3) };
    int32_t nos[2] = { 1 + (int32_t)pick(p, 2), 1 };
    int32_t count = 1 + (int32_t)pick(p, 2);
    same_rc(p, "event_ack", p->a->ops->event_ack(p->a, ids, kinds, nos, count, 5),
            p->b->ops->event_ack(p->b, ids, kinds, nos, count, 5));
}

static void random_side(pair *p)
{
    char id[16];
    char out[2][8] = { "", "" };
    size_t len[2] = { 0, 0 };
    (void)snprintf(id, sizeof id, "e%u", pick(p, 6));
    payroute_row_notification row = { "ali", id, pick(p, 2) ? "h1" : "", "body", pick(p, 5) };
    int64_t number = 1 + (int64_t)pick(p, ORDERS + 1);
    size_t size = pick(p, 6);
    switch (pick(p, 4)) {
    case 0:
        same_rc(p, "orphan_put", p->a->ops->orphan_put(p->a, &row, number),
                p->b->ops->orphan_put(p->b, &row, number));
        break;
    case 1:
        same_rc(p, "orphan_take", p->a->ops->orphan_take(p->a, "ali", id, number),
                p->b->ops->orphan_take(p->b, "ali", id, number));
        break;
    case 2:
        same_rc(p, "kv_put", p->a->ops->kv_put(p->a, id, "value", size, number - 2),
                p->b->ops->kv_put(p->b, id, "value", size, number - 2));
        break;
    default:
        same_rc(p, "kv_get", p->a->ops->kv_get(p->a, id, number - 4, out[0], 4, &len[0]),
                p->b->ops->kv_get(p->b, id, number - 4, out[1], 4, &len[1]));
        assert_int_equal(len[0], len[1]);
        assert_string_equal(out[0], out[1]);
    }
}

static void both_stores_answer_alike(void **state)
{
    (void)state;
    const char *given = getenv("TEST_SEED");
    uint64_t seed = given ? strtoull(given, NULL, 10) : (uint64_t)time(NULL);
    print_message("TEST_SEED=%llu\n", (unsigned long long)seed);
    char *folder = kit_folder_fast();
    char url[600];
    char ta[4096], tb[4096];
    int64_t saved = 0, steps = 0;
    for (int round = 0; round < 12; round++) {
        kit_remove_files(folder);
        (void)snprintf(url, sizeof url, "sqlite:%s/shop.db", folder);
        pair p = { kit_open("memory:"), kit_open(url), seed * 1000003u + (uint64_t)round + 1, 0 };
        for (; p.step < 250; p.step++) {
            switch (pick(&p, 6)) {
            case 0:
                random_side(&p);
                break;
            case 1:
                random_ack(&p);
                break;
            default:
                random_save(&p);
            }
            compare_finds(&p);
            int64_t id = 1 + (int64_t)pick(&p, ORDERS);
            same_rc(&p, "load", rows_text(p.a, id, ta, sizeof ta), rows_text(p.b, id, tb, sizeof tb));
            same_text(&p, "rows", ta, tb);
            if (p.step % 10 == 0) {
                compare_views(&p);
            }
        }
        char why[256] = "";
        assert_int_equal(p.b->ops->check(p.b, why, sizeof why) ? (int)strlen(why) + 1000 : 0, 0);
        saved += p.a->ops->counter(p.a);
        steps += p.step;
        kit_close(p.a);
        kit_close(p.b);
    }
    print_message("%lld calls, %lld saves\n", (long long)steps, (long long)saved);
    assert_true(saved > 300);
    kit_folder_remove(folder);
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(both_stores_answer_alike) };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
