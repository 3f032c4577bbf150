/* Files that are not what they should be: foreign, empty, damaged, newer, somebody else's. A clear error that names the file, nothing changed, and
   never a wrong row. */
#include "kit.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/wait.h>
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

/* Opening must fail with `rc`, say why with the file's name, and leave the file as it is. */
static void refused(int32_t rc, const char *word)
{
    static unsigned char before[1 << 20];
    static unsigned char after[1 << 20];
    size_t len = read_file(path, before, sizeof before);
    char why[512] = "";
    prh_store *s = NULL;
    int32_t got = prh_store_open(&s, url, why, sizeof why);
    if (got != rc || !strstr(why, word) || !strstr(why, path) || s) {
        fail_msg("%s, wanted %s and '%s': %s", payroute_rc_name(got), payroute_rc_name(rc), word, why);
    }
    assert_int_equal(read_file(path, after, sizeof after), len);
    assert_memory_equal(before, after, len);
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

static void foreign_files_are_refused(void **state)
{
    (void)state;
    static char text[10000];
    memset(text, 'x', sizeof text);
    write_file(path, text, sizeof text);
    refused(PAYROUTE_E_CHECKSUM, "not a database");
    write_file(path, "x", 1);
    refused(PAYROUTE_E_CHECKSUM, "not a database");
    memset(text, 0, sizeof text);
    write_file(path, text, 4096);
    refused(PAYROUTE_E_CHECKSUM, "not a database");
    kit_remove_files(folder);
    sql("CREATE TABLE theirs (x); INSERT INTO theirs VALUES (1)");
    (void)chmod(path, 0600);
    refused(PAYROUTE_E_VERSION, "not one of payroute");
    sql("PRAGMA journal_mode = wal"); /* theirs may be in any mode */
    refused(PAYROUTE_E_VERSION, "not one of payroute");
}

static void a_foreign_hot_journal_is_left_alone(void **state)
{
    (void)state;
    char journal[700];
    struct stat st;
    sql("CREATE TABLE theirs (x)");
    (void)chmod(path, 0600);
    (void)snprintf(journal, sizeof journal, "%s-journal", path);
    write_file(journal, "\xd9\xd5\x05\xf9\x20\xa1\x63\xd7 and more", 17);
    refused(PAYROUTE_E_VERSION, "not one of payroute");
    assert_int_equal(stat(journal, &st), 0);
    assert_int_equal(st.st_size, 17);
}

static void an_empty_file_becomes_a_store(void **state)
{
    (void)state;
    struct stat st;
    write_file(path, "", 0);
    kit_close(kit_open(url));
    assert_int_equal(stat(path, &st), 0);
    assert_int_equal(st.st_mode & 0777, 0600);
}

static void modes_are_narrow_whatever_the_umask(void **state)
{
    (void)state;
    struct stat st;
    char other[700];
    mode_t old = umask(0);
    prh_store *s = kit_open(url);
    kit k;
    kit_new(&k, "o");
    assert_int_equal(kit_save(s, &k), PAYROUTE_OK);
    (void)umask(old);
    assert_int_equal(stat(path, &st), 0);
    assert_int_equal(st.st_mode & 0777, 0600);
    (void)snprintf(other, sizeof other, "%s-journal", path);
    assert_int_equal(stat(other, &st), 0);
    assert_int_equal(st.st_mode & 0777, 0600);
    (void)snprintf(other, sizeof other, "%s.ballast", path);
    assert_int_equal(stat(other, &st), 0);
    assert_int_equal(st.st_mode & 0777, 0600);
    assert_int_equal(st.st_size, PRH_BALLAST_BYTES);
    kit_close(s);
    (void)snprintf(other, sizeof other, "%s-journal", path);
    (void)chmod(path, 0644); /* a copy made by hand is narrowed, */
    (void)chmod(other, 0644);
    kit_close(kit_open(url));
    assert_int_equal(stat(path, &st), 0);
    assert_int_equal(st.st_mode & 0777, 0600);
    assert_int_equal(stat(other, &st), 0);
    assert_int_equal(st.st_mode & 0777, 0600);
    (void)chmod(path, 0666); /* one that others could have written is not trusted */
    refused(PAYROUTE_E_STORE, "chmod 600");
}

static void folders_are_checked(void **state)
{
    (void)state;
    char why[512] = "";
    prh_store *s = NULL;
    char text[900];
    assert_int_equal(chmod(folder, 0777), 0);
    assert_int_equal(prh_store_open(&s, url, why, sizeof why), PAYROUTE_E_STORE);
    assert_non_null(strstr(why, "chmod o-w"));
    assert_int_equal(access(path, F_OK), -1);
    assert_int_equal(chmod(folder, 01777), 0); /* as /tmp: nobody can replace another's file */
    kit_close(kit_open(url));
    assert_int_equal(chmod(folder, 0700), 0);
    (void)snprintf(text, sizeof text, "sqlite:%s", folder);
    assert_int_equal(prh_store_open(&s, text, why, sizeof why), PAYROUTE_E_STORE);
    assert_non_null(strstr(why, "folder"));
    (void)snprintf(text, sizeof text, "sqlite:%s/", folder);
    assert_int_equal(prh_store_open(&s, text, why, sizeof why), PAYROUTE_E_STORE);
    (void)snprintf(text, sizeof text, "sqlite:%s/none/shop.db", folder);
    assert_int_equal(prh_store_open(&s, text, why, sizeof why), PAYROUTE_E_STORE);
    assert_non_null(strstr(why, "none"));
    assert_null(s);
}

static void network_file_systems_are_known(void **state)
{
    (void)state;
    assert_int_equal(prh_sqlite_network_magic(0x6969), 1);
    assert_int_equal(prh_sqlite_network_magic(0xFF534D42u), 1);
    assert_int_equal(prh_sqlite_network_magic(0xFFFFFFFFFF534D42u), 1); /* sign-extended by a 32-bit statfs */
    assert_int_equal(prh_sqlite_network_magic(0x01021997), 1);
    assert_int_equal(prh_sqlite_network_magic(0xEF53), 0);     /* ext4 */
    assert_int_equal(prh_sqlite_network_magic(0x65735546), 0); /* FUSE */
    assert_int_equal(prh_sqlite_network_magic(0x794C7630), 0); /* overlay */
}

static void urls_are_read_strictly(void **state)
{
    (void)state;
    static const struct {
        const char *url;
        int32_t rc;
        const char *word;
    } cases[] = {
        { "", PAYROUTE_E_ARG, "scheme" },
        { "shop.db", PAYROUTE_E_ARG, "scheme" },
        { "postgresql://x", PAYROUTE_E_UNSUPPORTED, "scheme" },
        { "sqlite:", PAYROUTE_E_ARG, "path" },
        { "sqlite:?network=1", PAYROUTE_E_ARG, "path" },
        { "sqlite:/tmp/x?sync=off", PAYROUTE_E_ARG, "'sync'" },
        { "sqlite:/tmp/x?network", PAYROUTE_E_ARG, "'network'" },
        { "sqlite:/tmp/x?network=2", PAYROUTE_E_ARG, "'network'" },
        { "sqlite:/tmp/x?journal=off", PAYROUTE_E_ARG, "'journal'" },
        { "sqlite:/tmp/x?fail=1", PAYROUTE_E_ARG, "'fail'" },
        { "memory:x?journal=wal", PAYROUTE_E_ARG, "'journal'" },
        { "memory:x?fail=-1", PAYROUTE_E_ARG, "'fail'" },
        { "memory:x?fail=1&how=maybe", PAYROUTE_E_ARG, "'how'" },
    };
    char why[256];
    prh_store *s = NULL;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        int32_t rc = prh_store_open(&s, cases[i].url, why, sizeof why);
        if (rc != cases[i].rc || !strstr(why, cases[i].word)) {
            fail_msg("%s: %s: %s", cases[i].url, payroute_rc_name(rc), why);
        }
    }
    assert_int_equal(prh_store_open(NULL, "memory:", why, sizeof why), PAYROUTE_E_ARG);
    assert_int_equal(prh_store_open(&s, NULL, why, sizeof why), PAYROUTE_E_ARG);
    assert_int_equal(prh_store_open(&s, "x", NULL, 0), PAYROUTE_E_ARG);
    char full[800];
    (void)snprintf(full, sizeof full, "%s?journal=delete&network=1", url);
    kit_close(kit_open(full));
    (void)snprintf(full, sizeof full, "%s?journal=wal", url);
    int32_t rc = prh_store_open(&s, full, why, sizeof why);
    if (sqlite3_libversion_number() < PRH_SQLITE_WAL_FROM) {
        assert_int_equal(rc, PAYROUTE_E_UNSUPPORTED);
        assert_non_null(strstr(why, "3.51.3"));
    } else {
        assert_int_equal(rc, PAYROUTE_OK);
        kit_close(s);
    }
}

