/* `explain --search`, `--provider`, `--providers`, `--reasons`: the rows of the catalogue, what they are about and how
 * many there are. Rows are read one by one; nothing is kept but counts. */
#include "cli.h"

#include <payroute/catalog.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum { REASON_MAX = 256, PROVIDER_MAX = 512, AUDIENCES = 3 };

typedef struct walk {
    int32_t index;
    payroute_json *doc;
    char *text;
    const payroute_json_node *row;
} walk;

static int32_t ask_row(void *user, char *out, size_t cap)
{
    return payroute_catalog_row_at(*(int32_t *)user, out, cap);
}

/* The next row that can be read; 0 at the end. */
static int32_t next_row(walk *w)
{
    payroute_json_free(w->doc);
    free(w->text);
    w->doc = NULL;
    w->text = NULL;
    while (w->index < payroute_catalog_row_count() && !ferror(stdout)) {
        int32_t rc = 0;
        w->text = json_ask(ask_row, &w->index, &rc);
        w->index++;
        if (rc > 0 && payroute_json_parse(&w->doc, w->text, (size_t)rc, NULL, 0) == PAYROUTE_OK) {
            w->row = payroute_json_root(w->doc);
            return 1;
        }
        free(w->text);
        w->text = NULL;
    }
    return 0;
}

/* 0 not at all, 1 for any, 2 the same. */
static int32_t place_fits(const char *have, const char *want)
{
    return strcmp(have, "*") == 0 ? 1 : !want || strcmp(have, want) == 0 ? 2 : 0;
}

char *catalog_row_note(const args *a, const char *provider, const char *code, const char *reason)
{
    walk w = {0};
    char *note = NULL;
    int32_t best = 0;
    while (next_row(&w)) {
        /* Where neither layer nor operation is said, several rows fit: the one that the answer came from. */
        int32_t answers = strcmp(text_of(w.row, "reason"), reason) == 0 ? 100 : 0;
        int32_t layer = place_fits(text_of(w.row, "layer"), a->value[OPT_LAYER]);
        int32_t operation = place_fits(text_of(w.row, "operation"), a->value[OPT_OPERATION]);
        if (strcmp(text_of(w.row, "provider"), provider) == 0 && strcasecmp(text_of(w.row, "code"), code) == 0 &&
            layer && operation && answers + operation * 3 + layer > best) {
            best = answers + operation * 3 + layer;
            free(note);
            note = need(strdup(text_of(w.row, "note")));
        }
    }
    return note;
}

/* ---- rows ---- */

typedef struct wish {
    const char *provider;
    const char *reason;
    const char *layer;
    const char *word;
    uint8_t spoken[REASON_MAX]; /* by number: the reason's own words hold the word */
} wish;

static int32_t reason_speaks(int32_t reason, const char *word)
{
    if (strcasestr(payroute_reason_name(reason), word) || strcasestr(payroute_reason_meaning(reason), word)) {
        return 1;
    }
    for (int32_t l = 0; *payroute_catalog_locale_at(l); l++) {
        for (int32_t who = 0; who < AUDIENCES; who++) {
            if (strcasestr(payroute_reason_text(NULL, reason, who, payroute_catalog_locale_at(l)), word)) {
                return 1;
            }
        }
    }
    return 0;
}

static int32_t fits(const wish *w, const payroute_json_node *row)
{
    return (!w->provider || strcmp(text_of(row, "provider"), w->provider) == 0) &&
           (!w->reason || strcmp(text_of(row, "reason"), w->reason) == 0) &&
           (!w->layer || strcmp(text_of(row, "layer"), w->layer) == 0);
}

/* 2: by itself; 1: its reason's words do; 0: not. */
static int32_t holds_word(const wish *w, const payroute_json_node *row)
{
    static const char *const members[] = {"code", "alias_of", "reason", "note"};
    for (size_t i = 0; i < sizeof members / sizeof members[0]; i++) {
        if (!w->word || strcasestr(text_of(row, members[i]), w->word)) {
            return 2;
        }
    }
    int32_t number = payroute_reason_find(text_of(row, "reason"));
    return number > 0 && number < REASON_MAX && w->spoken[number];
}

static void put_row(table *t, const payroute_json_node *row)
{
    table_cell(t, text_of(row, "provider"));
    table_cell(t, strcmp(text_of(row, "operation"), "*") == 0 ? "any" : text_of(row, "operation"));
    table_cell(t, text_of(row, "layer"));
    table_cell(t, text_of(row, "code"));
    table_cell(t, text_of(row, "reason"));
    table_cell(t, text_of(row, "advice"));
}

