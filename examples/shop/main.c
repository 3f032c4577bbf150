/* Runs every story in one shop against one sandbox, prints a line each, and holds the providers' books
   against the shop's at the end. The exit
   status is 0 only when every story came out as promised and the books agree. */
#include "shop.h"

#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static char noted[700];

void note(const char *format, ...)
{
    va_list args;
    va_start(args, format);
    (void)vsnprintf(noted, sizeof noted, format, args);
    va_end(args);
}

static int tell(till *t, const story *s, int number)
{
    noted[0] = '\0';
    int ok = s->tell(t);
    (void)world_do(t->w, "/_fault", "{\"clear\":true}");
    printf("%s %2d  %-40s %s\n", ok ? "ok  " : "FAIL", number, s->name,
           noted[0] != '\0' ? noted : s->promise);
    if (!ok) {
        printf("        promised: %s; last answer: %.600s\n", s->promise,
               payroute_engine_result(t->engine, NULL));
    }
    (void)fflush(stdout);
    return ok;
}

static int books(till *t, int failed)
{
    till_pass(t, 120000);
    (void)till_deliver(t);
    int64_t paid = world_total(t->w, "paid");
    int64_t doubles = world_total(t->w, "double");
    int64_t held = world_total(t->w, "authorized_minor");
    int64_t delivered = till_figure(t, "delivered");
    int64_t lost = paid - delivered;
    int agree = doubles == 0 && lost == 0 && held == 0 && paid > 0 && till_figure(t, "most") == 1;
    printf(
        "\nproviders: %lld orders, %lld paid, captured %lld.%02lld, refunded %lld.%02lld CNY"
        "   shop: %lld orders, %lld delivered\n",
        (long long)world_total(t->w, "orders"), (long long)paid,
        (long long)world_total(t->w, "captured_minor") / 100,
        (long long)world_total(t->w, "captured_minor") % 100,
        (long long)world_total(t->w, "refunded_minor") / 100,
        (long long)world_total(t->w, "refunded_minor") % 100, (long long)till_figure(t, "orders"),
        (long long)delivered);
    printf("double %lld, lost %lld, held %lld: %s\n", (long long)doubles, (long long)lost, (long long)held,
           agree && failed == 0 ? "the books agree" : "SOMETHING IS WRONG");
    return agree;
}

int main(int argc, char **argv)
{
    world w = {0};
    till t;
    int failed = 0;
    int number = 0;
    if (argc != 3) {
        (void)fprintf(stderr, "usage: shop SANDBOX-PROGRAM EMPTY-FOLDER\n");
        return 2;
    }
    (void)signal(SIGPIPE, SIG_IGN);
    if (!world_start(&w, argv[1], argv[2])) {
        (void)fprintf(stderr, "shop: the sandbox did not start\n");
        return 2;
    }
    world_clock(&w, (int64_t)time(NULL) * 1000);
    if (!till_open(&t, &w)) {
        world_stop(&w);
        return 2;
    }
    for (int i = 0; i < shop_story_count; i++) {
        failed += !tell(&t, &shop_stories[i], ++number);
    }
    for (int i = 0; i < china_story_count; i++) {
        failed += !tell(&t, &china_stories[i], ++number);
    }
    for (int i = 0; i < crash_story_count; i++) {
        failed += !tell(&t, &crash_stories[i], ++number);
    }
    for (int i = 0; i < health_story_count; i++) {
        failed += !tell(&t, &health_stories[i], ++number);
    }
    int agree = books(&t, failed);
    till_close(&t);
    world_stop(&w);
    printf("%d stories, %d failed\n", number, failed);
    return failed == 0 && agree ? 0 : 1;
}
