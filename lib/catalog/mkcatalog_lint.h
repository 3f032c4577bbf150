/* Part of mkcatalog: the rules that a row and a text must keep. Included once. */

static void lint_reasons(void)
{
    const char *path = "reasons.def";
    if ((int)REASONS > MAX_REASONS) {
        complain(path, 0, "%d reasons, at most %d", (int)REASONS, (int)MAX_REASONS);
    }
    if (find_reason("unknown_outcome") == NOT_FOUND ||
        reasons[find_reason("unknown_outcome")].klass != PR_CLASS_UNKNOWN) {
        complain(path, 0, "unknown_outcome must exist and be UNKNOWN");
    }
    for (int i = 0; i < (int)REASONS; i++) {
        const reason *r = &reasons[i];
        if (r->number < 1 || r->number > 254 || (i > 0 && r->number <= reasons[i - 1].number)) {
            complain(path, i + 1, "%s: numbers rise from 1 to 254", r->name);
        }
        if (find_reason(r->name) != i) {
            complain(path, i + 1, "%s: name given twice", r->name);
        }
        if (!pr_catalog_class_allows(r->klass, r->advice)) {
            complain(path, i + 1, "%s: contradiction: this advice does not fit the class", r->name);
        }
        if (r->network_forbids && r->klass != PR_CLASS_DECLINED_HARD &&
            r->klass != PR_CLASS_DECLINED_CUSTOMER) {
            complain(path, i + 1, "%s: contradiction: forbidden by the network, yet another channel may try",
                     r->name);
        }
    }
}

static int key_equal(const line *a, const line *b)
{
    if (a->key_len != b->key_len) {
        return 0;
    }
    for (size_t i = 0; i < a->key_len; i++) {
        int x = a->key[i], y = b->key[i];
        x = x >= 'A' && x <= 'Z' ? x + 32 : x;
        y = y >= 'A' && y <= 'Z' ? y + 32 : y;
        if (x != y) {
            return 0;
        }
    }
    return 1;
}

static int same_answer(const line *a, const line *b)
{
    return a->reason == b->reason && a->advice == b->advice && strcmp(a->alias, b->alias) == 0;
}

static int wild(const char *text)
{
    return strcmp(text, "*") == 0;
}

/* `b` answers whatever `a` answers, and `b` is found when `a` is not there. */
static int covers(const line *b, const line *a)
{
    return (wild(b->operation) || strcmp(b->operation, a->operation) == 0) &&
           (wild(b->layer) || strcmp(b->layer, a->layer) == 0) &&
           (strcmp(b->operation, a->operation) != 0 || strcmp(b->layer, a->layer) != 0);
}

static int starts(const char *text, const char *prefix)
{
    return strncmp(text, prefix, strlen(prefix) - 1) == 0;
}

static void lint_pair(const char *path, const line *a, const line *b)
{
    if (is_keyed(a) && is_keyed(b) && key_equal(a, b)) {
        int spelled = strcmp(a->code, b->code) == 0;
        if (strcmp(a->operation, b->operation) == 0 && strcmp(a->layer, b->layer) == 0) {
            if (!same_answer(a, b)) {
                complain(path, b->at, "contradiction: line %d gives \"%s\" another answer", a->at, a->code);
            } else if (spelled) {
                complain(path, b->at, "duplicate of line %d", a->at);
            } else {
                complain(path, b->at, "unreachable: \"%s\" of line %d is the same code once normalised",
                         a->code, a->at);
            }
        } else if (spelled && same_answer(a, b) && (covers(a, b) || covers(b, a))) {
            const line *less = covers(a, b) ? b : a;
            complain(path, less->at, "shadowed: line %d gives the same answer for more",
                     less == a ? b->at : a->at);
        }
        return;
    }
    int both_prefix = is_prefix(a) && is_prefix(b), both_message = is_message(a) && is_message(b);
    int both_default = is_default(a) && is_default(b);
    if (!both_prefix && !both_message && !both_default) {
        return;
    }
    int same_place = strcmp(a->operation, b->operation) == 0 && strcmp(a->layer, b->layer) == 0;
    if (same_place && strcmp(a->code, b->code) == 0) {
        complain(path, b->at, "duplicate of line %d", a->at);
    } else if (same_place && same_answer(a, b) && both_prefix &&
               (starts(a->code, b->code) || starts(b->code, a->code))) {
        complain(path, b->at, "shadowed: the pattern of line %d gives the same answer", a->at);
    } else if (same_place && same_answer(a, b) && both_message &&
               (strstr(a->code, b->code) || strstr(b->code, a->code))) {
        complain(path, b->at, "shadowed: the pattern of line %d gives the same answer", a->at);
    }
}

