/* The catalogue's linter catches every kind of planted defect, names file and line, and reports all at once;
   and there is no complaint in its sources that is not provoked here. */
#include "catalog_lint.h"

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
                  "*\tcode\tC*\t\tinvalid_request\t\tmanual\t\t2026-11-26\n"
                  "*\tcode\tD\t@message\tdo_not_honor\tlater@600\tmanual\t\t\n"
                  "*\tcode\tE\t\tinsufficient_funds\tlater@86400\tmanual\t\t\n"
                  "*\tcode\tF\t\tspending_limit_exceeded\tcustomer_acts\tmanual\t\t\n"
                  "*\tcode\tG\t\tcardholder_data_mismatch\t:email\tmanual\t\t\n"
                  "*\tcode\tH\t\tinsufficient_funds\t:none\tmanual\t\t\n",
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
        {"*\tcode\t05\t\tdo_not_honor\t\tm\t\t\n*\tcode\t5\t\tlost_card\t\tm\t\t\n",
         "p.tsv:3: contradiction"},
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
        {"*\tcode\tB\t\tlost_card\tother_channel\tm\t\t\n",
         "p.tsv:2: contradiction: advice \"other_channel\""},
        {"*\tcode\tB\t\tunknown_outcome\tlater\tm\t\t\n", "p.tsv:2: contradiction: advice \"later\""},
        {"*\tcode\tB\t\tdo_not_honor\tnever\tm\t\t\n", "p.tsv:2: contradiction: advice \"never\""},
        {"*\tcode\tB\t\tlost_card\tnever\tm\t\t\n", "p.tsv:2: advice \"never\" is the reason's own"},
        {"*\tsub_code\tB\t\taccepted\t\tm\t\t\n", "p.tsv:2: contradiction: \"accepted\" may not come"},
        {"*\tcode\tB*\t\taccepted\t\tm\t\t\n", "p.tsv:2: contradiction: \"accepted\" may not come"},
        {"*\tmessage\tok\t\taccepted\t\tm\t\t\n", "p.tsv:2: contradiction: \"accepted\" may not come"},
        {"*\tissuer\t00\t\treported_paid\t\tm\t\t\n",
         "p.tsv:2: contradiction: \"reported_paid\" may not come"},
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
        {"*\tcode\tB \t\tlost_card\t\tm\t\t\n", "p.tsv:2: blanks around the code"},
        {GOOD "*\tcode\tC*\tB\t\t\tm\t\t\n", "p.tsv:3: a pattern cannot be an alias"},
        {GOOD "*\tcode\tb\tB\t\t\tm\t\t\n", "p.tsv:3: unreachable: the same code as its target"},
        {"*\tcode\tB*\t@message\tinvalid_request\t\tm\t\t\n", "p.tsv:2: @message is for a listed code"},
        {"*\tcode\t" LONG LONG LONG "\t\tlost_card\t\tm\t\t\n", "p.tsv:2: code, note or source is too long"},
        {"*\tcode\tB\t\tlost_card\t\tm\t\t2026-13-01\n", "p.tsv:2: reviewed is no date"},
        {"*\tcode\tB\t\tlost_card\t\tm\t\tyes\n", "p.tsv:2: reviewed is no date"},
        {"*\tcode\tB\t\texpired_card\t:colour\tm\t\t\n", "p.tsv:2: unknown field or act: \":colour\""},
        {"*\tcode\tB\t\ttry_again_later\t@soon\tm\t\t\n", "p.tsv:2: no number of seconds: \"@soon\""},
        {"*\tcode\tB\t\ttry_again_later\t@9999999999\tm\t\t\n", "p.tsv:2: no number of seconds"},
        {"*\tcode\tB\t\tinsufficient_funds\t:expiry\tm\t\t\n", "p.tsv:2: a field goes with fix_input only"},
        {"*\tcode\tB\t\tdo_not_honor\t:add_funds\tm\t\t\n", "p.tsv:2: an act goes with customer_acts"},
        {"*\tcode\tB\t\tdo_not_honor\t@60\tm\t\t\n", "p.tsv:2: seconds go with later"},
        {"*\tcode\tB\t\texpired_card\t:expiry\tm\t\t\n",
         "p.tsv:2: the data of \":expiry\" are the reason's own"},
        {"*\tcode\tB\t\trate_limited\t@60\tm\t\t\n", "p.tsv:2: the data of \"@60\" are the reason's own"},
        {"*\tcode\tB\t\tdo_not_honor\tlater\tm\t\t\n", "p.tsv:2: advice \"later\" without its data"},
        {"*\tcode\tB\t\texpired_card\t:none\tm\t\t\n", "p.tsv:2: advice \"fix_input\" without its data"},
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
        {"en", "expired_card\tcustomer", "expired_card\tcustomer\tThe card is past its date.",
         "a refusal must say that nothing was charged"},
        {"zh-CN", "transport_timeout\tcustomer", "transport_timeout\tcustomer\t请稍候。",
         "must ask not to pay again"},
        {"en", "transport_timeout\tcustomer", "transport_timeout\tcustomer\tWait.",
         "must ask not to pay again"},
        {"en", "lost_card\tcustomer", "lost_card\tboss\tHello.", "unknown audience \"boss\""},
        {"en", "lost_card\tcustomer", "lost_cat\tcustomer\tHello.", "unknown reason \"lost_cat\""},
        {"en", "lost_card\tmerchant", "lost_card\tcustomer\tHello.", "duplicate of line"},
        {"en", "lost_card\tcustomer", "insufficient_funds\tcustomer\tHello.", "unsorted"},
        {"en", "lost_card\tsupport", "", "missing text: lost_card support"},
        {"en", "lost_card\tsupport", "lost_card\tsupport\tAsk him for the CVV value.",
         "nobody may be asked for it: \"cvv value\""},
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

