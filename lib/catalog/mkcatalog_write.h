/* Part of mkcatalog: text pool, minimal perfect hash, output. Included once.
   Hash: "hash and displace": groups fall into buckets of about four, the largest bucket is placed first, each
   looks for the one displacement that puts all its members on free slots. As many slots as groups: nothing is
   wasted. */

enum { MAX_TRIES = 1 << 24 };

static char *pool;
static size_t pool_len, pool_cap;
static uint32_t *pool_seen; /* open addressing: offset + 1 */
enum { POOL_SEEN = 65536 };

static uint32_t put(const char *text)
{
    size_t n = strlen(text) + 1;
    uint64_t h = pr_catalog_mix(1, text, n);
    if (pool_seen == NULL) {
        pool_seen = need(calloc(POOL_SEEN, sizeof *pool_seen));
        pool = need(calloc(1, pool_cap = 1 << 20));
    }
    for (uint32_t at = (uint32_t)(h ^ (h >> 32)) % POOL_SEEN;; at = (at + 1) % POOL_SEEN) {
        if (pool_seen[at] == 0) {
            if (pool_len + n > pool_cap) {
                pool = need(realloc(pool, pool_cap = (pool_cap + n) * 2));
            }
            memcpy(pool + pool_len, text, n);
            pool_seen[at] = (uint32_t)pool_len + 1;
            pool_len += n;
            return (uint32_t)(pool_len - n);
        }
        if (strcmp(pool + pool_seen[at] - 1, text) == 0) {
            return pool_seen[at] - 1;
        }
    }
}

typedef struct group {
    const char *provider;
    size_t first, count;
    uint64_t hash;
    uint32_t bucket, slot;
} group;

static group *groups;
static uint32_t group_count, bucket_count;
static uint32_t *displacements;

static int fold_compare(const line *a, const line *b)
{
    for (size_t i = 0;; i++) {
        int x = i < a->key_len ? a->key[i] : 0, y = i < b->key_len ? b->key[i] : 0;
        x = x >= 'A' && x <= 'Z' ? x + 32 : x;
        y = y >= 'A' && y <= 'Z' ? y + 32 : y;
        if (x != y || x == 0) {
            return x - y;
        }
    }
}

static int by_key(const void *p, const void *q)
{
    const line *a = p, *b = q;
    int by = a->file != b->file ? a->file - b->file : is_keyed(b) - is_keyed(a);
    by = by != 0 ? by : fold_compare(a, b);
    return by != 0 ? by : row_order(a, b);
}

static void make_groups(void)
{
    groups = need(calloc(line_count + 1, sizeof *groups));
    for (size_t i = 0; i < line_count; i++) {
        line *l = &lines[i];
        if (!is_keyed(l)) {
            continue;
        }
        if (group_count == 0 || lines[i - 1].file != l->file || fold_compare(&lines[i - 1], l) != 0) {
            group *g = &groups[group_count++];
            const char *provider = files[l->file].provider;
            g->provider = provider;
            g->first = i;
            g->hash = pr_catalog_hash(provider, strlen(provider), l->key, l->key_len);
        }
        groups[group_count - 1].count++;
        l->group = group_count - 1;
    }
}

static uint32_t *bucket_sizes;
static int by_bucket(const void *p, const void *q)
{
    const group *a = *(group *const *)p, *b = *(group *const *)q;
    if (bucket_sizes[a->bucket] != bucket_sizes[b->bucket]) {
        return bucket_sizes[a->bucket] < bucket_sizes[b->bucket] ? 1 : -1;
    }
    return a->bucket < b->bucket ? -1 : a->bucket > b->bucket;
}

static int place(group **of, uint32_t n, uint8_t *taken)
{
    for (uint32_t try = 0; try < MAX_TRIES; try ++) {
        uint32_t i = 0, d =
        try
            *0x85EBCA6BU;
        for (; i < n; i++) {
            of[i]->slot = pr_catalog_slot(of[i]->hash, d, group_count);
            if (taken[of[i]->slot]) {
                break;
            }
            taken[of[i]->slot] = 1;
        }
        if (i == n) {
            displacements[of[0]->bucket] = d;
            return 1;
        }
        while (i > 0) {
            taken[of[--i]->slot] = 0;
        }
    }
    return 0;
}

