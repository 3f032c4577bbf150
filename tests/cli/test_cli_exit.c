/* Exit statuses are an interface: what every result code comes to, also those that no honest run can provoke.
 */
#include "../../examples/cli/say.c"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

/* What say.c needs of the others. */
const char *clean(char *out, size_t cap, const char *text)
{
    (void)snprintf(out, cap, "%s", text);
    return out;
}

void put_json_line(const char *text, size_t len)
{
    (void)text, (void)len;
}

static void test_every_result_code_has_its_status(void **state)
{
    static const struct {
        int32_t rc;
        int code;
    } rows[] = {
        {PAYROUTE_OK, 0},
        {PAYROUTE_E_ARG, 2},
        {PAYROUTE_E_STATE, 1},
        {PAYROUTE_E_RANGE, 1},
        {PAYROUTE_E_BUFFER, 70},
        {PAYROUTE_E_NOT_FOUND, 1},
        {PAYROUTE_E_CONFLICT, 1},
        {PAYROUTE_E_UNSUPPORTED, 1},
        {PAYROUTE_E_FORKED, 70},
        {PAYROUTE_E_CLOCK, 3},
        {PAYROUTE_E_NOMEM, 4},
        {PAYROUTE_E_LIMIT, 3},
        {PAYROUTE_E_STORE, 4},
        {PAYROUTE_E_STORE_DOUBT, 5},
        {PAYROUTE_E_BUSY, 4},
        {PAYROUTE_E_STALE, 4},
        {PAYROUTE_E_AMNESIA, 4},
        {PAYROUTE_E_JSON, 3},
        {PAYROUTE_E_SCHEMA, 3},
        {PAYROUTE_E_VERSION, 3},
        {PAYROUTE_E_CHECKSUM, 3},
        {PAYROUTE_E_SIGNATURE, 3},
        {PAYROUTE_E_ENCODING, 3},
        {PAYROUTE_E_KEY, 3},
        {PAYROUTE_E_FOREIGN, 3},
        {PAYROUTE_E_EXPIRED, 3},
        {PAYROUTE_E_NEED_AUX, 5},
        {PAYROUTE_E_TRANSPORT, 5},
        {PAYROUTE_E_INTERNAL, 70},
        {-899, 70},
        {12345, 70},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        if (exit_of(rows[i].rc) != rows[i].code) {
            fail_msg("%s gives %d", payroute_rc_name(rows[i].rc), exit_of(rows[i].rc));
        }
    }
}

/* A new result code must be given a line above. */
static void test_the_rows_are_all(void **state)
{
    int32_t named = 0;
    (void)state;
    for (int32_t rc = -999; rc <= 0; rc++) {
        named += strcmp(payroute_rc_name(rc), "E_?") != 0;
    }
    assert_int_equal(named, 29);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_result_code_has_its_status),
        cmocka_unit_test(test_the_rows_are_all),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