static void lint_alias(const char *path, line *l, size_t first, size_t end)
{
    if (l->reason != NOT_FOUND || l->advice != 0) {
        complain(path, l->at, "contradiction: an alias has its target's reason and advice");
    }
    if (!is_keyed(l)) {
        complain(path, l->at, "a pattern cannot be an alias");
    }
    for (size_t i = first; i < end; i++) {
        if (strcmp(lines[i].code, l->alias) == 0 && is_keyed(&lines[i])) {
            if (lines[i].alias[0] != '\0') {
                complain(path, l->at, "alias of an alias (line %d)", lines[i].at);
            }
            if (key_equal(&lines[i], l)) {
                complain(path, l->at, "unreachable: the same code as its target once normalised");
            }
            l->target = (int)i;
            return;
        }
    }
    complain(path, l->at, "alias of \"%s\", which is not in this file", l->alias);
}

static void lint_money(const char *path, const line *l)
{
    const reason *r = &reasons[l->reason];
    int advice = l->advice != 0 ? l->advice : r->advice;
    int success =
        strcmp(l->layer, "code") == 0 || strcmp(l->layer, "http") == 0 || strstr(l->layer, "status") != NULL;
    if (!pr_catalog_class_allows(r->klass, advice)) {
        complain(path, l->at, "contradiction: advice \"%s\" does not fit the class of \"%s\"",
                 advice_names[advice], r->name);
    }
    if (l->advice == r->advice) {
        complain(path, l->at, "advice \"%s\" is the reason's own; leave it out", advice_names[advice]);
    }
    if (r->klass == PR_CLASS_ACCEPTED && (!success || !is_keyed(l))) {
        complain(path, l->at, "contradiction: \"%s\" may not come from an error code or a pattern", r->name);
    }
    if (r->klass == PR_CLASS_PAID_ALREADY &&
        (strcmp(l->layer, "issuer") == 0 || is_prefix(l) || is_default(l))) {
        complain(path, l->at, "contradiction: \"%s\" may not come from an issuer's code or a pattern",
                 r->name);
    }
    if (strcmp(l->layer, "curlcode") == 0 && r->klass != PR_CLASS_UNKNOWN) {
        complain(path, l->at, "contradiction: a transport code proves nothing, its class is UNKNOWN");
    }
    if ((is_prefix(l) || is_message(l)) && r->klass >= PR_CLASS_DECLINED_SOFT &&
        r->klass <= PR_CLASS_DECLINED_CUSTOMER) {
        complain(path, l->at, "contradiction: a pattern is no proof of a decline");
    }
    if (is_default(l) && r->klass != PR_CLASS_UNKNOWN) {
        complain(path, l->at, "contradiction: the default for unlisted codes must be UNKNOWN");
    }
}

static void lint_row(const char *path, line *l, size_t first, size_t end)
{
    if (l->operation[0] == '\0' || l->layer[0] == '\0' || l->key_len == 0) {
        complain(path, l->at, "operation, layer and code must be given (* for any)");
    }
    if (strlen(l->code) > 120 || strlen(l->note) > 160 || strlen(l->source) > 400) {
        complain(path, l->at, "code, note or source is too long");
    }
    if (l->source[0] == '\0') {
        complain(path, l->at, "missing source");
    }
    if (is_default(l) && (!wild(l->layer) || !wild(l->operation))) {
        complain(path, l->at, "the default stands for every operation and layer");
    }
    if (l->alias[0] != '\0') {
        lint_alias(path, l, first, end);
    } else if (l->reason == NOT_FOUND) {
        complain(path, l->at, "neither a known reason nor alias_of");
    } else {
        lint_money(path, l);
    }
}

static int row_order(const line *a, const line *b)
{
    int by = strcmp(a->code, b->code);
    by = by != 0 ? by : strcmp(a->layer, b->layer);
    return by != 0 ? by : strcmp(a->operation, b->operation);
}

static void lint_rows(void)
{
    for (int f = 0; f < file_count; f++) {
        size_t first = files[f].first, end = first + files[f].count;
        for (size_t i = first; i < end; i++) {
            lint_row(files[f].path, &lines[i], first, end);
            if (i > first && row_order(&lines[i - 1], &lines[i]) > 0) {
                complain(files[f].path, lines[i].at, "unsorted: by code, layer, operation in byte order");
            }
            for (size_t j = first; j < i; j++) {
                lint_pair(files[f].path, &lines[j], &lines[i]);
            }
        }
    }
}

