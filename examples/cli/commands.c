/* Every subcommand and every option, in two tables: the parser, the help and the search for near names read
 * them. */
#include "cli.h"

#include <stdio.h>
#include <string.h>

#define X(id, name, value, text) [OPT_##id] = {name, value, text},
const option cli_options[OPT_COUNT] = {
#include "options.def"
};
#undef X

_Static_assert(OPT_COUNT <= 64, "a command's options are bits of one number");

#define STORE                                                                                                \
    (BIT(OPT_CONFIG) | BIT(OPT_STORE) | BIT(OPT_STATE_DIR) | BIT(OPT_INSTANCE) | BIT(OPT_CLOCK) |            \
     BIT(OPT_CATALOG) | BIT(OPT_HEALTH))
#define DRIVE (STORE | BIT(OPT_BUDGET_MS))
#define WHICH (BIT(OPT_PAYMENT) | BIT(OPT_ORDER))
#define WISH (BIT(OPT_METHOD) | BIT(OPT_FLOW) | BIT(OPT_CHANNEL) | BIT(OPT_INSTRUMENT))
#define ROUTE (BIT(OPT_METHOD) | BIT(OPT_FLOW) | BIT(OPT_CHANNEL) | BIT(OPT_HOLD))
#define AMOUNT (BIT(OPT_AMOUNT) | BIT(OPT_AMOUNT_MINOR))
#define MONEY (AMOUNT | BIT(OPT_CURRENCY))
#define WHICH_NOTE "ID is the payment's number; or say --order ID.\n"