static void a_store_left_in_wal_is_brought_back(void **state)
{
    (void)state;
    kit k;
    prh_store *s = kit_open(url);
    kit_new(&k, "o");
    assert_int_equal(kit_save(s, &k), PAYROUTE_OK);
    kit_close(s);
    sql("PRAGMA journal_mode = wal");
    s = kit_open(url);
    assert_int_equal(kit_save(s, &k), PAYROUTE_OK);
    kit_close(s);
    unsigned char header[100];
    (void)read_file(path, header, sizeof header);
    assert_int_equal(header[18], 1); /* rollback journal again */
}

static void other_schemas_are_refused(void **state)
{
    (void)state;
    kit_close(kit_open(url));
    sql("PRAGMA user_version = 2");
    refused(PAYROUTE_E_VERSION, "newer");
    sql("PRAGMA user_version = 0");
    refused(PAYROUTE_E_VERSION, "upgrade");
    sql("PRAGMA user_version = 1");
    kit_close(kit_open(url));
    sql("CREATE TABLE extra (x)");
    refused(PAYROUTE_E_CHECKSUM, "extra");
    sql("DROP TABLE extra; DROP INDEX payment_due");
    refused(PAYROUTE_E_CHECKSUM, "missing");
    kit_remove_files(folder);
    kit_close(kit_open(url));
    sql("DROP TABLE attempt; CREATE TABLE attempt (payment_id, n, guard)"); /* the promise taken out */
    refused(PAYROUTE_E_CHECKSUM, "attempt");
}

