/* Writes docs/states.md, and with the argument "overview" the diagram in docs/concepts.md, from the tables that the
 * library runs on (make docs), so that the text cannot say anything else than the machine does. Words stand here, rows
 * there: a name without words is an error. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { CELL_MAX = 5, STATES = 11, LABEL_MAX = 2048 };

typedef struct alternative {
    const char *when;
    const char *next;
    const char *effect;
} alternative;

typedef struct cell {
    const char *state;
    const char *event;
    alternative of[CELL_MAX];
} cell;

#define R1(s, e, n, f) {#s, #e, {{NULL, #n, #f}}},
#define R2(s, e, p, n, f, n2, f2) {#s, #e, {{#p, #n, #f}, {NULL, #n2, #f2}}},
#define R3(s, e, p, n, f, p2, n2, f2, n3, f3) {#s, #e, {{#p, #n, #f}, {#p2, #n2, #f2}, {NULL, #n3, #f3}}},
#define R4(s, e, p, n, f, p2, n2, f2, p3, n3, f3, n4, f4) \
    {#s, #e, {{#p, #n, #f}, {#p2, #n2, #f2}, {#p3, #n3, #f3}, {NULL, #n4, #f4}}},
#define R5(s, e, p, n, f, p2, n2, f2, p3, n3, f3, p4, n4, f4, n5, f5) \
    {#s, #e, {{#p, #n, #f}, {#p2, #n2, #f2}, {#p3, #n3, #f3}, {#p4, #n4, #f4}, {NULL, #n5, #f5}}},
#define A1 R1
#define A2 R2
#define A3 R3
static const cell attempts[] = {
#include "core/attempt.def"
};
static const cell actions[] = {
#include "core/action.def"
};
enum { ATTEMPTS = sizeof attempts / sizeof attempts[0], ACTIONS = sizeof actions / sizeof actions[0] };

typedef struct word {
    const char *name;
    const char *text;
} word;
#define COUNT(a) (sizeof(a) / sizeof(a)[0])

static const word states[] = {
    {"INTENT", "written down; a copy of the request may be on its way"},
    {"UNKNOWN", "a copy may have arrived; nobody has said what came of it"},
    {"WAITING", "the customer can pay (a code, a page, a second factor)"},
    {"PROCESSING", "the provider has it and will say later"},
    {"CLOSING", "a close, cancel or void is on its way and not confirmed"},
    {"AUTHORIZED", "the money is held, not taken; this attempt is the winner"},
    {"PAID", "the money is taken and kept; this attempt is the winner"},
    {"SURPLUS", "money was taken or held beside a winner; it is owed back"},
    {"REVERSED", "everything that was taken went back; free"},
    {"FAILED", "proven: this attempt takes no money; free"},
    {"CLOSED", "proven: closed before it took money; free"},
};

static const word events[] = {
    {"NOT_SENT", "Proof that no byte of the request left. It speaks of one send: only if that was the only one is the attempt "
                 "free; a second copy may have arrived."},
    {"REFUSED_BEFORE", "The provider refused before it looked at the payment (too many requests, maintenance). Again a word "
                       "about one send."},
    {"INVALID", "The request was refused as malformed or not allowed. After a second copy it proves nothing about the first."},
    {"DECLINED", "A definite refusal of this try. Inside a container in which the customer can try again the decline frees "
                 "nothing: the container is closed first."},
    {"ACTION_NEEDED", "The provider returned what the customer needs. If nobody wants the attempt any more it is closed "
                      "instead of shown."},
    {"ACCEPTED", "Taken on, result later; or one step done and the next one due."},
    {"UNCLEAR", "Time-out, reset, empty or unreadable answer, bad signature, a code nobody knows. Never a failure: ask."},
    {"MISMATCH", "An authentic answer that names another amount, currency or merchant. A person must look."},
    {"ST_NOT_FOUND", "A lookup says that there is no such order. Early on that proves nothing: a request can still arrive. "
                     "It frees only when nothing can arrive any more."},
    {"ST_UNPAID", "A lookup says: known, not paid."},
    {"ST_PROCESSING", "A lookup or notification says: the provider is at it."},
    {"ST_DECLINED", "A lookup or notification says: declined. It frees only where the provider means it for good."},
    {"ST_CLOSED", "A lookup, notification or the answer to a close says: closed."},
    {"AUTH", "Money is held."},
    {"PAID", "Money is taken. Accepted in every state, for ever; beside a winner it is surplus and goes back."},
    {"REVERSED_PART", "Part of the money went back. It says that money had been taken, too."},
    {"REVERSED_FULL", "All of the money went back."},
    {"REFUND_UNDONE", "A refund that had been reported came back. A person must look."},
    {"DISPATCH", "About to send; counted durably before the send."},
    {"LOST", "The worker that may have sent is gone, or the payment was loaded again."},
    {"SHOW", "The host takes what the customer needs; from then on he may pay with it."},
    {"CLOSE_WANTED", "Nobody wants the attempt any more: another method, a cancelled payment, an expiry, a winner elsewhere."},
    {"T_REVIEW", "It has been in this state for too long. Time alone never makes a failure of it."},
    {"RESOLVE_PAID", "A person says: paid."},
    {"RESOLVE_NOT_PAID", "A person says: not paid. Where it can still be paid, close it first."},
    {"RESOLVE_REFUNDED", "A person says: refunded."},
};

static const word predicates[] = {
    {"SOLE", "it was the only send, the answer came to it, and this worker made it in this lease; or the step moves no money"},
    {"REPLAYS", "the provider repeats its first answer for this key, and the key is alive"},
    {"SOLE_OR_REPLAYS", "one of the two (a close or void may always be believed)"},
    {"UNWANTED", "another attempt has won, the payment is cancelled, another method was asked for, or the time to pay is over"},
    {"UNWANTED_NEXT", "unwanted, and a step would follow"},
    {"NEXT_STEP", "a step follows"},
    {"NEXT_STEP_WANTED", "a step follows and the attempt is wanted"},
    {"CONTAINER", "the provider keeps an object in which payment can be tried again"},
    {"CLIENT_WANTED", "the customer's browser holds the container, and the attempt is wanted"},
    {"FREE_STEP", "the step moves no money"},
    {"FREE_AGAIN", "the step moves no money and was sent fewer than three times"},
    {"GONE", "nothing can arrive any more: never shown to the one who would pay, expired by the provider's clock, the window "
             "of late requests over, or a close that holds against later requests"},
    {"MAY_RESEND", "the same request may go out under its key: alive, repeat-safe, within the limit, wanted"},
    {"EXPIRED_THERE", "two lookups apart from each other, both after the absolute expiry by the provider's clock"},
    {"SHOWABLE", "there is something to show, or the customer has it already"},
    {"CAN_CLOSE", "the provider can close it by what we know of it"},
    {"FINAL", "the provider means this status for good"},
    {"FINAL_OR_GONE", "one of the two"},
    {"FINAL_UNCAPTURED", "for good, nothing captured and no capture in doubt"},
    {"UNCAPTURED", "nothing captured"},
    {"LIVE", "there is no winner, and the payment may still be won (policy for late money)"},
    {"CLOSE_UNSENT_LIVE", "live, and no close of it was sent"},
    {"SAME_TXN", "the same hold as before"},
    {"UNCONFIRMED", "said by no lookup made after the attempt became free, and by no person"},
    {"REV_CLOSE", "a close that may give money back is on its way"},
    {"EXCESS", "more was taken than the attempt asked for, beside what is being refunded"},
    {"SETTLED", "as much went back as was taken"},
    {"IS_WINNER", "it is the winner"},
    {"BY_CUSTOMER", "money moves only by an act of the customer (code, redirect, form)"},
    {"UNSENT", "nothing was sent"},
    {"UNSHOWN", "money moves only by an act of the customer, who was never shown how"},
    {"BY_CANCEL", "the payment is cancelled"},
    {"PAST_PENDING", "longer than this channel may take"},
    {"PAST_AUTH", "the hold would lapse soon"},
    {"HELD", "money was reported after it became free, not yet confirmed"},
    {"SENDABLE", "a close, or keyed and alive"},
    {"REFUND", "the action is a refund"},
};

static const word effects[] = {
    {"Q", "look it up now"},
    {"N", "look again by schedule"},
    {"C", "write a close"},
    {"CX", "write a close where there is something to close"},
    {"V", "write a void"},
    {"F", "write a refund of what is owed, tell the shop of the surplus"},
    {"R", "flag for review"},
    {"W", "it wins; close every other attempt"},
    {"PAID", "tell the shop: paid"},
    {"REFUNDED", "tell the shop: refunded"},
    {"PAYLOAD", "keep what the customer needs"},
    {"STEP", "go to the next request"},
    {"SENT", "count the send"},
    {"SHOWN", "note that the customer has it"},
    {"RESEND", "the same request may go out again"},
    {"UNWIN", "give the winner's place back"},
    {"UNSEND", "forget the send by proof, try again by schedule"},
    {"WIN", "tell its attempt: done"},
    {"LOSE", "tell its attempt: refused"},
    {"UNDO", "tell its attempt: the refund came back"},
};

static const word action_events[] = {
    {"DISPATCH", "About to send; counted durably before the send."},
    {"LOST", "The worker that may have sent is gone."},
    {"NOT_SENT", "Proof that no byte left."},
    {"REFUSED_BEFORE", "Refused before it was looked at."},
    {"REFUSED", "An authentic refusal of the action."},
    {"PENDING", "Taken on, result later."},
    {"DONE", "Done."},
    {"UNCLEAR", "Nobody knows what came of it."},
    {"MISMATCH", "An authentic answer that names another amount or order."},
    {"NOT_FOUND", "A lookup finds no such action."},
    {"FAILED", "A lookup says: failed, for good."},
    {"MOOT", "Its attempt was settled otherwise."},
    {"T_REVIEW", "It has been open for too long."},
};

static const char *say(const word *list, size_t count, const char *name) {
    for (size_t i = 0; i < count; i++) {
        if (strcmp(list[i].name, name) == 0) {
            return list[i].text;
        }
    }
    fprintf(stderr, "mkstates: no words for %s\n", name);
    exit(1);
}

/* "W_PAID_REFUNDED" is three effects. */
static void print_effects(const char *names) {
    char copy[64];
    int first = 1;
    if (strcmp(names, "NONE") == 0) {
        return;
    }
    snprintf(copy, sizeof copy, "%s", names);
    for (char *name = strtok(copy, "_"); name != NULL; name = strtok(NULL, "_")) {
        printf("%s%s", first ? ": " : ", ", say(effects, COUNT(effects), name));
        first = 0;
    }
}