/* Which providers there are, for somebody who misspelled one; rows of one stand together. */
static void put_providers(void)
{
    char last[64] = "";
    walk w = {0};
    put("nothing found; there are rows of:");
    while (next_row(&w)) {
        if (strcmp(last, text_of(w.row, "provider")) != 0) {
            (void)snprintf(last, sizeof last, "%s", text_of(w.row, "provider"));
            putf(" %s", last);
        }
    }
    put("\n");
}

/* Reasons whose words hold the word, with an example of them: rows found only through them are many. */
static int32_t put_spoken(const wish *w, const int32_t *through)
{
    int32_t found = 0;
    table t;
    table_begin(&t, "REASON|MORE ROWS|MEANING");
    for (int32_t i = 0; w->word && i < payroute_reason_count(); i++) {
        int32_t number = payroute_reason_at(i);
        if (number > 0 && number < REASON_MAX && w->spoken[number]) {
            table_cell(&t, payroute_reason_name(number));
            table_cellf(&t, "%d", (int)through[number]);
            table_cell(&t, payroute_reason_meaning(number));
            found++;
        }
    }
    if (found) {
        put_heading("Reasons whose name, meaning or texts hold it (their rows: --reason NAME)");
    }
    table_end(&t);
    return found;
}

static int list_rows(const args *a, const wish *w)
{
    int32_t through[REASON_MAX] = {0};
    int32_t found = 0;
    int64_t limit = INT32_MAX;
    walk all = {0};
    table t;
    int code = args_integer(a, OPT_LIMIT, 1, 1000, &limit);
    if (code != EXIT_FINE) {
        return code;
    }
    table_begin(&t, "PROVIDER|OPERATION|LAYER|CODE|REASON|ADVICE");
    while (next_row(&all)) {
        int32_t how = fits(w, all.row) ? holds_word(w, all.row) : 0;
        if (how == 1 && !wants_json(a)) {
            through[payroute_reason_find(text_of(all.row, "reason"))]++;
        } else if (how > 0 && found++ < limit) {
            if (wants_json(a)) {
                (void)fputs(found > 1 ? ",\n" : "[\n", stdout);
                (void)fputs(all.text, stdout);
            } else {
                put_row(&t, all.row);
            }
        }
    }
    if (wants_json(a)) {
        table_end(&t);
        (void)fputs(found ? "\n]\n" : "[]\n", stdout);
        return found ? EXIT_FINE : EXIT_NO;
    }
    int32_t spoken = put_spoken(w, through);
    if (spoken && found) {
        put("\n");
    }
    table_end(&t);
    if (found > limit) {
        putf("and %lld more\n", (long long)(found - limit));
    }
    if (!found && !spoken) {
        if (w->provider && !w->word && !w->reason && !w->layer) {
            put_providers();
        } else {
            put("nothing found\n");
        }
    }
    return found || spoken ? EXIT_FINE : EXIT_NO;
}

int run_explain_rows(const args *a)
{
    wish w = {.provider = a->value[OPT_PROVIDER] ? a->value[OPT_PROVIDER] : a->value[OPT_LIST],
              .reason = a->value[OPT_REASON],
              .layer = a->value[OPT_LAYER],
              .word = a->value[OPT_SEARCH]};
    if (a->value[OPT_PROVIDER] && a->value[OPT_LIST]) {
        return complain(EXIT_USAGE, "--list: the same as --provider; give one");
    }
    if (w.reason && payroute_reason_find(w.reason) == 0) {
        return complain(EXIT_USAGE, "--reason: there is no \"%s\"; see payroute explain --reasons", w.reason);
    }
    for (int32_t i = 0; w.word && i < payroute_reason_count(); i++) {
        int32_t number = payroute_reason_at(i);
        if (number > 0 && number < REASON_MAX) {
            w.spoken[number] = reason_speaks(number, w.word) != 0;
        }
    }
    return list_rows(a, &w);
}

/* ---- tables of counts ---- */

typedef struct counts {
    char name[64];
    int32_t rows;
    int32_t aliases;
    int32_t patterns;
    uint8_t seen[REASON_MAX];
} counts;

static int32_t is_pattern(const payroute_json_node *row)
{
    const char *code = text_of(row, "code");
    size_t len = strlen(code);
    return strcmp(text_of(row, "layer"), "message") == 0 || (len > 0 && code[len - 1] == '*');
}

