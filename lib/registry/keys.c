/* The generic half of the configuration reader, driven by keys.def. */
#include "registry/keys.h"

#include "provider/provider.h"

#include <string.h>

static const pr_config_key key_table[] = {
#define KEY(id, scope, name, type, required, min, max, detail)                                               \
    {PR_KEY_##id, PR_SCOPE_##scope, name, PR_TYPE_##type, required, min, max, detail},
#include "registry/keys.def"
#undef KEY
};

enum { NAME_MAX_LEN = 24 };

int32_t pr_keys_count(void)
{
    return PR_KEY_COUNT;
}

const pr_config_key *pr_keys_at(int32_t i)
{
    return i >= 0 && i < PR_KEY_COUNT ? &key_table[i] : NULL;
}

const pr_config_key *pr_keys_find(int32_t scope, const char *name)
{
    for (int32_t i = 0; i < PR_KEY_COUNT; i++) {
        if (key_table[i].scope == scope && strcmp(key_table[i].name, name) == 0) {
            return &key_table[i];
        }
    }
    return NULL;
}

/* Edit distance over short names; longer ones are never near. */
static int32_t edit_distance(const char *a, const char *b)
{
    size_t a_len = strlen(a);
    size_t b_len = strlen(b);
    if (a_len > NAME_MAX_LEN || b_len > NAME_MAX_LEN) {
        return NAME_MAX_LEN;
    }
    int32_t row[NAME_MAX_LEN + 1];
    for (size_t j = 0; j <= b_len; j++) {
        row[j] = (int32_t)j;
    }
    for (size_t i = 1; i <= a_len; i++) {
        int32_t corner = row[0];
        row[0] = (int32_t)i;
        for (size_t j = 1; j <= b_len; j++) {
            int32_t change = corner + (a[i - 1] != b[j - 1]);
            corner = row[j];
            int32_t least = row[j] < row[j - 1] ? row[j] + 1 : row[j - 1] + 1;
            row[j] = change < least ? change : least;
        }
    }
    return row[b_len];
}

const char *pr_keys_nearest(const char *name, const char *const *names)
{
    const char *best = NULL;
    int32_t best_distance = 3;
    for (; *names != NULL; names++) {
        int32_t d = edit_distance(name, *names);
        if (d < best_distance && (size_t)d < strlen(*names)) {
            best_distance = d;
            best = *names;
        }
    }
    return best;
}

static void unknown_key(pr_problems *p, int32_t scope, const char *name)
{
    const char *names[PR_KEY_COUNT + 1];
    int32_t count = 0;
    for (int32_t i = 0; i < PR_KEY_COUNT; i++) {
        if (key_table[i].scope == scope) {
            names[count++] = key_table[i].name;
        }
    }
    names[count] = NULL;
    const char *near = pr_keys_nearest(name, names);
    if (near != NULL) {
        pr_problems_add(p, PR_PROBLEM_SCHEMA, name, "expected a known key, perhaps \"%s\"", near);
    } else {
        pr_problems_add(p, PR_PROBLEM_SCHEMA, name, "expected a known key");
    }
}

static int32_t in_class(const char *shape, char c)
{
    if (strcmp(shape, PR_SHAPE_UPPER) == 0) {
        return c >= 'A' && c <= 'Z';
    }
    if (strcmp(shape, PR_SHAPE_TIME) == 0) {
        return (c >= '0' && c <= '9') || c == 'T' || c == ':' || c == '-';
    }
    if ((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9')) {
        return 1;
    }
    if (strcmp(shape, PR_SHAPE_NAME) == 0) {
        return c == '_';
    }
    if (strcmp(shape, PR_SHAPE_ID) == 0) {
        return c == '.' || c == '_' || c == '-';
    }
    if (strcmp(shape, PR_SHAPE_LOCALE) == 0) {
        return c == '-' || (c >= 'A' && c <= 'Z');
    }
    return c == '.' || c == '_' || c == '-' || (c >= 'A' && c <= 'Z'); /* PR_SHAPE_VERSION */
}

int32_t pr_keys_shape(const char *shape, const char *text)
{
    if (shape != NULL && strcmp(shape, PR_SHAPE_URL) == 0) {
        int32_t loopback;
        int32_t plain;
        return pr_url_check(text, &loopback, &plain) == NULL;
    }
    for (const char *at = text; *at != '\0'; at++) {
        if (shape == NULL ? (unsigned char)*at < 0x20 || *at == 0x7f : !in_class(shape, *at)) {
            return 0;
        }
    }
    return 1;
}

size_t pr_keys_characters(const char *utf8)
{
    size_t n = 0;
    for (; *utf8 != '\0'; utf8++) {
        n += ((unsigned char)*utf8 & 0xc0) != 0x80;
    }
    return n;
}

int32_t pr_keys_chosen(const char *words, const char *text)
{
    size_t len = strlen(text);
    int32_t i = 0;
    while (*words != '\0') {
        size_t word = strcspn(words, " ");
        if (word == len && memcmp(words, text, len) == 0) {
            return i;
        }
        words += word + (words[word] == ' ');
        i++;
    }
    return -1;
}

static int32_t check_text(pr_problems *p, const pr_config_key *key, const payroute_json_node *value)
{
    char got[PR_GOT_CAP];
    const char *text = payroute_json_string(value);
    if (text != NULL) {
        size_t n = pr_keys_characters(text);
        int32_t sized = n >= (size_t)key->min && n <= (size_t)key->max;
        if (sized && pr_keys_shape(key->detail, text)) {
            return 1;
        }
        if (sized && key->detail != NULL && strcmp(key->detail, PR_SHAPE_URL) == 0) {
            int32_t loopback;
            int32_t plain;
            pr_problems_got(got, value);
            pr_problems_add(p, PR_PROBLEM_SCHEMA, NULL, "expected %s, got %s",
                            pr_url_check(text, &loopback, &plain), got);
            return 0;
        }
    }
    pr_problems_got(got, value);
    pr_problems_add(p, PR_PROBLEM_SCHEMA, NULL, "expected text of %d to %d characters%s%s, got %s",
                    (int)key->min, (int)key->max, key->detail != NULL ? " like " : "",
                    key->detail != NULL ? key->detail : "", got);
    return 0;
}

static int32_t check_choice(pr_problems *p, const pr_config_key *key, const payroute_json_node *value)
{
    const char *text = payroute_json_string(value);
    char got[PR_GOT_CAP];
    if (key->id == PR_KEY_PROVIDER) {
        if (text != NULL && pr_provider_find(text) != NULL) {
            return 1;
        }
        char names[200];
        pr_text t;
        pr_text_init(&t, names, sizeof names);
        for (int32_t i = 0; i < pr_provider_count(); i++) {
            pr_text_format(&t, "%s%s", i > 0 ? " " : "", pr_provider_at(i)->name);
        }
        pr_problems_got(got, value);
        pr_problems_add(p, PR_PROBLEM_SCHEMA, NULL, "expected one of: %s, got %s", names, got);
        return 0;
    }
    if (text != NULL && pr_keys_chosen(key->detail, text) >= 0) {
        return 1;
    }
    pr_problems_got(got, value);
    pr_problems_add(p, PR_PROBLEM_SCHEMA, NULL, "expected one of: %s, got %s", key->detail, got);
    return 0;
}

static int32_t check_number(pr_problems *p, const pr_config_key *key, const payroute_json_node *value)
{
    int64_t v;
    if (payroute_json_integer(&v, value) == PAYROUTE_OK && v >= key->min && v <= key->max) {
        return 1;
    }
    char got[PR_GOT_CAP];
    pr_problems_got(got, value);
    pr_problems_add(p, PR_PROBLEM_SCHEMA, NULL, "expected an integer from %lld to %lld, got %s",
                    (long long)key->min, (long long)key->max, got);
    return 0;
}

static int32_t check_list(pr_problems *p, const pr_config_key *key, const payroute_json_node *value)
{
    int32_t is_list = payroute_json_type(value) == PAYROUTE_JSON_ARRAY;
    int32_t n = payroute_json_count(value);
    if (is_list && n >= key->min && n <= key->max) {
        return 1;
    }
    char got[PR_GOT_CAP];
    pr_problems_got(got, value);
    pr_problems_add(p, is_list && n > key->max ? PR_PROBLEM_LIMIT : PR_PROBLEM_SCHEMA, NULL,
                    "expected a list of %d to %d, got %s", (int)key->min, (int)key->max, got);
    return 0;
}

/* max 0: its members are bounded by the names it may have. */
static int32_t check_object(pr_problems *p, const pr_config_key *key, const payroute_json_node *value)
{
    char got[PR_GOT_CAP];
    if (payroute_json_type(value) != PAYROUTE_JSON_OBJECT) {
        pr_problems_got(got, value);
        pr_problems_add(p, PR_PROBLEM_SCHEMA, NULL, "expected an object, got %s", got);
        return 0;
    }
    int32_t n = payroute_json_count(value);
    if (key->max > 0 && n > key->max) {
        pr_problems_add(p, PR_PROBLEM_LIMIT, NULL, "expected at most %d members, got %d", (int)key->max,
                        (int)n);
        return 0;
    }
    return 1;
}

int32_t pr_keys_check(pr_problems *p, const pr_config_key *key, const payroute_json_node *value)
{
    char got[PR_GOT_CAP];
    switch ((enum pr_key_type)key->type) {
    case PR_TYPE_INT: return check_number(p, key, value);
    case PR_TYPE_FLAG:
        if (payroute_json_type(value) == PAYROUTE_JSON_BOOL) {
            return 1;
        }
        pr_problems_got(got, value);
        pr_problems_add(p, PR_PROBLEM_SCHEMA, NULL, "expected true or false, got %s", got);
        return 0;
    case PR_TYPE_TEXT: return check_text(p, key, value);
    case PR_TYPE_CHOICE: return check_choice(p, key, value);
    case PR_TYPE_LIST: return check_list(p, key, value);
    case PR_TYPE_OBJECT: return check_object(p, key, value);
    case PR_TYPE_WORDS: return pr_words_check(p, key, value);
    }
    return 0;
}

void pr_keys_read(pr_problems *p, int32_t scope, const payroute_json_node *object, pr_keys_apply apply,
                  void *target)
{
    if (payroute_json_type(object) != PAYROUTE_JSON_OBJECT) {
        char got[PR_GOT_CAP];
        pr_problems_got(got, object);
        pr_problems_add(p, PR_PROBLEM_SCHEMA, NULL, "expected an object, got %s", got);
        return;
    }
    for (const payroute_json_node *m = payroute_json_first(object); m != NULL; m = payroute_json_next(m)) {
        const pr_config_key *key = pr_keys_find(scope, payroute_json_name(m));
        if (key == NULL) {
            unknown_key(p, scope, payroute_json_name(m));
            continue;
        }
        size_t mark = pr_problems_enter(p, key->name);
        if (pr_keys_check(p, key, m)) {
            apply(target, key->id, m);
        }
        pr_problems_leave(p, mark);
    }
    for (int32_t i = 0; i < PR_KEY_COUNT; i++) {
        const pr_config_key *key = &key_table[i];
        if (key->scope == scope && key->required && payroute_json_get(object, key->name) == NULL) {
            size_t mark = pr_problems_enter(p, key->name);
            pr_keys_check(p, key, NULL); /* says what is expected, got nothing */
            pr_problems_leave(p, mark);
        }
    }
}
