/* Doctor: what a shop finds out at its first payment, found out before. Harmless questions only: nothing is
   charged, nothing but a mark of its own is written. */
#include <curl/curl.h>
#include <sqlite3.h>
#include <stdio.h>
#include <sys/statvfs.h>

#include <payroute/probe.h>

#include "host/engine.h"

#define LOW_DISK_MB 256
#define CLOCK_WARN_S 10
#define CLOCK_FAIL_S 120 /* providers allow 5 minutes; half of it is gone by slow answers and leap clocks */
#define MARK "payroute-doctor "
#define MARK_LIFE_MS 60000
#define MARK_CAP 64

enum level { LEVEL_OK, LEVEL_WARN, LEVEL_FAIL };
#define D(name, level, zh, en) FOUND_##name,
enum finding {
#include "host/doctor.def"
    FOUND_COUNT
};
#undef D

static const struct {
    const char *name;
    enum level level;
    const char *zh;
    const char *en;
} findings[FOUND_COUNT] = {
#define D(name, level, zh, en) {#name, LEVEL_##level, zh, en},
#include "host/doctor.def"
#undef D
};

typedef struct doctor {
    payroute_engine *e;
    payroute_json_out *out;
    int64_t end_ms;
    int32_t counts[3];
    char name[33];  /* of the channel in hand; "" the installation */
    int32_t shared; /* 1: other processes can open this store */
    int32_t reason; /* behind {merchant} */
} doctor;

/* ---- saying it ---- */

/* Puts what belongs into the places of a text: {} the detail, {channel} its name, {merchant} the catalogue's
   words for the merchant, which may name the channel too. */
static size_t fill_in(char *out, size_t cap, const char *text, const doctor *d, const char *detail,
                      const char *merchant)
{
    size_t len = 0;
    for (const char *at = text; *at && len < cap - 1;) {
        if (strncmp(at, "{merchant}", 10) == 0) {
            len += fill_in(out + len, cap - len, merchant, d, "", "");
            at += 10;
        } else if (strncmp(at, "{channel}", 9) == 0 || strncmp(at, "{}", 2) == 0) {
            const char *insert = at[1] == '}' ? detail : d->name;
            size_t n = strlen(insert), room = cap - 1 - len;
            memcpy(out + len, insert, n < room ? n : room);
            len += n < room ? n : room;
            at += at[1] == '}' ? 2 : 9;
        } else {
            out[len++] = *at++;
        }
    }
    out[len] = '\0';
    return len;
}

static void say_in(const doctor *d, const char *locale, const char *text, const char *detail)
{
    char line[1024];
    (void)fill_in(line, sizeof line, text, d, detail,
                  payroute_reason_text(d->e->catalog, d->reason, 1, locale));
    payroute_json_out_string(d->out, locale, line);
}

static void found(doctor *d, enum finding f, const char *detail)
{
    static const char *const levels[] = {"ok", "warn", "fail"};
    d->counts[findings[f].level]++;
    payroute_json_out_object(d->out, NULL);
    payroute_json_out_string(d->out, "level", levels[findings[f].level]);
    if (d->name[0]) {
        payroute_json_out_string(d->out, "channel", d->name);
    }
    payroute_json_out_string(d->out, "finding", findings[f].name);
    if (detail && *detail) {
        payroute_json_out_string(d->out, "detail", detail);
    }
    say_in(d, "zh-CN", findings[f].zh, detail ? detail : "");
    say_in(d, "en", findings[f].en, detail ? detail : "");
    payroute_json_out_end(d->out);
}

/* ---- the installation ---- */

static void look_at_disk(doctor *d, const char *path)
{
    struct statvfs fs;
    char text[64];
    if (statvfs(path, &fs) == 0) {
        uint64_t mb = (uint64_t)fs.f_bavail * fs.f_frsize / 1048576u;
        if (mb < LOW_DISK_MB) {
            snprintf(text, sizeof text, "%llu MiB", (unsigned long long)mb);
            found(d, FOUND_disk_low, text);
        }
    }
}

static void look_at_store(doctor *d)
{
    payroute_engine *e = d->e;
    char why[PRH_WHY_CAP] = "", path[1024];
    int32_t rc = e->store->ops->kv_put(e->store, "doctor", "1", 1, INT64_MAX);
    if (rc == PAYROUTE_OK) {
        rc = e->store->ops->kv_put(e->store, "doctor", "", 0, 0);
    }
    if (rc == PAYROUTE_OK) {
        rc = e->store->ops->check(e->store, why, sizeof why);
    }
    if (rc != PAYROUTE_OK) {
        found(d, FOUND_store_fails, *why ? why : payroute_rc_text(rc));
        return;
    }
    found(d, FOUND_store_works, e->store_url);
    if (strncmp(e->store_url, "sqlite:", 7) != 0) {
        found(d, FOUND_store_memory, NULL);
        return;
    }
    d->shared = 1;
    snprintf(path, sizeof path, "%.*s", (int)strcspn(e->store_url + 7, "?"), e->store_url + 7);
    look_at_disk(d, path);
    if (strstr(e->store_url, "network=1")) {
        found(d, FOUND_store_network, NULL);
    }
    if (!e->sidecar) {
        found(d, FOUND_state_dir_missing, NULL);
    }
}

