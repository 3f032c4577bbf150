/* Writes the tables of docs/network-rules.md from lib/catalog/network_rules.def (`mkrules NETWORK`), and those of
 * docs/places.md from lib/catalog/places.def (`mkrules places`, `mkrules gaps`). */
#include <stdio.h>
#include <string.h>

enum kind { NEVER, FIX, WAIT, LIMIT, VOLUME, FEE };
enum on { CODE, ADVICE };
enum border { ANY, DOMESTIC, CROSS };
enum dated { STATED, SEEN };
enum counted {
    NONE,
    REPEATS_AMOUNT,
    REPEATS_AMOUNT_MONTH,
    DECLINES,
    DECLINES_AMOUNT,
    DECLINES_ALL
};

typedef struct rule {
    int number;
    const char *network;
    enum kind kind;
    const char *codes;
    enum on on;
    const char *regions;
    enum border border;
    int count;
    enum counted counted;
    int hours;
    int minor;
    const char *currency;
    int from;
    int to;
    enum dated dated;
    const char *source;
    const char *note;
} rule;

#define X(...) {__VA_ARGS__},
static const rule rules[] = {
#include "catalog/network_rules.def"
};
#undef X

static void span(int hours)
{
    printf(hours % 24 == 0 ? "%d d" : "%d h", hours % 24 == 0 ? hours / 24 : hours);
}

static void says(const rule *r)
{
    static const char *const counted[] = {
        "", "repeats of the same amount", "repeats of the same amount, by calendar month",
        "declines", "declines of the same amount", "declines of all cards"};
    switch (r->kind) {
    case NEVER:
        printf("**never** again");
        break;
    case FIX:
        printf("not with the same data");
        break;
    case WAIT:
        printf("wait ");
        span(r->hours);
        break;
    case LIMIT:
    case VOLUME:
        printf("at most %d %s in ", r->count, counted[r->counted]);
        span(r->hours);
        break;
    case FEE:
        printf("%d.%02d %s each", r->minor / 100, r->minor % 100, r->currency);
        if (r->count > 0) {
            printf(" after %d", r->count);
        }
        break;
    }
}

static void day(int d)
{
    if (d > 0) {
        printf("%04d-%02d-%02d", d / 10000, d / 100 % 100, d % 100);
    }
}

static void row(const rule *r)
{
    printf("| %d | %s%s | ", r->number, r->on == ADVICE ? "advice " : "", strcmp(r->codes, "*") == 0 ? "all others" : r->codes);
    says(r);
    printf(" | %s%s | ", strcmp(r->regions, "*") == 0 ? "everywhere" : r->regions,
           r->border == DOMESTIC ? ", domestic card" : r->border == CROSS ? ", foreign card" : "");
    day(r->from);
    printf("%s | ", r->dated == SEEN ? " ?" : "");
    day(r->to);
    const char *host = strstr(r->source, "//") + 2;
    printf(" | %s | [%.*s](%s) |\n", r->note, (int)strcspn(host, "/"), host, r->source);
}

static void print_places(void)
{
    static const struct {
        const char *provider, *topic, *zh, *en, *url, *source;
    } places[] = {
#define PR_PLACE(provider, topic, zh, en, url, source) {provider, #topic, zh, en, url, source},
#include "catalog/places.def"
    };
    printf("| provider | about | where | 在哪里 | shown by |\n|---|---|---|---|---|\n");
    for (size_t i = 0; i < sizeof places / sizeof places[0]; i++) {
        const char *source = places[i].source, *host = strstr(source, "//");
        printf("| %s | ", strcmp(places[i].provider, "*") == 0 ? "all" : places[i].provider);
        for (const char *c = places[i].topic; *c != '\0'; c++) {
            putchar(*c + ('a' - 'A'));
        }
        if (places[i].url[0] != '\0') {
            printf(" | [%s](%s) | %s | ", places[i].en, places[i].url, places[i].zh);
        } else {
            printf(" | %s | %s | ", places[i].en, places[i].zh);
        }
        if (host != NULL) {
            printf("[%.*s](%s) |\n", (int)strcspn(host + 2, "/"), host + 2, source);
        } else {
            printf("`%s` |\n", source);
        }
    }
}

static void print_gaps(void)
{
    static const char *const gaps[][2] = {
#define PR_PLACE_GAP(provider, topics) {provider, topics},
#include "catalog/places.def"
    };
    printf("| provider | about |\n|---|---|\n");
    for (size_t i = 0; i < sizeof gaps / sizeof gaps[0]; i++) {
        printf("| %s | %s |\n", gaps[i][0], gaps[i][1]);
    }
}

int main(int argc, char **argv)
{
    int rows = 0;
    if (argc != 2) {
        fputs("usage: mkrules NETWORK|places|gaps\n", stderr);
        return 2;
    }
    if (strcmp(argv[1], "places") == 0) {
        print_places();
        return 0;
    }
    if (strcmp(argv[1], "gaps") == 0) {
        print_gaps();
        return 0;
    }
    printf("| rule | codes | says | where | from | to | what it means | source |\n|---|---|---|---|---|---|---|---|\n");
    for (size_t i = 0; i < sizeof rules / sizeof rules[0]; i++) {
        if (strcmp(rules[i].network, argv[1]) == 0) {
            row(&rules[i]);
            rows++;
        }
    }
    return rows > 0 ? 0 : 1;
}