const command cli_commands[] = {
    {"explain", "PROVIDER CODE | --batch | --search WORD | --provider NAME | --providers | --reasons",
     "what a provider's code means, whose fault it is, what to do and what to tell whom",
     BIT(OPT_OPERATION) | BIT(OPT_LAYER) | BIT(OPT_MESSAGE) | BIT(OPT_HTTP) | BIT(OPT_NETWORK) |
         BIT(OPT_NETWORK_CODE) | BIT(OPT_ADVICE_CODE) | BIT(OPT_LOCALE) | BIT(OPT_BATCH) | BIT(OPT_SEARCH) |
         BIT(OPT_PROVIDER) | BIT(OPT_LIST) | BIT(OPT_REASON) | BIT(OPT_PROVIDERS) | BIT(OPT_REASONS) |
         BIT(OPT_LIMIT) | BIT(OPT_CATALOG),
     0, 2, run_explain,
     "Exit status 1: the code itself is not known (the page says the safe fallback), or nothing was found.\n"
     "--batch: members provider, operation, layer, code, message, http, network, network_code, advice_code,\n"
     "locale; each may be missing. A bad line gives {\"error\":…,\"line\":n}, the rest goes on, and the exit\n"
     "status is 3 in the end.\n"
     "  payroute explain alipay ACQ.TRADE_HAS_SUCCESS\n"
     "  payroute explain stripe card_declined --network mastercard --network-code 51 --advice-code 25\n"
     "  payroute explain --search 余额\n"
     "  payroute explain --provider adyen --reason do_not_honor\n"},
    {"rules", "[NETWORK]", "what the card networks say about trying a declined card again", BIT(OPT_DAY), 0, 1,
     run_rules,
     "NETWORK in any spelling; without it all. Exit status 1: no such network.\n"
     "  payroute rules mastercard\n  payroute rules visa --day 2025-05-24\n"},
    {"check", "FILE", "every problem of a configuration, with path and value; else a table of its channels",
     0, 1, 1, run_check,
     "FILE - is standard input. Exit status 1: it has problems.\n  payroute check channels.json\n"},
    {"doctor", "FILE", "what would go wrong at the first payment: store, clock, keys, permissions, notify addresses",
     BIT(OPT_STORE) | BIT(OPT_STATE_DIR) | BIT(OPT_INSTANCE) | BIT(OPT_BUDGET_MS) | BIT(OPT_LOCALE) | BIT(OPT_CATALOG) |
         BIT(OPT_HEALTH),
     1, 1, run_doctor,
     "Asks each channel about an order that does not exist, and its notify address for a mark of its own: nothing\n"
     "is charged. Give the store that the handler opens, or its answer proves nothing. Exit status 1: something\n"
     "must be mended.\n"
     "  payroute doctor channels.json --store /var/lib/shop/pay.db --locale zh-CN\n"},
    {"route", "FILE [-] | --lines", "which channel a payment would take, who was left out and why; nothing is done",
     ROUTE | MONEY | BIT(OPT_SEED) | BIT(OPT_NOW_MS) | BIT(OPT_LINES) | BIT(OPT_STORE) | BIT(OPT_HEALTH) |
         BIT(OPT_STATE_DIR) | BIT(OPT_INSTANCE),
     0, 2, run_route,
     "With - the request is JSON on standard input. With a store, or --health alone, by what the processes of this\n"
     "host know of the channels now; else as if nothing were known. Exit status 1: no channel can take it.\n"
     "--lines needs no FILE: hello, route, start, end, final, tick, probe and bye come as JSON lines, time among\n"
     "them; hello, route and tick are answered, one line each (docs/command.md).\n"
     "  payroute route channels.json --method card --amount 12.34 --currency CNY\n"
     "  payroute route channels.json --store /var/lib/shop/pay.db --method card --amount 12.34 --currency CNY\n"},
    {"pay", "[-]", "create the payment of an order and drive it until the customer must act or it is decided",
     DRIVE | WISH | MONEY | BIT(OPT_ORDER) | BIT(OPT_SUBJECT) | BIT(OPT_CUSTOMER) | BIT(OPT_RETURN_URL) |
         BIT(OPT_CLIENT_IP) | BIT(OPT_LATE_MONEY) | BIT(OPT_DEADLINE_MS) | BIT(OPT_ORDERED_AT_MS) |
         BIT(OPT_HOLD) | BIT(OPT_LOCALE),
     0, 1, run_pay,
     "With - the order is JSON on standard input {order_id, amount_minor, currency, method, …}.\n"
     "The same order, amount and currency are the same payment, however often it is called.\n"
     "Exit status 0 does not mean paid: read the status. 1: declined. 5: not known yet, or not\n"
     "begun; call advance.\n"
     "  payroute pay --order A1001 --amount 19.90 --currency CNY --method alipay --flow qr\n"},
    {"advance", "ID", "drive a payment on", DRIVE | WHICH, 0, 1, run_advance, WHICH_NOTE},
    {"switch", "ID [-]", "the customer wants another method: the open attempt is closed first",
     DRIVE | WHICH | WISH, 0, 2, run_switch,
     WHICH_NOTE "With - the wish is JSON on standard input.\n  payroute switch 12 --method card\n"},
    {"retry", "ID [-]", "try again after a decline, with another instrument or method", DRIVE | WHICH | WISH,
     0, 2, run_retry, WHICH_NOTE "  payroute retry 12 --instrument pm_1Nv0\n"},
    {"refund", "ID", "give money back, once an --id", DRIVE | WHICH | AMOUNT | BIT(OPT_ID), 0, 1, run_refund,
     WHICH_NOTE "  payroute refund 12 --id R1 --amount 5.00\n"},
    {"capture", "ID", "capture an authorization, once an --id", DRIVE | WHICH | AMOUNT | BIT(OPT_ID), 0, 1,
     run_capture, WHICH_NOTE "  payroute capture 12 --id C1 --amount 19.90\n"},
    {"cancel", "ID", "give a payment up: attempts are closed, holds voided, late money goes back",
     DRIVE | WHICH, 0, 1, run_cancel, WHICH_NOTE},
    {"resolve", "[ID] paid|not_paid|refunded", "a person decides what became of an attempt",
     STORE | WHICH | BIT(OPT_ATTEMPT) | BIT(OPT_WHO) | BIT(OPT_EVIDENCE), 1, 2, run_resolve,
     WHICH_NOTE "  payroute resolve 12 --attempt 1 not_paid --who anna --evidence 'bill of 3 May'\n"},
    {"feed", "[ID] STATUS", "what your own SDK did on a channel that you drive yourself",
     DRIVE | WHICH | BIT(OPT_CODE) | BIT(OPT_PROVIDER_ID) | BIT(OPT_SHOW), 1, 2, run_feed,
     "STATUS is paid, authorized, declined, pending, action, not_found, unpaid, closed, refunded, invalid,\n"
     "refused_before, done, failed or unknown; it answers what pay and advance asked you to do.\n" WHICH_NOTE},
    {"client-event", "[ID] opened|returned|error|code_late",
     "what the customer's browser says; a hint, never proof", STORE | WHICH | BIT(OPT_ATTEMPT), 1, 2,
     run_client_event, WHICH_NOTE},
    {"notify", "CHANNEL",
     "a provider's notification on standard input: verify, store, print the answer to give",
     STORE | BIT(OPT_METHOD) | BIT(OPT_QUERY) | BIT(OPT_HEADER) | BIT(OPT_HEADERS_FILE) | BIT(OPT_ENVELOPE) |
         BIT(OPT_ACK_ONLY),
     1, 1, run_notify,
     "The answer belongs to the provider whatever the exit status is: 0 stored; 3 refused (400); 4 or 5 it\n"
     "must send again (503). Without an answer on standard output give 503.\n"
     "  payroute notify alipay-main --header \"Content-Type: $CONTENT_TYPE\" <body\n"},
    {"sweep", "", "due work of all payments: lookups, closes, refunds, expiries; for cron", DRIVE, 0, 0,
     run_sweep,
     "Exit status 4: some payment could not be handled. 5: the budget ended before the work did.\n"
     "  * * * * * payroute sweep --config /etc/shop/channels.json --store /var/lib/shop/pay.db >>sweep.log\n"},
    {"show", "ID", "one payment as the store holds it; nothing is sent", STORE | WHICH, 0, 1, run_show,
     WHICH_NOTE "Exit status 1: no such payment.\n"},
    {"list", "", "payments, newest last", STORE | BIT(OPT_STATUS) | BIT(OPT_AFTER_ID) | BIT(OPT_LIMIT), 0, 0,
     run_list, "  payroute list --status pending\n"},
    {"events", "", "what the shop must still learn, oldest first", STORE | BIT(OPT_LIMIT), 0, 0, run_events,
     "They come again until acknowledged with payroute ack.\n"},
    {"ack", "EVENT…", "acknowledge events by id", STORE, 1, 1000, run_ack,
     "Exit status 1: an id is unknown; then none is acknowledged.\n  payroute ack 12.1.1 13.1.1\n"},
    {"unlisted", "", "codes of providers that the catalogue does not list, counted", STORE | BIT(OPT_DAYS), 0, 0,
     run_unlisted, "Of the last seven days, or --days 1 to 31. Write a row for each, or tell the authors.\n"},
    {"health", "", "how each channel is now, as the router sees it", STORE | BIT(OPT_LOCALE), 0, 0, run_health,
     "SUCCESS is what a payment that goes there now may expect; SEEN how many payments speak in it. Exit status 1:\n"
     "a channel seems to be out (down, silent, slow, declining what others take, its codes not paid).\n"
     "  payroute health --locale zh-CN\n"},
    {"restore", "", "say that the store was restored from a backup: old orders are refused until reconciled",
     STORE | BIT(OPT_AT_MS), 0, 0, run_restore,
     "Part of every restore; then compare the bills, then reconciled.\n"},
    {"reconciled", "", "a person has compared the providers' bills with the store", STORE, 0, 0,
     run_reconciled, NULL},
    {"backup", "FILE", "a copy of the store as it is now, into a new file", STORE, 1, 1, run_backup, NULL},
    {"verify", "", "look the whole store through: structure, sums, audit chains", STORE, 0, 0, run_verify,
     "Exit status 3: something is damaged.\n"},
    {"help", "[SUBCOMMAND]", "this, or the page of one subcommand", 0, 0, 1, run_help, NULL},
};
const int32_t cli_command_count = sizeof cli_commands / sizeof cli_commands[0];

