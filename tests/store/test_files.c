/* Files that are not what they should be: foreign, empty, damaged, newer, somebody else's. A clear error that
   names the file, nothing changed, and never a wrong row. */
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
    /* now the handle has to open anew, and must not take the other file for its own */
    rc = s->ops->load(s, 1, &rows);
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
    };
    return cmocka_run_group_tests(tests, begin, end);
}
