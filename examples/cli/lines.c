/* `route --lines`: the router as a program that is spoken to in lines, for simulators and for hosts without
 * FFI. */
#include "cli.h"

#include <payroute/route.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { ANSWER_CAP = 4096 };

/* The configuration and what belongs to one request have no place here. */
static int refuse_others(const args *a)
{
    static const enum option_id others[] = {OPT_METHOD,       OPT_FLOW,     OPT_CHANNEL, OPT_HOLD,   OPT_AMOUNT,
                                            OPT_AMOUNT_MINOR, OPT_CURRENCY, OPT_SEED,    OPT_NOW_MS, OPT_STORE,
                                            OPT_HEALTH,       OPT_STATE_DIR, OPT_INSTANCE};
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++) {
        if (a->value[others[i]]) {
            return complain(EXIT_USAGE, "--%s: with --lines all is said in the lines",
                            cli_options[others[i]].name);
        }
    }
    return a->word_count > 0 ? complain(EXIT_USAGE, "%s: --lines reads standard input alone", a->words[0])
                             : EXIT_FINE;
}

/* The reason alone, which has no quotes in it; where no answer was due there is none. */
static void complain_of_line(int64_t number, const char *answer, int32_t rc)
{
    static const char head[] = "{\"error\":\"";
    const char *why =
        strncmp(answer, head, sizeof head - 1) == 0 ? answer + sizeof head - 1 : payroute_rc_text(rc);
    complain(EXIT_DATA, "line %lld: %.*s", (long long)number, (int)strcspn(why, "\""), why);
}

int route_lines(const args *a)
{
    payroute_router *router = NULL;
    lines in = {0};
    const char *line = NULL;
    size_t len = 0;
    char answer[ANSWER_CAP];
    int64_t number = 0, bad = 0;
    int code = refuse_others(a);
    if (code != EXIT_FINE) {
        return code;
    }
    int32_t rc = payroute_router_new(&router);
    if (rc != PAYROUTE_OK) {
        return complain_rc(a, "route", rc, NULL);
    }
    while (!payroute_router_over(router) && !ferror(stdout) && lines_next(&in, &line, &len)) {
        number++;
        if (len == 0 && !in.too_long) {
            continue;
        }
        rc = in.too_long ? PAYROUTE_E_LIMIT : payroute_router_line(router, line, len, answer, sizeof answer);
        if (rc == PAYROUTE_E_LIMIT) {
            snprintf(answer, sizeof answer, "{\"error\":\"the line is too long\"}");
        }
        if (rc > 0 || (rc < 0 && answer[0] != '\0')) {
            put(answer);
            put("\n");
        }
        if (rc < 0) {
            bad++;
            complain_of_line(number, answer, rc);
        }
    }
    int32_t failed = in.failed;
    free(in.at);
    payroute_router_free(router);
    if (failed) {
        return complain(EXIT_STORE, "standard input: could not be read");
    }
    return bad ? EXIT_DATA : EXIT_FINE;
}