static int quiet(const cell *c) {
    return c->of[0].when == NULL && strcmp(c->of[0].next, "SAME") == 0 && strcmp(c->of[0].effect, "NONE") == 0;
}

static int refused(const cell *c) {
    return c->of[0].when == NULL && strcmp(c->of[0].next, "REJECT") == 0;
}

static int same_answer(const cell *a, const cell *b) {
    for (int i = 0; i < CELL_MAX && (a->of[i].next != NULL || b->of[i].next != NULL); i++) {
        const alternative *x = &a->of[i];
        const alternative *y = &b->of[i];
        if (x->next == NULL || y->next == NULL || (x->when == NULL) != (y->when == NULL) ||
            (x->when != NULL && strcmp(x->when, y->when) != 0) || strcmp(x->next, y->next) != 0 ||
            strcmp(x->effect, y->effect) != 0) {
            return 0;
        }
    }
    return 1;
}

static void print_answer(const cell *c) {
    for (int i = 0; i < CELL_MAX && c->of[i].next != NULL; i++) {
        const alternative *a = &c->of[i];
        if (i > 0) {
            printf("; ");
        }
        if (a->when != NULL) {
            (void)say(predicates, COUNT(predicates), a->when);
            printf("%s? ", a->when);
        } else if (i > 0) {
            printf("else ");
        }
        if (strcmp(a->next, "SAME") == 0) {
            printf("stays");
        } else if (strcmp(a->next, "REJECT") == 0) {
            printf("refused");
        } else {
            printf("→ **%s**", a->next);
        }
        print_effects(a->effect);
    }
}