/* The words' own file, and the folders. */
static void planted_words_are_caught(void **state)
{
    static const struct {
        const char *more, *complaint;
    } t[] = {
        {"praise\ten\tgood\n", "unknown rule \"praise\""},
        {"forbidden\ten\t\n", "a rule needs a locale"},
        {"forbidden\ten\tFraud\n", "words are looked for in lower case: \"Fraud\""},
        {"forbidden\tru\tОбман\n", "words are looked for in lower case: \"Обман\""},
        {"forbidden\ten\tfraud\n", "duplicate of line"},
        {"forbidden\ten\n", "2 fields instead of 3"},
    };
    static char many[60000];
    char path[256];
    (void)state;
    put_texts("en", NULL, NULL);
    put_texts("zh-CN", NULL, NULL);
    put_file("data/p.tsv", HEADER GOOD, strlen(HEADER GOOD));
    for (size_t i = 0; i < sizeof t / sizeof t[0]; i++) {
        put_words(t[i].more);
        expect(NULL, t[i].complaint);
    }
    put_file("words.tsv", "rule\tlocale\ttext\n", strlen("rule\tlocale\ttext\n"));
    expect(NULL, "words.tsv:0: no \"not_again\" for zh-CN");
    size_t n = (size_t)snprintf(many, sizeof many, "rule\tlocale\ttext\n");
    for (int i = 0; i <= MAX_WORDS; i++) {
        n += (size_t)snprintf(many + n, sizeof many - n, "forbidden\ten\tx%dx\n", i);
    }
    put_file("words.tsv", many, n);
    expect(NULL, "more than 1000 words");
    put_words(NULL);
    put_file("data/p.tsv", HEADER GOOD "\0", strlen(HEADER GOOD) + 1);
    expect(NULL, "p.tsv:0: holds a NUL byte");
    snprintf(path, sizeof path, "%s/words.tsv", home);
    assert_int_equal(remove(path), 0);
    expect(HEADER GOOD, "words.tsv:0: cannot open");
    put_words(NULL);
    snprintf(path, sizeof path, "%s/texts/en.tsv", home);
    assert_int_equal(remove(path), 0);
    expect(HEADER GOOD, "texts/en.tsv:0: missing: English");
}

static int lint_no_folder(void)
{
    static char nowhere[100];
    snprintf(nowhere, sizeof nowhere, "%s/nowhere", home);
    char name[] = "mkcatalog", flag[] = "-o";
    char *argv[] = {name, flag, home, nowhere, NULL};
    return mkcatalog_main(4, argv);
}

static int lint_wanted(void)
{
    char name[] = "mkcatalog", flags[3][3] = {"-o", "-l", "-p"}, which[] = "en xx", who[] = "p  q";
    char *argv[] = {name, flags[0], home, flags[1], which, flags[2], who, home, NULL};
    return mkcatalog_main(8, argv);
}

static void planted_folders_are_caught(void **state)
{
    static char out[400000];
    char name[64], path[256];
    (void)state;
    assert_int_equal(in_child(lint_no_folder, out, sizeof out), 1);
    assert_non_null(strstr(out, "nowhere/data:0: cannot open the folder"));
    assert_non_null(strstr(out, "nowhere/data:0: no data files"));
    assert_int_equal(in_child(lint_wanted, out, sizeof out), 1);
    assert_non_null(strstr(out, "texts:0: no file for \"xx\""));
    assert_non_null(strstr(out, "data:0: no file for \"q\""));
    for (int round = 0; round < 2; round++) { /* too many files, and away with them */
        for (int i = 0; i < MAX_FILES; i++) {
            snprintf(name, sizeof name, "data/x%d.tsv", i);
            snprintf(path, sizeof path, "%s/%s", home, name);
            if (round == 0) {
                put_file(name, HEADER GOOD, strlen(HEADER GOOD));
            } else {
                assert_int_equal(remove(path), 0);
            }
        }
        if (round == 0) {
            expect(HEADER GOOD, "data:0: more than 200 files");
        }
    }
}

