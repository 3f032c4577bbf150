/* How good each table is, in figures: rows, how many were reviewed one by one, how many say more than a code that is not
 * listed would get. Makes docs/catalog-coverage.md. */
#include "export.h"

#include <payroute/catalog.h>

#include <stdlib.h>
#include <string.h>

enum { THIN_ROWS = 10, THIN_PERCENT = 60 };

typedef struct figures {
    int32_t rows;
    int32_t reviewed;
    int32_t specific_reason;
    int32_t specific_advice;
    int32_t with_data;
    int32_t aliases;
    int32_t patterns;
    int32_t layers;
} figures;

/* Reasons that hardly say more than "no" or "nobody knows". */
static int32_t says_little(const catalog *c, const row *r)
{
    static const char *const names[] = {"unknown_outcome", "unrelated_feature", "declined_generic", "do_not_honor",
                                        "provider_declined"};
    const char *name = payroute_reason_name(c->reasons[r->reason]);
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        if (strcmp(names[i], name) == 0) {
            return 1;
        }
    }
    return row_is_default(r);
}

static int32_t has_data(const row *r)
{
    return *r->field != '\0' || *r->act != '\0' || r->wait_seconds > 0;
}

/* More than "ask what became of it", which is what an unlisted code gets. */
static int32_t advises(const catalog *c, const row *r)
{
    const char *own = payroute_advice_name(payroute_reason_advice(c->reasons[r->reason]));
    return has_data(r) || strcmp(r->advice, own) != 0 ||
           (!says_little(c, r) && strcmp(r->advice, payroute_advice_name(PAYROUTE_ADVICE_QUERY)) != 0);
}

static void measure(figures *f, const catalog *c, int32_t p)
{
    const char *seen[400];
    memset(f, 0, sizeof *f);
    for (int32_t i = c->first[p]; i < c->first[p + 1]; i++) {
        const row *r = &c->rows[i];
        f->rows++;
        f->reviewed += *r->reviewed != '\0';
        f->specific_reason += !says_little(c, r);
        f->specific_advice += advises(c, r);
        f->with_data += has_data(r);
        f->aliases += r->alias_of != NULL && strcmp(r->alias_of, "@message") != 0;
        f->patterns += row_is_message(r) || row_is_prefix(r);
        int32_t k = 0;
        while (k < f->layers && seen[k] != r->layer) {
            k++;
        }
        if (k == f->layers && f->layers < 400 && export_layer_named(r)) {
            seen[f->layers++] = r->layer;
        }
    }
}

static int32_t percent(int32_t part, int32_t whole)
{
    return whole == 0 ? 0 : (part * 100 + whole / 2) / whole;
}

static void put_line(const char *name, const figures *f, const char *around)
{
    printf("| %s%s%s | %d | %d %% | %d %% | %d %% | %d %% | %d | %d | %d |\n", around, name, around, (int)f->rows,
           (int)percent(f->reviewed, f->rows), (int)percent(f->specific_reason, f->rows),
           (int)percent(f->specific_advice, f->rows), (int)percent(f->with_data, f->rows), (int)f->layers,
           (int)f->aliases, (int)f->patterns);
}

static void add(figures *sum, const figures *f)
{
    sum->rows += f->rows;
    sum->reviewed += f->reviewed;
    sum->specific_reason += f->specific_reason;
    sum->specific_advice += f->specific_advice;
    sum->with_data += f->with_data;
    sum->layers += f->layers;
    sum->aliases += f->aliases;
    sum->patterns += f->patterns;
}

static const char head[] =
    "<!-- Made by docs/export/report.c of the catalogue: make docs. Do not edit. -->\n"
    "# What the catalogue covers\n\n"
    "One line a table: a provider, a card network, or a list that several share. `make catalog-report` prints it as well.\n\n"
    "| column | counts |\n|---|---|\n"
    "| rows | codes, aliases and patterns, with the table's default |\n"
    "| reviewed | rows that somebody compared with their source one by one, and dated; all others were taken over with "
    "their source and passed the linter |\n"
    "| reason | rows whose reason says a cause: none of `unknown_outcome`, `unrelated_feature`, `declined_generic`, "
    "`do_not_honor`, `provider_declined`, and not the default |\n"
    "| advice | rows that advise more than \"ask what became of it\", which an unlisted code gets |\n"
    "| data | rows whose advice names a field to correct, an act, or a time to wait |\n"
    "| layers, aliases, patterns | fields of the answer that are told apart; other spellings of a code; codes known by "
    "how they begin or by a part of the message |\n\n";

static void put_thin(const catalog *c, const figures *all)
{
    int32_t found = 0;
    printf("\n## Thin tables\n\n"
           "Fewer than %d rows, or more than %d %% of them without a cause. A short list may be all that a provider\n"
           "publishes; what is missing here is answered with `unknown_outcome`, which is never a failure.\n\n"
           "| table | rows | without a cause |\n|---|---|---|\n",
           THIN_ROWS, THIN_PERCENT);
    for (int32_t p = 0; p < c->provider_count; p++) {
        int32_t without = percent(all[p].rows - all[p].specific_reason, all[p].rows);
        if (all[p].rows < THIN_ROWS || without > THIN_PERCENT) {
            printf("| %s | %d | %d %% |\n", c->providers[p], (int)all[p].rows, (int)without);
            found++;
        }
    }
    printf("\n%d of %d.\n", (int)found, (int)c->provider_count);
}

int export_report(const catalog *c)
{
    figures *all = export_need(calloc((size_t)c->provider_count + 1, sizeof *all));
    figures sum = {0};
    fputs(head, stdout);
    for (int32_t p = 0; p < c->provider_count; p++) {
        measure(&all[p], c, p);
        add(&sum, &all[p]);
    }
    printf("%d tables, %d reasons, %d locales, %d different places in consoles.\n\n", (int)c->provider_count,
           (int)c->reason_count, (int)c->locale_count, (int)c->place_count);
    printf("| table | rows | reviewed | reason | advice | data | layers | aliases | patterns |\n"
           "|---|---|---|---|---|---|---|---|---|\n");
    put_line("all", &sum, "**");
    for (int32_t p = 0; p < c->provider_count; p++) {
        put_line(c->providers[p], &all[p], "");
    }
    put_thin(c, all);
    free(all);
    return ferror(stdout) || fflush(stdout) != 0;
}