/* The states of one event which answer as `kind` asks, joined by commas; how many there are. */
static int print_states(const cell *rows, int from, int to, int (*kind)(const cell *)) {
    int n = 0;
    for (int i = from; i < to; i++) {
        if (kind(&rows[i])) {
            printf("%s%s", n > 0 ? ", " : "", rows[i].state);
            n++;
        }
    }
    return n;
}

static void print_event(const cell *rows, int from, int to, const word *words, size_t count) {
    char done[STATES] = {0};
    printf("### %s\n\n%s\n\n", rows[from].event, say(words, count, rows[from].event));
    int rest = 0;
    for (int i = from; i < to; i++) {
        rest += !quiet(&rows[i]) && !refused(&rows[i]);
    }
    if (rest > 0) {
        printf("| in | then |\n|---|---|\n");
    }
    for (int i = from; i < to; i++) {
        if (done[i - from] || quiet(&rows[i]) || refused(&rows[i])) {
            continue;
        }
        printf("| %s", rows[i].state);
        for (int j = i + 1; j < to; j++) {
            if (same_answer(&rows[i], &rows[j])) {
                printf(", %s", rows[j].state);
                done[j - from] = 1;
            }
        }
        printf(" | ");
        print_answer(&rows[i]);
        printf(" |\n");
    }
    if (rest > 0) {
        printf("\n");
    }
    for (int i = from, any = 0; i < to; i++) {
        if (quiet(&rows[i]) && !any) {
            any = 1;
            printf("Stored, and changes nothing: ");
            (void)print_states(rows, from, to, quiet);
            printf(".\n");
        }
    }
    for (int i = from, any = 0; i < to; i++) {
        if (refused(&rows[i]) && !any) {
            any = 1;
            printf("Refused: ");
            (void)print_states(rows, from, to, refused);
            printf(".\n");
        }
    }
    printf("\n");
}