/* Words which would tell a customer what must stay unsaid, blame him, or promise what nobody can keep. */
static const char *const forbidden[] = {
    "fraud",      "stolen", "lost",       "suspicious", "suspect",   "blacklist", "block list",
    "blocklist",  "risk",   "your fault", "you failed", "guarantee", "promise",   "definitely",
    "error code", "error ", "http",       "3-d",        "欺诈",      "诈骗",      "被盗",
    "盗刷",       "失窃",   "挂失",       "丢失",       "可疑",      "黑名单",    "风险",
    "风控",       "你的错", "您的错",     "保证",       "一定会",    "错误码",    "代码"};
static const char *const placeholders[] = {"{reference}", "{channel}", "{minutes}"};

static int holds_nocase(const char *text, const char *word);

/* Only a reason which says that nothing ran may tell the customer so; an open outcome must stop him from
 * paying twice. */
static void lint_charge(int r, int locale, const char *path, int at)
{
    const char *text = texts[r][PR_AUDIENCE_CUSTOMER][locale];
    int klass = reasons[r].klass;
    int open = klass == PR_CLASS_UNKNOWN && strcmp(reasons[r].name, "already_done") != 0;
    int says_free = strstr(text, "未扣款") != NULL || holds_nocase(text, "nothing was charged");
    if (says_free && !pr_catalog_class_is_refusal(klass)) {
        complain(path, at, "says that nothing was charged, which this class does not prove");
    }
    if (open && strncmp(locales[locale], "zh", 2) == 0 && strstr(text, "重复付款") == NULL) {
        complain(path, at, "an open outcome must ask not to pay again (请勿重复付款)");
    }
    if (open && strcmp(locales[locale], "en") == 0 && strstr(text, "do not pay again") == NULL) {
        complain(path, at, "an open outcome must ask not to pay again (do not pay again)");
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

static int holds_nocase(const char *text, const char *word)
{
    size_t n = strlen(word);
    for (; *text != '\0'; text++) {
        size_t i = 0;
        while (i < n) {
            char c = text[i];
            c = c >= 'A' && c <= 'Z' ? (char)(c + 32) : c;
            if (c != word[i]) {
                break;
            }
            i++;
        }
        if (i == n) {
            return 1;
        }
    }
    return 0;
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

static void lint_text(int r, int who, int locale)
{
    const char *text = texts[r][who][locale], *path = locale_paths[locale];
    int at = text_lines[r][who][locale];
    size_t wide = strncmp(locales[locale], "zh", 2) == 0 || strncmp(locales[locale], "ja", 2) == 0;
    size_t limit = who == PR_AUDIENCE_MERCHANT ? (wide ? 100U : 200U) : (wide ? 60U : 160U);
    if (text[0] == '\0') {
        complain(path, at, "empty text");
    }
    if (characters(text) > limit) {
        complain(path, at, "too long: %zu characters, at most %zu", characters(text), limit);
    }
    if (who == PR_AUDIENCE_MERCHANT) {
        return;
    }
    lint_charge(r, locale, path, at);
    if (sentences(text) > 2) {
        complain(path, at, "%d sentences for the customer, at most 2", sentences(text));
    }
    for (size_t i = 0; i < sizeof forbidden / sizeof forbidden[0]; i++) {
        if (holds_nocase(text, forbidden[i])) {
            complain(path, at, "forbidden word for customers: \"%s\"", forbidden[i]);
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
    for (int r = 0; r < (int)REASONS && r < MAX_REASONS; r++) {
        for (int who = 0; who < 2; who++) {
            unsigned first = 0;
            for (int l = 0; l < locale_count; l++) {
                if (texts[r][who][l] == NULL) {
                    complain(locale_paths[l], 0, "missing text: %s %s", reasons[r].name,
                             who == 0 ? "customer" : "merchant");
                    continue;
                }
                lint_text(r, who, l);
                unsigned set = placeholder_set(locale_paths[l], text_lines[r][who][l], texts[r][who][l]);
                if (l > 0 && texts[r][who][0] != NULL && set != first) {
                    complain(locale_paths[l], text_lines[r][who][l], "other placeholders than %s",
                             locale_paths[0]);
                }
                first = l == 0 ? set : first;
            }
        }
    }
}
