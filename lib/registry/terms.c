/* What a channel costs, whom it serves and when, as the merchant agreed with the provider; and the shop's
   wishes for routing as a whole. All of it only orders channels or keeps one out: nothing here moves money.
 */
#include "registry/keys.h"

#include "base/mem.h"

#include <stdlib.h>
#include <string.h>

enum { BIN_DIGITS = 8 };

static int64_t terms_integer(const payroute_json_node *value)
{
    int64_t v = 0;
    (void)payroute_json_integer(&v, value); /* checked before */
    return v;
}

void pr_terms_apply(pr_channel *c, pr_terms_nodes *nodes, int32_t id, const payroute_json_node *value)
{
    pr_terms *t = &c->terms;
    switch (id) {
    case PR_KEY_COST_BPS: t->cost_bps = (int32_t)terms_integer(value); break;
    case PR_KEY_COST_FIXED: t->cost_fixed_minor = terms_integer(value); break;
    case PR_KEY_EXPECTED_SUCCESS: t->success_percent = (int32_t)terms_integer(value); break;
    case PR_KEY_EXPECTED_LATENCY: t->latency_ms = (int32_t)terms_integer(value); break;
    case PR_KEY_CAP_DAY: t->cap_day_minor = terms_integer(value); break;
    case PR_KEY_CAP_MONTH: t->cap_month_minor = terms_integer(value); break;
    case PR_KEY_COMMIT_MONTH: t->commit_month_minor = terms_integer(value); break;
    case PR_KEY_COUNTRIES: nodes->countries = value; break;
    case PR_KEY_BRANDS: nodes->brands = value; break;
    case PR_KEY_BINS: nodes->bins = value; break;
    case PR_KEY_MAINTENANCE: nodes->maintenance = value; break;
    default: break;
    }
}

/* ---- BINs ------------------------------------------------------------------------------------------------
 */

/* `count` digits and then `fill` up to eight. */
static int64_t bin_digits(const char *at, size_t count, int32_t fill)
{
    int64_t value = 0;
    for (size_t i = 0; i < BIN_DIGITS; i++) {
        if (i < count && (at[i] < '0' || at[i] > '9')) {
            return -1;
        }
        value = value * 10 + (i < count ? at[i] - '0' : fill);
    }
    return value;
}

int32_t pr_bin_of(pr_bin_range *out, const char *digits)
{
    size_t len = digits != NULL ? strlen(digits) : 0;
    len = len > BIN_DIGITS ? BIN_DIGITS : len;
    if (len < 6 || bin_digits(digits, len, 0) < 0) {
        return 0;
    }
    out->from = (uint32_t)bin_digits(digits, len, 0);
    out->to = (uint32_t)bin_digits(digits, len, 9);
    return 1;
}

int32_t pr_bin_parse(pr_bin_range *out, const char *text)
{
    size_t len = text != NULL ? strcspn(text, "-") : 0;
    if (len < 6 || len > BIN_DIGITS) {
        return 0;
    }
    const char *end = text[len] == '-' ? text + len + 1 : text;
    int64_t from = bin_digits(text, len, 0);
    int64_t to = strlen(end) == len || end == text ? bin_digits(end, len, 9) : -1;
    if (from < 0 || to < from) {
        return 0;
    }
    *out = (pr_bin_range){(uint32_t)from, (uint32_t)to};
    return 1;
}

static int compare_bins(const void *a, const void *b)
{
    const pr_bin_range *x = a;
    const pr_bin_range *y = b;
    return (x->from > y->from) - (x->from < y->from);
}

