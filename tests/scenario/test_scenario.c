/* Every scenario of the Markdown files in this folder is a test, named by its heading: a requirement in one
 * sentence, and a story that shows it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <dirent.h>

#include <cmocka.h>

#include "play.h"

#ifndef PR_SOURCE_DIR
#define PR_SOURCE_DIR "."
#endif

enum { SCENARIOS_MAX = 200, FILES_MAX = 32 };

static scenario scenarios[SCENARIOS_MAX];
static int32_t scenario_count;

static void grow(char **block, const char *row)
{
    size_t len = *block != NULL ? strlen(*block) : 0;
    char *more = realloc(*block, len + strlen(row) + 1);
    if (more == NULL) {
        abort();
    }
    memcpy(more + len, row, strlen(row) + 1);
    *block = more;
}

static void begin_scenario(const char *file, const char *row)
{
    scenario *s = &scenarios[scenario_count++];
    if (scenario_count == SCENARIOS_MAX) {
        abort();
    }
    snprintf(s->title, sizeof s->title, "%.*s", (int)strcspn(row + 3, "\n"), row + 3);
    snprintf(s->file, sizeof s->file, "tests/scenario/%s", file);
}

/* "```channels" opens a block of that name, "```" ends it. */
static void read_file(const char *file)
{
    char path[512];
    char row[2048];
    char **block = NULL;
    int32_t line = 0;
    snprintf(path, sizeof path, "%s/tests/scenario/%s", PR_SOURCE_DIR, file);
    FILE *f = fopen(path, "r");
    if (f == NULL) {
        return;
    }
    while (fgets(row, sizeof row, f) != NULL) {
        line++;
        if (strncmp(row, "## ", 3) == 0) {
            begin_scenario(file, row);
        } else if (strncmp(row, "```", 3) == 0 && block != NULL) {
            block = NULL;
        } else if (strncmp(row, "```", 3) == 0 && scenario_count > 0) {
            scenario *s = &scenarios[scenario_count - 1];
            int32_t *where = NULL;
            if (strncmp(row + 3, "channels", 8) == 0) {
                block = &s->channels;
                where = &s->channels_line;
            } else if (strncmp(row + 3, "pay", 3) == 0) {
                block = &s->pay;
                where = &s->pay_line;
            } else {
                block = &s->log;
                where = &s->log_line;
            }
            *where = *where == 0 ? line + 1 : *where;
        } else if (block != NULL) {
            grow(block, row);
        }
    }
    fclose(f);
}

static int by_name(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

static void read_all(void)
{
    char *names[FILES_MAX];
    int32_t count = 0;
    DIR *dir = opendir(PR_SOURCE_DIR "/tests/scenario");
    for (struct dirent *e = dir != NULL ? readdir(dir) : NULL; e != NULL; e = readdir(dir)) {
        size_t len = strlen(e->d_name);
        if (len > 3 && strcmp(e->d_name + len - 3, ".md") == 0 && strcmp(e->d_name, "README.md") != 0 &&
            count < FILES_MAX) {
            names[count++] = strdup(e->d_name);
        }
    }
    if (dir != NULL) {
        closedir(dir);
    }
    qsort(names, (size_t)count, sizeof names[0], by_name);
    for (int32_t i = 0; i < count; i++) {
        read_file(names[i]);
        free(names[i]);
    }
}

static void one_scenario(void **state)
{
    const scenario *s = *state;
    if (s->channels == NULL || s->pay == NULL || s->log == NULL) {
        fail_msg("%s: \"%s\" lacks channels, pay or log", s->file, s->title);
    }
    play_scenario(s);
}

int main(void)
{
    static struct CMUnitTest tests[SCENARIOS_MAX];
    read_all();
    if (scenario_count < 20) {
        printf("only %d scenarios: run from the top of the sources\n", scenario_count);
        return 1;
    }
    for (int32_t i = 0; i < scenario_count; i++) {
        tests[i] = (struct CMUnitTest){scenarios[i].title, one_scenario, NULL, NULL, &scenarios[i]};
    }
    int failed = _cmocka_run_group_tests("scenarios", tests, (size_t)scenario_count, NULL, NULL);
    for (int32_t i = 0; i < scenario_count; i++) {
        free(scenarios[i].channels);
        free(scenarios[i].pay);
        free(scenarios[i].log);
    }
    return failed;
}
