/* Health by the names of the configuration: what hosts ask and tell by channel. */
#include <payroute/health.h>

#include "health/fold.h"
#include "health/handle.h"
#include "registry/problems.h"
#include "route/route.h"

#include <string.h>

enum {
    PROBE_CALM_MS = 60000,    /* the main channel, when it was idle for most of that */
    PROBE_WORRIED_MS = 5000,  /* one that is likelier out than not, or nearly */
    PROBE_FAILING_MS = 20000, /* the same when it has been so for long */
    PROBE_DOUBT_MS =
        1500, /* something of the line failed a moment ago: settle it before the next customer has to */
    IDLE_MS = 45000,
    DOUBT_LASTS_MS = 45000, /* without any evidence that counts */
    LONG_MS = 120000,
    ASKED_MS = 60000,
    ASKED_ENOUGH = 5,
    PATIENCE_MS = 8000
};

static int32_t ready(const payroute_health *health, const payroute_registry *registry)
{
    if (health == NULL || registry == NULL) {
        return PAYROUTE_E_ARG;
    }
    return pr_registry_sealed(registry) ? PAYROUTE_OK : PAYROUTE_E_STATE;
}

static int32_t slot_of_id(const payroute_health *health, const payroute_registry *registry,
                          const char *channel, int64_t now_ms, int32_t *slot)
{
    int32_t rc = channel == NULL || now_ms <= 0 ? PAYROUTE_E_ARG : ready(health, registry);
    const pr_channel *c = rc == PAYROUTE_OK ? pr_registry_find(registry, channel) : NULL;
    if (rc == PAYROUTE_OK && c == NULL) {
        rc = PAYROUTE_E_NOT_FOUND;
    }
    if (rc == PAYROUTE_OK) {
        *slot = pr_route_slot(&health->view, c, now_ms);
    }
    return rc;
}

static int64_t in_millionths(double x)
{
    return (int64_t)(x * 1000000.0 + 0.5);
}

static void write_channel(payroute_json_out *out, const pr_channel *c, const pr_health_view *v, double opened)
{
    const struct {
        char name[16];
        double value;
    } shares[] = {{"up", v->up},
                  {"down", v->down},
                  {"hang", v->hang},
                  {"brown", v->brown},
                  {"approve", v->approve},
                  {"confirm", v->confirm},
                  {"fail_over", v->fail_over},
                  {"blame_channel", v->blame_channel},
                  {"pending", v->pending},
                  {"opened", opened},
                  {"convert", v->convert},
                  {"cashier", v->cashier}};
    payroute_json_out_object(out, NULL);
    payroute_json_out_string(out, "channel", c->id);
    for (size_t i = 0; i < sizeof shares / sizeof shares[0]; i++) {
        payroute_json_out_integer(out, shares[i].name, in_millionths(shares[i].value));
    }
    payroute_json_out_flag(out, "suspect", v->suspect);
    payroute_json_out_integer(out, "in_flight", v->in_flight);
    payroute_json_out_integer(out, "latency_p50_ms", v->latency_p50_ms);
    payroute_json_out_integer(out, "latency_p95_ms", v->latency_p95_ms);
    payroute_json_out_integer(out, "bad_since_ms", v->bad_since_ms);
    payroute_json_out_integer(out, "last_ms", v->last_ms);
    payroute_json_out_integer(out, "limit_per_s", (int64_t)(v->limit_per_s * 1000.0));
    payroute_json_out_integer(out, "evidence", (int64_t)(v->evidence * 100.0));
    payroute_json_out_end(out);
}

static int32_t hand_to_caller(payroute_json_out *json, char *out, size_t cap)
{
    size_t len = 0;
    const char *text = payroute_json_out_text(json, &len);
    int32_t rc = text == NULL                    ? PAYROUTE_E_NOMEM
                 : len < cap && len <= INT32_MAX ? (int32_t)len
                                                 : PAYROUTE_E_BUFFER;
    if (rc >= 0) {
        memcpy(out, text, len + 1);
    } else if (cap > 0) {
        out[0] = '\0';
    }
    payroute_json_out_free(json);
    return rc;
}

