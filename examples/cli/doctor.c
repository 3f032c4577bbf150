/* `doctor`: what would go wrong at the first payment, and what to do about it, one line each. */
#include "store.h"

#include <stdlib.h>
#include <string.h>

enum { DOCTOR_MS = 60000 };

static const char *doctor_locale = "en";

static void print_findings(const payroute_json_node *root)
{
    const payroute_json_node *all = payroute_json_get(root, "findings");
    const char *channel = NULL;
    for (const payroute_json_node *f = payroute_json_first(all); f; f = payroute_json_next(f)) {
        const char *level = text_of(f, "level");
        if (!channel || strcmp(channel, text_of(f, "channel")) != 0) {
            channel = text_of(f, "channel");
            put_heading(*channel ? channel : "installation");
        }
        putf("  %-5s ", level);
        put_wrapped(text_of(f, doctor_locale), 8);
    }
    putf("\n%s fine, %s to look at, %s to mend\n", text_of(root, "ok"), text_of(root, "warn"),
         text_of(root, "fail"));
}

static int judge_findings(const payroute_json_node *root, const args *a)
{
    (void)a;
    return number_of(root, "fail") > 0 ? EXIT_NO : EXIT_FINE;
}

int run_doctor(const args *a)
{
    session s;
    args own = *a; /* the file is the configuration; without a store it is asked in memory */
    int64_t budget = DOCTOR_MS;
    own.value[OPT_CONFIG] = a->words[0];
    if (!own.value[OPT_STORE] && !getenv("PAYROUTE_STORE")) {
        own.value[OPT_STORE] = "memory:";
    }
    if (a->value[OPT_LOCALE] && strncmp(a->value[OPT_LOCALE], "zh", 2) == 0) {
        doctor_locale = "zh-CN";
    }
    int code = args_integer(a, OPT_BUDGET_MS, 0, 3600000, &budget);
    if (code == EXIT_FINE) {
        code = session_open(&s, &own);
    }
    return code == EXIT_FINE
               ? session_end(&s, payroute_engine_doctor(s.engine, budget), judge_findings, print_findings)
               : code;
}
