/* Part of mkcatalog: the rules that a text must keep. What a language must not or must say is data
   (words.tsv), so that a translator needs no C; how it is looked for stands here. Included once. */

static const char *const placeholders[] = {"{reference}", "{channel}", "{minutes}"};

/* One character of valid UTF-8; goes on to the next. */
static unsigned character(const char **at)
{
    const unsigned char *p = (const unsigned char *)*at;
    unsigned c = *p++;
    int more = c >= 0xF0 ? 3 : c >= 0xE0 ? 2 : c >= 0xC0 ? 1 : 0;
    c = more == 0 ? c : c & (0x3FU >> more);
    for (; more > 0 && *p != '\0'; more--) {
        c = c << 6 | (*p++ & 0x3FU);
    }
    *at = (const char *)p;
    return c;
}

/* As far as the locales' scripts have cases: Latin with its accents (Vietnamese too) and Cyrillic. */
static unsigned lower_case(unsigned c)
{
    if ((c >= 'A' && c <= 'Z') || (c >= 0xC0 && c <= 0xDE && c != 0xD7) || (c >= 0x410 && c <= 0x42F)) {
        return c + 32;
    }
    if (c >= 0x400 && c <= 0x40F) {
        return c + 80;
    }
    if (c == 0x1AF) {
        return 0x1B0;
    }
    int paired = (c >= 0x100 && c <= 0x137) || c == 0x1A0 || (c >= 0x1EA0 && c <= 0x1EFF);
    return paired ? c | 1U : c;
}

static int holds_nocase(const char *text, const char *word)
{
    for (; *text != '\0'; (void)character(&text)) {
        const char *a = text, *b = word;
        while (*b != '\0' && *a != '\0') {
            if (lower_case(character(&a)) != character(&b)) {
                b = "?";
                break;
            }
        }
        if (*b == '\0') {
            return 1;
        }
    }
    return 0;
}

/* A word of the rule that stands in the text, or NULL; `from` is where to go on. */
static const char *word_in(const char *text, enum word_rule rule, const char *locale, int *from)
{
    while (*from < word_count) {
        const word_line *w = &words[(*from)++];
        if (w->rule == (int)rule && (wild(w->locale) || strcmp(w->locale, locale) == 0) &&
            holds_nocase(text, w->text)) {
            return w->text;
        }
    }
    return NULL;
}

static int says(const char *text, enum word_rule rule, const char *locale)
{
    int from = 0;
    return word_in(text, rule, locale, &from) != NULL;
}

/* Reasons about refunds, captures and reports, and about whatever call it was: money moved before, or not at all. */
static int after_payment(const char *name)
{
    static const char *const names[] = {"operation_not_supported",  "refund_not_allowed",   "refund_amount_invalid",
                                        "merchant_balance_too_low", "refund_undeliverable", "report_not_ready"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        if (strcmp(name, names[i]) == 0) {
            return 1;
        }
    }
    return 0;
}

/* Only a reason which says that nothing ran may tell the customer so, and it must; an open outcome must stop him from
   paying twice. */
static void lint_charge(int r, int locale, const char *path, int at)
{
    const char *text = texts[r][PR_AUDIENCE_CUSTOMER][locale];
    int klass = reasons[r].klass;
    int open = klass == PR_CLASS_UNKNOWN && strcmp(reasons[r].name, "already_done") != 0;
    int refusal = pr_catalog_class_is_refusal(klass), spared = says(text, WORD_NO_CHARGE, locales[locale]);
    if (spared && !refusal) {
        complain(path, at, "says that nothing was charged, which this class does not prove");
    }
    if (!spared && refusal && !after_payment(reasons[r].name)) {
        complain(path, at, "a refusal must say that nothing was charged (words.tsv: no_charge)");
    }
    if (open && !says(text, WORD_NOT_AGAIN, locales[locale])) {
        complain(path, at, "an open outcome must ask not to pay again (words.tsv: not_again)");
    }
}

static int sentences(const char *text)
{
    int n = 0, open = 0;
    for (const char *p = text; *p != '\0'; p++) {
        int wide = strncmp(p, "。", 3) == 0 || strncmp(p, "！", 3) == 0 || strncmp(p, "？", 3) == 0;
        int plain = (*p == '.' || *p == '!' || *p == '?') && (p[1] == ' ' || p[1] == '\0');
        open = open || (*p != ' ');
        if (wide || plain) {
            n++;
            open = 0;
            p += wide ? 2 : 0;
        }
    }
    return n + open;
}

static size_t characters(const char *text)
{
    size_t n = 0;
    for (; *text != '\0'; text++) {
        n += ((unsigned char)*text & 0xC0) != 0x80;
    }
    return n;
}