int32_t payroute_health_snapshot(const payroute_health *health, const payroute_registry *registry,
                                 int64_t now_ms, char *out, size_t out_cap)
{
    int32_t rc = out == NULL || now_ms <= 0 ? PAYROUTE_E_ARG : ready(health, registry);
    if (rc != PAYROUTE_OK) {
        return rc;
    }
    payroute_json_out *json = payroute_json_out_new();
    payroute_json_out_array(json, NULL);
    for (int32_t i = 0; i < pr_registry_count(registry); i++) {
        const pr_channel *c = pr_registry_at(registry, i);
        pr_health_view v;
        int32_t slot = pr_route_slot(&health->view, c, now_ms);
        pr_health_look(&v, &health->view, slot, (pr_health_segment){0, 0}, PATIENCE_MS, now_ms);
        write_channel(json, c, &v, pr_health_opened(&health->view, slot, now_ms));
    }
    payroute_json_out_end(json);
    return hand_to_caller(json, out, out_cap);
}

/* Where nothing happens for long, nothing is sure any more: only fresh evidence makes a channel one to ask.
 */
static int32_t heard_of(const pr_health_view *v, int64_t within_ms, int64_t now_ms)
{
    return v->last_ms > 0 && now_ms - v->last_ms < within_ms;
}

/* A refused connection or a silence leaves a channel neither well nor out, for a while. What is uncertain
   only because nothing was heard for a minute is not in doubt. */
static int32_t in_doubt(const pr_health_view *v, int64_t now_ms)
{
    return v->up >= 0.02 && v->down + v->hang > 0.005 && heard_of(v, DOUBT_LASTS_MS, now_ms);
}

/* Where each of several lookups was answered, more of them settle nothing: whoever doubts may be wrong, or
 * lie. */
static int32_t asked_enough(const pr_health *h, int32_t slot, int64_t now_ms)
{
    pr_health_sums s;
    pr_health_sums_read(&s, h, slot, now_ms - ASKED_MS, now_ms + 15000); /* with the slice that runs */
    return s.probe_ok >= ASKED_ENOUGH && s.probe_bad == 0;
}

/* By this host itself: what others saw is no reason to look away. */
static int32_t seen_lately(const pr_health *h, int32_t slot, int64_t now_ms)
{
    pr_health_sums s;
    pr_health_sums_read(&s, h, slot, now_ms - IDLE_MS, now_ms + 15000);
    return s.answered || s.not_sent || s.unknown || s.probe_ok || s.probe_bad;
}

/* How long since the last question; 0: there is nothing to ask. */
static int64_t probe_interval(const pr_health_view *v, const pr_health *h, int32_t slot, int32_t is_main,
                              int64_t now_ms)
{
    int32_t old = v->bad_since_ms > 0 && now_ms - v->bad_since_ms > LONG_MS;
    if (!old && in_doubt(v, now_ms)) {
        return asked_enough(h, slot, now_ms) ? PROBE_FAILING_MS : PROBE_DOUBT_MS;
    }
    if (v->suspect || v->bad_since_ms > 0 || (v->up < 0.9 && heard_of(v, LONG_MS, now_ms))) {
        return old ? PROBE_FAILING_MS : PROBE_WORRIED_MS;
    }
    return is_main && (now_ms - v->last_ms >= IDLE_MS || !seen_lately(h, slot, now_ms)) ? PROBE_CALM_MS : 0;
}

static int32_t look_probe(pr_health_view *v, const pr_health *h, const pr_channel *c, int32_t *slot,
                          int64_t now_ms)
{
    *slot = pr_route_slot(h, c, now_ms);
    pr_health_look(v, h, *slot, (pr_health_segment){0, 0}, PATIENCE_MS, now_ms);
    return c->enabled;
}

/* Where most payments went lately; the first one, as long as there were none. */
static int32_t main_channel(const payroute_health *health, const payroute_registry *registry, int64_t now_ms)
{
    int32_t found = -1, slot;
    double most = 0;
    for (int32_t i = 0; i < pr_registry_count(registry); i++) {
        pr_health_view v;
        if (look_probe(&v, &health->view, pr_registry_at(registry, i), &slot, now_ms) &&
            (found < 0 || v.evidence > most)) {
            found = i;
            most = v.evidence;
        }
    }
    return found;
}

int32_t payroute_health_probe_next(const payroute_health *health, const payroute_registry *registry,
                                   int64_t now_ms)
{
    int32_t rc = now_ms <= 0 ? PAYROUTE_E_ARG : ready(health, registry);
    int32_t first = rc == PAYROUTE_OK ? main_channel(health, registry, now_ms) : -1;
    for (int32_t i = 0; rc == PAYROUTE_OK && i < pr_registry_count(registry); i++) {
        int32_t slot;
        pr_health_view v;
        if (!look_probe(&v, &health->view, pr_registry_at(registry, i), &slot, now_ms)) {
            continue;
        }
        int64_t interval = probe_interval(&v, &health->view, slot, i == first, now_ms);
        if (interval > 0 && pr_health_probe_due(&health->view, slot, interval, now_ms)) {
            return i;
        }
    }
    return rc == PAYROUTE_OK ? PAYROUTE_E_NOT_FOUND : rc;
}

