/* Many at once: processes that start an attempt on the same payments, that write while others read, that die
   in the middle. The unique keys decide, so exactly one wins each time. */
#include "kit.h"

#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define PROCESSES 8
#define PAYMENTS 60

typedef struct place {
    char *folder;
    char url[600];
} place;

/* Shared by the workers: how many stand before the save of each payment, and how often each was beaten there.
   */
typedef struct shared {
    _Atomic int arrived[PAYMENTS];
    int beaten[PROCESSES];
} shared;

static shared *meeting;

static int begin(void **state)
{
    place *p = calloc(1, sizeof *p);
    p->folder = kit_folder_fast();
    (void)snprintf(p->url, sizeof p->url, "sqlite:%s/shop.db", p->folder);
    *state = p;
    return 0;
}

static int end(void **state)
{
    place *p = *state;
    kit_folder_remove(p->folder);
    free(p);
    return 0;
}

static void order_of(char out[16], int i)
{
    (void)snprintf(out, 16, "o%d", i);
}

/* One worker: for every payment create it or find it, then try to start the first attempt, as the engine
   does: load, decide, save. Returns how many it started, or -1. */
static int start_all(const char *url, int worker)
{
    prh_store *s = NULL;
    int started = 0;
    if (prh_store_open(&s, url, NULL, 0)) {
        return -1;
    }
    for (int j = 0; j < PAYMENTS; j++) {
        int i = j; /* all in the same order, so that they meet */
        kit k;
        char order[16], ref[32];
        int64_t id = 0;
        prh_rows rows;
        order_of(order, i);
        kit_new(&k, order);
        int32_t rc = kit_save(s, &k);
        if (rc && rc != PAYROUTE_E_CONFLICT) {
            return -1;
        }
        if (s->ops->find_order(s, "shop", order, &id) || s->ops->load(s, id, &rows)) {
            return -1;
        }
        int32_t none_yet = rows.set.attempt_count == 0;
        meeting->arrived[i]++;
        while (meeting->arrived[i] < PROCESSES) {
            (void)sched_yield(); /* all have seen that there is no attempt; now all start one */
        }
        k.set.payment.id = id;
        k.set.payment.version = rows.set.payment.version;
        s->ops->rows_free(&rows);
        if (!none_yet) {
            continue;
        }
        kit_next(&k);
        (void)snprintf(ref, sizeof ref, "W%d-%d", worker, i);
        kit_attempt(&k, 1, 1)->reference = ref;
        rc = kit_save(s, &k);
        if (rc && rc != PAYROUTE_E_STALE) {
            return -1;
        }
        started += !rc;
        meeting->beaten[worker] += rc != 0;
    }
    s->ops->close(s);
    return started;
}

static int exit_code(pid_t pid)
{
    int status = 0;
    assert_int_equal(waitpid(pid, &status, 0), pid);
    return WIFEXITED(status) ? WEXITSTATUS(status) : 255;
}

