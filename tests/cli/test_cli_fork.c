/* `check` says which channels sign with MD5, and what is wrong with one that names no fork or a wrong one. */
#include "play.h"

#include <stdio.h>
#include <string.h>

#define CHANNEL(fork)                                                                                        \
    "{\"schema\":1,\"channels\":[{\"id\":\"e1\",\"provider\":\"epay\"," fork                                 \
    "\"base_url\":\"https://panel.example\",\"notify_url\":\"https://shop.example/n\",\"credentials\":["     \
    "{\"pid\":\"1001\",\"key\":\"89unJUB8HZ54Hj7x4nUj56HN4nUzUJ8i\"}],\"methods\":[{\"method\":\"alipay\","  \
    "\"flows\":[\"page\"]}],\"currencies\":[\"CNY\"]}]}"

static const char *config(const char *text)
{
    forbid_secret("89unJUB8HZ54Hj7x4nUj56HN4nUzUJ8i");
    return file_write("fork.json", text, strlen(text));
}

static void test_legacy_is_said(void **state)
{
    (void)state;
    const char *path = config(CHANNEL("\"fork\":\"rainbow\","));
    (void)payroute("check", path, NULL);
    expect_out("epay rainbow, legacy");
    expect_out("e1 is legacy: it signs with MD5");
    (void)payroute("check", path, "--json", NULL);
    assert_string_equal(said("registry.channels.0.fork"), "rainbow");
    expect_out("\"legacy\":true");
}

static void test_no_fork_and_a_wrong_one(void **state)
{
    (void)state;
    expect_code(payroute("check", config(CHANNEL("")), NULL), 1);
    expect_out("channels[0].fork: expected a fork of epay (rainbow rainbow_v2 zpay ezpay), got nothing");
    expect_code(payroute("check", config(CHANNEL("\"fork\":\"rainbow_v2\",")), NULL), 1);
    expect_out("channels[0].credentials[0].private_key: expected v2");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_legacy_is_said),
        cmocka_unit_test(test_no_fork_and_a_wrong_one),
    };
    return cmocka_run_group_tests(tests, play_begin, play_end);
}