/* Where the store is in memory a file was not asked for, and that was said already. */
static void look_at_health(doctor *d)
{
    const prh_health_file *f = d->e->health_file;
    const char *path = f ? prh_health_file_path(f) : NULL;
    if (!f) {
        found(d, FOUND_health_off, NULL);
    } else if (path) {
        int32_t shared = prh_health_file_shared(f);
        found(d, shared ? FOUND_health_shared : FOUND_health_alone, shared ? path : prh_health_file_why(f));
    }
}

/* Versions whose published defects can reach us. What the engine refuses at open (SQLite below 3.37, WAL
   below 3.51.3) does not come this far. */
static void look_at_versions(doctor *d)
{
    char crypto[64] = "", text[256];
    const curl_version_info_data *curl = curl_version_info(CURLVERSION_NOW);
    (void)payroute_crypto_version(crypto, sizeof crypto);
    snprintf(text, sizeof text, "libcurl %s (%s), SQLite %s, %s", curl->version,
             curl->ssl_version ? curl->ssl_version : "no TLS", sqlite3_libversion(), crypto);
    found(d, FOUND_versions, text);
    if (sqlite3_libversion_number() < 3037002) { /* sqlite.org/releaselog/3_37_2.html */
        found(d, FOUND_version_bad,
              "SQLite 3.35.0 - 3.37.1: a rolled back savepoint can corrupt the database");
    }
}

/* ---- one question over the wire ---- */

static int32_t time_for(doctor *d, int64_t longest_ms)
{
    if (d->end_ms - prh_monotonic_ms() < longest_ms) {
        found(d, FOUND_out_of_time, NULL);
        return 0;
    }
    return 1;
}

static int32_t perform(doctor *d, const prh_exchange *exchange, prh_outcome *out)
{
    payroute_engine *e = d->e;
    int32_t rc = e->driver ? PAYROUTE_OK : prh_driver_new(&e->driver);
    if (rc == PAYROUTE_OK) {
        e->counts.exchanges++;
        rc = prh_driver_perform(e->driver, exchange, out);
    }
    return rc;
}

static void transport_text(char *text, size_t cap, const prh_outcome *out, int32_t rc)
{
    snprintf(text, cap, "%s",
             rc != PAYROUTE_OK     ? payroute_rc_text(rc)
             : out->curl_code != 0 ? curl_easy_strerror((CURLcode)out->curl_code)
                                   : "no answer");
}

/* ---- the notify address ---- */

static const char *text_member(const payroute_json_node *channel, const char *name)
{
    const char *text = payroute_json_string(payroute_json_get(channel, name));
    return text ? text : "";
}

static int32_t write_mark(doctor *d, char mark[MARK_CAP])
{
    unsigned char random[16];
    int32_t rc = prh_entropy(random, sizeof random);
    size_t len = (size_t)snprintf(mark, MARK_CAP, MARK);
    for (size_t i = 0; rc == PAYROUTE_OK && i < sizeof random; i++) {
        len += (size_t)snprintf(mark + len, MARK_CAP - len, "%02x", random[i]);
    }
    if (rc == PAYROUTE_OK) {
        rc = d->e->store->ops->kv_put(d->e->store, mark, d->name, strlen(d->name),
                                      prh_clock_now(&d->e->clock) + MARK_LIFE_MS);
    }
    return rc;
}

/* The handler gives the doctor's own mark back only where its store holds it, for the channel that it was
 * told. */
static void judge_notify(doctor *d, const char *mark, const prh_outcome *out, const char *url)
{
    char status[24];
    snprintf(status, sizeof status, "%d", (int)out->status);
    size_t len = strlen(mark);
    if (out->status >= 300 && out->status < 400) {
        found(d, FOUND_notify_moved, status);
    } else if (!d->shared) {
        found(d, FOUND_notify_unproven, status);
    } else if (out->status == 200 && out->body_len >= len && memcmp(out->body, mark, len) == 0) {
        found(d, FOUND_notify_works, url);
    } else if (out->body_len >= strlen(MARK) && memcmp(out->body, MARK, strlen(MARK)) == 0) {
        char text[48];
        snprintf(text, sizeof text, "%.40s", out->body + strlen(MARK));
        found(d, FOUND_notify_other_store, text);
    } else {
        found(d, FOUND_notify_elsewhere, status);
    }
}