static void planted_network_rules_are_caught(void **state)
{
    static const struct {
        const char *file, *row, *complaint;
    } t[] = {
        {"visa", "*\tissuer\t04\t\tdo_not_honor\t\tm\t\t\n", "visa forbids a repeat after \"04\" (rule 100)"},
        {"visa", "*\tissuer\tr1\t\tdo_not_honor\t\tm\t\t\n", "visa forbids a repeat after \"r1\" (rule 100)"},
        {"visa", "*\tissuer\t05\t\tdo_not_honor\t\tm\t\t\n*\tissuer\t14\t05\t\t\tm\t\t\n",
         "visa.tsv:3: a loosened network rule: visa forbids a repeat after \"14\""},
        {"mastercard_mac", "*\tadvice_code\t03\t\tdo_not_honor\t\tm\t\t\n",
         "mastercard forbids a repeat after \"03\" (rule 200)"},
        {"mastercard", "*\tissuer\t79+21\t\ttry_again_later\t\tm\t\t\n",
         "mastercard forbids a repeat after \"21\" (rule 200)"},
        {"paypal", "*\tadvice_code\t30\t\ttry_again_later\t@60\tm\t\t\n",
         "mastercard wants 240 hours after \"30\" (rule 211)"},
        {"a_very_long_name_of_a_provider", GOOD, "the name of a provider has at most 23 characters"},
        {"visa", "*\tissuer\t04\t\tunknown_outcome\t\tm\t\t\n", NULL},
        {"visa", "*\tissuer\t57\t\tcard_not_supported\tnever\tm\t\t\n", NULL},
        {"visa", "*\tissuer\t05\t\tdo_not_honor\t\tm\t\t\n", NULL},
        {"rapyd", "*\tadvice_code\t03\t\tcard_data_outdated\t\tm\t\t\n", NULL},
    };
    (void)state;
    put_texts("en", NULL, NULL);
    put_texts("zh-CN", NULL, NULL);
    for (size_t i = 0; i < sizeof t / sizeof t[0]; i++) {
        char name[64], rows[400], path[256];
        snprintf(name, sizeof name, "data/%s.tsv", t[i].file);
        snprintf(path, sizeof path, "%s/%s", home, name);
        snprintf(rows, sizeof rows, "%s%s", HEADER, t[i].row);
        put_file(name, rows, strlen(rows));
        expect(HEADER GOOD, t[i].complaint);
        assert_int_equal(remove(path), 0);
    }
}

/* Reasons are compiled in: others are put in their place. */
static reason planted[MAX_REASONS + 10];

static int lint_planted(void)
{
    reasons = planted;
    problems = 0;
    lint_reasons();
    return problems > 0;
}

static void plant(int at, reason r, const char *complaint)
{
    static char out[20000];
    int count = reason_count;
    for (int i = 0; i < reason_count; i++) {
        planted[i] = shipped[i];
    }
    for (int i = reason_count; at > MAX_REASONS && i <= MAX_REASONS; i++) {
        planted[i] = r;
        reason_count = i + 1;
    }
    if (at < count) {
        planted[at] = r;
    }
    assert_int_equal(in_child(lint_planted, out, sizeof out), 1);
    reason_count = count;
    if (strstr(out, complaint) == NULL) {
        fail_msg("wanted \"%s\", got:\n%s", complaint, out);
    }
}

static void planted_reasons_are_caught(void **state)
{
    int soft = find_reason("do_not_honor"), mine = find_reason("insufficient_funds"),
        fix = find_reason("expired_card");
    reason r = shipped[soft];
    (void)state;
    plant(MAX_REASONS + 1, r, "111 reasons, at most 110");
    r.advice = PR_ADVICE_NEVER;
    plant(soft, r, "do_not_honor: contradiction: this advice does not fit the class");
    r = shipped[soft];
    r.network_forbids = 1;
    plant(soft, r, "do_not_honor: contradiction: forbidden by the network, yet another channel");
    r = shipped[soft];
    r.number = shipped[soft - 1].number;
    plant(soft, r, "do_not_honor: numbers rise");
    r = shipped[soft];
    r.name = shipped[mine].name;
    plant(soft, r, "insufficient_funds: name given twice");
    r = shipped[0];
    r.klass = PR_CLASS_INVALID;
    plant(0, r, "unknown_outcome must exist and be UNKNOWN");
    r = shipped[fix];
    r.field = 0;
    plant(fix, r, "expired_card: advice \"fix_input\" without its data");
    r = shipped[mine];
    r.field = PR_FIELD_CVC;
    plant(mine, r, "insufficient_funds: a field goes with fix_input only");
}