static void a_read_only_file_is_refused(void **state)
{
    (void)state;
    kit_close(kit_open(url));
    (void)chmod(folder, 0755);
    (void)chmod(path, 0400);
    pid_t pid = fork();
    if (pid == 0) { /* root writes everywhere, so not as root */
        struct stat st;
        int bad = !geteuid() && (chown(path, 65534, (gid_t)-1) || seteuid(65534));
        prh_store *s = NULL;
        char why[512] = "";
        bad = bad || stat(path, &st) || prh_store_open(&s, url, why, sizeof why) != PAYROUTE_E_STORE;
        bad = bad || !strstr(why, "read-only");
        if (bad) {
            (void)fprintf(stderr, "%s\n", why);
        }
        _exit(bad);
    }
    int status = 0;
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
    (void)chmod(folder, 0700);
}

static void a_file_put_in_its_place_is_noticed(void **state)
{
    (void)state;
    char copy[700];
    kit k;
    prh_rows rows;
    kit_new(&k, "o");
    prh_store *s = kit_open(url);
    assert_int_equal(kit_save(s, &k), PAYROUTE_OK);
    (void)snprintf(copy, sizeof copy, "%s/copy.db", folder);
    assert_int_equal(s->ops->backup(s, copy), PAYROUTE_OK);
    assert_int_equal(kit_save(s, &k), PAYROUTE_OK);
    assert_int_equal(rename(copy, path), 0);
    int32_t rc = kit_save(s, &k);
    assert_int_equal(rc, PAYROUTE_E_STORE);
    rc = s->ops->load(s, 1, &rows); /* now the handle has to open anew, and must not take the other file for its own */
    assert_int_equal(rc, PAYROUTE_E_STORE);
    kit_close(s);
}