static void look_at_notify(doctor *d, const payroute_json_node *channel, int32_t plain)
{
    const char *url = text_member(channel, "notify_url");
    char mark[MARK_CAP] = "", text[160];
    prh_outcome out = {0};
    if (!*url) {
        found(d, FOUND_notify_missing, NULL);
        return;
    }
    if (strncmp(url, "https://", 8) != 0) {
        found(d, FOUND_notify_plain, url);
        plain = 1; /* it is as it is: the question carries no secret */
    }
    if (!time_for(d, 10000) || write_mark(d, mark) != PAYROUTE_OK) {
        return;
    }
    static const char headers[] = "Content-Type: text/plain\r\n";
    prh_exchange exchange = {.method = "POST",
                             .url = url,
                             .headers = headers,
                             .headers_len = sizeof headers - 1,
                             .body = mark,
                             .body_len = strlen(mark),
                             .plain = plain,
                             .open_ended = 1, /* small handlers end an answer by hanging up */
                             .timeout_ms = 10000,
                             .connect_ms = 5000};
    int32_t rc = perform(d, &exchange, &out);
    if (rc == PAYROUTE_OK && out.answered) {
        judge_notify(d, mark, &out, url);
    } else {
        transport_text(text, sizeof text, &out, rc);
        found(d, FOUND_notify_unreachable, text);
    }
    prh_outcome_free(&out);
    (void)d->e->store->ops->kv_put(d->e->store, mark, "", 0, 0);
}

int32_t prh_doctor_mark(payroute_engine *e, const char *channel, const char *body, size_t body_len,
                        char *answer, size_t cap)
{
    char mark[MARK_CAP], held[64];
    size_t len = 0;
    if (!body || body_len >= MARK_CAP || body_len <= strlen(MARK) || memcmp(body, MARK, strlen(MARK)) != 0) {
        return 0;
    }
    snprintf(mark, sizeof mark, "%.*s", (int)body_len, body);
    if (e->store->ops->kv_get(e->store, mark, prh_clock_now(&e->clock), held, sizeof held - 1, &len) !=
        PAYROUTE_OK) {
        snprintf(answer, cap, MARK "unknown to this store");
        return 404;
    }
    held[len] = '\0';
    if (strcmp(held, channel) != 0) {
        snprintf(answer, cap, MARK "channel %.32s", channel);
        return 404;
    }
    snprintf(answer, cap, "%s", mark);
    return 200;
}

/* ---- the account ---- */

static void judge_clock(doctor *d, int64_t ahead_ms)
{
    char text[32];
    if (ahead_ms == INT64_MIN || d->e->clock.is_virtual) {
        return;
    }
    int64_t off_s = (ahead_ms < 0 ? -ahead_ms : ahead_ms) / 1000;
    snprintf(text, sizeof text, "%lld", (long long)(off_s > CLOCK_WARN_S ? off_s : CLOCK_WARN_S));
    found(d,
          off_s > CLOCK_FAIL_S   ? FOUND_clock_off
          : off_s > CLOCK_WARN_S ? FOUND_clock_drifts
                                 : FOUND_clock_fits,
          text);
}

static void judge_account(doctor *d, const payroute_probe *probe, int32_t verdict, int32_t status)
{
    char text[400];
    const char *code = payroute_probe_code(probe);
    snprintf(text, sizeof text, "HTTP %d%s%s%s%.200s", (int)status, *code ? ", " : "", code,
             *payroute_probe_message(probe) ? ": " : "", payroute_probe_message(probe));
    switch (verdict) {
    case PAYROUTE_PROBE_FITS: found(d, FOUND_account_fits, NULL); break;
    case PAYROUTE_PROBE_REFUSED:
        d->reason = payroute_probe_reason(probe);
        found(d, FOUND_account_refused, text);
        break;
    case PAYROUTE_PROBE_NEED_AUX:
    case PAYROUTE_PROBE_UNVERIFIED: found(d, FOUND_account_unverified, text); break;
    default: found(d, FOUND_account_unclear, text); break;
    }
}

static int32_t feed_probe(doctor *d, payroute_probe *probe, const prh_outcome *out)
{
    return payroute_probe_feed(probe, d->e->ring, d->e->catalog, prh_clock_now(&d->e->clock), out->status,
                               out->headers, out->headers_len, out->body, out->body_len, out->verified_peer);
}

