/* Restored databases are noticed, and dead workers are told from living ones. */
#include "kit.h"

#include "host/lease.h"
#include "host/sidecar.h"

#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static char *folder;

static int begin(void **state)
{
    (void)state;
    folder = kit_folder_fast();
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
    return 0;
}

static prh_sidecar *side(const char *instance)
{
    prh_sidecar *s = NULL;
    char why[512] = "";
    if (prh_sidecar_open(&s, folder, "sqlite:/x/shop.db", instance, why, sizeof why)) {
        fail_msg("%s", why);
    }
    return s;
}

static int32_t verdict(const char *instance, int64_t counter, const prh_boot_ids *ids, const char *word)
{
    char why[5000] = "";
    prh_sidecar *s = side(instance);
    int32_t rc = prh_sidecar_verdict(s, counter, ids, why, sizeof why);
    if (word && !strstr(why, word)) {
        fail_msg("'%s' is not in: %s", word, why);
    }
    prh_sidecar_close(s);
    return rc;
}

static const prh_boot_ids boot_b = { "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa" };
static const prh_boot_ids boot_c = { "cccccccccccccccccccccccccccccccc", "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb" };
static const prh_boot_ids boot_d = { "dddddddddddddddddddddddddddddddd", "cccccccccccccccccccccccccccccccc" };

static void an_older_copy_is_amnesia(void **state)
{
    (void)state;
    assert_int_equal(verdict("i1", 0, &boot_b, NULL), PAYROUTE_OK); /* a new file */
    prh_sidecar *s = side("i1");
    assert_int_equal(prh_sidecar_note(s, 5), PAYROUTE_OK); /* not begun: nothing is written */
    prh_sidecar_close(s);
    assert_int_equal(verdict("i1", 0, &boot_b, NULL), PAYROUTE_OK);
    s = side("i1");
    assert_int_equal(prh_sidecar_begin(s, 0, &boot_b), PAYROUTE_OK);
    for (int64_t i = 1; i <= 7; i++) {
        assert_int_equal(prh_sidecar_note(s, i), PAYROUTE_OK);
    }
    assert_int_equal(prh_sidecar_note(s, 3), PAYROUTE_OK); /* a slow worker sets nothing back */
    prh_sidecar_close(s);
    assert_int_equal(verdict("i1", 7, &boot_b, NULL), PAYROUTE_OK);
    assert_int_equal(verdict("i1", 9, &boot_b, NULL), PAYROUTE_OK); /* it may lag */
    assert_int_equal(verdict("i1", 6, &boot_b, "6"), PAYROUTE_E_AMNESIA);
    assert_int_equal(verdict("i2", 7, &boot_b, "i2"), PAYROUTE_E_AMNESIA);
    assert_int_equal(verdict("i1", 7, &boot_c, NULL), PAYROUTE_OK);                 /* after a boot */
    assert_int_equal(verdict("i1", 7, &boot_d, "machine start"), PAYROUTE_E_AMNESIA); /* missed a whole one */
    s = side("i1");
    assert_int_equal(prh_sidecar_begin(s, 6, &boot_d), PAYROUTE_OK); /* a person has reconciled */
    prh_sidecar_close(s);
    assert_int_equal(verdict("i1", 6, &boot_d, NULL), PAYROUTE_OK);
}

static void two_workers_note_in_one_file(void **state)
{
    (void)state;
    prh_sidecar *a = side("i1");
    prh_sidecar *b = side("i1");
    assert_int_equal(prh_sidecar_begin(a, 0, &boot_b), PAYROUTE_OK);
    assert_int_equal(prh_sidecar_begin(b, 0, &boot_b), PAYROUTE_OK);
    assert_int_equal(prh_sidecar_note(a, 10), PAYROUTE_OK);
    assert_int_equal(prh_sidecar_note(b, 9), PAYROUTE_OK); /* late: must not hide the 10 */
    prh_sidecar_close(a);
    prh_sidecar_close(b);
    assert_int_equal(verdict("i1", 9, &boot_b, "10"), PAYROUTE_E_AMNESIA);
}

