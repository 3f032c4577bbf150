/* Stories that a shop, a customer and a provider play together: one sandbox, two clocks, the books at the
 * end. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "story.h"

struct sandbox box;

int use_virtual(void **state)
{
    (void)state;
    sandbox_start(&box, START_MS);
    return 0;
}

int use_real(void **state)
{
    (void)state;
    sandbox_start(&box, 0);
    return 0;
}

int drop_box(void **state)
{
    (void)state;
    sandbox_stop(&box);
    return 0;
}

payroute_engine *open_virtual(int sqlite)
{
    char clock[96];
    snprintf(clock, sizeof clock, "\"clock\":{\"base_ms\":%lld,\"rate\":0}", (long long)START_MS);
    return shop_open(box.config, shop_store(sqlite), clock);
}

/* Both clocks go on, then the shop does what is due. */
void pass(payroute_engine *e, int64_t ms)
{
    char body[64];
    assert_int_equal(payroute_engine_clock_step(e, ms), PAYROUTE_OK);
    snprintf(body, sizeof body, "{\"advance_ms\":%lld}", (long long)ms);
    (void)sandbox_call(&box, "POST", "/_clock", body);
}

void pass_and_sweep(payroute_engine *e, int64_t ms)
{
    pass(e, ms);
    assert_int_equal(payroute_engine_sweep(e, BUDGET), PAYROUTE_OK);
}

void strike(const char *account, const char *operation, const char *fault, const char *more)
{
    char body[256];
    snprintf(body, sizeof body, "{\"account\":\"%s\",\"operation\":\"%s\",\"fault\":\"%s\"%s%s}", account,
             operation, fault, *more ? "," : "", more);
    const char *answer = sandbox_call(&box, "POST", "/_fault", body);
    if (strstr(answer, "\"error\"")) {
        fail_msg("fault %s: %s", fault, answer);
    }
}

void customer(const char *reference, const char *act)
{
    char body[256];
    snprintf(body, sizeof body, "{\"reference\":\"%s\",\"act\":\"%s\"}", reference, act);
    const char *answer = sandbox_call(&box, "POST", "/_customer", body);
    if (strstr(answer, "\"error\"")) {
        fail_msg("customer %s: %s", act, answer);
    }
}

/* Goes on until the payment has its verdict; days of it if need be. The customer pays whatever code is shown.
 */
void settle(payroute_engine *e, int64_t id)
{
    for (int i = 0; i < 60; i++) {
        struct letter letter;
        assert_int_equal(payroute_engine_advance(e, id, BUDGET), PAYROUTE_OK);
        if (strcmp(told(e, "final"), "true") == 0) {
            return;
        }
        char path[64];
        char reference[64];
        int last = told_count(e, "attempts") - 1;
        snprintf(path, sizeof path, "attempts.%d.reference", last);
        snprintf(reference, sizeof reference, "%s", told(e, path));
        snprintf(path, sizeof path, "attempts.%d.state", last);
        if (*told(e, "show.text") || (i > 3 && strcmp(told(e, path), "processing") == 0)) {
            customer(reference, "pay");
            while (take_letter(&box, &letter)) {
                (void)bring_letter(e, &letter);
            }
        }
        pass_and_sweep(e, i < 20 ? 5000 : 600000);
    }
}

/* What the provider holds is what the shop knows, and nothing is held twice. */
void agree(payroute_engine *e, int64_t id, const char *what)
{
    assert_int_equal(payroute_engine_show(e, id), PAYROUTE_OK);
    int64_t ours = told_number(e, "captured_minor") - told_number(e, "reversed_minor");
    int64_t theirs =
        sandbox_books(&box, "totals.captured_minor") - sandbox_books(&box, "totals.refunded_minor");
    int64_t twice = sandbox_books(&box, "totals.double");
    if (ours != theirs || twice != 0) {
        (void)payroute_engine_show(e, id);
        fail_msg("%s: shop %lld, providers %lld, double %lld: %s", what, (long long)ours, (long long)theirs,
                 (long long)twice, payroute_engine_result(e, NULL));
    }
}