static void ask_account(doctor *d, payroute_probe *probe)
{
    char text[160];
    prh_outcome out = {0};
    prh_exchange exchange = {.method = payroute_probe_request_method(probe),
                             .url = payroute_probe_request_url(probe),
                             .plain = payroute_probe_exchange(probe, PAYROUTE_EXCHANGE_PLAIN) == 1,
                             .timeout_ms = payroute_probe_exchange(probe, PAYROUTE_EXCHANGE_TIMEOUT_MS),
                             .connect_ms = payroute_probe_exchange(probe, PAYROUTE_EXCHANGE_CONNECT_MS),
                             .ca_file = payroute_probe_ca_file(probe)};
    exchange.headers = payroute_probe_request_headers(probe, &exchange.headers_len);
    exchange.body = payroute_probe_request_body(probe, &exchange.body_len);
    if (!time_for(d, exchange.timeout_ms)) {
        return;
    }
    int32_t rc = perform(d, &exchange, &out);
    if (rc != PAYROUTE_OK || !out.answered) {
        transport_text(text, sizeof text, &out, rc);
        found(d, FOUND_account_unreachable, text);
    } else {
        int32_t verdict = feed_probe(d, probe, &out);
        if (verdict == PAYROUTE_PROBE_NEED_AUX &&
            prh_fetch_now(d->e, d->name, payroute_probe_aux(probe), d->end_ms)) {
            verdict = feed_probe(d, probe, &out);
        }
        judge_clock(d, payroute_probe_clock_ahead_ms(probe));
        judge_account(d, probe, verdict, out.status);
    }
    prh_outcome_free(&out);
}

static void look_at_account(doctor *d)
{
    char entropy[32], why[PRH_WHY_CAP] = "";
    payroute_probe *probe = NULL;
    int32_t rc = prh_entropy(entropy, sizeof entropy);
    if (rc == PAYROUTE_OK) {
        rc = payroute_probe_new(&probe, d->e->registry, d->name, prh_clock_now(&d->e->clock), entropy, why,
                                sizeof why);
    }
    explicit_bzero(entropy, sizeof entropy);
    if (rc == PAYROUTE_OK) {
        ask_account(d, probe);
    } else if (rc == PAYROUTE_E_UNSUPPORTED) {
        found(d, FOUND_account_not_askable, NULL);
    } else {
        found(d, FOUND_account_unclear, *why ? why : payroute_rc_text(rc));
    }
    payroute_probe_free(probe);
}

/* ---- all of it ---- */

static void look_at_channel(doctor *d, const payroute_json_node *channel)
{
    snprintf(d->name, sizeof d->name, "%s", text_member(channel, "id"));
    d->reason = 0;
    if (payroute_json_flag(payroute_json_get(channel, "enabled")) == 0) {
        found(d, FOUND_channel_off, NULL);
        return;
    }
    if (strcmp(text_member(channel, "provider"), "custom") == 0) {
        found(d, FOUND_host_driven, NULL);
        return;
    }
    look_at_notify(d, channel, 0);
    look_at_account(d);
}

static int32_t look_at_channels(doctor *d)
{
    payroute_json *doc = NULL;
    int32_t rc = prh_registry_view(d->e->registry, &doc);
    if (rc == PAYROUTE_OK) {
        const payroute_json_node *all = payroute_json_get(payroute_json_root(doc), "channels");
        for (const payroute_json_node *at = payroute_json_first(all); at; at = payroute_json_next(at)) {
            look_at_channel(d, at);
        }
    }
    payroute_json_free(doc);
    d->name[0] = '\0';
    return rc;
}

int32_t payroute_engine_doctor(payroute_engine *engine, int64_t budget_ms)
{
    int32_t rc = prh_enter(engine);
    if (rc != PAYROUTE_OK) {
        return rc;
    }
    doctor d = {.e = engine, .end_ms = prh_monotonic_ms() + (budget_ms > 0 ? budget_ms : 0)};
    d.out = prh_result(engine);
    payroute_json_out_object(d.out, NULL);
    payroute_json_out_array(d.out, "findings");
    look_at_store(&d);
    look_at_health(&d);
    look_at_versions(&d);
    rc = look_at_channels(&d);
    payroute_json_out_end(d.out);
    payroute_json_out_integer(d.out, "ok", d.counts[LEVEL_OK]);
    payroute_json_out_integer(d.out, "warn", d.counts[LEVEL_WARN]);
    payroute_json_out_integer(d.out, "fail", d.counts[LEVEL_FAIL]);
    payroute_json_out_end(d.out);
    return prh_leave(engine, rc == PAYROUTE_OK ? rc : prh_result_error(engine, rc, 0));
}