const command *command_find(const char *name)
{
    for (int32_t i = 0; i < cli_command_count; i++) {
        if (strcmp(cli_commands[i].name, name) == 0) {
            return &cli_commands[i];
        }
    }
    return NULL;
}

/* ---- near names ---- */

enum { NEAR_CAP = 32 };

/* How many letters must be changed, added, dropped or swapped with the next. */
static size_t distance(const char *a, size_t a_len, const char *b, size_t b_len)
{
    size_t d[NEAR_CAP + 1][NEAR_CAP + 1];
    if (a_len > NEAR_CAP || b_len > NEAR_CAP) {
        return NEAR_CAP;
    }
    for (size_t i = 0; i <= a_len; i++) {
        for (size_t j = 0; j <= b_len; j++) {
            if (i == 0 || j == 0) {
                d[i][j] = i + j;
                continue;
            }
            size_t best = d[i - 1][j - 1] + (a[i - 1] != b[j - 1]);
            best = d[i - 1][j] + 1 < best ? d[i - 1][j] + 1 : best;
            best = d[i][j - 1] + 1 < best ? d[i][j - 1] + 1 : best;
            if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] &&
                d[i - 2][j - 2] + 1 < best) {
                best = d[i - 2][j - 2] + 1;
            }
            d[i][j] = best;
        }
    }
    return d[a_len][b_len];
}

/* Keeps the better of two: near enough is at most a third of the letters, and one always. */
static void consider(const char **best, size_t *best_distance, const char *name, const char *given,
                     size_t len)
{
    size_t far = distance(name, strlen(name), given, len);
    size_t most = len / 3 > 1 ? len / 3 : 1;
    if (len >= 3 && strlen(name) > len && memcmp(name, given, len) == 0) {
        far = 1; /* an abbreviation */
    }
    if (far <= most && far < *best_distance) {
        *best = name;
        *best_distance = far;
    }
}

const char *command_nearest(const char *name)
{
    const char *best = NULL;
    size_t best_distance = NEAR_CAP;
    for (int32_t i = 0; i < cli_command_count; i++) {
        consider(&best, &best_distance, cli_commands[i].name, name, strlen(name));
    }
    return best;
}

const char *option_nearest(const command *c, const char *name, size_t len)
{
    const char *best = NULL;
    size_t best_distance = NEAR_CAP;
    for (int32_t i = 0; i < OPT_COUNT; i++) {
        if ((c->options | BIT(OPT_JSON) | BIT(OPT_HELP)) & BIT(i)) {
            consider(&best, &best_distance, cli_options[i].name, name, len);
        }
    }
    return best;
}
