/* The command `payroute`, on a store: one engine for one call. */
#ifndef CLI_STORE_H
#define CLI_STORE_H

#include "cli.h"

#include <payroute/host.h>

typedef struct session {
    const args *args;
    payroute_engine *engine;
    int64_t payment_id;
    char what[160]; /* for complaints, such as "refund of payment 12" */
} session;

/* What a fine result comes to for the exit status. */
typedef int (*judge_fn)(const payroute_json_node *root, const args *a);
typedef void (*print_fn)(const payroute_json_node *root);

/* Opens the engine. Returns EXIT_FINE, or a code with the complaint said. */
int session_open(session *s, const args *a);
/* The payment that the arguments name: --payment, --order, or the first word; the session is closed when
 * there is none. */
int session_payment(session *s);
/* How many words stand before the rest: 1 when the first names the payment. */
int32_t words_used(const args *a);
/* Copies the result, closes the engine, prints, and says the exit status. */
int session_end(session *s, int32_t rc, judge_fn judge, print_fn print);
int session_drop(session *s, int code);
/* {"error":…} of a result as a complaint. */
int complain_result(const args *a, const char *what, int32_t rc, const payroute_json_node *root);

void print_payment(const payroute_json_node *root);
void print_events(const payroute_json_node *events);
int judge_payment(const payroute_json_node *root, const args *a);
int judge_action(const payroute_json_node *root, const args *a); /* refund, capture: the one with our --id */
int judge_cancel(const payroute_json_node *root, const args *a);
int judge_fine(const payroute_json_node *root, const args *a);

#endif
