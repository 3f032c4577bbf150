/* payroute-bench: what the library costs, as ratios against a baseline of the same run. A goal that is missed
   is told and is no failure, since a busy machine is no defect; what could not be measured at all is one. */
#include "bench.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>

static const struct {
    const char *name;
    void (*run)(void);
    int computes;
} sections[] = {
    {"catalog", bench_catalog, 1},   {"route", bench_route, 1}, {"rules", bench_rules, 1},
    {"health", bench_health, 1},
    {"machine", bench_machine, 1},   {"adapters", bench_adapters, 1}, {"store", bench_store, 0},
    {"drive", bench_drive, 0},       {"memory", bench_memory, 1}, {"open", bench_open, 0},
    {"size", bench_size, 0},         {"lines", bench_lines, 1},
};
enum { SECTIONS = (int)(sizeof sections / sizeof sections[0]) };

static char build[512] = "build/release";
static char folder[600];
static uint64_t seed = 20260101;
static int smoke;
static pid_t owner;

const char *bench_build(void)
{
    return build;
}

uint64_t bench_seed(void)
{
    return seed;
}

int bench_smoke(void)
{
    return smoke;
}

static void remove_folder(void)
{
    char command[700];
    if (folder[0] != '\0' && getpid() == owner) {
        snprintf(command, sizeof command, "rm -rf '%s'", folder);
        if (system(command) != 0) {
            fprintf(stderr, "bench: %s stays behind\n", folder);
        }
    }
}

/* Beside the build, since /tmp is often memory and fsync there costs nothing. */
const char *bench_dir(void)
{
    if (folder[0] == '\0') {
        owner = getpid();
        snprintf(folder, sizeof folder, "%s/bench-XXXXXX", build);
        if (mkdtemp(folder) == NULL) {
            perror(folder);
            exit(2);
        }
        atexit(remove_folder);
    }
    return folder;
}

/* Figures without their machine are worth nothing. */
static void tell_machine(void)
{
    char line[256], model[200] = "unknown processor";
    struct utsname system_name;
    FILE *f = fopen("/proc/cpuinfo", "r");
    while (f != NULL && fgets(line, sizeof line, f) != NULL) {
        char *colon = strchr(line, ':');
        if (strncmp(line, "model name", 10) == 0 && colon != NULL) {
            colon[strcspn(colon, "\n")] = '\0';
            snprintf(model, sizeof model, "%s", colon + 2);
            break;
        }
    }
    if (f != NULL) {
        fclose(f);
    }
    double load[3] = {0, 0, 0};
    (void)getloadavg(load, 3);
    uname(&system_name);
    printf("%s, %ld cores, %s %s %s; load before %.2f; seed %llu%s\n", model, sysconf(_SC_NPROCESSORS_ONLN),
           system_name.sysname, system_name.release, system_name.machine, load[0], (unsigned long long)seed,
           smoke ? "; one round only: no figures to quote" : "");
}

static int usage(void)
{
    fprintf(stderr,
            "Usage: payroute-bench [--build DIR] [--seed N] [--smoke] [--only SECTION] [--count TIMES]\n"
            "Sections:");
    for (int i = 0; i < SECTIONS; i++) {
        fprintf(stderr, " %s", sections[i].name);
    }
    fprintf(stderr, "\n");
    return 2;
}

int main(int argc, char **argv)
{
    const char *only = NULL;
    long count = 0;
    for (int i = 1; i < argc; i++) {
        const char *value = i + 1 < argc ? argv[i + 1] : NULL;
        if (strcmp(argv[i], "--smoke") == 0) {
            smoke = 1;
        } else if (value == NULL) {
            return usage();
        } else if (strcmp(argv[i], "--build") == 0) {
            snprintf(build, sizeof build, "%s", argv[++i]);
        } else if (strcmp(argv[i], "--seed") == 0) {
            seed = strtoull(argv[++i], NULL, 10);
        } else if (strcmp(argv[i], "--only") == 0) {
            only = argv[++i];
        } else if (strcmp(argv[i], "--count") == 0) {
            count = strtol(argv[++i], NULL, 10);
        } else {
            return usage();
        }
    }
    if (count > 0) {
        return bench_count(count) ? 0 : 1;
    }
    tell_machine();
    int ran = 0;
    for (int i = 0; i < SECTIONS; i++) {
        if (only == NULL || strcmp(only, sections[i].name) == 0) {
            bench_computes(sections[i].computes);
            sections[i].run();
            ran++;
        }
    }
    return ran > 0 ? bench_end() : usage();
}