static int place_all(group **order, uint8_t *taken)
{
    memset(taken, 0, group_count + 1);
    memset(bucket_sizes, 0, bucket_count * sizeof *bucket_sizes);
    for (uint32_t i = 0; i < group_count; i++) {
        order[i] = &groups[i];
        groups[i].bucket = pr_catalog_bucket(groups[i].hash, bucket_count);
        bucket_sizes[groups[i].bucket]++;
    }
    qsort(order, group_count, sizeof *order, by_bucket);
    for (uint32_t i = 0; i < group_count; i += bucket_sizes[order[i]->bucket]) {
        if (!place(order + i, bucket_sizes[order[i]->bucket], taken)) {
            return 0;
        }
    }
    return 1;
}

/* A key whose step is close to a simple fraction of the table reaches a part of the slots only, and may come
   last; with another number of buckets it comes at another time. */
static int make_hash(void)
{
    enum { TRIES = 64 };
    group **order = need(calloc(group_count + 1, sizeof *order));
    uint8_t *taken = need(calloc(group_count + 1, 1));
    uint32_t least = group_count / 4 + 1;
    displacements = need(calloc(least + TRIES, sizeof *displacements));
    bucket_sizes = need(calloc(least + TRIES, sizeof *bucket_sizes));
    int done = 0;
    for (bucket_count = least; !done && bucket_count < least + TRIES; bucket_count++) {
        memset(displacements, 0, (least + TRIES) * sizeof *displacements);
        done = place_all(order, taken);
    }
    bucket_count--; /* the loop's last step */
    free(order);
    free(taken);
    if (!done) {
        fprintf(stderr, "mkcatalog: no perfect hash; change a constant in hash.h\n");
    }
    return done;
}

/* Short lists of what many rows share: words by their place in the pool, and seconds. */
enum { MAX_LIST = 255 };
static uint32_t listed_words[MAX_LIST];
static int listed_word_count;
static int listed_waits[MAX_LIST];
static int listed_wait_count;

static int list_word(const char *text)
{
    uint32_t at = put(text);
    int i = 0;
    while (i < listed_word_count && listed_words[i] != at) {
        i++;
    }
    if (i == MAX_LIST) {
        fprintf(stderr, "mkcatalog: more than %d operations, layers and days; widen pr_cat_row\n",
                (int)MAX_LIST);
        exit(2);
    }
    listed_words[i] = at;
    listed_word_count = i == listed_word_count ? i + 1 : listed_word_count;
    return i;
}

static int list_wait(int seconds)
{
    int i = 0;
    while (i < listed_wait_count && listed_waits[i] != seconds) {
        i++;
    }
    if (i == MAX_LIST) {
        fprintf(stderr, "mkcatalog: more than %d waits; widen pr_cat_row\n", (int)MAX_LIST);
        exit(2);
    }
    listed_waits[i] = seconds;
    listed_wait_count = i == listed_wait_count ? i + 1 : listed_wait_count;
    return i;
}

static int reason_of_line(const line *l)
{
    return l->reason == NOT_FOUND ? find_reason("unknown_outcome") : l->reason;
}

static int flags_of_line(const line *l)
{
    return (row_forbids(l) ? PR_CAT_FORBIDS : 0) | (l->alias[0] != '\0' ? PR_CAT_ALIAS : 0) |
           (l->reviewed[0] != '\0' ? PR_CAT_REVIEWED : 0) | (l->message_first ? PR_CAT_MESSAGE_FIRST : 0);
}

