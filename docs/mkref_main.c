/* The pages that mkref makes: `mkref configuration SCHEMA` is docs/configuration.md, `mkref flows` and `mkref proofs`
 * are tables of docs/providers.md, `mkref forks` is that of docs/epay.md. */
#include "mkref.h"
#include "provider/provider.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MINUTE INT64_C(60000)
#define HOUR (60 * MINUTE)
#define DAY (24 * HOUR)

static cJSON *read_schema(const char *path)
{
    static char text[262144];
    FILE *file = fopen(path, "rb");
    size_t len = file != NULL ? fread(text, 1, sizeof text - 1, file) : 0;
    if (file != NULL) {
        fclose(file);
    }
    text[len] = '\0';
    cJSON *schema = cJSON_Parse(text);
    if (schema == NULL) {
        mkref_fail("%s cannot be read", path);
    }
    return schema;
}

/* ---- docs/configuration.md ---- */

static const char head[] =
    "<!-- Made by docs/mkref.c of include/payroute/payroute.schema.json, lib/provider/providers.def and\n"
    "lib/core/policy.def: make docs. Do not edit. -->\n"
    "# Configuration\n\n"
    "Two JSON texts. The **configuration** says which accounts there are; it holds the credentials, so keep the file at\n"
    "mode 0600. The **options** say where this installation keeps its payments. What each provider wants is in\n"
    "[providers](providers.md).\n\n"
    "`payroute check FILE` lists every problem of a configuration at once, with path and value. An unknown key is a\n"
    "problem, since a misspelt one would be a setting that is silently missing. `payroute doctor FILE` asks the\n"
    "providers.\n\n"
    "The smallest configuration that works:\n\n"
    "```json\n"
    "{\"schema\": 1,\n"
    " \"channels\": [\n"
    "   {\"id\": \"card-main\", \"provider\": \"stripe\", \"notify_url\": \"https://shop.example/pay/notify/card-main\",\n"
    "    \"credentials\": [{\"secret_key\": \"sk_test_EXAMPLE\", \"webhook_secret\": \"whsec_EXAMPLE\"}],\n"
    "    \"methods\": [{\"method\": \"card\", \"flows\": [\"token\"]}], \"currencies\": [\"EUR\"]}]}\n"
    "```\n\n"
    "A longer one, with Alipay, Stripe and `custom`: [channels.example.json](../examples/channels.example.json). Editors that know\n"
    "JSON Schema complete and check it with `payroute.schema.json`.\n\n"
    "Amounts are integers in minor units (fen, cents). A length counts bytes of UTF-8. In the column *needed*, \"yes\"\n"
    "means always; a provider's name means for channels of that provider; \"(only)\" means that others refuse the key.\n\n";

static const char options[] =
    "## Options\n\n"
    "The second text of `payroute_engine_open`, `new Payroute(…)` and `payroute.Engine(…)`; for the command they are\n"
    "`--store`, `--instance`, `--state-dir`, `--health`, `--clock` and `--catalog`.\n\n"
    "| key | type | needed | default | meaning |\n|---|---|---|---|---|\n"
    "| `store` | string | yes | | `sqlite:/path`, with `?journal=truncate`, `delete` or `wal` and `&network=1` where "
    "wanted; `memory:name` for tests |\n"
    "| `instance` | string | | made once, kept in the store | Name of this installation, 1 to 32 of `A-Z a-z 0-9 - _ .`. "
    "It is part of every order's hash: do not change it |\n"
    "| `state_dir` | string | | none | A folder apart from the store's, best on another disk: by it a restored or copied "
    "store is noticed |\n"
    "| `health` | string or `false` | | beside a SQLite store, its name with `-health` behind | Full path of the file in "
    "which the processes of this host keep how channels are, on a local disk; `false`: nothing is learnt. "
    "[routing](routing.md), [health](health.md) |\n"
    "| `clock` | object | | the system's | `{\"base_ms\": …, \"rate\": …}`, virtual; only when every channel is on this "
    "machine |\n"
    "| `catalog` | array | | none | Your own rows over the built-in codes: [add-a-code](add-a-code.md) |\n\n"
    "```json\n"
    "{\"store\": \"sqlite:/var/lib/shop/payments.db\", \"state_dir\": \"/var/lib/shop-state\"}\n"
    "```\n";

