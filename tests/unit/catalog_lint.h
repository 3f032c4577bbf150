/* The catalogue's generator compiled in, run in child processes over a small catalogue of its own in a
   temporary folder. What it complains about is kept, so that a test can ask which complaints were never made.
 */
#ifndef CATALOG_LINT_H
#define CATALOG_LINT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

int mkcatalog_main(int argc, char **argv);
#define main mkcatalog_main
#include "../../lib/catalog/mkcatalog.c"
#undef main

#ifndef PR_SOURCE_DIR
#define PR_SOURCE_DIR "."
#endif

#define HEADER DATA_HEADER "\n"
#define LONG "0123456789012345678901234567890123456789012345678"
#define GOOD "*\tcode\tB\t\tdo_not_honor\t\tmanual 1\t\t\n"

static char home[64];

static void put_file(const char *name, const char *text, size_t len)
{
    char path[256];
    snprintf(path, sizeof path, "%s/%s", home, name);
    FILE *f = fopen(path, "wb");
    assert_non_null(f);
    assert_int_equal(fwrite(text, 1, len, f), len);
    assert_int_equal(fclose(f), 0);
}

/* The real words, with one more line. */
static void put_words(const char *more)
{
    char path[512];
    size_t len = 0;
    snprintf(path, sizeof path, "%s/lib/catalog/words.tsv", PR_SOURCE_DIR);
    char *text = slurp(path, &len);
    assert_non_null(text);
    char *grown = malloc(len + 200);
    assert_non_null(grown);
    size_t n = (size_t)snprintf(grown, len + 200, "%s%s", text, more == NULL ? "" : more);
    put_file("words.tsv", grown, n);
    free(grown);
    free(text);
}

static int make_home(void **state)
{
    char path[256];
    (void)state;
    snprintf(home, sizeof home, "/tmp/pr-lint-XXXXXX");
    assert_non_null(mkdtemp(home));
    snprintf(path, sizeof path, "%s/data", home);
    assert_int_equal(mkdir(path, 0700), 0);
    snprintf(path, sizeof path, "%s/texts", home);
    assert_int_equal(mkdir(path, 0700), 0);
    put_words(NULL);
    return 0;
}

static int drop_home(void **state)
{
    static const char *const names[] = {"data/p.tsv",
                                        "data",
                                        "texts/en.tsv",
                                        "texts/zh-CN.tsv",
                                        "texts",
                                        "words.tsv",
                                        "catalog_tables.inc",
                                        "catalog_tables.inc.part",
                                        ""};
    (void)state;
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        char path[256];
        snprintf(path, sizeof path, "%s/%s", home, names[i]);
        (void)remove(path);
    }
    return 0;
}

/* All that was ever complained about here: each complaint of the sources must be among it (see below). */
static char *said;
static size_t said_len;

static void remember(const char *text, size_t len)
{
    said = realloc(said, said_len + len + 1);
    assert_non_null(said);
    memcpy(said + said_len, text, len);
    said_len += len;
    said[said_len] = '\0';
}

static int lint_home(void)
{
    char name[] = "mkcatalog", flag[] = "-o";
    char *argv[] = {name, flag, home, home, NULL};
    return mkcatalog_main(4, argv);
}

/* Do something in a child; its complaints in `out`, its exit status as the result. */
static int in_child(int (*act)(void), char *out, size_t cap)
{
    int ends[2], status = 0;
    size_t n = 0;
    assert_int_equal(pipe(ends), 0);
    fflush(NULL);
    pid_t pid = fork();
    assert_true(pid >= 0);
    if (pid == 0) {
        dup2(ends[1], 2);
        close(ends[0]);
        int rc = freopen("/dev/null", "w", stdout) == NULL ? 3 : act();
        fflush(NULL);
        _exit(rc);
    }
    close(ends[1]);
    for (ssize_t got = 1; got > 0 && n < cap - 1; n += got > 0 ? (size_t)got : 0) {
        got = read(ends[0], out + n, cap - 1 - n);
    }
    out[n] = '\0';
    close(ends[0]);
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_true(WIFEXITED(status));
    remember(out, n);
    return WEXITSTATUS(status);
}

static int run_lint(char *out, size_t cap)
{
    return in_child(lint_home, out, cap);
}

/* The real texts, with one line put in the place of another. */
static void put_texts(const char *locale, const char *from, const char *to)
{
    char path[512], name[64];
    size_t len = 0;
    snprintf(path, sizeof path, "%s/lib/catalog/texts/%s.tsv", PR_SOURCE_DIR, locale);
    snprintf(name, sizeof name, "texts/%s.tsv", locale);
    char *text = slurp(path, &len);
    assert_non_null(text);
    char *hit = from == NULL ? NULL : strstr(text, from);
    if (hit == NULL) {
        assert_null(from);
        put_file(name, text, len);
    } else {
        char *end = strchr(hit, '\n');
        char *mixed = malloc(len + strlen(to) + 1);
        assert_non_null(mixed);
        size_t n = (size_t)(hit - text);
        memcpy(mixed, text, n);
        memcpy(mixed + n, to, strlen(to));
        n += strlen(to);
        memcpy(mixed + n, end + (to[0] == '\0'), strlen(end + (to[0] == '\0')));
        n += strlen(end + (to[0] == '\0'));
        put_file(name, mixed, n);
        free(mixed);
    }
    free(text);
}

static void expect(const char *data, const char *complaint)
{
    static char out[400000];
    if (data != NULL) {
        put_file("data/p.tsv", data, strlen(data));
    }
    int rc = run_lint(out, sizeof out);
    if (complaint == NULL ? rc != 0 : rc != 1 || strstr(out, complaint) == NULL) {
        fail_msg("%s\nexit %d, wanted \"%s\", got:\n%s", data == NULL ? "" : data, rc,
                 complaint == NULL ? "" : complaint, out);
    }
}

#endif
