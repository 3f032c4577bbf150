/* The catalogue's linter catches every kind of planted defect, names file and line, and reports all at once.
   The generator itself is compiled in; each run is a child process with a small catalogue of its own in a
   temporary folder. */
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

/* Run the linter in a child; its complaints in `out`, its exit status as the result. */
static int run_lint(char *out, size_t cap)
{
    int ends[2], status = 0;
    size_t n = 0;
    assert_int_equal(pipe(ends), 0);
    fflush(NULL);
    pid_t pid = fork();
    assert_true(pid >= 0);
    if (pid == 0) {
        char name[] = "mkcatalog", flag[] = "-o";
        char *argv[] = {name, flag, home, home, NULL};
        dup2(ends[1], 2);
        close(ends[0]);
        int rc = mkcatalog_main(4, argv);
        fflush(NULL);
        _exit(rc);
    }
    close(ends[1]);
    for (ssize_t got = 1; got > 0 && n<cap - 1; n += got> 0 ? (size_t)got : 0) {
        got = read(ends[0], out + n, cap - 1 - n);
    }
    out[n] = '\0';
    close(ends[0]);
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_true(WIFEXITED(status));
    return WEXITSTATUS(status);
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
    static char out[200000];
    put_file("data/p.tsv", data, strlen(data));
    int rc = run_lint(out, sizeof out);
    if (complaint == NULL ? rc != 0 : rc != 1 || strstr(out, complaint) == NULL) {
        fail_msg("%s\nexit %d, wanted \"%s\", got:\n%s", data, rc, complaint == NULL ? "" : complaint, out);
    }
}

static void good_data_passes(void **state)
{
    (void)state;
    put_texts("en", NULL, NULL);
    put_texts("zh-CN", NULL, NULL);
    expect(HEADER GOOD, NULL);
    expect(HEADER "*\t*\t*\t\tunknown_outcome\t\tmanual\t\t\n"
                  "*\tcode\tA\t\tprovider_system_error\t\tmanual\t\t\n"
                  "refund\tcode\tA\t\tinvalid_request\t\tmanual\t\t\n"
                  "*\tcode\tAA\tA\t\t\tmanual\t\t\n"
                  "*\tcode\tC*\t\tinvalid_request\t\tmanual\t\t\n",
           NULL);
}

