/* The catalogue answers without a single allocation: every row, codes beside codes, an overlay, the texts and the
   places. malloc of the whole program is counted, which needs glibc and no sanitizer. */
#include <stdlib.h> /* __GLIBC__ */

#if defined(__GLIBC__) && !defined(__SANITIZE_ADDRESS__)

#include "base/rng.h"
#include "catalog_data.h"

#include <payroute/catalog.h>

extern void *__libc_malloc(size_t size);
extern void *__libc_calloc(size_t count, size_t size);
extern void *__libc_realloc(void *block, size_t size);

/* Visible, or cJSON would go on with the C library's. */
#define PUBLIC __attribute__((visibility("default")))

static long asked;

PUBLIC void *malloc(size_t size)
{
    asked++;
    return __libc_malloc(size);
}

PUBLIC void *calloc(size_t count, size_t size)
{
    asked++;
    return __libc_calloc(count, size);
}

PUBLIC void *realloc(void *block, size_t size)
{
    asked++;
    return __libc_realloc(block, size);
}

static const char *any_or(const char *text)
{
    return strcmp(text, "*") == 0 ? NULL : text;
}

static void lookups_set_nothing_aside(void **state)
{
    static const char own[] =
        "[{\"provider\":\"house-bank\",\"code\":\"E1\",\"reason\":\"do_not_honor\","
        "\"texts\":{\"en\":{\"customer\":\"No.\"}}},"
        "{\"provider\":\"stripe\",\"code\":\"zz*\",\"reason\":\"insufficient_funds\"}]";
    payroute_catalog *overlay = NULL;
    pr_rng dice;
    (void)state;
    long before = asked;
    assert_int_equal(payroute_catalog_new(&overlay, own, strlen(own), NULL, 0), PAYROUTE_OK);
    assert_true(asked > before); /* it does count */
    pr_rng_seed(&dice, 4, 1);
    long texts = 0, answers = 0;
    before = asked;
    for (size_t i = 0; i < data_count; i++) {
        const data_line *l = &data[i], *other = &data[pr_rng_below(&dice, (uint32_t)data_count)];
        pr_catalog_query q = {.provider = l->provider, .operation = any_or(l->operation), .layer = any_or(l->layer),
                              .code = l->code};
        pr_catalog_answer a;
        pr_catalog_lookup(&a, NULL, &q);
        answers += a.name[0] != '\0' && reason_of(l)[0] != '\0';
        answers += ask(l->provider, NULL, l->code, NULL, 402).name[0] != '\0';
        q.layer = NULL;
        q.message = other->code;
        q.network = i % 2 ? "visa" : "mastercard";
        q.network_code = other->code;
        q.advice_code = "03, 21,zz";
        q.http_status = (int32_t)(i % 600);
        pr_catalog_lookup(&a, overlay, &q);
        answers += a.name[0] != '\0';
        for (int32_t who = 0; who < PR_AUDIENCES; who++) {
            texts += payroute_reason_text(overlay, a.reason, who, i % 3 ? "zh-HK" : "de-AT-1996")[0] != '\0';
        }
        texts += payroute_reason_place(l->provider, a.reason, "zh") != NULL;
        texts += payroute_reason_meaning(a.reason)[0] != '\0';
    }
    long set_aside = asked - before;
    payroute_catalog_free(overlay);
    assert_int_equal(set_aside, 0);
    assert_int_equal(answers, 3 * (long)data_count);
    assert_int_equal(texts, 5 * (long)data_count);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(lookups_set_nothing_aside, load_data, drop_data),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

#else

int main(void)
{
    return 0;
}

#endif