static void a_deleted_file_is_not_made_anew(void **state)
{
    (void)state;
    kit k;
    kit_new(&k, "o");
    prh_store *s = kit_open(url);
    assert_int_equal(kit_save(s, &k), PAYROUTE_OK);
    assert_int_equal(unlink(path), 0);
    assert_int_equal(kit_save(s, &k), PAYROUTE_E_STORE);
    assert_int_equal(kit_save(s, &k), PAYROUTE_E_STORE);
    assert_int_equal(access(path, F_OK), -1);
    kit_close(s);
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
    (void)snprintf(text + strlen(text), 20000 - strlen(text), "%d %s %d.%d %s;", (int)row->payment_id, row->order_id,
                   row->kind, row->no, row->body);
    return 0;
}

static int32_t orphan_text(void *user, const char *channel, const char *event_id, const char *hash, int64_t at_ms)
{
    char *text = user;
    (void)snprintf(text + strlen(text), 20000 - strlen(text), "%s %s %s %d;", channel, event_id, hash, (int)at_ms);
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
                           rows.set.payment.order_id, (int)rows.set.payment.version, (int)rows.set.payment.record_len,
                           rows.set.payment.record, rows.set.attempt_count, a->channel, a->reference, a->provider_id,
                           (int)a->content_len, a->content, (int)a->show_len, a->show, rows.set.actions[0].key,
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
    return strcmp(good, now) != 0 && !strstr(now, "E_CHECKSUM") && !strstr(now, "E_STORE") && !strstr(now, "E_ARG");
}

/* An index that lost an entry says "not found" as if there had never been one: SQLite has no sums over its pages. The check finds that, so damage
   counts as silent only when neither the read nor the check says a word. */
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
        bad[at] = i % 3 == 0 ? (unsigned char)(good[at] ^ 0xff) : (unsigned char)(good[at] ^ (1u << kit_random(&seed) % 8));
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
            if (!strncmp(got[j], "load ", 5) && strncmp(got[j], "load E_", 7) != 0) { /* whole rows are right or refused */
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
    print_message("700 damaged files: %d refused, %d seen while reading, %d by the check, %d harmless\n", refused_count,
                  seen_reading, seen_checking, harmless);
    assert_true(refused_count > 50 && seen_reading > 50);
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
        cmocka_unit_test_setup(foreign_files_are_refused, clean),
        cmocka_unit_test_setup(a_foreign_hot_journal_is_left_alone, clean),
        cmocka_unit_test_setup(an_empty_file_becomes_a_store, clean),
        cmocka_unit_test_setup(modes_are_narrow_whatever_the_umask, clean),
        cmocka_unit_test_setup(folders_are_checked, clean),
        cmocka_unit_test_setup(network_file_systems_are_known, clean),
        cmocka_unit_test_setup(urls_are_read_strictly, clean),
        cmocka_unit_test_setup(a_store_left_in_wal_is_brought_back, clean),
        cmocka_unit_test_setup(other_schemas_are_refused, clean),
        cmocka_unit_test_setup(a_read_only_file_is_refused, clean),
        cmocka_unit_test_setup(a_file_put_in_its_place_is_noticed, clean),
        cmocka_unit_test_setup(a_deleted_file_is_not_made_anew, clean),
        cmocka_unit_test_setup(damage_is_never_silent, clean),
        cmocka_unit_test_setup(a_damaged_row_is_not_written_over, clean),
        cmocka_unit_test_setup(rows_that_contradict_are_found, clean),
        cmocka_unit_test_setup(cleared_payloads_leave_the_file, clean),
    };
    return cmocka_run_group_tests(tests, begin, end);
}
