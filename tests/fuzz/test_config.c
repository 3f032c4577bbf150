/* Configuration: a file, one channel added, or one value set, by a letter. What is refused changes nothing,
   and no problem's text holds a secret. @app@ and the like stand for keys. */
#include "kit.h"

#include "../unit/registry_fixture.h"

#include "registry/registry.h"

enum { VIEW_MAX = 64 * 1024 };

static void view(const payroute_registry *r, char out[VIEW_MAX])
{
    int32_t n = payroute_registry_view(r, out, VIEW_MAX);
    FUZZ_EXPECT(n == PAYROUTE_E_BUFFER || (n >= 0 && (size_t)n == strlen(out)), "view %d", (int)n);
    if (n == PAYROUTE_E_BUFFER) {
        out[0] = '\0';
    }
}

/* How many names and texts of the file hold this one. */
static int32_t holders(const payroute_json_node *node, const char *text)
{
    int32_t n = 0;
    for (const payroute_json_node *m = payroute_json_first(node); m != NULL; m = payroute_json_next(m)) {
        const char *name = payroute_json_name(m);
        const char *value = payroute_json_string(m);
        n += (name != NULL && strstr(name, text) != NULL) + (value != NULL && strstr(value, text) != NULL);
        n += holders(m, text);
    }
    return n;
}

/* Every secret that the file holds, by the names of credential fields of any provider; in a problem's text
   also whatever looks like one. (The view shows addresses and titles as they are, whatever they look like.) A
   secret that is a part of some other word too, say of a channel's name, is told by that word. */
static void secrets_stay(const payroute_json_node *root, const payroute_json_node *node, const char *text,
                         int32_t alike)
{
    for (const payroute_json_node *m = payroute_json_first(node); m != NULL; m = payroute_json_next(m)) {
        const char *name = payroute_json_name(m);
        const char *value = payroute_json_string(m);
        for (int32_t p = 0; name != NULL && value != NULL && p < pr_provider_count(); p++) {
            const pr_provider *provider = pr_provider_at(p);
            int32_t i = pr_provider_field(provider, name);
            if (i >= 0 && strlen(value) >= 12 &&
                (provider->fields[i].kind == PR_FIELD_SECRET ||
                 provider->fields[i].kind == PR_FIELD_RSA_PRIVATE)) {
                FUZZ_EXPECT(strstr(text, value) == NULL || holders(root, value) > 1, "%s stands in: %s", name,
                            text);
            }
        }
        if (alike && value != NULL && strlen(value) >= 20 && pr_provider_secret_like(value)) {
            FUZZ_EXPECT(strstr(text, value) == NULL || holders(root, value) > 1, "a secret stands in: %s",
                        text);
        }
        secrets_stay(root, m, text, alike);
    }
}

static void check_why(const char *json, size_t len, int32_t rc, const char *why, const char *seen)
{
    payroute_json *doc = NULL;
    FUZZ_EXPECT(rc <= 0 && rc != PAYROUTE_E_INTERNAL && rc != PAYROUTE_E_NOMEM, "rc %d", (int)rc);
    FUZZ_EXPECT(rc == PAYROUTE_OK || why[0] != '\0', "refused (%d) without a word", (int)rc);
    FUZZ_EXPECT(pr_utf8_valid(why, strlen(why)), "no UTF-8: %s", why);
    if (payroute_json_parse(&doc, json, len, NULL, 0) == PAYROUTE_OK) {
        const payroute_json_node *root = payroute_json_root(doc);
        secrets_stay(root, root, why, 1);
        secrets_stay(root, root, seen, 0);
    }
    payroute_json_free(doc);
}

static void read_file(const char *json, size_t len)
{
    static char seen[VIEW_MAX];
    char why[4096] = "";
    payroute_registry *r = NULL;
    int32_t rc = payroute_registry_from_json(&r, json, len, why, sizeof why);
    FUZZ_EXPECT((rc == PAYROUTE_OK) == (r != NULL), "rc %d", (int)rc);
    seen[0] = '\0';
    if (r != NULL) {
        view(r, seen);
        for (int32_t i = 0; i < payroute_registry_count(r); i++) {
            const char *id = payroute_registry_id(r, i);
            FUZZ_EXPECT(payroute_registry_find(r, id) == i, "channel %s is not found", id);
            const pr_channel *c = pr_registry_at(r, i);
            fuzz_keeps_secrets(c, seen, strlen(seen), "view");
        }
    }
    check_why(json, len, rc, why, seen);
    payroute_registry_free(r);
}

/* On a registry that holds a channel already. */
static void change(const char *json, size_t len, const char *name)
{
    static char before[VIEW_MAX];
    static char after[VIEW_MAX];
    char why[2048] = "";
    payroute_registry *r = NULL;
    FUZZ_EXPECT(payroute_registry_new(&r) == PAYROUTE_OK, "no registry");
    static const char first[] = FIX_STRIPE("first") "}";
    FUZZ_EXPECT(payroute_registry_add(r, first, strlen(first), why, sizeof why) == PAYROUTE_OK, "%s", why);
    view(r, before);
    int32_t rc = name != NULL ? payroute_registry_set(r, name, json, len, why, sizeof why)
                              : payroute_registry_add(r, json, len, why, sizeof why);
    view(r, after);
    FUZZ_EXPECT(rc == PAYROUTE_OK || strcmp(before, after) == 0, "refused (%d), and it changed", (int)rc);
    FUZZ_EXPECT(payroute_registry_count(r) == 1 + (rc == PAYROUTE_OK && name == NULL), "another count");
    check_why(json, len, rc, why, after);
    FUZZ_EXPECT(payroute_registry_seal(r) == PAYROUTE_OK, "cannot be sealed");
    payroute_registry_free(r);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    fuzz_in in = {data, size};
    uint8_t kind = fuzz_u8(&in);
    size_t len;
    static const char *const names[] = {"locale", "policy", "allow_plain_loopback", "nothing"};
    const char *name = kind == 's' ? names[fuzz_below(&in, sizeof names / sizeof names[0])] : NULL;
    char *text = fuzz_rest(&in, &len);
    /* keys only into texts without NUL: they end there */
    char *json = strlen(text) == len ? fix_expand(text) : NULL;
    if (json != NULL) {
        free(text);
        text = json;
        len = strlen(json);
    }
    if (kind == 'f') {
        read_file(text, len);
    } else if (kind == 'c' || kind == 's') {
        change(text, len, name);
    }
    free(text);
    return 0;
}
