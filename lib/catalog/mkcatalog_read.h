/* Part of mkcatalog: reading the tab-separated files. Included once; a file that cannot be split is reported
   here, what its fields mean is judged later. */

static int by_name(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

/* 1: the list, words separated by blanks, has the name; NULL is the list of everything. */
static int in_list(const char *list, const char *name, size_t len)
{
    while (list != NULL && *list != '\0') {
        size_t n = strcspn(list, " ");
        if (n == len && memcmp(list, name, n) == 0) {
            return 1;
        }
        list += n + strspn(list + n, " ");
    }
    return list == NULL;
}

/* What was asked for and is not there is a mistake, not less of everything. */
static void check_wanted(const char *folder, const char *wanted, char **names, int n)
{
    while (wanted != NULL && *wanted != '\0') {
        size_t len = strcspn(wanted, " ");
        int found = len == 0;
        for (int i = 0; i < n; i++) {
            found |= strlen(names[i]) == len && memcmp(names[i], wanted, len) == 0;
        }
        if (!found) {
            complain(folder, 0, "no file for \"%.*s\"", (int)len, wanted);
        }
        wanted += len + strspn(wanted + len, " ");
    }
}

/* Names of the *.tsv files of a folder, sorted, without the ending: those that are wanted (NULL: all), and
   those that always are. */
static int list_folder(const char *folder, const char *wanted, const char *always, char **names, int cap)
{
    DIR *dir = opendir(folder);
    int n = 0;
    if (dir == NULL) {
        complain(folder, 0, "cannot open the folder");
        return 0;
    }
    for (struct dirent *e = readdir(dir); e != NULL; e = readdir(dir)) {
        size_t len = strlen(e->d_name);
        if (len <= 4 || e->d_name[0] == '.' || strcmp(e->d_name + len - 4, ".tsv") != 0 ||
            (!in_list(wanted, e->d_name, len - 4) && !in_list(always, e->d_name, len - 4))) {
            continue;
        }
        if (n == cap) {
            complain(folder, 0, "more than %d files", cap);
            break;
        }
        names[n] = copy(e->d_name);
        names[n][len - 4] = '\0';
        n++;
    }
    closedir(dir);
    qsort(names, (size_t)n, sizeof names[0], by_name);
    check_wanted(folder, wanted, names, n);
    return n;
}

static char *join(const char *a, const char *b, const char *c, const char *d)
{
    size_t n = strlen(a) + strlen(b) + strlen(c) + strlen(d) + 1;
    char *out = need(malloc(n));
    snprintf(out, n, "%s%s%s%s", a, b, c, d);
    return out;
}

static char *slurp(const char *path, size_t *len)
{
    FILE *f = fopen(path, "rb");
    char *text = NULL;
    *len = 0;
    if (f == NULL) {
        complain(path, 0, "cannot open");
        return NULL;
    }
    for (;;) {
        text = need(realloc(text, *len + 65537));
        size_t n = fread(text + *len, 1, 65536, f);
        *len += n;
        if (n == 0) {
            break;
        }
    }
    fclose(f);
    text[*len] = '\0';
    return text;
}

/* Cut one line into fields in place; returns how many there were. */
static int split(char *text, char **fields, int cap)
{
    int n = 0;
    for (char *at = text; at != NULL; n++) {
        char *tab = strchr(at, '\t');
        if (tab != NULL) {
            *tab = '\0';
        }
        if (n < cap) {
            fields[n] = at;
        }
        at = tab == NULL ? NULL : tab + 1;
    }
    return n;
}

static int clean_line(const char *path, int at, const char *text)
{
    for (const unsigned char *p = (const unsigned char *)text; *p != '\0'; p++) {
        if ((*p < 32 && *p != '\t') || *p == 127) {
            complain(path, at, "control character 0x%02x", *p);
            return 0;
        }
        if (*p >= 0xC0) {
            int more = *p >= 0xF0 ? 3 : *p >= 0xE0 ? 2 : 1;
            while (more > 0 && (p[1] & 0xC0) == 0x80) {
                p++;
                more--;
            }
            if (more > 0) {
                complain(path, at, "not UTF-8");
                return 0;
            }
        } else if (*p >= 0x80) {
            complain(path, at, "not UTF-8");
            return 0;
        }
    }
    return 1;
}

typedef void (*visitor)(int index, const char *path, int at, char **fields);

/* Visit every line but the first, which must be the header, split into `columns` fields. */
static void each_line(int index, const char *path, const char *header, int columns, visitor visit)
{
    size_t len = 0;
    char *text = slurp(path, &len);
    int at = 0;
    if (text == NULL) {
        return;
    }
    if (strlen(text) != len) {
        complain(path, 0, "holds a NUL byte");
    }
    for (char *next = text; *next != '\0';) {
        char *here = next;
        char *end = strchr(here, '\n');
        char *fields[COLUMNS];
        at++;
        if (end == NULL) {
            complain(path, at, "the last line does not end");
            next = here + strlen(here);
        } else {
            *end = '\0';
            next = end + 1;
        }
        if (at == 1) {
            if (strcmp(here, header) != 0) {
                complain(path, at, "the header is not \"%s\"", header);
            }
            continue;
        }
        if (!clean_line(path, at, here)) {
            continue;
        }
        int n = split(here, fields, columns);
        if (n != columns) {
            complain(path, at, "%d fields instead of %d", n, columns);
            continue;
        }
        visit(index, path, at, fields);
    }
    if (at == 0) {
        complain(path, 1, "empty");
    }
}

static void take_row(int index, const char *path, int at, char **f)
{
    (void)path;
    if ((line_count & (line_count + 1)) == 0 || line_count == 0) {
        lines = need(realloc(lines, (line_count * 2 + 2) * sizeof *lines));
    }
    line *l = &lines[line_count++];
    memset(l, 0, sizeof *l);
    l->operation = f[0];
    l->layer = f[1];
    l->code = f[2];
    l->alias = f[3];
    l->message_first = strcmp(f[3], "@message") == 0;
    if (l->message_first) {
        l->alias = f[3] + strlen(f[3]); /* the row has a reason of its own */
    }
    l->reason = f[4][0] == '\0' ? NOT_FOUND : find_reason(f[4]);
    l->cell = f[5];
    l->source = f[6];
    l->note = f[7];
    l->reviewed = f[8];
    l->file = index;
    l->at = at;
    l->target = NOT_FOUND;
    l->key_len = strlen(l->code);
    l->key = pr_catalog_normal(files[index].provider, strlen(files[index].provider), l->code, &l->key_len);
    files[index].count++;
    if (f[4][0] != '\0' && l->reason == NOT_FOUND) {
        complain(path, at, "unknown reason \"%s\"", f[4]);
    }
    const char *wrong = pr_catalog_detail_parse(&l->detail, l->cell);
    if (wrong != NULL) {
        complain(path, at, "%s: \"%s\"", wrong, f[5]);
    }
}

#define DATA_HEADER "operation\tlayer\tcode\talias_of\treason\tadvice\tsource\tnote\treviewed"
static void read_data(const char *folder)
{
    char *names[MAX_FILES];
    char *data = join(folder, "/data", "", "");
    file_count = list_folder(data, wanted_providers, always_providers, names, MAX_FILES);
    if (file_count == 0) {
        complain(data, 0, "no data files");
    }
    for (int i = 0; i < file_count; i++) {
        files[i].path = join(data, "/", names[i], ".tsv");
        files[i].provider = names[i];
        files[i].first = line_count;
        each_line(i, files[i].path, DATA_HEADER, 9, take_row);
    }
}

static const char *const audience_names[PR_AUDIENCES] = {"customer", "merchant", "support"};

static int find_audience(const char *name)
{
    for (int i = 0; i < PR_AUDIENCES; i++) {
        if (strcmp(audience_names[i], name) == 0) {
            return i;
        }
    }
    return NOT_FOUND;
}

static void take_text(int index, const char *path, int at, char **f)
{
    static int last[MAX_LOCALES];
    int r = find_reason(f[0]), who = find_audience(f[1]);
    if (r == NOT_FOUND) {
        complain(path, at, "unknown reason \"%s\"", f[0]);
        return;
    }
    if (who == NOT_FOUND) {
        complain(path, at, "unknown audience \"%s\"", f[1]);
        return;
    }
    if (r * PR_AUDIENCES + who < last[index]) {
        complain(path, at, "unsorted: \"%s %s\" stands before this line in reasons.def", f[0], f[1]);
    }
    last[index] = r * PR_AUDIENCES + who;
    if (texts[r][who][index] != NULL) {
        complain(path, at, "duplicate of line %d", text_lines[r][who][index]);
        return;
    }
    texts[r][who][index] = f[2];
    text_lines[r][who][index] = at;
}

static void read_texts(const char *folder)
{
    char *path = join(folder, "/texts", "", "");
    locale_count = list_folder(path, wanted_locales, "en", locales, MAX_LOCALES);
    for (int i = 0; i < locale_count; i++) {
        locale_paths[i] = join(path, "/", locales[i], ".tsv");
        each_line(i, locale_paths[i], "reason\taudience\ttext", 3, take_text);
    }
}

/* Rules about words, one a line: what a text must not, or must, say in its locale ("*": in all). */
enum { MAX_WORDS = 1000 };
enum word_rule { WORD_FORBIDDEN, WORD_SECRET, WORD_NO_CHARGE, WORD_NOT_AGAIN, WORD_RULES };
static const char *const word_rules[WORD_RULES] = {"forbidden", "secret", "no_charge", "not_again"};
typedef struct word_line {
    int rule, at;
    char *locale, *text;
} word_line;
static word_line words[MAX_WORDS];
static int word_count;
static char *words_path;

static void take_word(int index, const char *path, int at, char **f)
{
    int rule = 0;
    (void)index;
    while (rule < WORD_RULES && strcmp(word_rules[rule], f[0]) != 0) {
        rule++;
    }
    if (rule == WORD_RULES) {
        complain(path, at, "unknown rule \"%s\"", f[0]);
        return;
    }
    if (word_count == MAX_WORDS) {
        complain(path, at, "more than %d words", (int)MAX_WORDS);
        return;
    }
    words[word_count++] = (word_line){rule, at, f[1], f[2]};
}

static void read_words(const char *folder)
{
    words_path = join(folder, "/words.tsv", "", "");
    each_line(0, words_path, "rule\tlocale\ttext", 3, take_word);
}