static void print_table(const cell *rows, int count, const word *words, size_t word_count) {
    for (int from = 0; from < count;) {
        int to = from;
        while (to < count && strcmp(rows[to].event, rows[from].event) == 0) {
            to++;
        }
        print_event(rows, from, to, words, word_count);
        from = to;
    }
}

/* ---- the overview for docs/concepts.md: groups of states instead of single arrows, as far as the table allows ---- */

typedef struct group {
    const char *name;
    const char *title;
    const char *members[6];
} group;

static const group groups[] = {
    {"open", "open: money may still move", {"INTENT", "UNKNOWN", "WAITING", "PROCESSING", "CLOSING", NULL}},
    {"money", "money is there", {"AUTHORIZED", "PAID", "SURPLUS", NULL}},
    {"free", "free: by proof it takes no money", {"FAILED", "CLOSED", "REVERSED", NULL}},
};

static int leads(const char *from, const char *to) {
    for (int i = 0; i < ATTEMPTS; i++) {
        for (int k = 0; strcmp(attempts[i].state, from) == 0 && k < CELL_MAX && attempts[i].of[k].next != NULL; k++) {
            if (strcmp(attempts[i].of[k].next, to) == 0 && strcmp(from, to) != 0) {
                return 1;
            }
        }
    }
    return 0;
}

/* Every other state of the group leads there: one arrow says it. */
static int all_lead(const group *g, const char *to) {
    int n = 0;
    for (int i = 0; g->members[i] != NULL; i++) {
        if (strcmp(g->members[i], to) != 0) {
            if (!leads(g->members[i], to)) {
                return 0;
            }
            n++;
        }
    }
    return n > 1;
}

static void overview_group(const group *g) {
    printf("    state \"%s\" as %s {\n", g->title, g->name);
    for (int i = 0; g->members[i] != NULL; i++) {
        printf("        %s\n", g->members[i]);
    }
    printf("    }\n");
}

static void overview_arrows(const group *g) {
    for (size_t t = 0; t < COUNT(states); t++) {
        const char *to = states[t].name;
        if (all_lead(g, to)) {
            printf("    %s --> %s\n", g->name, to);
            continue;
        }
        for (int i = 0; g->members[i] != NULL; i++) {
            if (leads(g->members[i], to)) {
                printf("    %s --> %s\n", g->members[i], to);
            }
        }
    }
}

static const group *group_of(const char *state) {
    for (size_t i = 0; i < COUNT(groups); i++) {
        for (int k = 0; groups[i].members[k] != NULL; k++) {
            if (strcmp(groups[i].members[k], state) == 0) {
                return &groups[i];
            }
        }
    }
    fprintf(stderr, "mkstates: %s is in no group\n", state);
    exit(1);
}