static void eight_workers_start_each_payment_once(void **state)
{
    place *p = *state;
    pid_t pids[PROCESSES];
    int gate[2];
    meeting = mmap(NULL, sizeof *meeting, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    assert_true(meeting != MAP_FAILED);
    assert_int_equal(pipe(gate), 0);
    for (int i = 0; i < PROCESSES; i++) {
        pids[i] = fork();
        assert_true(pids[i] >= 0);
        if (!pids[i]) {
            char byte;
            (void)alarm(60); /* nobody waits for ever for one that died */
            (void)close(gate[1]);
            (void)!read(gate[0], &byte, 1); /* until the parent opens the gate for all */
            int started = start_all(p->url, i); /* the first of them makes the file, too */
            _exit(started < 0 ? 255 : started);
        }
    }
    (void)close(gate[0]);
    (void)close(gate[1]);
    int total = 0;
    int busy = 0;
    for (int i = 0; i < PROCESSES; i++) {
        int code = exit_code(pids[i]);
        assert_int_not_equal(code, 255);
        total += code;
        busy += code > 0;
    }
    int beaten = 0;
    for (int i = 0; i < PROCESSES; i++) {
        beaten += meeting->beaten[i];
    }
    (void)munmap(meeting, sizeof *meeting);
    print_message("%d starts by %d workers, beaten %d times\n", total, busy, beaten);
    assert_int_equal(total, PAYMENTS);
    assert_int_equal(beaten, PAYMENTS * (PROCESSES - 1));
    prh_store *s = kit_open(p->url);
    for (int i = 0; i < PAYMENTS; i++) {
        char order[16];
        int64_t id = 0;
        prh_rows rows;
        order_of(order, i);
        assert_int_equal(s->ops->find_order(s, "shop", order, &id), PAYROUTE_OK);
        assert_int_equal(s->ops->load(s, id, &rows), PAYROUTE_OK);
        assert_int_equal(rows.set.attempt_count, 1);
        assert_int_equal(rows.set.payment.version, 2);
        s->ops->rows_free(&rows);
    }
    assert_int_equal(s->ops->counter(s), 2 * PAYMENTS);
    assert_int_equal(s->ops->check(s, NULL, 0), PAYROUTE_OK);
    kit_close(s);
}

/* Even when version and everything else would allow it, the guard alone stops a second start. */
static void the_index_alone_stops_a_second_start(void **state)
{
    place *p = *state;
    kit k;
    prh_store *s = kit_open(p->url);
    kit_new(&k, "guarded");
    (void)kit_attempt(&k, 1, 1);
    assert_int_equal(kit_save(s, &k), PAYROUTE_OK);
    kit_close(s);
    char path[600];
    sqlite3 *db = NULL;
    (void)snprintf(path, sizeof path, "%s/shop.db", p->folder);
    assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
    int code = sqlite3_exec(db, "INSERT INTO attempt SELECT payment_id, 2, channel, 'X', state, review, "
                                "sends, shown, guard, "
                            "provider_id, capture_id, content, show_kind, show, sum FROM attempt WHERE "
                            "reference = "
                            "'REF-guarded-1'", NULL, NULL, NULL);
    assert_int_equal(code, SQLITE_CONSTRAINT);
    assert_non_null(strstr(sqlite3_errmsg(db), "attempt.guard"));
    (void)sqlite3_close(db);
}

static void a_worker_killed_in_the_middle_leaves_no_half(void **state)
{
    place *p = *state;
    uint64_t seed = (uint64_t)time(NULL);
    print_message("seed %llu\n", (unsigned long long)seed);
    kit k;
    prh_store *s = kit_open(p->url);
    kit_new(&k, "killed");
    (void)kit_attempt(&k, 1, 1);
    assert_int_equal(kit_save(s, &k), PAYROUTE_OK);
    int64_t id = k.set.payment.id;
    kit_close(s);
    for (int round = 0; round < 12; round++) {
        int ready[2];
        assert_int_equal(pipe(ready), 0);
        pid_t pid = fork();
        if (!pid) {
            prh_rows rows;
            prh_store *t = NULL;
            if (prh_store_open(&t, p->url, NULL, 0) || t->ops->load(t, id, &rows)) {
                _exit(1);
            }
            k.set.payment.version = rows.set.payment.version;
            kit_next(&k);
            (void)!write(ready[1], "x", 1);
            for (;;) {
                kit_attempt(&k, 1, 1)->state = (int32_t)k.set.payment.version;
                if (kit_save(t, &k)) {
                    _exit(2);
                }
            }
        }
        char byte;
        assert_int_equal(read(ready[0], &byte, 1), 1);
        uint64_t until = kit_random(&seed) % 3000;
        struct timespec pause = { 0, (long)until * 1000 };
        (void)nanosleep(&pause, NULL); /* the moment of the kill, not a wait for something */
        assert_int_equal(kill(pid, SIGKILL), 0);
        (void)exit_code(pid);
        (void)close(ready[0]);
        (void)close(ready[1]);
        prh_rows rows;
        s = kit_open(p->url);
        assert_int_equal(s->ops->load(s, id, &rows), PAYROUTE_OK);
        if (rows.set.payment.version > 1) {
            assert_int_equal(rows.set.attempts[0].state, rows.set.payment.version);
        }
        s->ops->rows_free(&rows);
        assert_int_equal(s->ops->check(s, NULL, 0), PAYROUTE_OK);
        kit_close(s);
    }
}

/* A lock held by another process is BUSY, not a failure, and for a bounded time. */
static void a_locked_store_says_busy(void **state)
{
    place *p = *state;
    char path[600];
    sqlite3 *db = NULL;
    prh_store *s = NULL;
    prh_rows rows;
    kit k;
    (void)snprintf(path, sizeof path, "%s/shop.db", p->folder);
    prh_sqlite_options options = { .path = path, .busy_ms = 20 };
    assert_int_equal(prh_sqlite_open(&s, &options, NULL, 0), PAYROUTE_OK);
    assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
    assert_int_equal(sqlite3_exec(db, "BEGIN IMMEDIATE", NULL, NULL, NULL), SQLITE_OK);
    kit_new(&k, "busy");
    assert_int_equal(kit_save(s, &k), PAYROUTE_E_BUSY);
    assert_int_equal(s->ops->load(s, 1, &rows), PAYROUTE_OK); /* readers go on */
    s->ops->rows_free(&rows);
    assert_int_equal(sqlite3_exec(db, "COMMIT; BEGIN EXCLUSIVE", NULL, NULL, NULL), SQLITE_OK);
    assert_int_equal(s->ops->load(s, 1, &rows), PAYROUTE_E_BUSY);
    assert_int_equal(sqlite3_exec(db, "COMMIT; BEGIN; SELECT count(*) FROM payment", NULL, NULL, NULL),
                     SQLITE_OK);
    /* at COMMIT: a reader is in the way; nothing has happened */
    assert_int_equal(kit_save(s, &k), PAYROUTE_E_BUSY);
    int64_t id;
    assert_int_equal(s->ops->find_order(s, "shop", "busy", &id), PAYROUTE_E_NOT_FOUND);
    assert_int_equal(sqlite3_exec(db, "COMMIT", NULL, NULL, NULL), SQLITE_OK);
    assert_int_equal(kit_save(s, &k), PAYROUTE_OK);
    (void)sqlite3_close(db);
    kit_close(s);
}

/* ---- the store that fails on request ---- */

static void write_n_fails_in_each_way(void **state)
{
    (void)state;
    static const char *const ways[] = { "store", "lost", "applied" };
    for (int way = 0; way < 3; way++) {
        for (int at = 1; at <= 5; at++) {
            char url[64];
            int64_t id = 0;
            kit k;
            prh_store *keep = kit_open("memory:faulty");
            (void)snprintf(url, sizeof url, "memory:faulty?fail=%d&how=%s", at, ways[way]);
            prh_store *s = kit_open(url);
            payroute_row_notification note = { "ali", "e", "", "b", 1 };
            int32_t one = 1;
            int32_t rcs[6];
            kit_new(&k, "o");
            (void)kit_event(&k, 1, 1, 1, "{}");
            rcs[1] = s->ops->save(s, &k.set, &id);
            if (rcs[1]) { /* then the rest has something to stand on */
                (void)keep->ops->save(keep, &k.set, &id);
                (void)keep->ops->find_order(keep, "shop", "o", &id);
            }
            rcs[2] = s->ops->event_ack(s, &id, &one, &one, 1, 5);
            rcs[3] = s->ops->orphan_put(s, &note, 1);
            if (rcs[3] && way != 2) {
                (void)keep->ops->orphan_put(keep, &note, 1);
            }
            rcs[4] = s->ops->orphan_take(s, "ali", "e", id);
            rcs[5] = s->ops->kv_put(s, "n", "v", 1, 100);
            for (int i = 1; i <= 5; i++) {
                int32_t want = i != at ? PAYROUTE_OK : way ? PAYROUTE_E_STORE_DOUBT : PAYROUTE_E_STORE;
                assert_int_equal(rcs[i], want);
            }
            char out[4];
            size_t len = 0;
            int32_t there = keep->ops->kv_get(keep, "n", 1, out, 4, &len);
            assert_int_equal(there, at == 5 && way != 2 ? PAYROUTE_E_NOT_FOUND : PAYROUTE_OK);
            kit_close(s);
            kit_close(keep);
        }
    }
}

static void a_wrapped_store_passes_everything_else(void **state)
{
    place *p = *state;
    prh_store_fault plan = { .fail_at = 2, .for_ever = 1 };
    prh_store *s = NULL;
    kit k;
    int64_t id;
    char copy[600];
    assert_int_equal(prh_store_fault_wrap(&s, kit_open(p->url), &plan), PAYROUTE_OK);
    kit_new(&k, "wrapped");
    (void)kit_attempt(&k, 1, 1)->reference;
    assert_int_equal(kit_save(s, &k), PAYROUTE_OK);
    assert_int_equal(kit_save(s, &k), PAYROUTE_E_STORE);
    k.set.attempt_count = 0;
    assert_int_equal(kit_save(s, &k), PAYROUTE_E_STORE);
    plan.kind = PRH_FAULT_DOUBT_APPLIED;
    assert_int_equal(kit_save(s, &k), PAYROUTE_E_STORE_DOUBT);
    assert_int_equal(kit_save(s, &k), PAYROUTE_E_STALE); /* a real answer comes before the invented one */
    assert_int_equal(s->ops->find_order(s, "shop", "wrapped", &id), PAYROUTE_OK);
    assert_int_equal(s->ops->find_reference(s, "ali", "REF-wrapped-1", &id), PAYROUTE_OK);
    assert_int_equal(s->ops->find_provider_id(s, "ali", "none", &id), PAYROUTE_E_NOT_FOUND);
    assert_int_equal(s->ops->transactions(s), 2);
    assert_true(s->ops->counter(s) > 0);
    assert_int_equal(s->ops->check(s, NULL, 0), PAYROUTE_OK);
    (void)snprintf(copy, sizeof copy, "%s/wrapped.db", p->folder);
    assert_int_equal(s->ops->backup(s, copy), PAYROUTE_OK);
    kit_close(s);
}

static void memory_is_shared_by_name(void **state)
{
    (void)state;
    kit k;
    int64_t id;
    prh_store *a = kit_open("memory:one");
    prh_store *b = kit_open("memory:one");
    prh_store *c = kit_open("memory:two");
    prh_store *d = kit_open("memory:");
    prh_store *e = kit_open("memory:");
    kit_new(&k, "o");
    assert_int_equal(kit_save(a, &k), PAYROUTE_OK);
    kit_new(&k, "o");
    assert_int_equal(kit_save(d, &k), PAYROUTE_OK);
    assert_int_equal(b->ops->find_order(b, "shop", "o", &id), PAYROUTE_OK);
    assert_int_equal(c->ops->find_order(c, "shop", "o", &id), PAYROUTE_E_NOT_FOUND);
    assert_int_equal(e->ops->find_order(e, "shop", "o", &id), PAYROUTE_E_NOT_FOUND);
    kit_close(a);
    assert_int_equal(b->ops->find_order(b, "shop", "o", &id), PAYROUTE_OK);
    kit_close(b);
    b = kit_open("memory:one"); /* the last one took it away */
    assert_int_equal(b->ops->find_order(b, "shop", "o", &id), PAYROUTE_E_NOT_FOUND);
    kit_close(b);
    kit_close(c);
    kit_close(d);
    kit_close(e);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(eight_workers_start_each_payment_once),
        cmocka_unit_test(the_index_alone_stops_a_second_start),
        cmocka_unit_test(a_worker_killed_in_the_middle_leaves_no_half),
        cmocka_unit_test(a_locked_store_says_busy),
        cmocka_unit_test(write_n_fails_in_each_way),
        cmocka_unit_test(a_wrapped_store_passes_everything_else),
        cmocka_unit_test(memory_is_shared_by_name),
    };
    return cmocka_run_group_tests(tests, begin, end);
}