static void file_name(char out[700])
{
    DIR *dir = opendir(folder);
    struct dirent *entry;
    *out = 0;
    while ((entry = readdir(dir)) != NULL) {
        if (strstr(entry->d_name, ".sidecar")) {
            (void)snprintf(out, 700, "%s/%s", folder, entry->d_name);
        }
    }
    (void)closedir(dir);
    assert_true(*out);
}

static void one_torn_slot_does_no_harm(void **state)
{
    (void)state;
    char name[700];
    char bytes[1024];
    struct stat st;
    prh_sidecar *s = side("i1");
    assert_int_equal(prh_sidecar_begin(s, 1, &boot_b), PAYROUTE_OK);
    assert_int_equal(prh_sidecar_note(s, 2), PAYROUTE_OK);
    prh_sidecar_close(s);
    file_name(name);
    assert_int_equal(stat(name, &st), 0);
    assert_int_equal(st.st_mode & 0777, 0600);
    int fd = open(name, O_RDWR);
    assert_int_equal(pread(fd, bytes, sizeof bytes, 0), sizeof bytes);
    for (size_t at = 0; at < 2 * 512; at += 13) { /* any damage to either slot leaves the other one */
        char byte = (char)(bytes[at] ^ 0x21);
        assert_int_equal(pwrite(fd, &byte, 1, (off_t)at), 1);
        int32_t rc = verdict("i1", 0, &boot_b, NULL);
        assert_int_equal(rc, PAYROUTE_E_AMNESIA);
        assert_int_equal(pwrite(fd, &bytes[at], 1, (off_t)at), 1);
    }
    assert_int_equal(pwrite(fd, "xx", 2, 30), 2);
    assert_int_equal(pwrite(fd, "xx", 2, 512 + 30), 2);
    assert_int_equal(verdict("i1", 0, &boot_b, "damaged"), PAYROUTE_E_CHECKSUM);
    assert_int_equal(ftruncate(fd, 100), 0);
    assert_int_equal(verdict("i1", 0, &boot_b, "damaged"), PAYROUTE_E_CHECKSUM);
    (void)close(fd);
}

static void syncs_come_at_most_once_a_minute(void **state)
{
    (void)state;
    prh_sidecar *s = side("i1");
    assert_int_equal(prh_sidecar_sync(s, 0), PAYROUTE_OK);
    assert_int_equal(prh_sidecar_begin(s, 1, &boot_b), PAYROUTE_OK);
    assert_int_equal(prh_sidecar_note(s, 2), PAYROUTE_OK);
    assert_int_equal(prh_sidecar_sync(s, 100000), PAYROUTE_OK);
    assert_int_equal(prh_sidecar_note(s, 3), PAYROUTE_OK);
    assert_int_equal(prh_sidecar_sync(s, 100001), PAYROUTE_OK);
    assert_int_equal(prh_sidecar_sync(s, 99000), PAYROUTE_OK); /* the clock may step back */
    prh_sidecar_close(s);
    prh_sidecar_close(NULL);
}

static void bad_folders_and_names_are_refused(void **state)
{
    (void)state;
    prh_sidecar *s = NULL;
    char why[5000] = "";
    assert_int_equal(prh_sidecar_open(&s, "/nonexistent", "u", "i", why, sizeof why), PAYROUTE_E_STORE);
    assert_non_null(strstr(why, "/nonexistent"));
    assert_int_equal(prh_sidecar_open(&s, folder, "u", "a b", why, sizeof why), PAYROUTE_E_ARG);
    assert_int_equal(prh_sidecar_open(&s, folder, "u", "", why, sizeof why), PAYROUTE_E_ARG);
    assert_int_equal(prh_sidecar_open(&s, "", "u", "i", why, sizeof why), PAYROUTE_E_ARG);
    assert_null(s);
}