static void credentials(const cJSON *defs)
{
    for (int32_t i = 0; i < pr_provider_count(); i++) {
        char name[64];
        const pr_provider *p = pr_provider_at(i);
        snprintf(name, sizeof name, "credential_%s", p->name);
        const cJSON *object = cJSON_GetObjectItemCaseSensitive(defs, name);
        if (p->field_count == 0) {
            continue;
        }
        if (object == NULL) {
            mkref_fail("the schema has no %s", name);
        }
        printf("### %s\n\n%s\n\n", p->name, mkref_text(object, "description"));
        mkref_section(object, p->name);
        mkref_rules(p->name);
    }
}

static void print_configuration(const cJSON *schema)
{
    static const char *const parts[][3] = {
        {"channel", "channels: one object each", ""},
        {"method", "channels[].methods[]", ""},
        {"features", "channels[].features", ""},
        {"timeouts", "channels[].timeouts", ""},
        {"facts", "channels[].facts", ""},
        {"maintenance", "channels[].maintenance[]", ""},
        {"routing", "routing", ""},
        {"rule", "rules[]", ""},
        {"when", "rules[].when", ""},
        {"amount", "rules[].when.amount", ""},
        {"risk", "rules[].when.risk", ""},
        {"hours", "rules[].when.hours", ""},
        {"then", "rules[].then", ""},
    };
    const cJSON *defs = cJSON_GetObjectItemCaseSensitive(schema, "$defs");
    printf("%s## The file\n\n", head);
    mkref_section(schema, "file");
    for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++) {
        const cJSON *object = cJSON_GetObjectItemCaseSensitive(defs, parts[i][0]);
        printf("## %s\n\n%s\n\n", parts[i][1], mkref_text(object, "description"));
        mkref_section(object, parts[i][0]);
    }
    printf("## channels[].credentials[]\n\n"
           "Up to four versions of one account's credentials. The first signs new requests, all verify what comes: that is\n"
           "how a key is replaced without losing a notification ([operations](operations.md#replacing-keys)).\n\n");
    credentials(defs);
    printf("## policy\n\nTimes in milliseconds. The defaults are safe; change one only when you know why.\n\n");
    mkref_policy();
    printf("\n%s", options);
}

/* ---- tables of docs/providers.md ---- */

static const char *span(char out[40], int64_t ms)
{
    int64_t unit = ms % DAY == 0 ? DAY : ms % HOUR == 0 ? HOUR : MINUTE;
    const char *word = unit == DAY ? "d" : unit == HOUR ? "h" : "min";
    snprintf(out, 40, "%lld %s", (long long)(ms / unit), word);
    return out;
}

static const char *yes(uint32_t flags, uint32_t flag)
{
    return (flags & flag) != 0 ? "yes" : "**no**";
}

static const char *refund(uint32_t flags)
{
    return (flags & PR_FACT_REFUND) == 0         ? "**no**"
           : (flags & PR_FACT_REFUND_KEYED) == 0 ? "without a key"
           : (flags & PR_FACT_REFUND_LOOKUP) == 0 ? "by key"
                                                  : "by key, can be asked for";
}

static const char *repeat(char out[40], const pr_facts *f, uint32_t flags)
{
    char life[40];
    if ((flags & PR_FACT_REPEAT_SAFE) == 0 || f->key_ttl_ms == 0) {
        return "**no**";
    }
    snprintf(out, 40, "%s", f->key_ttl_ms == INT64_MAX ? "for ever" : span(life, f->key_ttl_ms));
    return out;
}

static void flow_row(const char *provider, const char *fork, const pr_flow *f, uint32_t off)
{
    char key[40], pay[40], pending[40], review[40];
    uint32_t flags = f->facts.flags & ~off;
    printf("| %s%s%s | %s | %s | %s | %s | %s | %s | %s | %s | %s |\n", provider, *fork != '\0' ? " " : "", fork, f->name,
           f->method != NULL ? f->method : "any", yes(flags, PR_FACT_CAN_CLOSE), refund(flags),
           f->facts.auth_ttl_ms > 0 ? "yes" : "**no**", repeat(key, &f->facts, flags), span(pay, f->facts.pay_ms),
           span(pending, f->facts.max_pending_ms), span(review, f->facts.review_ms));
}

static int has_word(const char *words, const char *word)
{
    size_t len = strlen(word);
    for (const char *at = strstr(words, word); at != NULL; at = strstr(at + 1, word)) {
        if ((at == words || at[-1] == ' ') && (at[len] == ' ' || at[len] == '\0')) {
            return 1;
        }
    }
    return 0;
}

