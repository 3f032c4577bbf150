/* Collects what is wrong with a configuration: one line a problem, `path: expected what, got value`, all of
   them, never a secret. Also used for the requests of route. */
#ifndef PR_REGISTRY_PROBLEMS_H
#define PR_REGISTRY_PROBLEMS_H

#include <payroute/json.h>

#include <stddef.h>
#include <stdint.h>

enum { PR_PATH_CAP = 160, PR_GOT_CAP = 64, PR_LINE_CAP = 512 };

enum pr_problem_kind {
    PR_PROBLEM_SCHEMA = 0,
    PR_PROBLEM_LIMIT = 1,
    PR_PROBLEM_KEY = 2,
    PR_PROBLEM_KINDS = 3
};

typedef struct pr_problems {
    char *why;
    size_t why_cap;
    size_t why_len;
    int32_t counts[PR_PROBLEM_KINDS];
    int32_t dropped; /* lines that did not fit */
    int32_t nomem;
    int32_t conflict; /* the id is taken (add) */
    char path[PR_PATH_CAP];
    size_t path_len;
} pr_problems;

void pr_problems_init(pr_problems *p, char *why, size_t why_cap);
/* Step into a member or an element; give the result to _leave. */
size_t pr_problems_enter(pr_problems *p, const char *name);
size_t pr_problems_index(pr_problems *p, int32_t i);
void pr_problems_leave(pr_problems *p, size_t mark);
/* `member` (may be NULL) is appended to the path of this line only. */
void pr_problems_add(pr_problems *p, int32_t kind, const char *member, const char *format, ...)
    __attribute__((format(printf, 4, 5)));
int32_t pr_problems_total(const pr_problems *p);
/* Closes the text ("and 3 more") and gives the code: E_NOMEM, E_SCHEMA, E_LIMIT, E_CONFLICT, E_KEY or OK. */
int32_t pr_problems_end(pr_problems *p);

/* A value as a person may see it: cut at 40 bytes, control characters replaced, what looks like a credential
   hidden. `node` NULL: "nothing". */
void pr_problems_got(char out[PR_GOT_CAP], const payroute_json_node *node);
void pr_problems_quote(char out[PR_GOT_CAP], const char *text);

#endif
