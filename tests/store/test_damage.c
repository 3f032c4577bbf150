/* Damaged files: nothing crashes, and a wrong row is never handed out; what a read cannot notice the check
   does. */
#include "kit.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

static char *folder;
static char path[600];
static char url[700];

static int begin(void **state)
{
    (void)state;
    folder = kit_folder_fast();
    (void)snprintf(path, sizeof path, "%s/shop.db", folder);
    (void)snprintf(url, sizeof url, "sqlite:%s", path);
    return 0;
}

static int end(void **state)
{
    (void)state;
    kit_folder_remove(folder);
    return 0;
}

static int clean(void **state)
{
    (void)state;
    kit_remove_files(folder);
    return chmod(folder, 0700);
}

static void write_file(const char *name, const void *bytes, size_t len)
{
    int fd = open(name, O_RDWR | O_CREAT | O_TRUNC, 0600);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, bytes, len), len);
    assert_int_equal(close(fd), 0);
}

static size_t read_file(const char *name, unsigned char *out, size_t cap)
{
    int fd = open(name, O_RDONLY);
    assert_true(fd >= 0);
    ssize_t len = read(fd, out, cap);
    assert_true(len >= 0);
    (void)close(fd);
    return (size_t)len;
}

static void sql(const char *text)
{
    sqlite3 *db = NULL;
    assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
    if (sqlite3_exec(db, text, NULL, NULL, NULL) != SQLITE_OK) {
        fail_msg("%s: %s", text, sqlite3_errmsg(db));
    }
    assert_int_equal(sqlite3_close(db), SQLITE_OK);
}

/* ---- damage ---- */

#define ORDERS 12

static void fill(prh_store *s)
{
    static char show[3000];
    memset(show, 's', sizeof show);
    for (int i = 0; i < ORDERS; i++) {
        kit k;
        char order[16], id[16], pid[16];
        (void)snprintf(order, sizeof order, "order-%d", i);
        (void)snprintf(id, sizeof id, "ev%d", i);
        (void)snprintf(pid, sizeof pid, "prov%d", i);
        kit_new(&k, order);
        k.set.payment.wake_ms = 100 + i;
        (void)kit_attempt(&k, 1, 1);
        (void)kit_event(&k, 1, 1, i, "{\"paid\":1}");
        (void)kit_note(&k, id, "", "notification body");
        (void)kit_fact(&k, 1, "{\"fact\":1}");
        assert_int_equal(kit_save(s, &k), PAYROUTE_OK);
        payroute_row_attempt *a = kit_attempt(&k, 1, 0);
        a->provider_id = pid;
        a->show = show;
        a->show_len = i == 3 ? sizeof show : 5;
        (void)kit_action(&k, 1, 4, "refund");
        assert_int_equal(kit_save(s, &k), PAYROUTE_OK);
    }
    payroute_row_notification orphan = { "ali", "lost", "hash", "orphan", 6 };
    assert_int_equal(s->ops->orphan_put(s, &orphan, 1), PAYROUTE_OK);
    assert_int_equal(s->ops->kv_put(s, "token", "sealed", 6, 1000), PAYROUTE_OK);
}

static int32_t list_text(void *user, const payroute_row_payment *row)
{
    char *text = user;
    (void)snprintf(text + strlen(text), 20000 - strlen(text), "%d %s %d %d;", (int)row->id, row->order_id,
                   (int)row->version, (int)row->wake_ms);
    return 0;
}

static int32_t event_text(void *user, const prh_event_row *row)
{
    char *text = user;
    (void)snprintf(text + strlen(text), 20000 - strlen(text), "%d %s %d.%d %s;", (int)row->payment_id,
                   row->order_id, row->kind, row->no, row->body);
    return 0;
}

static int32_t orphan_text(void *user, const char *channel, const char *event_id, const char *hash,
                           int64_t at_ms)
{
    char *text = user;
    (void)snprintf(text + strlen(text), 20000 - strlen(text), "%s %s %s %d;", channel, event_id, hash,
                   (int)at_ms);
    return 0;
}

static void put(char *text, const char *name, int32_t rc)
{
    (void)snprintf(text + strlen(text), 20000 - strlen(text), "%s%s ", name, rc ? payroute_rc_name(rc) : "");
}