static void planted_rows_are_caught(void **state)
{
    static const struct {
        const char *rows, *complaint;
    } t[] = {
        {GOOD GOOD, "p.tsv:3: duplicate of line 2"},
        {GOOD "*\tcode\tB\t\tlost_card\t\tmanual\t\t\n",
         "p.tsv:3: contradiction: line 2 gives \"B\" another answer"},
        {GOOD "*\tcode\tb\t\tlost_card\t\tmanual\t\t\n", "p.tsv:3: contradiction: line 2"},
        {GOOD "*\tcode\tb\t\tdo_not_honor\t\tmanual\t\t\n", "p.tsv:3: unreachable: \"B\" of line 2"},
        {"*\tcode\t05\t\tdo_not_honor\t\tm\t\t\n*\tcode\t5\t\tlost_card\t\tm\t\t\n", "p.tsv:3: contradiction"},
        {GOOD "refund\tcode\tB\t\tdo_not_honor\t\tmanual\t\t\n", "p.tsv:3: shadowed: line 2"},
        {"*\tcode\tB*\t\tinvalid_request\t\tm\t\t\n*\tcode\tBB*\t\tinvalid_request\t\tm\t\t\n",
         "p.tsv:3: shadowed: the pattern"},
        {"*\tmessage\tbusy\t\tprocessing\t\tm\t\t\n*\tmessage\tbusy now\t\tprocessing\t\tm\t\t\n",
         "p.tsv:3: shadowed: the pattern"},
        {"*\tcode\tB\t\tno_such\t\tm\t\t\n", "p.tsv:2: unknown reason \"no_such\""},
        {"*\tcode\tB\t\tlost_card\tperhaps\tm\t\t\n", "p.tsv:2: unknown advice: \"perhaps\""},
        {"*\tcode\tB\t\tlost_card\t\t\t\t\n", "p.tsv:2: missing source"},
        {"*\tcode\tB\t\t\t\tm\t\t\n", "p.tsv:2: neither a known reason nor alias_of"},
        {"*\tcode\tC\t\tlost_card\t\tm\t\t\n" GOOD, "p.tsv:3: unsorted"},
        {"*\tcode\tB\t\tlost_card\tother_channel\tm\t\t\n", "p.tsv:2: contradiction: advice \"other_channel\""},
        {"*\tcode\tB\t\tunknown_outcome\tlater\tm\t\t\n", "p.tsv:2: contradiction: advice \"later\""},
        {"*\tcode\tB\t\tdo_not_honor\tnever\tm\t\t\n", "p.tsv:2: contradiction: advice \"never\""},
        {"*\tcode\tB\t\tlost_card\tnever\tm\t\t\n", "p.tsv:2: advice \"never\" is the reason's own"},
        {"*\tsub_code\tB\t\taccepted\t\tm\t\t\n", "p.tsv:2: contradiction: \"accepted\" may not come"},
        {"*\tcode\tB*\t\taccepted\t\tm\t\t\n", "p.tsv:2: contradiction: \"accepted\" may not come"},
        {"*\tmessage\tok\t\taccepted\t\tm\t\t\n", "p.tsv:2: contradiction: \"accepted\" may not come"},
        {"*\tissuer\t00\t\treported_paid\t\tm\t\t\n", "p.tsv:2: contradiction: \"reported_paid\" may not come"},
        {"*\tcurlcode\t7\t\trate_limited\t\tm\t\t\n",
         "p.tsv:2: contradiction: a transport code proves nothing"},
        {"*\tmessage\tdeclined\t\tdo_not_honor\t\tm\t\t\n", "p.tsv:2: contradiction: a pattern is no proof"},
        {"*\t*\t*\t\tdo_not_honor\t\tm\t\t\n", "p.tsv:2: contradiction: the default for unlisted codes"},
        {"*\tcode\t*\t\tunknown_outcome\t\tm\t\t\n", "p.tsv:2: the default stands for every"},
        {"*\tcode\tB\tZ\t\t\tm\t\t\n", "p.tsv:2: alias of \"Z\", which is not"},
        {GOOD "*\tcode\tC\tB\tlost_card\t\tm\t\t\n", "p.tsv:3: contradiction: an alias has"},
        {GOOD "*\tcode\tC\tB\t\t\tm\t\t\n*\tcode\tD\tC\t\t\tm\t\t\n", "p.tsv:4: alias of an alias (line 3)"},
        {"*\tcode\tB\t\tlost_card\t\tm\t\n", "p.tsv:2: 8 fields instead of 9"},
        {"\tcode\tB\t\tlost_card\t\tm\t\t\n", "p.tsv:2: operation, layer and code must be given"},
        {"*\tcode\tB\x01\t\tlost_card\t\tm\t\t\n", "p.tsv:2: control character 0x01"},
        {"*\tcode\tB\r\t\tlost_card\t\tm\t\t\n", "p.tsv:2: control character 0x0d"},
        {"*\tcode\tB\xC3\t\tlost_card\t\tm\t\t\n", "p.tsv:2: not UTF-8"},
        {"*\tcode\tB\t\tlost_card\t\tm\t\t", "p.tsv:2: the last line does not end"},
    };
    char data_text[2000];
    (void)state;
    put_texts("en", NULL, NULL);
    put_texts("zh-CN", NULL, NULL);
    for (size_t i = 0; i < sizeof t / sizeof t[0]; i++) {
        snprintf(data_text, sizeof data_text, "%s%s", HEADER, t[i].rows);
        expect(data_text, t[i].complaint);
    }
    expect("code\treason\n" GOOD, "p.tsv:1: the header is not");
    expect("", "p.tsv:1: empty");
}

static void all_problems_come_at_once(void **state)
{
    static char out[20000];
    const char *rows = HEADER "*\tcode\tC\t\tno_such\t\t\t\t\n" GOOD GOOD;
    (void)state;
    put_texts("en", NULL, NULL);
    put_texts("zh-CN", NULL, NULL);
    put_file("data/p.tsv", rows, strlen(rows));
    assert_int_equal(run_lint(out, sizeof out), 1);
    assert_non_null(strstr(out, "p.tsv:2: unknown reason"));
    assert_non_null(strstr(out, "p.tsv:2: missing source"));
    assert_non_null(strstr(out, "p.tsv:3: unsorted"));
    assert_non_null(strstr(out, "p.tsv:4: duplicate"));
    assert_non_null(strstr(out, "mkcatalog: 5 problems"));
}