static void boot_ids_change_with_the_machine_alone(void **state)
{
    (void)state;
    prh_store *s = kit_open("memory:");
    prh_boot_ids a, b, c;
    assert_int_equal(prh_store_boot_ids(s, "machine-1", &a), PAYROUTE_OK);
    assert_int_equal(strlen(a.now), 32);
    assert_string_equal(a.before, "");
    int64_t before = s->ops->transactions(s);
    assert_int_equal(prh_store_boot_ids(s, "machine-1", &b), PAYROUTE_OK);
    assert_memory_equal(&a, &b, sizeof a);
    assert_int_equal(s->ops->transactions(s), before);
    assert_int_equal(prh_store_boot_ids(s, "machine-2", &c), PAYROUTE_OK);
    assert_string_equal(c.before, a.now);
    assert_string_not_equal(c.now, a.now);
    assert_int_equal(prh_store_boot_ids(s, "", &c), PAYROUTE_E_ARG);
    assert_int_equal(prh_store_boot_ids(s, "a b", &c), PAYROUTE_E_ARG);
    assert_int_equal(s->ops->kv_put(s, "boot.ids", "x", 1, INT64_MAX), PAYROUTE_OK);
    assert_int_equal(prh_store_boot_ids(s, "machine-2", &c), PAYROUTE_E_CHECKSUM);
    kit_close(s);
}

/* The whole way: a shop works, is backed up, works on, is restored. */
static void a_restored_database_is_noticed(void **state)
{
    (void)state;
    char path[600], copy[600], url[700];
    kit k;
    prh_boot_ids ids;
    (void)snprintf(path, sizeof path, "%s/shop.db", folder);
    (void)snprintf(copy, sizeof copy, "%s/backup.db", folder);
    (void)snprintf(url, sizeof url, "sqlite:%s", path);
    prh_store *s = kit_open(url);
    prh_sidecar *c = side("i1");
    assert_int_equal(prh_store_boot_ids(s, "m1", &ids), PAYROUTE_OK);
    assert_int_equal(prh_sidecar_verdict(c, s->ops->counter(s), &ids, NULL, 0), PAYROUTE_OK);
    assert_int_equal(prh_sidecar_begin(c, s->ops->counter(s), &ids), PAYROUTE_OK);
    kit_new(&k, "o");
    for (int i = 0; i < 4; i++) {
        if (i == 2) {
            assert_int_equal(s->ops->backup(s, copy), PAYROUTE_OK);
        }
        assert_int_equal(kit_save(s, &k), PAYROUTE_OK);
        assert_int_equal(prh_sidecar_note(c, s->ops->counter(s)), PAYROUTE_OK);
    }
    prh_sidecar_close(c);
    kit_close(s);
    assert_int_equal(rename(copy, path), 0);
    s = kit_open(url);
    assert_int_equal(prh_store_boot_ids(s, "m1", &ids), PAYROUTE_OK);
    assert_int_equal(verdict("i1", s->ops->counter(s), &ids, "older copy"), PAYROUTE_E_AMNESIA);
    kit_close(s);
}

/* ---- leases ---- */

static int32_t free_for(const char *owner, int64_t until, const char *me)
{
    payroute_row_payment row = { .lease_owner = owner, .lease_until_ms = until };
    return prh_lease_free(&row, me, 1000);
}

static void a_living_worker_keeps_its_lease(void **state)
{
    (void)state;
    char me[PRH_LEASE_OWNER_CAP];
    char again[PRH_LEASE_OWNER_CAP];
    assert_int_equal(prh_lease_owner(me), PAYROUTE_OK);
    assert_int_equal(prh_lease_owner(again), PAYROUTE_OK);
    assert_string_equal(me, again);
    assert_int_equal(free_for("", 2000, me), 1);
    assert_int_equal(free_for(NULL, 2000, me), 1);
    assert_int_equal(free_for(me, 2000, me), 1);
    assert_int_equal(free_for(me, 2000, "other"), 0);
    assert_int_equal(free_for(me, 2000, NULL), 0);
    assert_int_equal(free_for(me, 1000, "other"), 1); /* over */
    assert_int_equal(free_for(me, 1001, "other"), 0);
    assert_int_equal(free_for(me, 0, "other"), 1);
    assert_int_equal(free_for("somebody", 2000, me), 0); /* not understood is not dead */
    assert_int_equal(free_for("12345678-1234-1234-1234-123456789012", 2000, me), 0);
    assert_int_equal(free_for("12345678-1234-1234-1234-123456789012:x:1:1", 2000, me), 0);
    assert_int_equal(free_for("12345678-1234-1234-1234-123456789012:1:1:1x", 2000, me), 0);
    assert_int_equal(free_for("12345678-1234-1234-1234-123456789012:1:1:1", 2000, me), 1); /* another boot */
}

