/* Time, sleep and chance of an engine: the only place of the host library that asks the system for them. A
   virtual clock lets a demonstration pass days in a second; it is refused unless every channel is on this
   machine. */
#include <errno.h>
#include <stdio.h>
#include <time.h>

#include <sys/random.h>

#include "host/engine.h"

int64_t prh_monotonic_ms(void)
{
    struct timespec ts = {0};
    clock_gettime(CLOCK_MONOTONIC, &ts);
    return (int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

void prh_sleep_ms(int64_t ms)
{
    if (ms <= 0) {
        return;
    }
    struct timespec left = {(time_t)(ms / 1000), (long)(ms % 1000) * 1000000L};
    while (nanosleep(&left, &left) != 0 && errno == EINTR) {
        continue;
    }
}

int32_t prh_entropy(void *out, size_t len)
{
    unsigned char *at = out;
    while (len > 0) {
        ssize_t got = getrandom(at, len, 0);
        if (got < 0 && errno == EINTR) {
            continue;
        }
        if (got <= 0) {
            return PAYROUTE_E_INTERNAL;
        }
        at += got;
        len -= (size_t)got;
    }
    return PAYROUTE_OK;
}

int64_t prh_clock_now(const prh_clock *clock)
{
    if (!clock->is_virtual) {
        struct timespec ts = {0};
        clock_gettime(CLOCK_REALTIME, &ts);
        return (int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
    }
    return clock->base_ms + (prh_monotonic_ms() - clock->begun_ms) * clock->rate + clock->stepped_ms;
}

int32_t prh_clock_read(prh_clock *clock, const payroute_json_node *node, char *why, size_t why_cap)
{
    const payroute_json_node *base = payroute_json_get(node, "base_ms");
    const payroute_json_node *rate = payroute_json_get(node, "rate");
    int64_t ms = 0;
    int64_t speed = 1;
    if (payroute_json_integer(&ms, base) != PAYROUTE_OK || ms < 0 || ms > INT64_C(253402300799000)) {
        snprintf(why, why_cap, "options.clock.base_ms: expected Unix milliseconds up to the year 9999");
        return PAYROUTE_E_SCHEMA;
    }
    if (rate && (payroute_json_integer(&speed, rate) != PAYROUTE_OK || speed < 0 || speed > 1000000)) {
        snprintf(why, why_cap, "options.clock.rate: expected an integer from 0 to 1000000");
        return PAYROUTE_E_SCHEMA;
    }
    for (const payroute_json_node *at = payroute_json_first(node); at; at = payroute_json_next(at)) {
        if (at == base || at == rate) {
            continue;
        }
        snprintf(why, why_cap, "options.clock: unknown member \"%s\"", payroute_json_name(at));
        return PAYROUTE_E_SCHEMA;
    }
    *clock = (prh_clock){.is_virtual = 1, .base_ms = ms, .rate = speed, .begun_ms = prh_monotonic_ms()};
    return PAYROUTE_OK;
}
