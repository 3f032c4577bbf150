/* The mapped file: found, made, replaced, lost; and everything that is refused with a reason. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "block_of.h"
#include "health/handle.h"
#include "host/health_file.h"

static char folder[64], path[96];

static int begin(void **state)
{
    (void)state;
    snprintf(folder, sizeof folder, "/tmp/payroute-health-XXXXXX");
    if (mkdtemp(folder) == NULL) {
        return -1;
    }
    snprintf(path, sizeof path, "%s/health", folder);
    return 0;
}

static int end(void **state)
{
    (void)state;
    char command[128];
    snprintf(command, sizeof command, "rm -rf '%s'", folder);
    return system(command);
}

static prh_health_file *opened(int shared)
{
    prh_health_file *f = NULL;
    char why[256] = "?";
    assert_int_equal(prh_health_file_open(&f, path, 8, 64, NOW, why, sizeof why), PAYROUTE_OK);
    if (prh_health_file_shared(f) != shared) {
        fail_msg("shared %d, expected %d: %s", prh_health_file_shared(f), shared, why);
    }
    assert_int_equal(why[0] == '\0', shared);
    assert_non_null(prh_health_file_now(f, NOW));
    return f;
}

static int32_t count(prh_health_file *f, int64_t add, int64_t now_ms)
{
    const pr_health *h = &prh_health_file_now(f, now_ms)->view;
    int32_t s = pr_health_slot(h, "a", NULL, now_ms);
    return (int32_t)pr_health_quota_add(h, s, PR_QUOTA_DAY, 1, add);
}

static void put(const void *bytes, size_t len)
{
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    assert_int_equal(fwrite(bytes, 1, len, file), len);
    fclose(file);
}

static ino_t inode(void)
{
    struct stat st;
    return stat(path, &st) ? 0 : st.st_ino;
}

static int files_in_folder(void)
{
    char command[128], line[16] = "";
    snprintf(command, sizeof command, "ls '%s' | wc -l", folder);
    FILE *p = popen(command, "r");
    if (p == NULL || fgets(line, sizeof line, p) == NULL) {
        return -1;
    }
    pclose(p);
    return atoi(line);
}

static void two_share_it_and_it_survives(void **state)
{
    (void)state;
    struct stat st;
    prh_health_file *a = opened(1), *b = opened(1);
    assert_int_equal(count(a, 5, NOW), 5);
    assert_int_equal(count(b, 7, NOW), 12);
    assert_int_equal(stat(path, &st), 0);
    assert_int_equal(st.st_mode & 0777, 0600);
    assert_true(st.st_blocks * 512 >= st.st_size);
    assert_int_equal(files_in_folder(), 1);
    prh_health_file_close(a);
    prh_health_file_close(b);
    a = opened(1);
    assert_int_equal(count(a, 1, NOW), 13);
    prh_health_file_close(a);
}

static void what_is_no_block_is_replaced(void **state)
{
    (void)state;
    static uint8_t bytes[300000];
    struct stat st;
    prh_health_file_close(opened(1));
    FILE *file = fopen(path, "r");
    assert_non_null(file);
    size_t size = fread(bytes, 1, sizeof bytes, file);
    fclose(file);
    assert_true(size > 4096 && size < sizeof bytes);
    for (int kind = 0; kind < 6; kind++) {
        uint8_t kept = bytes[kind == 1 ? 0 : kind == 2 ? 8 : 40];
        if (kind == 1 || kind == 2 ||
            kind == 3) { /* foreign, another version, a checksum that does not fit */
            bytes[kind == 1 ? 0 : kind == 2 ? 8 : 40] ^= 0x55;
        }
        (void)unlink(path);
        put(bytes, kind == 0 ? 0 : kind == 4 ? size - 4096 : kind == 5 ? 10 : size);
        assert_int_equal(chmod(path, 0600), 0);
        bytes[kind == 1 ? 0 : kind == 2 ? 8 : 40] = kept;
        ino_t before = inode();
        prh_health_file *f = opened(1);
        assert_int_not_equal(inode(), before);
        assert_int_equal(count(f, 1, NOW), 1);
        prh_health_file_close(f);
        assert_int_equal(files_in_folder(), 1);
    }
    assert_int_equal(chmod(path, 0666), 0); /* anybody may have written there */
    prh_health_file_close(opened(1));
    assert_int_equal(stat(path, &st), 0);
    assert_int_equal(st.st_mode & 0777, 0600);
}

static void a_file_that_was_taken_away_is_noticed_within_a_second(void **state)
{
    (void)state;
    prh_health_file *a = opened(1), *b = opened(1);
    assert_int_equal(count(a, 5, NOW), 5);
    payroute_health *old = prh_health_file_now(a, NOW);
    assert_int_equal(unlink(path), 0);
    assert_int_equal(count(a, 1, NOW + 999), 6); /* harmless: the old one is still mapped */
    assert_int_equal(count(a, 1, NOW + 1000), 1);
    assert_int_equal(count(b, 1, NOW + 1000), 2);
    int32_t s = pr_health_slot(&old->view, "a", NULL, NOW);
    assert_int_equal(pr_health_quota(&old->view, s, PR_QUOTA_DAY, 1), 6); /* payments under way keep theirs */
    put("damaged", 7);
    (void)unlink(path);
    put("damaged", 7);
    assert_int_equal(count(b, 1, NOW + 2000), 1);
    assert_int_equal(count(a, 1, NOW + 500), 2); /* the clock went back: looked at once */
    for (int i = 0; i < 40; i++) {               /* somebody plays: it stays bounded, and usable */
        (void)unlink(path);
        assert_true(count(a, 1, NOW + 10000 + i * 2000) >= 1);
    }
    prh_health_file_close(a);
    prh_health_file_close(b);
}