static void a_dead_worker_is_taken_over(void **state)
{
    (void)state;
    char me[PRH_LEASE_OWNER_CAP];
    char other[PRH_LEASE_OWNER_CAP] = "";
    int pipes[2];
    assert_int_equal(prh_lease_owner(me), PAYROUTE_OK);
    assert_int_equal(pipe(pipes), 0);
    pid_t pid = fork();
    if (!pid) {
        char own[PRH_LEASE_OWNER_CAP];
        int bad = prh_lease_owner(own) || !strcmp(own, me);
        bad = bad || write(pipes[1], own, sizeof own) != (ssize_t)sizeof own;
        (void)pause();
        _exit(bad);
    }
    assert_int_equal(read(pipes[0], other, sizeof other), sizeof other);
    assert_int_equal(free_for(other, 2000, me), 0);
    assert_int_equal(kill(pid, SIGKILL), 0);
    siginfo_t info;
    assert_int_equal(waitid(P_PID, (id_t)pid, &info, WEXITED | WNOWAIT), 0);
    assert_int_equal(free_for(other, 2000, me), 1); /* a zombie */
    assert_int_equal(waitpid(pid, NULL, 0), pid);
    assert_int_equal(free_for(other, 2000, me), 1); /* gone */
    (void)close(pipes[0]);
    (void)close(pipes[1]);
}

static void a_reused_pid_is_another_process(void **state)
{
    (void)state;
    char me[PRH_LEASE_OWNER_CAP];
    char boot[64];
    char other[PRH_LEASE_OWNER_CAP];
    long pid = 0;
    unsigned long long started = 0, space = 0;
    assert_int_equal(prh_boot_machine(boot, sizeof boot), PAYROUTE_OK);
    assert_int_equal(prh_boot_machine(boot, 36), PAYROUTE_E_BUFFER);
    assert_int_equal(prh_lease_owner(me), PAYROUTE_OK);
    assert_int_equal(sscanf(me + 36, ":%ld:%llu:%llu", &pid, &started, &space), 3);
    assert_int_equal(pid, getpid());
    (void)snprintf(other, sizeof other, "%.36s:%ld:%llu:%llu", me, pid, started - 1, space);
    assert_int_equal(free_for(other, 2000, me), 1);
    (void)snprintf(other, sizeof other, "%.36s:%ld:%llu:%llu", me, pid, started - 1, space + 1);
    assert_int_equal(free_for(other, 2000, me), 0); /* another container: its pids say nothing here */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(an_older_copy_is_amnesia, clean),
        cmocka_unit_test_setup(two_workers_note_in_one_file, clean),
        cmocka_unit_test_setup(one_torn_slot_does_no_harm, clean),
        cmocka_unit_test_setup(syncs_come_at_most_once_a_minute, clean),
        cmocka_unit_test_setup(bad_folders_and_names_are_refused, clean),
        cmocka_unit_test_setup(boot_ids_change_with_the_machine_alone, clean),
        cmocka_unit_test_setup(a_restored_database_is_noticed, clean),
        cmocka_unit_test(a_living_worker_keeps_its_lease),
        cmocka_unit_test(a_dead_worker_is_taken_over),
        cmocka_unit_test(a_reused_pid_is_another_process),
    };
    return cmocka_run_group_tests(tests, begin, end);
}