static unsigned placeholder_set(const char *path, int at, const char *text)
{
    unsigned set = 0;
    for (const char *p = text; *p != '\0'; p++) {
        if (*p != '{' && *p != '}') {
            continue;
        }
        unsigned bit = 0;
        for (unsigned i = 0; i < sizeof placeholders / sizeof placeholders[0]; i++) {
            if (strncmp(p, placeholders[i], strlen(placeholders[i])) == 0) {
                bit = 1U << i;
                p += strlen(placeholders[i]) - 1;
                break;
            }
        }
        if (bit == 0) {
            complain(path, at, "unknown placeholder or stray brace");
            return set;
        }
        set |= bit;
    }
    return set;
}

/* Characters that a customer, and that the shop's people, read with ease; in scripts whose signs carry more
   it is fewer. The last line is for all others. */
static const struct {
    char language[4];
    unsigned customer, others;
} limits[] = {{"zh", 60, 100}, {"ja", 80, 130}, {"ko", 90, 140}, {"en", 160, 200}, {"", 180, 240}};

static size_t limit_of(const char *locale, int who)
{
    size_t i = 0;
    while (strncmp(locale, limits[i].language, strlen(limits[i].language)) != 0) {
        i++;
    }
    return who == PR_AUDIENCE_CUSTOMER ? limits[i].customer : limits[i].others;
}

static void lint_text(int r, int who, int locale)
{
    const char *text = texts[r][who][locale], *path = locale_paths[locale], *word = NULL;
    int at = text_lines[r][who][locale], from = 0;
    size_t limit = limit_of(locales[locale], who);
    if (text[0] == '\0') {
        complain(path, at, "empty text");
    }
    if (characters(text) > limit) {
        complain(path, at, "too long: %zu characters, at most %zu", characters(text), limit);
    }
    while ((word = word_in(text, WORD_SECRET, locales[locale], &from)) != NULL) {
        complain(path, at, "nobody may be asked for it: \"%s\"", word);
    }
    if (who != PR_AUDIENCE_CUSTOMER) {
        return;
    }
    lint_charge(r, locale, path, at);
    if (sentences(text) > 2) {
        complain(path, at, "%d sentences for the customer, at most 2", sentences(text));
    }
    for (from = 0; (word = word_in(text, WORD_FORBIDDEN, locales[locale], &from)) != NULL;) {
        complain(path, at, "forbidden word for customers: \"%s\"", word);
    }
}

/* A locale without its phrases could not be checked. */
static void lint_words(void)
{
    for (int i = 0; i < word_count; i++) {
        const word_line *w = &words[i];
        if (w->text[0] == '\0' || w->locale[0] == '\0') {
            complain(words_path, w->at, "a rule needs a locale (* for all) and a text");
        }
        for (const char *p = w->text; *p != '\0';) {
            unsigned c = character(&p);
            if (c != lower_case(c)) {
                complain(words_path, w->at, "words are looked for in lower case: \"%s\"", w->text);
                break;
            }
        }
        for (int j = 0; j < i; j++) {
            if (words[j].rule == w->rule && strcmp(words[j].locale, w->locale) == 0 &&
                strcmp(words[j].text, w->text) == 0) {
                complain(words_path, w->at, "duplicate of line %d", words[j].at);
            }
        }
    }
    for (int l = 0; l < locale_count; l++) {
        for (int rule = 0; rule < WORD_RULES; rule++) {
            int found = rule == WORD_SECRET;
            for (int i = 0; i < word_count; i++) {
                found |= words[i].rule == rule && strcmp(words[i].locale, locales[l]) == 0;
            }
            if (!found) {
                complain(words_path, 0, "no \"%s\" for %s", word_rules[rule], locales[l]);
            }
        }
    }
}

static void lint_texts(void)
{
    int english = NOT_FOUND;
    for (int l = 0; l < locale_count; l++) {
        english = strcmp(locales[l], "en") == 0 ? l : english;
    }
    if (english == NOT_FOUND) {
        complain("texts/en.tsv", 0, "missing: English is the last fallback");
    }
    for (int r = 0; r < reason_count && r < MAX_REASONS; r++) {
        for (int who = 0; who < PR_AUDIENCES; who++) {
            unsigned first = 0;
            int first_locale = NOT_FOUND;
            for (int l = 0; l < locale_count; l++) {
                if (texts[r][who][l] == NULL) {
                    complain(locale_paths[l], 0, "missing text: %s %s", reasons[r].name, audience_names[who]);
                    continue;
                }
                lint_text(r, who, l);
                unsigned set = placeholder_set(locale_paths[l], text_lines[r][who][l], texts[r][who][l]);
                if (first_locale != NOT_FOUND && set != first) {
                    complain(locale_paths[l], text_lines[r][who][l], "other placeholders than %s",
                             locale_paths[first_locale]);
                }
                first = first_locale == NOT_FOUND ? set : first;
                first_locale = first_locale == NOT_FOUND ? l : first_locale;
            }
        }
    }
}