/* Everything that reads, as lines; a line that failed holds only the name of its error. */
static int32_t all_reads(prh_store *s, char lines[ORDERS + 6][20000])
{
    int at = 0;
    for (int i = 0; i <= ORDERS + 5; i++) {
        *lines[i] = 0;
    }
    for (int i = 0; i < ORDERS; i++, at++) {
        char order[24], ref[40], pid[24];
        int64_t id = 0;
        prh_rows rows;
        (void)snprintf(order, sizeof order, "order-%d", i);
        (void)snprintf(ref, sizeof ref, "REF-order-%d-1", i);
        (void)snprintf(pid, sizeof pid, "prov%d", i);
        int32_t rc = s->ops->load(s, i + 1, &rows);
        put(lines[at], "load ", rc);
        if (!rc) {
            const payroute_row_attempt *a = rows.set.attempts;
            (void)snprintf(lines[at] + strlen(lines[at]), 15000, "%s %d %.*s %d %s %s %s %.*s %.*s %s %s",
                           rows.set.payment.order_id, (int)rows.set.payment.version,
                               (int)rows.set.payment.record_len,
                           rows.set.payment.record, rows.set.attempt_count, a->channel, a->reference,
                               a->provider_id,
                           (int)a->content_len, a->content, (int)a->show_len, a->show,
                               rows.set.actions[0].key,
                           rows.set.audit);
            s->ops->rows_free(&rows);
        }
        rc = s->ops->find_order(s, "shop", order, &id);
        put(lines[at], rc ? "order " : id == i + 1 ? "order right" : "order wrong", rc);
        rc = s->ops->find_reference(s, "ali", ref, &id);
        put(lines[at], rc ? "reference " : id == i + 1 ? "reference right" : "reference wrong", rc);
        rc = s->ops->find_provider_id(s, "ali", pid, &id);
        put(lines[at], rc ? "provider " : id == i + 1 ? "provider right" : "provider wrong", rc);
    }
    int64_t ids[ORDERS];
    int32_t count = 0;
    int32_t rc = s->ops->due(s, 999, ids, ORDERS, &count);
    put(lines[at], "due ", rc);
    for (int32_t i = 0; !rc && i < count; i++) {
        (void)snprintf(lines[at] + strlen(lines[at]), 100, "%d,", (int)ids[i]);
    }
    at++;
    put(lines[at], "list ", s->ops->list(s, 0, 0, 100, list_text, lines[at]));
    at++;
    put(lines[at], "events ", s->ops->events(s, 0, 100, event_text, lines[at]));
    at++;
    put(lines[at], "orphans ", s->ops->orphans(s, NULL, orphan_text, lines[at]));
    at++;
    char out[16] = "";
    size_t len = 0;
    rc = s->ops->kv_get(s, "token", 1, out, sizeof out, &len);
    put(lines[at], "kv ", rc);
    (void)snprintf(lines[at] + strlen(lines[at]), 100, "%.*s", (int)len, out);
    return ORDERS + 5;
}

/* A line that differs is fine when it says that something is wrong. */
static int silent(const char *good, const char *now)
{
    return strcmp(good, now) != 0 && !strstr(now, "E_CHECKSUM") && !strstr(now, "E_STORE")
        && !strstr(now, "E_ARG");
}

/* An index that lost an entry says "not found" as if there had never been one: SQLite has no sums over its
   pages. The check finds that, so damage counts as silent only when neither the read nor the check says a
   word. */
static void damage_is_never_silent(void **state)
{
    (void)state;
    static unsigned char good[1 << 19];
    static unsigned char bad[1 << 19];
    static char want[ORDERS + 6][20000];
    static char got[ORDERS + 6][20000];
    prh_store *s = kit_open(url);
    fill(s);
    (void)all_reads(s, want);
    assert_non_null(strstr(want[0], "order right"));
    kit_close(s);
    size_t len = read_file(path, good, sizeof good);
    assert_true(len > 20000 && len < sizeof good);
    uint64_t seed = 4242;
    int refused_count = 0, seen_reading = 0, seen_checking = 0, harmless = 0;
    for (size_t i = 0; i < 700; i++) {
        size_t at = i < 100 ? i : kit_random(&seed) % len;
        while (i >= 100 && !good[at]) {
            at = kit_random(&seed) % len; /* most of a small file is empty room */
        }
        memcpy(bad, good, len);
        unsigned flips = i % 3 == 0 ? 0xffu : 1u << kit_random(&seed) % 8;
        bad[at] = (unsigned char)((good[at] ^ flips) & 0xffu);
        write_file(path, bad, i % 50 == 49 ? at : len); /* now and then cut short */
        char why[512] = "";
        if (prh_store_open(&s, url, why, sizeof why)) {
            assert_non_null(strstr(why, path));
            refused_count++;
            continue;
        }
        int lines = all_reads(s, got);
        int32_t checked = s->ops->check(s, why, sizeof why);
        int wrong = 0;
        int differs = 0;
        for (int j = 0; j < lines; j++) {
            differs |= strcmp(want[j], got[j]) != 0;
            if (silent(want[j], got[j]) && !checked) {
                print_message("byte %zu: '%s' instead of '%s'\n", at, got[j], want[j]);
                wrong = 1;
            }
            /* whole rows are right or refused */
            if (!strncmp(got[j], "load ", 5) && strncmp(got[j], "load E_", 7) != 0) {
                size_t until = (size_t)(strstr(want[j], "order right") - want[j]);
                assert_memory_equal(got[j], want[j], until);
            }
        }
        assert_int_equal(wrong, 0);
        seen_reading += differs;
        seen_checking += checked && !differs;
        harmless += !checked && !differs;
        kit_close(s);
    }
    print_message("700 damaged files: %d refused, %d seen while reading, %d by the check, %d harmless\n",
                  refused_count, seen_reading, seen_checking, harmless);
    assert_true(refused_count > 50 && seen_reading > 50);
}