pr_bin_range *pr_bins_read(pr_problems *p, const payroute_json_node *list, int32_t *count)
{
    pr_bin_range *bins = pr_mem_array((size_t)payroute_json_count(list), sizeof *bins);
    int32_t n = 0;
    int32_t i = 0;
    *count = 0;
    if (bins == NULL) {
        p->nomem = 1;
        return NULL;
    }
    for (const payroute_json_node *e = payroute_json_first(list); e != NULL; e = payroute_json_next(e), i++) {
        if (pr_bin_parse(&bins[n], payroute_json_string(e))) {
            n++;
            continue;
        }
        char got[PR_GOT_CAP];
        size_t element = pr_problems_index(p, i);
        pr_problems_got(got, e);
        pr_problems_add(
            p, PR_PROBLEM_SCHEMA, NULL,
            "expected the first 6 to 8 digits of card numbers, \"411111\" or \"411111-411119\", got %s", got);
        pr_problems_leave(p, element);
    }
    qsort(bins, (size_t)n, sizeof *bins, compare_bins);
    for (i = 0; i < n; i++) {
        pr_bin_range *last = *count > 0 ? &bins[*count - 1] : NULL;
        if (last != NULL && bins[i].from <= last->to + 1) {
            last->to = bins[i].to > last->to ? bins[i].to : last->to;
        } else {
            bins[(*count)++] = bins[i];
        }
    }
    return bins;
}

