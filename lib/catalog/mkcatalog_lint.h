/* Part of mkcatalog: the rules that a reason and a row must keep. Included once. */

/* An advice without its data is a shrug. */
static void lint_reason_detail(const char *path, int at, const reason *r)
{
    pr_catalog_detail d = reason_detail(r);
    const char *wrong = pr_catalog_detail_wrong(&d, d.advice);
    if (wrong != NULL) {
        complain(path, at, "%s: %s", r->name, wrong);
    }
    if ((d.advice == PR_ADVICE_FIX_INPUT && d.field == 0) ||
        (d.advice == PR_ADVICE_CUSTOMER_ACTS && d.act == 0) ||
        (d.advice == PR_ADVICE_LATER && d.wait_s == 0)) {
        complain(path, at, "%s: advice \"%s\" without its data", r->name, pr_catalog_advice_word(d.advice));
    }
}

static void lint_reasons(void)
{
    const char *path = "reasons.def";
    if (reason_count > MAX_REASONS) {
        complain(path, 0, "%d reasons, at most %d", reason_count, (int)MAX_REASONS);
    }
    if (find_reason("unknown_outcome") == NOT_FOUND ||
        reasons[find_reason("unknown_outcome")].klass != PR_CLASS_UNKNOWN) {
        complain(path, 0, "unknown_outcome must exist and be UNKNOWN");
    }
    for (int i = 0; i < reason_count; i++) {
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
        lint_reason_detail(path, i + 1, r);
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
    return a->reason == b->reason && a->message_first == b->message_first && strcmp(a->cell, b->cell) == 0 &&
           strcmp(a->alias, b->alias) == 0;
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
    if (l->reason != NOT_FOUND || l->cell[0] != '\0') {
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

/* The advice cell: it fits the reason, and says nothing that the reason says already. */
static void lint_detail(const char *path, const line *l)
{
    const reason *r = &reasons[l->reason];
    pr_catalog_detail d = detail_of(l), given = l->detail, bare = l->detail, own = reason_detail(r);
    const char *wrong = pr_catalog_detail_wrong(&d, d.advice);
    bare.field = bare.act = bare.wait_s = PR_CATALOG_OWN;
    pr_catalog_detail_resolve(&bare, &own);
    if (!pr_catalog_class_allows(r->klass, d.advice)) {
        complain(path, l->at, "contradiction: advice \"%s\" does not fit the class of \"%s\"",
                 pr_catalog_advice_word(d.advice), r->name);
    }
    if (given.advice == r->advice) {
        complain(path, l->at, "advice \"%s\" is the reason's own; leave it out",
                 pr_catalog_advice_word(d.advice));
    }
    if (wrong != NULL) {
        complain(path, l->at, "%s: \"%s\"", wrong, l->cell);
    } else if ((given.field > 0 && given.field == bare.field) || (given.act > 0 && given.act == bare.act) ||
               (given.wait_s > 0 && given.wait_s == bare.wait_s)) {
        complain(path, l->at, "the data of \"%s\" are the reason's own; leave them out", l->cell);
    } else if ((d.advice == PR_ADVICE_FIX_INPUT && d.field == 0) ||
               (d.advice == PR_ADVICE_CUSTOMER_ACTS && d.act == 0) ||
               (d.advice == PR_ADVICE_LATER && d.wait_s == 0)) {
        complain(path, l->at, "advice \"%s\" without its data", pr_catalog_advice_word(d.advice));
    }
}

static void lint_money(const char *path, const line *l)
{
    const reason *r = &reasons[l->reason];
    int success =
        strcmp(l->layer, "code") == 0 || strcmp(l->layer, "http") == 0 || strstr(l->layer, "status") != NULL;
    lint_detail(path, l);
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

/* "": nobody has; else the day on which somebody compared the row with its source. */
static int is_day(const char *text)
{
    static const char shape[] = "dddd-dd-dd";
    for (size_t i = 0; i < sizeof shape; i++) {
        if (shape[i] == 'd' ? text[i] < '0' || text[i] > '9' : text[i] != shape[i]) {
            return 0;
        }
    }
    int month = (text[5] - '0') * 10 + text[6] - '0', day = (text[8] - '0') * 10 + text[9] - '0';
    return text[0] == '2' && text[1] == '0' && month >= 1 && month <= 12 && day >= 1 && day <= 31;
}

static void lint_row(const char *path, line *l, size_t first, size_t end)
{
    if (l->operation[0] == '\0' || l->layer[0] == '\0' || l->key_len == 0) {
        complain(path, l->at, "operation, layer and code must be given (* for any)");
    }
    if (l->key != l->code + strlen(l->code) - l->key_len) {
        complain(path, l->at, "blanks around the code");
    }
    if (strlen(l->code) > 120 || strlen(l->note) > 160 || strlen(l->source) > 400) {
        complain(path, l->at, "code, note or source is too long");
    }
    if (l->source[0] == '\0') {
        complain(path, l->at, "missing source");
    }
    if (l->reviewed[0] != '\0' && !is_day(l->reviewed)) {
        complain(path, l->at, "reviewed is no date such as 2026-11-26: \"%s\"", l->reviewed);
    }
    if (l->message_first && !is_keyed(l)) {
        complain(path, l->at, "@message is for a listed code");
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
        if (strlen(files[f].provider) >= PR_CAT_NAME) {
            complain(files[f].path, 0, "the name of a provider has at most %d characters", PR_CAT_NAME - 1);
        }
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