static void emit_rows(FILE *f)
{
    fputs("\nconst pr_cat_row pr_catalog_rows[] = {\n", f);
    for (size_t i = 0; i < line_count; i++) {
        const line *l = &lines[i];
        pr_catalog_detail d = detail_of(l);
        int target = PR_CAT_NO_GROUP;
        for (size_t j = 0; l->alias[0] != '\0' && j < line_count; j++) {
            if (lines[j].file == l->file && is_keyed(&lines[j]) && strcmp(lines[j].code, l->alias) == 0) {
                target = (int)groups[lines[j].group].slot;
            }
        }
        fprintf(f, "    {%u, %u, %u, %d, %d, %d, %d, %d, ", put(l->code), put(l->source), put(l->note),
                target, list_word(l->operation), list_word(l->layer), list_word(l->reviewed), l->file);
        fprintf(f, "%d, %d, %d, %d, %d, %d, %zu, 0}, /* %s %s */\n", reason_of_line(l), (int)d.advice,
                (int)d.field, (int)d.act, list_wait((int)d.wait_s), flags_of_line(l), strlen(l->code),
                files[l->file].provider, is_prefix(l) || is_default(l) ? "(pattern)" : l->code);
    }
    fputs("};\n", f);
}

/* The row that answers when neither operation nor layer is asked, as best_row of the lookup finds it: one for
   any before one for a named, and between equals the class that frees less. NULL where the rows spell the
   code in several ways. */
static const line *bare_row(const group *g)
{
    const line *best = NULL;
    int best_score = -1;
    for (size_t i = g->first; i < g->first + g->count; i++) {
        const line *l = &lines[i];
        int score = (wild(l->operation) ? 6 : 0) + (wild(l->layer) ? 2 : 0);
        int care = pr_catalog_care(reasons[reason_of_line(l)].klass);
        if (strcmp(l->code, lines[g->first].code) != 0) {
            return NULL;
        }
        if (score > best_score ||
            (score == best_score && care > pr_catalog_care(reasons[reason_of_line(best)].klass))) {
            best = l;
            best_score = score;
        }
    }
    return best;
}

static void emit_group(FILE *f, const group *g)
{
    const line *first = &lines[g->first], *l = bare_row(g);
    int choice = l == NULL || l->alias[0] != '\0' || l->message_first;
    l = l == NULL ? first : l;
    pr_catalog_detail d = detail_of(l);
    size_t n = strlen(first->code);
    uint64_t word = n <= 8 ? pr_catalog_word(first->code, n) : pr_catalog_u64(first->code + n - 8);
    fprintf(f, "    {0x%llxU, %u, %u, %zu, %zu, %d, %zu, %zu, %d, %d, ", (unsigned long long)word,
            put(first->code), put(l->source), g->first, g->count, first->file, n, first->key_len,
            list_word(first->operation), list_word(first->layer));
    fprintf(f, "%d, %d, %d, %d, %d, %d, {0, 0}},\n", reason_of_line(l), (int)d.advice, (int)d.field,
            (int)d.act, list_wait((int)d.wait_s), flags_of_line(l) | (choice ? PR_CAT_CHOICE : 0));
}

static void emit_groups(FILE *f)
{
    const group **at = need(calloc(group_count + 1, sizeof *at));
    for (uint32_t i = 0; i < group_count; i++) {
        at[groups[i].slot] = &groups[i];
    }
    fputs("\nconst pr_cat_group pr_catalog_groups[] = {\n", f);
    for (uint32_t i = 0; i < group_count; i++) {
        emit_group(f, at[i]);
    }
    fputs("    {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, {0, 0}}\n};\n\n"
          "const uint32_t pr_catalog_displacements[] = {",
          f);
    for (uint32_t i = 0; i < bucket_count; i++) {
        fprintf(f, "%s%uU,", i % 8 == 0 ? "\n    " : " ", displacements[i]);
    }
    fputs("\n};\n", f);
    free(at);
}

static uint32_t *patterns;
static size_t pattern_count;
static uint32_t *layers;
static size_t layer_count;

static int by_length(const void *p, const void *q)
{
    size_t a = strlen(lines[*(const uint32_t *)p].code), b = strlen(lines[*(const uint32_t *)q].code);
    uint32_t x = *(const uint32_t *)p, y = *(const uint32_t *)q;
    return a != b ? (a < b ? 1 : -1) : x < y ? -1 : x > y;
}