int32_t pr_bin_within(const pr_bin_range *list, int32_t count, pr_bin_range r)
{
    int32_t low = 0;
    int32_t high = count;
    while (low < high) { /* the first that ends at or behind r's beginning */
        int32_t middle = low + (high - low) / 2;
        if (list[middle].to < r.from) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low < count && list[low].from <= r.from && list[low].to >= r.to;
}

int32_t pr_terms_bin(const pr_terms *t, const char *bin)
{
    pr_bin_range r;
    return t->bins == NULL || !pr_bin_of(&r, bin) || pr_bin_within(t->bins, t->bin_count, r);
}

/* ---- countries and brands --------------------------------------------------------------------------------
 */

int32_t pr_terms_country(const pr_terms *t, const char *country)
{
    int32_t found = t->countries == NULL || country == NULL || country[0] == '\0';
    for (int32_t i = 0; !found && i < t->country_count; i++) {
        found = strcmp(t->countries[i], country) == 0;
    }
    return found;
}

int32_t pr_terms_brand(const pr_terms *t, const char *brand)
{
    int32_t found = t->brands == NULL || brand == NULL || brand[0] == '\0';
    for (int32_t i = 0; !found && i < t->brand_count; i++) {
        found = strcmp(t->brands[i], brand) == 0;
    }
    return found;
}

typedef struct word_list {
    const char *member;
    const char *shape;
    size_t min;
    size_t cap;
    const char *expected;
} word_list;

/* Texts of one shape, each once, into slots of `cap` bytes. */
static char *read_word_list(pr_problems *p, const word_list *w, const payroute_json_node *list,
                            int32_t *count)
{
    char *slots = pr_mem_array((size_t)payroute_json_count(list), w->cap);
    size_t mark = pr_problems_enter(p, w->member);
    int32_t i = 0;
    *count = 0;
    p->nomem |= slots == NULL;
    for (const payroute_json_node *e = payroute_json_first(list); slots != NULL && e != NULL;
         e = payroute_json_next(e), i++) {
        const char *text = payroute_json_string(e);
        size_t len = text != NULL ? strlen(text) : 0;
        int32_t good = len >= w->min && len < w->cap && pr_keys_shape(w->shape, text);
        for (int32_t k = 0; good && k < *count; k++) {
            good = strcmp(slots + (size_t)k * w->cap, text) != 0;
        }
        if (good) {
            memcpy(slots + (size_t)(*count)++ * w->cap, text, len + 1);
            continue;
        }
        char got[PR_GOT_CAP];
        size_t element = pr_problems_index(p, i);
        pr_problems_got(got, e);
        pr_problems_add(p, PR_PROBLEM_SCHEMA, NULL, "expected %s, each once, got %s", w->expected, got);
        pr_problems_leave(p, element);
    }
    pr_problems_leave(p, mark);
    return slots;
}

/* ---- the whole -------------------------------------------------------------------------------------------
 */

static void read_windows(pr_terms *t, pr_problems *p, const payroute_json_node *list, const pr_zone *zone)
{
    t->windows = pr_mem_array((size_t)payroute_json_count(list), sizeof *t->windows);
    if (t->windows == NULL) {
        p->nomem = 1;
        return;
    }
    size_t mark = pr_problems_enter(p, "maintenance");
    int32_t i = 0;
    for (const payroute_json_node *e = payroute_json_first(list); e != NULL; e = payroute_json_next(e), i++) {
        size_t element = pr_problems_index(p, i);
        t->window_count += pr_window_read(&t->windows[t->window_count], p, e, zone);
        pr_problems_leave(p, element);
    }
    pr_problems_leave(p, mark);
}

static void check_sums(const pr_channel *c, pr_problems *p)
{
    const pr_terms *t = &c->terms;
    const char *sum = t->cap_day_minor > 0        ? "cap_day_minor"
                      : t->cap_month_minor > 0    ? "cap_month_minor"
                      : t->commit_month_minor > 0 ? "commit_month_minor"
                      : t->cost_fixed_minor > 0   ? "cost_fixed_minor"
                                                  : NULL;
    if (sum != NULL && c->currency_count > 1) {
        pr_problems_add(p, PR_PROBLEM_SCHEMA, sum,
                        "expected one currency on a channel with it, got %d: sums of several mean nothing",
                        (int)c->currency_count);
    }
    if (t->cap_month_minor > 0 && t->cap_day_minor > t->cap_month_minor) {
        pr_problems_add(p, PR_PROBLEM_SCHEMA, "cap_day_minor",
                        "expected at most cap_month_minor %lld, got %lld", (long long)t->cap_month_minor,
                        (long long)t->cap_day_minor);
    }
    if (t->cap_month_minor > 0 && t->commit_month_minor > t->cap_month_minor) {
        pr_problems_add(p, PR_PROBLEM_SCHEMA, "commit_month_minor",
                        "expected at most cap_month_minor %lld, got %lld", (long long)t->cap_month_minor,
                        (long long)t->commit_month_minor);
    }
}

void pr_terms_read(pr_channel *c, pr_problems *p, const pr_terms_nodes *nodes, const pr_zone *zone)
{
    static const word_list countries = {"countries", PR_SHAPE_UPPER, 2, 3,
                                        "a country's two letters such as \"CN\""};
    static const word_list brands = {"brands", PR_SHAPE_NAME, 1, 17, "a card brand such as \"visa\""};
    pr_terms *t = &c->terms;
    if (nodes->countries != NULL) {
        t->countries =
            (char (*)[3])(void *)read_word_list(p, &countries, nodes->countries, &t->country_count);
    }
    if (nodes->brands != NULL) {
        t->brands = (char (*)[17])(void *)read_word_list(p, &brands, nodes->brands, &t->brand_count);
    }
    if (nodes->bins != NULL) {
        size_t mark = pr_problems_enter(p, "bins");
        t->bins = pr_bins_read(p, nodes->bins, &t->bin_count);
        pr_problems_leave(p, mark);
    }
    if (nodes->maintenance != NULL && payroute_json_count(nodes->maintenance) > 0) {
        read_windows(t, p, nodes->maintenance, zone);
    }
    check_sums(c, p);
    c->has_terms = t->cost_bps > 0 || t->cost_fixed_minor > 0 || t->success_percent > 0 || t->latency_ms > 0 ||
                   t->cap_day_minor > 0 || t->cap_month_minor > 0 || t->commit_month_minor > 0 ||
                   t->countries != NULL || t->brands != NULL || t->bins != NULL || t->window_count > 0;
}

void pr_terms_clear(pr_terms *t)
{
    pr_mem_free(t->countries);
    pr_mem_free(t->brands);
    pr_mem_free(t->bins);
    pr_mem_free(t->windows);
    memset(t, 0, sizeof *t);
}

static void view_sum(payroute_json_out *out, const char *name, int64_t value)
{
    if (value > 0) {
        payroute_json_out_integer(out, name, value);
    }
}

/* As short as it can be said. */
static void view_bin(payroute_json_out *out, pr_bin_range r)
{
    uint32_t unit = r.from % 100 == 0 && r.to % 100 == 99 ? 100 : r.from % 10 == 0 && r.to % 10 == 9 ? 10 : 1;
    int width = unit == 100 ? 6 : unit == 10 ? 7 : 8;
    char text[24];
    pr_text t;
    pr_text_init(&t, text, sizeof text);
    pr_text_format(&t, "%0*u", width, (unsigned)(r.from / unit));
    if (r.from / unit != r.to / unit) {
        pr_text_format(&t, "-%0*u", width, (unsigned)(r.to / unit));
    }
    payroute_json_out_string(out, NULL, text);
}

void pr_terms_view(payroute_json_out *out, const pr_channel *c)
{
    const pr_terms *t = &c->terms;
    view_sum(out, "cost_bps", t->cost_bps);
    view_sum(out, "cost_fixed_minor", t->cost_fixed_minor);
    view_sum(out, "expected_success_percent", t->success_percent);
    view_sum(out, "expected_latency_ms", t->latency_ms);
    view_sum(out, "cap_day_minor", t->cap_day_minor);
    view_sum(out, "cap_month_minor", t->cap_month_minor);
    view_sum(out, "commit_month_minor", t->commit_month_minor);
    if (t->country_count > 0) {
        payroute_json_out_array(out, "countries");
        for (int32_t i = 0; i < t->country_count; i++) {
            payroute_json_out_string(out, NULL, t->countries[i]);
        }
        payroute_json_out_end(out);
    }
    if (t->brand_count > 0) {
        payroute_json_out_array(out, "brands");
        for (int32_t i = 0; i < t->brand_count; i++) {
            payroute_json_out_string(out, NULL, t->brands[i]);
        }
        payroute_json_out_end(out);
    }
    if (t->bin_count > 0) {
        payroute_json_out_array(out, "bins");
        for (int32_t i = 0; i < t->bin_count; i++) {
            view_bin(out, t->bins[i]);
        }
        payroute_json_out_end(out);
    }
    if (t->window_count > 0) {
        payroute_json_out_array(out, "maintenance");
        for (int32_t i = 0; i < t->window_count; i++) {
            pr_window_view(out, &t->windows[i]);
        }
        payroute_json_out_end(out);
    }
}

/* ---- routing as a whole ----------------------------------------------------------------------------------
 */

static void routing_zone(pr_routing *r, const char *text)
{
    pr_text t;
    pr_text_init(&t, r->zone_text, sizeof r->zone_text);
    pr_text_put(&t, text);
    (void)pr_zone_parse(&r->zone, text);
}

void pr_routing_init(pr_routing *r)
{
    memset(r, 0, sizeof *r);
    r->patience_ms = 8000;
    r->margin_bp = 100;
    r->explore = 1;
    routing_zone(r, "Asia/Shanghai");
}

typedef struct routing_reader {
    pr_routing *r;
    pr_problems *p;
} routing_reader;

static void apply_routing(void *target, int32_t id, const payroute_json_node *value)
{
    routing_reader *at = target;
    pr_routing *r = at->r;
    switch (id) {
    case PR_KEY_PATIENCE: r->patience_ms = terms_integer(value); break;
    case PR_KEY_MARGIN: r->margin_bp = (int32_t)terms_integer(value); break;
    case PR_KEY_COST_WORTH: r->cost_worth = (int32_t)terms_integer(value); break;
    case PR_KEY_EXPLORE: r->explore = payroute_json_flag(value); break;
    case PR_KEY_STICKY: r->sticky = payroute_json_flag(value); break;
    case PR_KEY_ROUTING_ZONE:
        if (pr_zone_read(at->p, &r->zone, value)) {
            routing_zone(r, payroute_json_string(value));
        }
        break;
    default: break;
    }
}

void pr_routing_read(pr_routing *out, pr_problems *p, const payroute_json_node *node)
{
    routing_reader at = {out, p};
    pr_keys_read(p, PR_SCOPE_ROUTING, node, apply_routing, &at);
}

void pr_routing_view(payroute_json_out *out, const pr_routing *r)
{
    payroute_json_out_object(out, "routing");
    payroute_json_out_integer(out, "patience_ms", r->patience_ms);
    payroute_json_out_integer(out, "margin_bp", r->margin_bp);
    payroute_json_out_integer(out, "cost_worth", r->cost_worth);
    payroute_json_out_flag(out, "explore", r->explore);
    payroute_json_out_flag(out, "sticky", r->sticky);
    payroute_json_out_string(out, "zone", r->zone_text);
    payroute_json_out_end(out);
}