/* After an unclean end the structure is looked at before anything is believed; at other times that would cost
   every request a full read. */
static void an_unclean_end_is_checked(void **state)
{
    (void)state;
    static unsigned char good[1 << 19];
    char journal[700];
    char why[512] = "";
    int found = 0;
    prh_store *s = kit_open(url);
    fill(s);
    kit_close(s);
    size_t len = read_file(path, good, sizeof good);
    (void)snprintf(journal, sizeof journal, "%s-journal", path);
    for (size_t page = 4096; page < len; page += 4096) {
        good[page + 4] ^= 0x08; /* the number of cells of that page */
        write_file(path, good, len);
        write_file(journal, "", 0);
        int32_t plain = prh_store_open(&s, url, why, sizeof why);
        if (!plain) {
            kit_close(s);
            write_file(journal, "left behind by a writer that died", 33);
            int32_t rc = prh_store_open(&s, url, why, sizeof why);
            found += rc == PAYROUTE_E_CHECKSUM && strstr(why, "damaged") != NULL;
            if (!rc) {
                kit_close(s);
            }
        }
        good[page + 4] ^= 0x08;
    }
    assert_true(found > 5);
    write_file(path, good, len); /* and a sound file opens after an unclean end */
    write_file(journal, "left behind by a writer that died", 33);
    s = kit_open(url);
    assert_int_equal(s->ops->check(s, why, sizeof why), PAYROUTE_OK);
    kit_close(s);
}

static void a_damaged_row_is_not_written_over(void **state)
{
    (void)state;
    kit k;
    kit_new(&k, "o");
    prh_store *s = kit_open(url);
    (void)kit_attempt(&k, 1, 1);
    assert_int_equal(kit_save(s, &k), PAYROUTE_OK);
    kit_close(s);
    sql("UPDATE attempt SET sends = 7");
    s = kit_open(url);
    (void)kit_attempt(&k, 1, 1);
    assert_int_equal(kit_save(s, &k), PAYROUTE_E_CHECKSUM);
    k.set.attempt_count = 0;
    kit_close(s);
    sql("UPDATE attempt SET sends = 1; UPDATE payment SET amount = 1");
    s = kit_open(url);
    assert_int_equal(kit_save(s, &k), PAYROUTE_E_CHECKSUM);
    char why[300] = "";
    assert_int_equal(s->ops->check(s, why, sizeof why), PAYROUTE_E_CHECKSUM);
    assert_non_null(strstr(why, "row 1 of table payment"));
    kit_close(s);
}

static void rows_that_contradict_are_found(void **state)
{
    (void)state;
    static const char *const lies[] = { "DELETE FROM audit WHERE version = 1", "DELETE FROM attempt",
                                        "DELETE FROM payment", "DELETE FROM action" };
    for (size_t i = 0; i < sizeof lies / sizeof lies[0]; i++) {
        kit k;
        char why[300] = "";
        prh_store *s = kit_open(url);
        kit_new(&k, "o");
        (void)kit_attempt(&k, 1, 1);
        (void)kit_action(&k, 1, 4, "");
        assert_int_equal(kit_save(s, &k), PAYROUTE_OK);
        assert_int_equal(kit_save(s, &k), PAYROUTE_OK);
        assert_int_equal(s->ops->check(s, why, sizeof why), PAYROUTE_OK);
        kit_close(s);
        sql(lies[i]);
        s = kit_open(url);
        if (s->ops->check(s, why, sizeof why) != PAYROUTE_E_CHECKSUM) {
            fail_msg("not found: %s", lies[i]);
        }
        assert_non_null(strstr(why, path));
        kit_close(s);
        kit_remove_files(folder);
    }
}

/* What a row no longer says must not stay in the file. */
static void cleared_payloads_leave_the_file(void **state)
{
    (void)state;
    static unsigned char bytes[1 << 19];
    static const char secret[] = "https://qr.example/CANARY-7f3a";
    kit k;
    prh_store *s = kit_open(url);
    kit_new(&k, "o");
    payroute_row_attempt *a = kit_attempt(&k, 1, 1);
    a->show = secret;
    a->show_len = strlen(secret);
    assert_int_equal(kit_save(s, &k), PAYROUTE_OK);
    size_t len = read_file(path, bytes, sizeof bytes);
    assert_non_null(memmem(bytes, len, secret, strlen(secret)));
    (void)kit_attempt(&k, 1, 0);
    assert_int_equal(kit_save(s, &k), PAYROUTE_OK);
    kit_close(s);
    len = read_file(path, bytes, sizeof bytes);
    assert_null(memmem(bytes, len, secret, strlen(secret)));
    kit_remove_files(folder);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(damage_is_never_silent, clean),
        cmocka_unit_test_setup(an_unclean_end_is_checked, clean),
        cmocka_unit_test_setup(a_damaged_row_is_not_written_over, clean),
        cmocka_unit_test_setup(rows_that_contradict_are_found, clean),
        cmocka_unit_test_setup(cleared_payloads_leave_the_file, clean),
    };
    return cmocka_run_group_tests(tests, begin, end);
}