int32_t payroute_health_probe(const payroute_health *health, const payroute_registry *registry,
                              const char *channel, int32_t ok, int64_t latency_ms, int64_t now_ms)
{
    int32_t slot = PR_HEALTH_NO_SLOT;
    int32_t rc = slot_of_id(health, registry, channel, now_ms, &slot);
    if (rc == PAYROUTE_OK) {
        pr_health_probe(&health->view, slot, ok, latency_ms, now_ms);
    }
    return rc;
}

int32_t payroute_health_client(const payroute_health *health, const payroute_registry *registry,
                               const char *channel, const char *what, int64_t age_ms, int64_t now_ms)
{
    int32_t slot = PR_HEALTH_NO_SLOT;
    int32_t rc = what == NULL ? PAYROUTE_E_ARG : slot_of_id(health, registry, channel, now_ms, &slot);
    if (rc != PAYROUTE_OK) {
        return rc;
    }
    if (strcmp(what, "error") != 0 && strcmp(what, "opened") != 0) {
        return PAYROUTE_E_SCHEMA;
    }
    pr_health_hint(&health->view, slot, what[0] == 'e' ? PR_HEALTH_CLIENT_FAILED : PR_HEALTH_OPENED, age_ms,
                   now_ms);
    return PAYROUTE_OK;
}

/* ---- other hosts ---- */

typedef struct sum_field {
    char name[12];
    size_t at;
} sum_field;
static const sum_field sum_fields[] = {
    {"answered", offsetof(pr_health_sums, answered)}, {"not_sent", offsetof(pr_health_sums, not_sent)},
    {"unknown", offsetof(pr_health_sums, unknown)},   {"slow", offsetof(pr_health_sums, slow)},
    {"probe_ok", offsetof(pr_health_sums, probe_ok)}, {"probe_bad", offsetof(pr_health_sums, probe_bad)}};
enum { SUM_FIELDS = sizeof sum_fields / sizeof sum_fields[0] };

int32_t payroute_health_sums(const payroute_health *health, const payroute_registry *registry,
                             int64_t since_ms, int64_t now_ms, char *out, size_t out_cap)
{
    int32_t rc = out == NULL || now_ms <= 0 ? PAYROUTE_E_ARG : ready(health, registry);
    if (rc != PAYROUTE_OK) {
        return rc;
    }
    pr_health_sums s = {0};
    payroute_json_out *json = payroute_json_out_new();
    payroute_json_out_object(json, NULL);
    payroute_json_out_object(json, "channels");
    for (int32_t i = 0; i < pr_registry_count(registry); i++) {
        const pr_channel *c = pr_registry_at(registry, i);
        uint32_t any = 0;
        pr_health_sums_read(&s, &health->view, pr_route_slot(&health->view, c, now_ms), since_ms, now_ms);
        for (int32_t k = 0; k < SUM_FIELDS; k++) {
            any |= *(const uint32_t *)((const char *)&s + sum_fields[k].at);
        }
        if (any == 0) {
            continue;
        }
        payroute_json_out_object(json, c->id);
        for (int32_t k = 0; k < SUM_FIELDS; k++) {
            payroute_json_out_integer(json, sum_fields[k].name,
                                      *(const uint32_t *)((const char *)&s + sum_fields[k].at));
        }
        payroute_json_out_end(json);
    }
    payroute_json_out_end(json);
    payroute_json_out_integer(json, "to_ms", s.to_ms);
    payroute_json_out_end(json);
    return hand_to_caller(json, out, out_cap);
}

static void read_sums(pr_problems *p, pr_health_sums *s, const payroute_json_node *channel)
{
    for (const payroute_json_node *m = payroute_json_first(channel); m != NULL; m = payroute_json_next(m)) {
        int64_t v = 0;
        int32_t k = 0;
        while (k < SUM_FIELDS && strcmp(sum_fields[k].name, payroute_json_name(m)) != 0) {
            k++;
        }
        if (k == SUM_FIELDS) {
            continue; /* of a later version */
        }
        if (payroute_json_integer(&v, m) != PAYROUTE_OK || v < 0 || v > 1000000) {
            pr_problems_add(p, PR_PROBLEM_SCHEMA, payroute_json_name(m),
                            "expected a count from 0 to 1000000");
            continue;
        }
        *(uint32_t *)((char *)s + sum_fields[k].at) = (uint32_t)v;
    }
}

