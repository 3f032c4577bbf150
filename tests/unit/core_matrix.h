/* Reads core_matrix.txt or core_actions.txt: for each state and event the alternatives that the
   specification gives, as text. */
#ifndef CORE_MATRIX_H
#define CORE_MATRIX_H

#include "core_fixture.h"

#ifndef PR_SOURCE_DIR
#define PR_SOURCE_DIR "."
#endif

enum { CELL_CAP = 160, MATRIX_ALTERNATIVES = 6 };

typedef struct matrix_cell {
    char text[CELL_CAP];
    int32_t line;
    uint32_t hits[MATRIX_ALTERNATIVES];
} matrix_cell;

static matrix_cell matrix[PR_ST_COUNT][PR_EV_COUNT];

/* Which file, and what its states and events are called, by number from 1. */
typedef struct matrix_names {
    const char *file;
    const char *states[PR_ST_COUNT];
    const char *events[PR_EV_COUNT];
} matrix_names;

static int32_t matrix_name(const char *const *names, int32_t count, const char *word, size_t len)
{
    for (int32_t i = 1; i < count; i++) {
        if (names[i] != NULL && strlen(names[i]) == len && memcmp(names[i], word, len) == 0) {
            return i;
        }
    }
    return 0;
}

/* "  IN UN: cell": the same cell for each state named. */
static void matrix_row(const matrix_names *names, char *row, int32_t event, int32_t line)
{
    char *colon = strchr(row, ':');
    assert_non_null(colon);
    assert_true(event > 0);
    char *cell = colon + 1 + strspn(colon + 1, " ");
    assert_true(strlen(cell) < CELL_CAP);
    *colon = '\0';
    for (char *word = strtok(row, " "); word != NULL; word = strtok(NULL, " ")) {
        int32_t state = matrix_name(names->states, PR_ST_COUNT, word, strlen(word));
        if (state == 0 || matrix[state][event].line != 0) {
            fail_msg("%s:%d: %s is no state or is there twice", names->file, line, word);
        }
        strcpy(matrix[state][event].text, cell);
        matrix[state][event].line = line;
    }
}

static int matrix_read(const matrix_names *names)
{
    char path[256];
    char row[512];
    int32_t line = 0;
    int32_t event = 0;
    snprintf(path, sizeof path, "%s/tests/unit/%s", PR_SOURCE_DIR, names->file);
    FILE *f = fopen(path, "r");
    if (f == NULL) {
        print_error("%s: run from the top of the sources\n", path);
        return -1;
    }
    while (fgets(row, sizeof row, f) != NULL) {
        line++;
        row[strcspn(row, "\n")] = '\0';
        int32_t named = matrix_name(names->events, PR_EV_COUNT, row, strlen(row));
        event = named != 0 ? named : event;
        if (row[0] == ' ') {
            matrix_row(names, row, event, line);
        }
    }
    fclose(f);
    return 0;
}

/* Alternative `no` of a cell; 0 when there is none. `condition` is "" for the last one. */
static int32_t matrix_alternative(const matrix_cell *cell, int32_t no, char condition[CELL_CAP],
                                  char outcome[CELL_CAP])
{
    const char *at = cell->text;
    for (int32_t i = 0; i < no && at != NULL; i++) {
        at = strstr(at, " : ");
        at = at != NULL ? at + 3 : NULL;
    }
    if (at == NULL) {
        return 0;
    }
    const char *end = strstr(at, " : ");
    size_t len = end != NULL ? (size_t)(end - at) : strlen(at);
    const char *mark = strstr(at, " ? ");
    condition[0] = '\0';
    if (mark != NULL && mark < at + len) {
        memcpy(condition, at, (size_t)(mark - at));
        condition[mark - at] = '\0';
        len -= (size_t)(mark + 3 - at);
        at = mark + 3;
    }
    memcpy(outcome, at, len);
    outcome[len] = '\0';
    return 1;
}

/* "a & !b | c" with the words answered by `ask`. */
static int32_t matrix_holds(const char *condition, int32_t (*ask)(const char *word, void *data), void *data)
{
    char text[CELL_CAP];
    int32_t any = condition[0] == '\0';
    strcpy(text, condition);
    for (char *rest = text; rest != NULL && text[0] != '\0';) {
        char *next = strstr(rest, " | ");
        if (next != NULL) {
            *next = '\0';
            next += 3;
        }
        int32_t all = 1;
        for (char *word = rest; word != NULL && *word != '\0';) {
            char *more = strstr(word, " & ");
            if (more != NULL) {
                *more = '\0';
                more += 3;
            }
            int32_t not= word[0] == '!';
            all &= (ask(word + not, data) != 0) != not;
            word = more;
        }
        any |= all;
        rest = next;
    }
    return any;
}

#endif