static void the_shipped_reasons_fit_themselves(void **state)
{
    (void)state;
    problems = 0;
    lint_reasons();
    assert_int_equal(problems, 0);
    assert_true(reason_count <= (int)MAX_REASONS);
}

/* 1: one line of what was said has all parts of a printf format, in their order. */
static int was_said(const char *format)
{
    for (const char *here = said; here != NULL && *here != '\0';) {
        const char *end = here + strcspn(here, "\n"), *at = here, *f = format;
        while (at != NULL && *f != '\0') {
            char part[300];
            size_t n = 0;
            if (*f == '%') {
                f += 1 + strspn(f + 1, "0123456789z.*");
                f += *f != '\0';
                continue;
            }
            while (f[n] != '\0' && f[n] != '%') {
                n++;
            }
            snprintf(part, sizeof part, "%.*s", (int)n, f);
            at = strstr(at, part);
            at = at != NULL && at + n <= end ? at + n : NULL;
            f += n;
        }
        if (at != NULL) {
            return 1;
        }
        here = *end == '\0' ? NULL : end + 1;
    }
    return 0;
}

/* The literal text from `at` on, up to the first comma or bracket behind it; "" when there is none. */
static void take_literal(char *out, size_t cap, const char *at)
{
    size_t n = 0;
    while (*at != '"' && *at != ';' && *at != '\0') {
        at++;
    }
    while (*at == '"') {
        for (at++; *at != '"' && *at != '\0' && n + 1 < cap; at++) {
            at += *at == '\\';
            out[n++] = *at;
        }
        at += *at == '"';
        at += strspn(at, " \n");
    }
    out[n] = '\0';
}

static int letters(const char *format)
{
    int n = 0;
    for (; *format != '\0'; format++) {
        n += *format != '%' && ((*format | 32) >= 'a' && (*format | 32) <= 'z');
    }
    return n;
}

/* Each format of complain() in the sources, and each text that details.h gives it, was printed by a test
 * above. */
static void no_complaint_is_unproved(void **state)
{
    static const struct {
        const char *file, *call;
    } t[] = {{"mkcatalog.c", "complain("},         {"mkcatalog_read.h", "complain("},
             {"mkcatalog_lint.h", "complain("},    {"mkcatalog_words.h", "complain("},
             {"mkcatalog_network.h", "complain("}, {"details.h", "return \""}};
    int found = 0, missing = 0;
    (void)state;
    for (size_t i = 0; i < sizeof t / sizeof t[0]; i++) {
        char path[512], format[300];
        size_t len = 0;
        snprintf(path, sizeof path, "%s/lib/catalog/%s", PR_SOURCE_DIR, t[i].file);
        char *text = slurp(path, &len);
        assert_non_null(text);
        for (char *at = strstr(text, t[i].call); at != NULL; at = strstr(at + 1, t[i].call)) {
            const char *literal = at;
            if (strncmp(at, "complain(const char", 19) == 0) {
                continue;
            }
            if (strncmp(at, "complain(\"", 10) == 0) { /* the path is a literal too */
                literal = strchr(at, ',');
            }
            take_literal(format, sizeof format, literal);
            if (letters(format) < 5) {
                continue; /* all of it comes from elsewhere: details.h */
            }
            found++;
            if (!was_said(format)) {
                print_error("%s: no test provokes \"%s\"\n", t[i].file, format);
                missing++;
            }
        }
        free(text);
    }
    assert_true(found > 60);
    assert_int_equal(missing, 0);
}

static int drop_said(void **state)
{
    (void)state;
    free(said);
    said = NULL;
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(good_data_passes, make_home, drop_home),
        cmocka_unit_test_setup_teardown(planted_rows_are_caught, make_home, drop_home),
        cmocka_unit_test_setup_teardown(all_problems_come_at_once, make_home, drop_home),
        cmocka_unit_test_setup_teardown(planted_texts_are_caught, make_home, drop_home),
        cmocka_unit_test_setup_teardown(planted_words_are_caught, make_home, drop_home),
        cmocka_unit_test_setup_teardown(planted_folders_are_caught, make_home, drop_home),
        cmocka_unit_test_setup_teardown(planted_network_rules_are_caught, make_home, drop_home),
        cmocka_unit_test(planted_reasons_are_caught),
        cmocka_unit_test(the_shipped_reasons_fit_themselves),
        cmocka_unit_test(no_complaint_is_unproved),
    };
    return cmocka_run_group_tests(tests, NULL, drop_said);
}