enum { HOSTS_MAX = 64 };

/* One message, checked; and what it says of a channel added to `sums`, when there is one. */
static void read_message(pr_problems *p, pr_health_sums *sums, const char *channel,
                         const payroute_json_node *message)
{
    const payroute_json_node *channels = payroute_json_get(message, "channels");
    if (payroute_json_type(channels) != PAYROUTE_JSON_OBJECT) {
        pr_problems_add(p, PR_PROBLEM_SCHEMA, "channels", "expected an object");
        return;
    }
    for (const payroute_json_node *m = payroute_json_first(channels); m != NULL; m = payroute_json_next(m)) {
        if (channel != NULL && strcmp(channel, payroute_json_name(m)) != 0) {
            continue;
        }
        pr_health_sums s = {0};
        size_t mark = pr_problems_enter(p, payroute_json_name(m));
        read_sums(p, &s, m);
        pr_problems_leave(p, mark);
        for (int32_t k = 0; sums != NULL && k < SUM_FIELDS; k++) {
            uint32_t *to = (uint32_t *)((char *)sums + sum_fields[k].at);
            uint32_t more = *(const uint32_t *)((const char *)&s + sum_fields[k].at);
            *to = *to > 1000000 - more ? 1000000 : *to + more;
        }
    }
}

/* What one host says: a message, or a list of them. */
static void read_voice(pr_problems *p, pr_health_sums *sums, const char *channel,
                       const payroute_json_node *host)
{
    if (payroute_json_type(host) != PAYROUTE_JSON_ARRAY) {
        read_message(p, sums, channel, host);
        return;
    }
    for (const payroute_json_node *m = payroute_json_first(host); m != NULL; m = payroute_json_next(m)) {
        read_message(p, sums, channel, m);
    }
}

/* What all of them say: one host, or a list of hosts. Returns how many. */
static int32_t read_hosts(pr_problems *p, pr_health_sums *sums, const char *channel,
                          const payroute_json_node *root)
{
    int32_t count = 0;
    if (payroute_json_type(root) != PAYROUTE_JSON_ARRAY) {
        read_message(p, sums, channel, root);
        return 1;
    }
    for (const payroute_json_node *host = payroute_json_first(root); host != NULL;
         host = payroute_json_next(host)) {
        if (count == HOSTS_MAX) {
            pr_problems_add(p, PR_PROBLEM_SCHEMA, "", "expected at most %d hosts", HOSTS_MAX);
            break;
        }
        read_voice(p, sums != NULL ? &sums[count] : NULL, channel, host);
        count++;
    }
    return count;
}

int32_t payroute_health_fold(const payroute_health *health, const payroute_registry *registry,
                             const char *sums_json, size_t sums_len, int32_t weight_percent, int64_t now_ms,
                             char *why, size_t why_cap)
{
    pr_problems p;
    pr_problems_init(&p, why, why_cap);
    int32_t rc = sums_json == NULL || now_ms <= 0 || weight_percent < 1 || weight_percent > 100
                     ? PAYROUTE_E_ARG
                     : ready(health, registry);
    payroute_json *doc = NULL;
    rc = rc == PAYROUTE_OK ? payroute_json_parse(&doc, sums_json, sums_len, why, why_cap) : rc;
    if (rc != PAYROUTE_OK) {
        return rc;
    }
    const payroute_json_node *root = payroute_json_root(doc);
    (void)read_hosts(&p, NULL, NULL, root); /* all of it, or nothing */
    for (int32_t i = 0; pr_problems_total(&p) == 0 && i < pr_registry_count(registry); i++) {
        const pr_channel *c = pr_registry_at(registry, i);
        pr_health_sums of_hosts[HOSTS_MAX] = {{0}};
        int32_t count = read_hosts(&p, of_hosts, c->id, root);
        pr_health_sums_merge(&health->view, pr_route_slot(&health->view, c, now_ms), of_hosts, count,
                             (double)weight_percent / 100.0, now_ms);
    }
    payroute_json_free(doc);
    return pr_problems_end(&p);
}
