/* The data files of the catalogue, read by the tests themselves, so that the generator cannot hide a line. */
#ifndef CATALOG_DATA_H
#define CATALOG_DATA_H

#include "catalog/match.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#ifndef PR_SOURCE_DIR
#define PR_SOURCE_DIR "."
#endif

enum { MAX_LINES = 20000, MAX_FILES = 200 };

typedef struct data_line {
    const char *provider;
    char *operation, *layer, *code, *alias, *reason;
    int at;
} data_line;

static data_line data[MAX_LINES];
static size_t data_count;
static char *file_names[MAX_FILES]; /* every *.tsv of lib/catalog/data: a new provider is a new file */
static size_t file_count;

static void load_file(const char *provider)
{
    char path[512], text[4096];
    snprintf(path, sizeof path, "%s/lib/catalog/data/%s.tsv", PR_SOURCE_DIR, provider);
    FILE *f = fopen(path, "r");
    assert_non_null(f);
    for (int at = 1; fgets(text, sizeof text, f) != NULL; at++) {
        char *copy = strdup(text), *field[9];
        assert_non_null(copy);
        for (int i = 0; i < 9; i++) {
            field[i] = copy;
            copy = copy + strcspn(copy, "\t\n");
            *copy++ = '\0';
        }
        if (at == 1) {
            free(field[0]);
            continue;
        }
        assert_true(data_count < MAX_LINES);
        if (field[3][0] == '@') { /* "@message": the row has its own reason */
            field[3] += strlen(field[3]);
        }
        data[data_count++] = (data_line){provider, field[0], field[1], field[2], field[3], field[4], at};
    }
    fclose(f);
}

static int load_data(void **state)
{
    (void)state;
    char path[512];
    snprintf(path, sizeof path, "%s/lib/catalog/data", PR_SOURCE_DIR);
    DIR *folder = opendir(path);
    assert_non_null(folder);
    for (struct dirent *e; (e = readdir(folder)) != NULL;) {
        char *dot = strrchr(e->d_name, '.');
        if (dot != NULL && dot != e->d_name && strcmp(dot, ".tsv") == 0) {
            assert_true(file_count < MAX_FILES);
            *dot = '\0';
            file_names[file_count] = strdup(e->d_name);
            load_file(file_names[file_count++]);
        }
    }
    closedir(folder);
    assert_true(file_count > 0);
    return 0;
}

static int drop_data(void **state)
{
    (void)state;
    for (size_t i = 0; i < data_count; i++) {
        free(data[i].operation);
    }
    while (file_count > 0) {
        free(file_names[--file_count]);
    }
    data_count = 0;
    return 0;
}

static const char *reason_of(const data_line *l)
{
    for (size_t i = 0; l->alias[0] != '\0' && i < data_count; i++) {
        if (data[i].provider == l->provider && strcmp(data[i].code, l->alias) == 0) {
            return data[i].reason;
        }
    }
    return l->reason;
}

static pr_catalog_answer ask(const char *provider, const char *layer, const char *code, const char *message,
                             int http)
{
    pr_catalog_query q = {
        .provider = provider, .layer = layer, .code = code, .message = message, .http_status = http};
    pr_catalog_answer a;
    pr_catalog_lookup(&a, NULL, &q);
    return a;
}

#endif
