/* One suite for every store, second half: lookups, events, orphans, values, handles. */
#include "kit.h"

#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

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
    (void)snprintf(seen->text + at, sizeof seen->text - at, "%s/%d.%d@%d=%s;", row->order_id, row->kind,
                   row->no, (int)row->at_ms, row->body);
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

static int32_t note_orphan(void *user, const char *channel, const char *event_id, const char *hash,
                           int64_t at_ms)
{
    seen_events *seen = user;
    size_t at = strlen(seen->text);
    (void)snprintf(seen->text + at, sizeof seen->text - at, "%s/%s/%s@%d;", channel, event_id, hash,
                   (int)at_ms);
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
    kit_same_bytes(body, len, "bo\0dy", 5);
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
    kit_same_bytes(out, len, "a\0b", 3);
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

static void a_name_is_given_once(void **state)
{
    STORE;
    char out[16];
    size_t len = 0;
    assert_int_equal(OPS->kv_add(s, "instance", "one", 3), PAYROUTE_OK);
    assert_int_equal(OPS->kv_add(s, "instance", "two", 3), PAYROUTE_E_CONFLICT);
    assert_int_equal(OPS->kv_get(s, "instance", INT64_MAX - 1, out, sizeof out, &len), PAYROUTE_OK);
    kit_same_bytes(out, len, "one", 3);
    assert_int_equal(OPS->transactions(s), 1);
    assert_int_equal(OPS->kv_add(s, "", "x", 1), PAYROUTE_E_ARG);
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
    kit_unchanged(s, b.set.payment.id, 2, 1, 1);
    kit_close(t);
    kit_unchanged(s, b.set.payment.id, 2, 1, 1);
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
        bad |= OPS->kv_add(s, "n", NULL, 0) != PAYROUTE_E_FORKED;
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
    kit_unchanged(copy, 1, 1, 0, 0);
    assert_int_equal(copy->ops->check(copy, NULL, 0), PAYROUTE_OK);
    assert_int_equal(copy->ops->counter(copy), 1);
    assert_int_equal(kit_save(copy, &k), PAYROUTE_OK);
    kit_close(copy);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        BOTH(payments_are_found_by_provider_id),
        BOTH(due_is_oldest_first_and_bounded),
        BOTH(list_pages_by_id_and_status),
        BOTH(events_come_again_until_acknowledged),
        BOTH(orphans_wait_for_their_payment),
        BOTH(many_orphans_are_all_visited),
        BOTH(values_end_at_their_time),
        BOTH(a_name_is_given_once),
        BOTH(writes_are_counted_and_audited),
        BOTH(two_handles_see_each_other),
        BOTH(a_handle_of_another_process_is_refused),
        BOTH(backups_are_complete_or_said_to_be_impossible),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
