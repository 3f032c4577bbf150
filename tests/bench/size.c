/* How large the stripped libraries are, and how much of that is the catalogue's tables. */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include "bench.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

/* First number that a command prints; -1: none. */
static long ask(const char *command)
{
    char line[64];
    FILE *f = popen(command, "r");
    long n = f != NULL && fgets(line, sizeof line, f) != NULL ? strtol(line, NULL, 10) : -1;
    return f != NULL && pclose(f) == 0 ? n : -1;
}

static long stripped(const char *name)
{
    char command[2000], path[700];
    struct stat st;
    snprintf(path, sizeof path, "%s/stripped.so", bench_dir());
    snprintf(command, sizeof command, "strip -o '%s' '%s/%s.so.0' && echo 1", path, bench_build(), name);
    return ask(command) == 1 && stat(path, &st) == 0 ? (long)st.st_size : -1;
}

/* The tables are what tables.c is compiled to. */
static long tables(void)
{
    char command[1000];
    snprintf(
        command, sizeof command,
        "size -A -d '%s/obj/lib/catalog/tables.o' | awk '$1 ~ /^[.]rodata/ { n += $2 } END { print n + 0 }'",
        bench_build());
    return ask(command);
}

void bench_size(void)
{
    char note[80];
    bench_section("size of the stripped libraries");
    long pure = stripped("libpayroute"), host = stripped("libpayroute-host"), catalog = tables();
    if (pure < 0 || host < 0 || catalog <= 0) {
        bench_missed("sizes", "strip, size or the libraries are not there");
        return;
    }
    snprintf(note, sizeof note, "of %ld B, tables of the catalogue %ld B", pure, catalog);
    bench_tell_bytes("libpayroute.so without the catalogue's tables", (double)(pure - catalog), 400 * 1024,
                     note);
    bench_tell_bytes("tables of the catalogue, all locales and providers", (double)catalog, 2.5 * 1024 * 1024, "");
    bench_tell_bytes("libpayroute-host.so", (double)host, 0, "");
}