static int32_t count_providers(counts *all, int32_t *by_reason)
{
    int32_t n = 0;
    walk w = {0};
    while (next_row(&w)) {
        const char *name = text_of(w.row, "provider");
        if (n == 0 || strcmp(all[n - 1].name, name) != 0) {
            if (n == PROVIDER_MAX) {
                continue;
            }
            (void)snprintf(all[n++].name, sizeof all[0].name, "%s", name);
        }
        counts *c = &all[n - 1];
        int32_t reason = payroute_reason_find(text_of(w.row, "reason"));
        c->rows++;
        c->aliases += *text_of(w.row, "alias_of") != '\0';
        c->patterns += is_pattern(w.row);
        if (reason > 0 && reason < REASON_MAX) {
            c->seen[reason] = 1;
            by_reason[reason]++;
        }
    }
    return n;
}

static int32_t ones(const uint8_t *seen)
{
    int32_t n = 0;
    for (int32_t i = 0; i < REASON_MAX; i++) {
        n += seen[i];
    }
    return n;
}

static void put_provider_table(const args *a, const counts *all, int32_t n)
{
    payroute_json_out *out = payroute_json_out_new();
    table t;
    table_begin(&t, "PROVIDER|ROWS|REASONS|ALIASES|PATTERNS");
    payroute_json_out_array(out, NULL);
    for (int32_t i = 0; i < n; i++) {
        for (int32_t c = 0; c < 5 && !wants_json(a); c++) {
            const int32_t cells[5] = {0, all[i].rows, ones(all[i].seen), all[i].aliases, all[i].patterns};
            c == 0 ? table_cell(&t, all[i].name) : table_cellf(&t, "%d", (int)cells[c]);
        }
        payroute_json_out_object(out, NULL);
        payroute_json_out_string(out, "provider", all[i].name);
        payroute_json_out_integer(out, "rows", all[i].rows);
        payroute_json_out_integer(out, "reasons", ones(all[i].seen));
        payroute_json_out_integer(out, "aliases", all[i].aliases);
        payroute_json_out_integer(out, "patterns", all[i].patterns);
        payroute_json_out_end(out);
    }
    payroute_json_out_end(out);
    if (wants_json(a)) {
        size_t len = 0;
        const char *text = json_text(out, &len);
        put_json_line(text, len);
    } else {
        putf("%d rows of %d providers, networks and lists; one of them: --provider NAME\n",
             (int)payroute_catalog_row_count(), (int)n);
    }
    table_end(&t);
    payroute_json_out_free(out);
}

static void put_reason_table(const args *a, const int32_t *rows)
{
    payroute_json_out *out = payroute_json_out_new();
    table t;
    table_begin(&t, "REASON|ROWS|CLASS|FAULT|ADVICE|MEANING");
    payroute_json_out_array(out, NULL);
    for (int32_t i = 0; i < payroute_reason_count(); i++) {
        int32_t r = payroute_reason_at(i);
        const char *klass = payroute_reason_class_name(payroute_reason_class(r));
        const char *fault = payroute_fault_name(payroute_reason_fault(r));
        const char *advice = payroute_advice_name(payroute_reason_advice(r));
        int32_t count = r > 0 && r < REASON_MAX ? rows[r] : 0;
        if (!wants_json(a)) {
            table_cell(&t, payroute_reason_name(r));
            table_cellf(&t, "%d", (int)count);
            table_cell(&t, klass);
            table_cell(&t, fault);
            table_cell(&t, advice);
            table_cell(&t, payroute_reason_meaning(r));
        }
        payroute_json_out_object(out, NULL);
        payroute_json_out_string(out, "reason", payroute_reason_name(r));
        payroute_json_out_integer(out, "number", r);
        payroute_json_out_string(out, "class", klass);
        payroute_json_out_string(out, "fault", fault);
        payroute_json_out_string(out, "advice", advice);
        payroute_json_out_integer(out, "rows", count);
        payroute_json_out_string(out, "meaning", payroute_reason_meaning(r));
        payroute_json_out_end(out);
    }
    payroute_json_out_end(out);
    if (wants_json(a)) {
        size_t len = 0;
        const char *text = json_text(out, &len);
        put_json_line(text, len);
    }
    table_end(&t);
    payroute_json_out_free(out);
}

int run_explain_tables(const args *a)
{
    int32_t by_reason[REASON_MAX] = {0};
    counts *all = need(calloc(PROVIDER_MAX, sizeof *all));
    int32_t n = count_providers(all, by_reason);
    if (a->value[OPT_PROVIDERS]) {
        put_provider_table(a, all, n);
    } else {
        put_reason_table(a, by_reason);
    }
    free(all);
    return EXIT_FINE;
}