static void planted_texts_are_caught(void **state)
{
    static const struct {
        const char *locale, *from, *to, *complaint;
    } t[] = {
        {"en", "lost_card\tcustomer", "", "texts/en.tsv:0: missing text: lost_card customer"},
        {"zh-CN", "lost_card\tmerchant", "", "missing text: lost_card merchant"},
        {"en", "lost_card\tcustomer", "lost_card\tcustomer\t", "empty text"},
        {"en", "lost_card\tcustomer", "lost_card\tcustomer\tYour card was reported LOST.",
         "forbidden word for customers: \"lost\""},
        {"en", "lost_card\tcustomer", "lost_card\tcustomer\tA stolen card.",
         "forbidden word for customers: \"stolen\""},
        {"en", "lost_card\tcustomer", "lost_card\tcustomer\tWe suspect fraud.",
         "forbidden word for customers: \"fraud\""},
        {"zh-CN", "lost_card\tcustomer", "lost_card\tcustomer\t此卡已挂失。",
         "forbidden word for customers: \"挂失\""},
        {"zh-CN", "lost_card\tcustomer", "lost_card\tcustomer\t涉嫌欺诈。",
         "forbidden word for customers: \"欺诈\""},
        {"zh-CN", "lost_card\tcustomer", "lost_card\tcustomer\t卡被盗了。",
         "forbidden word for customers: \"被盗\""},
        {"zh-CN", "lost_card\tcustomer", "lost_card\tcustomer\t代码 41。",
         "forbidden word for customers: \"代码\""},
        {"en", "lost_card\tcustomer", "lost_card\tcustomer\tOne. Two. Three.", "3 sentences"},
        {"zh-CN", "lost_card\tcustomer", "lost_card\tcustomer\t一。二。三。", "3 sentences"},
        {"en", "lost_card\tcustomer", "lost_card\tcustomer\tHello {name}.", "unknown placeholder"},
        {"en", "lost_card\tcustomer", "lost_card\tcustomer\tOrder {reference}.", "other placeholders than"},
        {"en", "unknown_outcome\tcustomer",
         "unknown_outcome\tcustomer\tNothing was charged; do not pay again.",
         "which this class does not prove"},
        {"zh-CN", "order_not_found\tcustomer", "order_not_found\tcustomer\t未扣款。", "does not prove"},
        {"zh-CN", "transport_timeout\tcustomer", "transport_timeout\tcustomer\t请稍候。",
         "must ask not to pay again"},
        {"en", "transport_timeout\tcustomer", "transport_timeout\tcustomer\tWait.",
         "must ask not to pay again"},
        {"en", "lost_card\tcustomer", "lost_card\tboss\tHello.", "unknown audience \"boss\""},
        {"en", "lost_card\tcustomer", "lost_cat\tcustomer\tHello.", "unknown reason \"lost_cat\""},
        {"en", "lost_card\tmerchant", "lost_card\tcustomer\tHello.", "duplicate of line"},
        {"en", "lost_card\tcustomer", "insufficient_funds\tcustomer\tHello.", "unsorted"},
        {"en", "lost_card\tcustomer", "lost_card", "1 fields instead of 3"},
        {"zh-CN", "lost_card\tcustomer",
         "lost_card\tcustomer\t"
         "很长很长很长很长很长很长很长很长很长很长很长很长很长很长很长"
         "很长很长很长很长很长很长很长很长很长很长很长很长很长很长很长很长。",
         "too long: "},
    };
    (void)state;
    for (size_t i = 0; i < sizeof t / sizeof t[0]; i++) {
        put_texts("en", strcmp(t[i].locale, "en") == 0 ? t[i].from : NULL, t[i].to);
        put_texts("zh-CN", strcmp(t[i].locale, "en") != 0 ? t[i].from : NULL, t[i].to);
        expect(HEADER GOOD, t[i].complaint);
    }
}

static void the_shipped_reasons_fit_themselves(void **state)
{
    (void)state;
    problems = 0;
    lint_reasons();
    assert_int_equal(problems, 0);
    assert_true((int)REASONS <= (int)MAX_REASONS);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(good_data_passes, make_home, drop_home),
        cmocka_unit_test_setup_teardown(planted_rows_are_caught, make_home, drop_home),
        cmocka_unit_test_setup_teardown(all_problems_come_at_once, make_home, drop_home),
        cmocka_unit_test_setup_teardown(planted_texts_are_caught, make_home, drop_home),
        cmocka_unit_test(the_shipped_reasons_fit_themselves),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