static size_t collect(int file, int (*want)(const line *))
{
    size_t first = pattern_count;
    for (size_t i = 0; i < line_count; i++) {
        if (lines[i].file == file && want(&lines[i])) {
            patterns[pattern_count++] = (uint32_t)i;
        }
    }
    qsort(patterns + first, pattern_count - first, sizeof *patterns, by_length);
    return first;
}

static void emit_providers(FILE *f)
{
    patterns = need(calloc(line_count + 1, sizeof *patterns));
    layers = need(calloc(line_count + 1, sizeof *layers));
    fputs("\nconst pr_cat_provider pr_catalog_providers[] = {\n", f);
    for (int p = 0; p < file_count; p++) {
        size_t first = 0, count = 0, layer_first = layer_count;
        long fallback = PR_CAT_NONE;
        for (size_t i = 0; i < line_count; i++) {
            if (lines[i].file != p) {
                continue;
            }
            first = count == 0 ? i : first;
            count++;
            fallback = is_default(&lines[i]) ? (long)i : fallback;
            size_t k = layer_first;
            uint32_t name = put(lines[i].layer);
            while (k < layer_count && layers[k] != name) {
                k++;
            }
            if (k == layer_count && !wild(lines[i].layer) && !is_message(&lines[i])) {
                layers[layer_count++] = name;
            }
        }
        size_t prefixes = collect(p, is_prefix), messages = collect(p, is_message);
        fprintf(f, "    {%u, %zu, %zu, %zu, %zu, %zu, %zu, %zu, %zu, %ld}, /* %s */\n",
                put(files[p].provider), first, count, prefixes, messages - prefixes, messages,
                pattern_count - messages, layer_first, layer_count - layer_first, fallback,
                files[p].provider);
    }
    fputs("};\n\nconst uint32_t pr_catalog_patterns[] = {", f);
    for (size_t i = 0; i < pattern_count; i++) {
        fprintf(f, "%u, ", patterns[i]);
    }
    fputs("0};\n\nconst uint32_t pr_catalog_layers[] = {", f);
    for (size_t i = 0; i < layer_count; i++) {
        fprintf(f, "%u, ", layers[i]);
    }
    fputs("0};\n\nconst uint32_t pr_catalog_words[] = {", f);
    for (int i = 0; i < listed_word_count; i++) {
        fprintf(f, "%u, ", listed_words[i]);
    }
    fputs("0};\n\nconst int32_t pr_catalog_waits[] = {", f);
    for (int i = 0; i < listed_wait_count; i++) {
        fprintf(f, "%d, ", listed_waits[i]);
    }
    fputs("0};\n\nconst char pr_catalog_names[][PR_CAT_NAME] = {\n", f);
    for (int i = 0; i < file_count; i++) {
        fprintf(f, "    \"%s\",\n", files[i].provider);
    }
    fputs("};\n", f);
}

static size_t guidance_len;

static void emit_reasons(FILE *f)
{
    uint8_t numbers[256];
    memset(numbers, 255, sizeof numbers);
    fputs("\nconst pr_cat_reason pr_catalog_reasons[] = {\n", f);
    for (int i = 0; i < reason_count; i++) {
        const reason *r = &reasons[i];
        int flags = (r->channel_fault ? PR_CAT_CHANNEL_FAULT : 0) |
                    (r->network_forbids ? PR_CAT_NETWORK_FORBIDS : 0) |
                    (r->private_cause ? PR_CAT_PRIVATE : 0);
        numbers[r->number] = (uint8_t)i;
        fprintf(f, "    {%u, %u, %d, %d, %d, %d, %d, %d, %d, %d}, /* %s */\n", put(r->name), put(r->meaning),
                r->number, r->klass, r->fault, r->advice, r->field, r->act, flags, r->wait_s, r->name);
    }
    fputs("};\n\nconst uint8_t pr_catalog_by_number[] = {", f);
    for (int i = 0; i < 256; i++) {
        fprintf(f, "%s%d,", i % 16 == 0 ? "\n    " : " ", numbers[i]);
    }
    fputs("\n};\n\nconst uint32_t pr_catalog_texts[] = {\n", f);
    guidance_len = pool_len;
    for (int r = 0; r < reason_count; r++) {
        for (int who = 0; who < PR_AUDIENCES; who++) {
            for (int l = 0; l < locale_count; l++) {
                fprintf(f, "    %u,\n", put(texts[r][who][l] == NULL ? "" : texts[r][who][l]));
            }
        }
    }
    guidance_len = pool_len - guidance_len;
    fputs("};\n\nconst uint32_t pr_catalog_locales[] = {", f);
    for (int l = 0; l < locale_count; l++) {
        fprintf(f, "%u, ", put(locales[l]));
    }
    fputs("0};\n", f);
}