static void print_flows(void)
{
    printf("| channel | flow | method | close | refund | hold | same request again | customer has | pending, then a person "
           "| unknown, then a person |\n|---|---|---|---|---|---|---|---|---|---|\n");
    for (int32_t i = 0; i < pr_provider_count(); i++) {
        const pr_provider *p = pr_provider_at(i);
        const pr_fork *fork = pr_provider_fork_at(p, 0);
        if (p->field_count == 0) {
            continue; /* custom: as the channel declares */
        }
        for (int32_t k = 0; fork != NULL || k == 0; k++) {
            for (int32_t n = 0; n < p->flow_count; n++) {
                if (fork == NULL || has_word(fork->flows, p->flows[n].name)) {
                    flow_row(p->name, fork != NULL ? fork->name : "", &p->flows[n], fork != NULL ? fork->off : 0);
                }
            }
            fork = fork != NULL ? pr_provider_fork_at(p, k + 1) : NULL;
            if (fork == NULL) {
                break;
            }
        }
    }
}

static void print_proofs(void)
{
    static const char *const proofs[] = {"nothing", "the host's word", "verified TLS", "a signature"};
    static const struct {
        int32_t operation;
        const char *name;
    } rows[] = {{PR_OP_CREATE, "answer to an order"}, {PR_OP_QUERY, "answer to a query"},
                {PR_OP_REFUND, "answer to a refund"}, {PR_OP_NOTIFY, "notification"}};
    printf("| provider | what | money moved | it was refused |\n|---|---|---|---|\n");
    for (int32_t i = 0; i < pr_provider_count(); i++) {
        for (size_t k = 0; k < sizeof rows / sizeof rows[0]; k++) {
            const pr_operation_facts *f = pr_provider_operation(pr_provider_at(i), rows[k].operation);
            printf("| %s | %s | %s | %s |\n", pr_provider_at(i)->name, rows[k].name, proofs[f->evidence_money],
                   proofs[f->evidence_free]);
        }
    }
}

/* The flows in which a fork's orders can be closed. */
static void print_closable(const pr_provider *p, const pr_fork *fork)
{
    int n = 0;
    for (int32_t i = 0; i < p->flow_count; i++) {
        uint32_t flags = p->flows[i].facts.flags & ~fork->off;
        if ((flags & PR_FACT_CAN_CLOSE) != 0 && has_word(fork->flows, p->flows[i].name)) {
            printf("%s%s", n++ > 0 ? " " : "", p->flows[i].name);
        }
    }
    printf("%s | ", n > 0 ? "" : "no");
}

static void print_forks(void)
{
    const pr_provider *p = pr_provider_find("epay");
    printf("| fork | panel | signs with | credential | methods | flows | close | refund |\n"
           "|---|---|---|---|---|---|---|---|\n");
    for (int32_t i = 0; pr_provider_fork_at(p, i) != NULL; i++) {
        const pr_fork *f = pr_provider_fork_at(p, i);
        printf("| `%s` | %s%s%s | %s | `", f->name, f->title_en, strcmp(f->title_en, f->title_zh) != 0 ? ", " : "",
               strcmp(f->title_en, f->title_zh) != 0 ? f->title_zh : "", f->legacy ? "MD5 (**legacy**)" : "RSA");
        for (const char *c = f->secret; *c != '\0'; c++) {
            if (*c == ' ') {
                printf("`, `");
            } else {
                putchar(*c);
            }
        }
        printf("` |");
        for (const char *c = f->types; *c != '\0'; c += strcspn(c, " "), c += strspn(c, " ")) {
            printf(" %.*s", (int)strcspn(c, "="), c);
        }
        printf(" | %s | ", f->flows);
        print_closable(p, f);
        printf("%s |\n", refund(p->flows[0].facts.flags & ~f->off));
    }
}

int main(int argc, char **argv)
{
    const char *what = argc > 1 ? argv[1] : "";
    if (strcmp(what, "configuration") == 0 && argc == 3) {
        cJSON *schema = read_schema(argv[2]);
        print_configuration(schema);
        cJSON_Delete(schema);
    } else if (strcmp(what, "flows") == 0) {
        print_flows();
    } else if (strcmp(what, "proofs") == 0) {
        print_proofs();
    } else if (strcmp(what, "forks") == 0) {
        print_forks();
    } else {
        mkref_fail("configuration SCHEMA, flows, proofs or forks");
    }
    return 0;
}