static void print_overview(void) {
    printf("```mermaid\nstateDiagram-v2\n    [*] --> INTENT\n");
    for (size_t i = 0; i < COUNT(groups); i++) {
        overview_group(&groups[i]);
    }
    for (size_t i = 0; i < COUNT(groups); i++) {
        overview_arrows(&groups[i]);
    }
    printf("```\n\nAn arrow from a frame goes from every other state in it.\n\n"
           "| state | group | meaning | can become |\n|---|---|---|---|\n");
    for (size_t f = 0; f < COUNT(states); f++) {
        printf("| %s | %s | %s |", states[f].name, group_of(states[f].name)->name, states[f].text);
        for (size_t t = 0, n = 0; t < COUNT(states); t++) {
            if (leads(states[f].name, states[t].name)) {
                printf("%s%s", n++ > 0 ? ", " : " ", states[t].name);
            }
        }
        printf(" |\n");
    }
}

static int money_state(const char *name) {
    return strcmp(name, "AUTHORIZED") == 0 || strcmp(name, "PAID") == 0 || strcmp(name, "SURPLUS") == 0 ||
           strcmp(name, "REVERSED") == 0;
}

/* One arrow for each pair of states, with the events that lead along it. */
static void print_arrows(const cell *rows, int count, int money) {
    for (size_t f = 0; f < COUNT(states); f++) {
        for (size_t t = 0; t < COUNT(states); t++) {
            char label[LABEL_MAX] = "";
            size_t used = 0;
            if ((money_state(states[f].name) || money_state(states[t].name)) != money) {
                continue;
            }
            for (int i = 0; i < count; i++) {
                int leads = 0;
                for (int k = 0; k < CELL_MAX && rows[i].of[k].next != NULL; k++) {
                    leads |= strcmp(rows[i].state, states[f].name) == 0 && strcmp(rows[i].of[k].next, states[t].name) == 0;
                }
                if (leads && f != t) {
                    used += (size_t)snprintf(label + used, sizeof label - used, "%s%s", used > 0 ? "<br/>" : "",
                                             rows[i].event);
                }
            }
            if (used > 0) {
                printf("    %s --> %s: %s\n", states[f].name, states[t].name, label);
            }
        }
    }
}

static void print_words(const char *title, const word *list, size_t count) {
    printf("## %s\n\n| name | meaning |\n|---|---|\n", title);
    for (size_t i = 0; i < count; i++) {
        printf("| %s | %s |\n", list[i].name, list[i].text);
    }
    printf("\n");
}

int main(int argc, char **argv) {
    if (argc == 2 && strcmp(argv[1], "overview") == 0) {
        print_overview();
        return 0;
    }
    printf("<!-- Made by docs/mkstates.c of lib/core/attempt.def and lib/core/action.def: make docs. Do not edit. -->\n"
           "# States of an attempt\n\n"
           "One payment has one or more attempts, each on one channel. Another attempt starts only when every earlier one is\n"
           "**free**: FAILED, CLOSED or REVERSED, by proof. Review is a flag beside the state, not a state: it calls a person\n"
           "and starts nothing new, while lookups, closes and refunds go on. Everything below is the table that the library runs\n"
           "on: %d cells for attempts, %d for actions.\n\n",
           (int)ATTEMPTS, (int)ACTIONS);
    print_words("States", states, COUNT(states));
    printf("## Without money\n\n```mermaid\nstateDiagram-v2\n    [*] --> INTENT\n");
    print_arrows(attempts, ATTEMPTS, 0);
    printf("```\n\n## Where money moved\n\n```mermaid\nstateDiagram-v2\n");
    print_arrows(attempts, ATTEMPTS, 1);
    printf("```\n\n## What each event does\n\n"
           "Answers are read from left to right: the first predicate that is true decides.\n\n");
    print_table(attempts, ATTEMPTS, events, COUNT(events));
    printf("## Actions: close, void, capture, refund\n\n");
    print_table(actions, ACTIONS, action_events, COUNT(action_events));
    print_words("Predicates", predicates, COUNT(predicates));
    return 0;
}