static void emit_pool(FILE *f)
{ /* as character constants, so that the sign of char does not matter */
    fputs("\nconst char pr_catalog_pool[] = {", f);
    for (size_t i = 0; i < pool_len; i++) {
        fprintf(f, i % 16 == 0 ? "\n    '\\%o'," : "'\\%o',", (unsigned)(unsigned char)pool[i]);
    }
    fputs("\n};\n", f);
}

static void emit_sizes(FILE *f)
{
    fputs("/* Made by mkcatalog from lib/catalog; never edited. */\n", f);
    fputs("#ifndef PR_CATALOG_SIZES\n#define PR_CATALOG_SIZES\nenum {\n", f);
    fprintf(f, "    PR_CAT_ROWS = %zu,\n    PR_CAT_GROUPS = %u,\n", line_count, group_count);
    fprintf(f, "    PR_CAT_BUCKETS = %u,\n    PR_CAT_PROVIDERS = %d,\n", bucket_count, file_count);
    fprintf(f, "    PR_CAT_REASONS = %d,\n    PR_CAT_LOCALES = %d,\n", reason_count, locale_count);
    fprintf(f, "    PR_CAT_UNKNOWN = %d,\n    PR_CAT_CONTRADICTION = %d\n};\n#endif\n",
            find_reason("unknown_outcome"), find_reason("contradictory_answer"));
}

static void tell_sizes(void)
{
    size_t index = (group_count + 1) * sizeof(pr_cat_group) + bucket_count * sizeof *displacements;
    size_t rows = line_count * sizeof(pr_cat_row);
    size_t rest = (size_t)file_count * (sizeof(pr_cat_provider) + PR_CAT_NAME) +
                  (size_t)reason_count * sizeof(pr_cat_reason) +
                  (pattern_count + layer_count) * sizeof(uint32_t) +
                  (size_t)(reason_count * PR_AUDIENCES * locale_count) * sizeof(uint32_t);
    printf(
        "catalogue: %zu rows of %d tables, %d locales; rows %zu B, index %zu B, guidance %zu B, other words %zu B, "
        "rest %zu B: %zu B\n",
        line_count, file_count, locale_count, rows, index, guidance_len, pool_len - guidance_len, rest,
        rows + index + pool_len + rest);
}

static int write_tables(const char *folder)
{
    char *path = join(folder, "/catalog_tables.inc", "", "");
    char *part = join(path, ".part", "", "");
    qsort(lines, line_count, sizeof *lines, by_key);
    make_groups();
    if (!make_hash()) {
        return 1;
    }
    put("");
    for (size_t i = 0; i < line_count; i++) {
        put(lines[i].code); /* first and together: they are compared at every question */
    }
    FILE *f = fopen(part, "wb");
    if (f == NULL) {
        fprintf(stderr, "mkcatalog: cannot write %s\n", part);
        return 2;
    }
    emit_sizes(f);
    fputs("\n#ifdef PR_CATALOG_BODIES\n", f);
    emit_rows(f);
    emit_groups(f);
    emit_providers(f);
    emit_reasons(f);
    emit_pool(f);
    fputs("#endif\n", f);
    int bad = ferror(f);
    bad = fclose(f) != 0 || bad;
    if (bad || rename(part, path) != 0) {
        fprintf(stderr, "mkcatalog: cannot write %s\n", path);
        return 2;
    }
    tell_sizes();
    return 0;
}
