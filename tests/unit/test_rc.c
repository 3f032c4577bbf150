/* The header's enumerators and rc.def are the same list; classes follow the bands. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>
#include <payroute/base.h>

static void header_and_table_agree(void **state)
{
    (void)state;
#define X(name, value, text) assert_int_equal(PAYROUTE_##name, value);
#include "base/rc.def"
#undef X
}

static void every_enumerator_of_the_header_is_in_the_table(void **state)
{
    (void)state;
    static const int32_t all[] = {
        PAYROUTE_OK,         PAYROUTE_E_ARG,         PAYROUTE_E_STATE,    PAYROUTE_E_RANGE,
        PAYROUTE_E_BUFFER,   PAYROUTE_E_NOT_FOUND,   PAYROUTE_E_CONFLICT, PAYROUTE_E_UNSUPPORTED,
        PAYROUTE_E_FORKED,   PAYROUTE_E_CLOCK,       PAYROUTE_E_NOMEM,    PAYROUTE_E_LIMIT,
        PAYROUTE_E_STORE,    PAYROUTE_E_STORE_DOUBT, PAYROUTE_E_BUSY,     PAYROUTE_E_STALE,
        PAYROUTE_E_AMNESIA,  PAYROUTE_E_JSON,        PAYROUTE_E_SCHEMA,   PAYROUTE_E_VERSION,
        PAYROUTE_E_CHECKSUM, PAYROUTE_E_SIGNATURE,   PAYROUTE_E_ENCODING, PAYROUTE_E_KEY,
        PAYROUTE_E_FOREIGN,  PAYROUTE_E_EXPIRED,     PAYROUTE_E_NEED_AUX, PAYROUTE_E_TRANSPORT,
        PAYROUTE_E_INTERNAL};
    size_t in_table = 0;
#define X(name, value, text) in_table++;
#include "base/rc.def"
#undef X
    assert_int_equal(sizeof all / sizeof all[0], in_table);
    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++) {
        assert_string_not_equal(payroute_rc_name(all[i]), "E_?");
        for (size_t j = 0; j < i; j++) {
            assert_string_not_equal(payroute_rc_name(all[i]), payroute_rc_name(all[j]));
            assert_string_not_equal(payroute_rc_text(all[i]), payroute_rc_text(all[j]));
        }
    }
}

static void names_and_texts(void **state)
{
    (void)state;
    assert_string_equal(payroute_rc_name(PAYROUTE_OK), "OK");
    assert_string_equal(payroute_rc_name(PAYROUTE_E_STATE), "E_STATE");
    assert_string_equal(payroute_rc_text(PAYROUTE_E_NOMEM), "out of memory");
    static const int32_t none[] = {1, -42, -999, INT32_MIN, INT32_MAX};
    for (size_t i = 0; i < sizeof none / sizeof none[0]; i++) {
        assert_string_equal(payroute_rc_name(none[i]), "E_?");
        assert_true(strlen(payroute_rc_text(none[i])) > 0);
    }
}

static void classes_by_band(void **state)
{
    (void)state;
    static const struct {
        int32_t rc;
        int32_t class_is;
    } rows[] = {{0, PAYROUTE_RC_FINE},
                {-1, PAYROUTE_RC_USAGE},
                {-99, PAYROUTE_RC_USAGE},
                {-100, PAYROUTE_RC_RESOURCE},
                {-199, PAYROUTE_RC_RESOURCE},
                {-200, PAYROUTE_RC_DATA},
                {-299, PAYROUTE_RC_DATA},
                {-300, PAYROUTE_RC_TRANSPORT},
                {-399, PAYROUTE_RC_TRANSPORT},
                {-400, PAYROUTE_RC_INTERNAL},
                {-900, PAYROUTE_RC_INTERNAL},
                {1, PAYROUTE_RC_INTERNAL},
                {INT32_MIN, PAYROUTE_RC_INTERNAL}};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        assert_int_equal(payroute_rc_class(rows[i].rc), rows[i].class_is);
    }
}

static void version_is_that_of_the_header(void **state)
{
    (void)state;
    assert_int_equal(payroute_version(), PAYROUTE_VERSION);
    assert_in_range(PAYROUTE_VERSION_MINOR, 0, 99); /* two digits each, or the number is ambiguous */
    assert_in_range(PAYROUTE_VERSION_PATCH, 0, 99);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(header_and_table_agree),
        cmocka_unit_test(every_enumerator_of_the_header_is_in_the_table),
        cmocka_unit_test(names_and_texts),
        cmocka_unit_test(classes_by_band),
        cmocka_unit_test(version_is_that_of_the_header),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