static void what_cannot_be_shared_lives_on_the_heap(void **state)
{
    (void)state;
    char target[128], why[256] = "";
    prh_health_file *f = NULL;
    snprintf(target, sizeof target, "%s/target", folder);
    assert_int_equal(symlink(target, path), 0);
    f = opened(0);
    assert_non_null(strstr(prh_health_file_why(f), "link"));
    assert_int_equal(count(f, 4, NOW), 4);
    assert_int_equal(unlink(path), 0);
    assert_int_equal(count(f, 1, NOW + 59999), 5);
    assert_int_equal(count(f, 1, NOW + 60000), 1); /* it came back to the file by itself */
    assert_int_equal(prh_health_file_shared(f), 1);
    prh_health_file_close(f);
    (void)unlink(path);
    assert_int_equal(mkdir(path, 0700), 0);
    prh_health_file_close(opened(0));
    assert_int_equal(rmdir(path), 0);
    assert_int_equal(chmod(folder, 0777), 0);
    prh_health_file_close(opened(0));
    assert_int_equal(chmod(folder, 0700), 0);
    assert_int_equal(mkfifo(path, 0600), 0);
    prh_health_file_close(opened(0));
    assert_int_equal(unlink(path), 0);
    assert_int_equal(prh_health_file_open(&f, "/proc/nowhere/health", 8, 64, NOW, why, sizeof why),
                     PAYROUTE_OK);
    assert_int_equal(prh_health_file_shared(f), 0);
    prh_health_file_close(f);
    assert_int_equal(prh_health_file_open(&f, "/proc/health", 8, 64, NOW, why, sizeof why), PAYROUTE_OK);
    assert_int_equal(prh_health_file_shared(f), 0); /* a file system that takes no files */
    prh_health_file_close(f);
    assert_int_equal(prh_health_file_open(&f, NULL, 8, 64, NOW, why, sizeof why), PAYROUTE_OK);
    assert_int_equal(prh_health_file_shared(f), 0);
    prh_health_file_close(f);
    assert_int_equal(prh_health_file_open(&f, "", 8, 64, NOW, why, sizeof why), PAYROUTE_E_ARG);
    assert_int_equal(prh_health_file_open(&f, path, 0, 64, NOW, why, sizeof why), PAYROUTE_E_ARG);
    assert_int_equal(prh_health_file_open(NULL, path, 8, 64, NOW, why, sizeof why), PAYROUTE_E_ARG);
    prh_health_file_close(NULL);
}

static void others_files_are_left_alone(void **state)
{
    (void)state;
    if (geteuid() != 0) {
        print_message("skipped: needs root to make another user's file\n");
        return;
    }
    assert_int_equal(chown(folder, 12345, 12345), 0);
    prh_health_file *f = opened(0); /* the workers of that user could not open what root makes */
    assert_int_equal(inode(), 0);
    prh_health_file_close(f);
    pid_t child = fork();
    if (child == 0) {
        char why[256];
        _exit(setgid(12345) || setuid(12345) || prh_health_file_open(&f, path, 8, 64, NOW, why, sizeof why) ||
              !prh_health_file_shared(f));
    }
    int status = -1;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
    prh_health_file_close(opened(1)); /* made by its user, root may look */
    assert_int_equal(chown(folder, 0, 0), 0);
    child = fork();
    if (child == 0) {
        char why[256];
        _exit(chmod(folder, 0755) || chown(path, 0, 0) || setgid(12345) || setuid(12345) ||
              prh_health_file_open(&f, path, 8, 64, NOW, why, sizeof why) || prh_health_file_shared(f));
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
}

/* Several make it at once, and a fork goes on with what it has. */
static void all_at_once(void **state)
{
    (void)state;
    for (int round = 0; round < 10; round++) {
        pid_t child[6];
        if (round % 2) {
            put("useless", 7);
        } else {
            (void)unlink(path);
        }
        for (int i = 0; i < 6; i++) {
            child[i] = fork();
            if (child[i] == 0) {
                prh_health_file *f = NULL;
                char why[256];
                int bad =
                    prh_health_file_open(&f, path, 8, 64, NOW, why, sizeof why) || !prh_health_file_shared(f);
                pid_t grandchild = fork();
                if (grandchild == 0) {
                    (void)count(f, 1, NOW + 5000);
                    _exit(0);
                }
                (void)waitpid(grandchild, NULL, 0);
                (void)count(f, 1, NOW + 5000);
                _exit(bad);
            }
        }
        for (int i = 0; i < 6; i++) {
            int status = -1;
            assert_int_equal(waitpid(child[i], &status, 0), child[i]);
            assert_int_equal(status, 0);
        }
        prh_health_file *f = opened(1);
        assert_in_range(count(f, 0, NOW), 2,
                        12); /* who had mapped a file that lost went over to the other one */
        prh_health_file_close(f);
        assert_int_equal(files_in_folder(), 1);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(two_share_it_and_it_survives, begin, end),
        cmocka_unit_test_setup_teardown(what_is_no_block_is_replaced, begin, end),
        cmocka_unit_test_setup_teardown(a_file_that_was_taken_away_is_noticed_within_a_second, begin, end),
        cmocka_unit_test_setup_teardown(what_cannot_be_shared_lives_on_the_heap, begin, end),
        cmocka_unit_test_setup_teardown(others_files_are_left_alone, begin, end),
        cmocka_unit_test_setup_teardown(all_at_once, begin, end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
