/* The whole catalogue as files for those who do not load the library: plain JSON, PHP, Python, and a page for people.
 * Reads it through the public interface only, so that it says what the library says.
 *   mkexport TEMPLATES OUT          mkexport --report   (docs/catalog-coverage.md) */
#include "export.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

void export_fail(const char *format, ...)
{
    va_list args;
    fputs("mkexport: ", stderr);
    va_start(args, format);
    vfprintf(stderr, format, args);
    va_end(args);
    fputc('\n', stderr);
    exit(1);
}

void *export_need(void *block)
{
    if (block == NULL) {
        export_fail("out of memory");
    }
    return block;
}

static FILE *open_file(const char *folder, const char *name, const char *mode)
{
    char path[4096];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    FILE *f = fopen(path, mode);
    if (f == NULL) {
        export_fail("%s cannot be opened", path);
    }
    return f;
}

static void close_file(FILE *f, const char *name)
{
    int bad = ferror(f);
    if (fclose(f) != 0 || bad) {
        export_fail("%s cannot be written", name);
    }
}

static void copy_file(FILE *to, const char *folder, const char *name)
{
    char block[4096];
    FILE *from = open_file(folder, name, "rb");
    for (size_t n; (n = fread(block, 1, sizeof block, from)) > 0;) {
        fwrite(block, 1, n, to);
    }
    fclose(from);
}

typedef void (*shape)(emit *e, const catalog *c);

/* The template with its marks replaced: @DATA@ by the data, @FILE name@ by a file beside it. */
static void fill(const catalog *c, const char *templates, const char *template, const char *out, const char *name,
                 enum dialect dialect, shape put)
{
    char line[4096], file[200];
    FILE *from = open_file(templates, template, "rb");
    FILE *to = open_file(out, name, "wb");
    int filled = 0;
    while (fgets(line, sizeof line, from) != NULL) {
        char *mark = strstr(line, "@DATA@");
        if (mark != NULL) {
            emit e = {.to = to, .dialect = dialect};
            fwrite(line, 1, (size_t)(mark - line), to);
            put(&e, c);
            fputs(mark + 6, to);
            filled = 1;
        } else if (sscanf(line, "@FILE %199[^@]@", file) == 1) {
            copy_file(to, templates, file);
        } else {
            fputs(line, to);
        }
    }
    if (!filled) {
        export_fail("%s has no @DATA@", template);
    }
    fclose(from);
    close_file(to, name);
}

int main(int argc, char **argv)
{
    static catalog c;
    if (argc == 2 && strcmp(argv[1], "--report") == 0) {
        export_read(&c);
        return export_report(&c);
    }
    if (argc != 3) {
        fputs("usage: mkexport TEMPLATES OUT | --report\n", stderr);
        return 2;
    }
    export_read(&c);
    FILE *json = open_file(argv[2], "payroute-catalog.json", "wb");
    emit e = {.to = json, .dialect = DIALECT_JSON};
    export_json(&e, &c);
    close_file(json, "payroute-catalog.json");
    fill(&c, argv[1], "catalog.php.in", argv[2], "payroute_catalog.php", DIALECT_PHP, export_lookup);
    fill(&c, argv[1], "catalog.py.in", argv[2], "payroute_catalog.py", DIALECT_PYTHON, export_lookup);
    fill(&c, argv[1], "page.html.in", argv[2], "payroute-catalog.html", DIALECT_PAGE, export_page);
    return 0;
}
