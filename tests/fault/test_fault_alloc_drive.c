/* Allocation n fails inside the library while a payment is driven by hand over the real sandbox, with
   conflicts at its saves. A call without memory says so and leaves what was there; after a send it means
   unknown; made again it goes on; the books agree; nothing leaks. */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include <payroute/rows.h>

#include "../crash/world.h"
#include "alloc.h"
#include "host/store.h"

enum { POINTS = 60, POINTS_ALL = 1500, STEPS = 120 };

static struct world world;
static payroute_registry *registry;
static prh_store *store;
static int64_t orders;
static uint64_t seed;
static int all;
static long cells;

/* ---- a payment, driven by hand ---- */

struct drive {
    payroute_payment *p;
    int64_t id;
    int64_t amount;
    const char *method;
    int hold, part_back;
    int conflicted; /* the next save is met by a conflict, every second one */
    int asked;      /* the shop's call, until it is durable: 1 capture, 2 refund */
    long failures;
    char order_id[40];
};

/* Inside the library allocations count and fail; outside they do neither. */
static void enter(void)
{
    alloc_pause(0);
}

/* A call that had no memory is made again with memory. */
static int32_t leave(struct drive *d, int32_t rc)
{
    alloc_pause(1);
    if (rc == PAYROUTE_E_NOMEM) {
        d->failures++;
        alloc_fail(0, 0);
    }
    return rc;
}

#define CALL(d, rc, expression)                                                                              \
    do {                                                                                                     \
        enter();                                                                                             \
        rc = (expression);                                                                                   \
        (void)leave(d, rc);                                                                                  \
    } while (0)

static char *answer_of(payroute_payment *p, size_t *len)
{
    size_t headers_len = 0, body_len = 0;
    const char *url = payroute_payment_request_url(p), *port = strchr(url + 7, ':');
    const char *headers = payroute_payment_request_headers(p, &headers_len);
    const char *body = payroute_payment_request_body(p, &body_len);
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_port = htons((uint16_t)atoi(port + 1))};
    at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(connect(fd, (struct sockaddr *)&at, sizeof at), 0);
    dprintf(fd, "%s %s HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Length: %zu\r\n%.*s%s\r\n",
            payroute_payment_request_method(p), strchr(port, '/'), body_len, (int)headers_len, headers,
            headers_len > 1 && headers[headers_len - 1] == '\n' ? "" : "\r\n");
    assert_int_equal(write(fd, body ? body : "", body_len), (ssize_t)body_len);
    char *text = calloc(1, 65536);
    ssize_t n = 1;
    for (*len = 0; n > 0; *len += n > 0 ? (size_t)n : 0) {
        n = read(fd, text + *len, 65535 - *len);
    }
    close(fd);
    return text;
}

static void exchange(struct drive *d)
{
    int32_t rc;
    size_t len = 0;
    char entropy[32] = {(char)(d->id + 1), (char)cells};
    CALL(d, rc, payroute_payment_request(d->p, *world.now_ms, entropy));
    if (rc == PAYROUTE_E_NOMEM ||
        rc == PAYROUTE_E_INTERNAL) { /* mbedTLS does not always say why it cannot sign */
        alloc_fail(0, 0);
        CALL(d, rc, payroute_payment_request(d->p, *world.now_ms, entropy));
    }
    if (rc != PAYROUTE_OK) {
        fail_msg("request: %s, after %ld calls without memory", payroute_rc_name(rc), d->failures);
    }
    char *text = answer_of(d->p, &len);
    char *headers = strstr(text, "\r\n"), *body = strstr(text, "\r\n\r\n");
    assert_true(headers && body);
    headers += 2;
    CALL(d, rc,
         payroute_payment_feed_http(d->p, *world.now_ms, atoi(text + 9), headers,
                                    (size_t)(body + 2 - headers), body + 4, len - (size_t)(body + 4 - text),
                                    1));
    assert_true(rc == PAYROUTE_OK || rc == PAYROUTE_E_NOMEM);
    free(text);
}

static void take_rows(struct drive *d, int reload)
{
    prh_rows rows = {0};
    int32_t rc = PAYROUTE_E_NOMEM;
    char why[256] = "";
    char entropy[32] = {1};
    assert_int_equal(store->ops->load(store, d->id, &rows), PAYROUTE_OK);
    for (int i = 0; i < 2 && rc == PAYROUTE_E_NOMEM; i++) {
        payroute_payment *other = NULL;
        if (reload) {
            CALL(d, rc, payroute_payment_reload(d->p, &rows.set, *world.now_ms, why, sizeof why));
        } else {
            CALL(d, rc,
                 payroute_payment_load(&other, registry, NULL, &rows.set, entropy, *world.now_ms, why,
                                       sizeof why));
            assert_true((rc == PAYROUTE_OK) == (other != NULL));
            enter();
            payroute_payment_free(other);
            alloc_pause(1);
        }
    }
    if (reload) {
        assert_int_equal(payroute_payment_lease(d->p, "me", 1), PAYROUTE_OK);
        assert_int_equal(payroute_payment_present(d->p, 1), PAYROUTE_OK);
    }
    if (rc != PAYROUTE_OK) {
        fail_msg("%s: %s %s", reload ? "reload" : "load", payroute_rc_name(rc), why);
    }
    store->ops->rows_free(&rows);
}

static void save(struct drive *d)
{
    const payroute_save_set *set = NULL;
    int32_t rc;
    if (d->id && (d->conflicted = !d->conflicted)) {
        CALL(d, rc, payroute_payment_feed_conflict(d->p));
        assert_int_equal(rc, PAYROUTE_OK);
        take_rows(d, 1);
        d->hold |= d->asked == 1; /* the shop's call went with the old rows, and is made again */
        d->part_back |= d->asked == 2;
        d->asked = 0;
        return;
    }
    for (int i = 0; i < 2 && !set; i++) {
        enter();
        set = payroute_payment_save_set(d->p);
        (void)leave(d, set ? PAYROUTE_OK : PAYROUTE_E_NOMEM);
    }
    assert_non_null(set);
    assert_int_equal(store->ops->save(store, set, &d->id), PAYROUTE_OK);
    CALL(d, rc, payroute_payment_feed_saved(d->p, d->id));
    assert_int_equal(rc, PAYROUTE_OK);
    d->asked = 0;
    take_rows(d, 0);
}

/* What can be asked for at any time; without memory it says nothing, and changes nothing. */
static void look(struct drive *d)
{
    size_t len = 0;
    enter();
    const char *view = payroute_payment_view(d->p, "en", &len);
    (void)payroute_payment_show(d->p, &len);
    (void)payroute_payment_trace(d->p, &len);
    (void)leave(d, view ? PAYROUTE_OK : PAYROUTE_E_NOMEM);
}

static char *view_copy(struct drive *d)
{
    size_t len = 0;
    alloc_pause(0);
    long asked = alloc_stop();
    const char *view = payroute_payment_view(d->p, "en", &len);
    alloc_resume(asked);
    alloc_pause(1);
    return strdup(view ? view : "");
}

static void customer_pays(struct drive *d)
{
    char text[2048] = "";
    payroute_json *doc = NULL;
    char *view = view_copy(d);
    (void)payroute_json_parse(&doc, view, strlen(view), NULL, 0);
    const char *qr = payroute_json_string(walk(payroute_json_root(doc), "show.text"));
    snprintf(text, sizeof text, "%s", qr ? qr : "");
    payroute_json_free(doc);
    free(view);
    if (*text) {
        (void)world_do(&world, "/_customer", "{\"qr\":\"%s\",\"act\":\"pay\"}", text);
    }
}

static void let_pass(struct drive *d)
{
    customer_pays(d);
    int64_t wake = payroute_payment_wake_ms(d->p);
    int64_t next = *world.now_ms + 1000;
    world_clock(&world, wake == INT64_MAX || wake < next ? next : wake);
}

static void tick(struct drive *d)
{
    int32_t rc;
    char *before = view_copy(d);
    CALL(d, rc, payroute_payment_tick(d->p, *world.now_ms));
    if (rc == PAYROUTE_E_NOMEM) {
        char *after = view_copy(d);
        assert_int_not_equal(payroute_payment_next(d->p), PAYROUTE_ACTION_SEND);
        free(after);
        CALL(d, rc, payroute_payment_tick(d->p, *world.now_ms));
    }
    free(before);
    assert_true(rc == PAYROUTE_OK || rc == PAYROUTE_E_STATE);
}

/* 1: the shop has nothing more to ask. */
static int shop_asks(struct drive *d)
{
    char why[256] = "";
    int32_t rc = PAYROUTE_OK;
    int32_t status = payroute_payment_status(d->p);
    if (d->hold && status == PAYROUTE_STATUS_AUTHORIZED) {
        CALL(d, rc, payroute_payment_capture(d->p, *world.now_ms, "c", d->amount, why, sizeof why));
        d->hold = rc == PAYROUTE_E_NOMEM;
        d->asked = 1;
        return 0;
    }
    if (d->part_back && status == PAYROUTE_STATUS_PAID) {
        CALL(d, rc, payroute_payment_refund(d->p, *world.now_ms, "r", PART, why, sizeof why));
        d->part_back = rc == PAYROUTE_E_NOMEM;
        d->asked = 2;
        return 0;
    }
    return status == PAYROUTE_STATUS_PAID;
}

static void step_on(struct drive *d, int *done)
{
    int32_t action;
    tick(d);
    action = payroute_payment_next(d->p);
    look(d);
    switch (action) {
    case PAYROUTE_ACTION_SAVE: save(d); break;
    case PAYROUTE_ACTION_WAIT:
    case PAYROUTE_ACTION_SHOW:
        if (!shop_asks(d)) {
            let_pass(d);
        } else {
            *done = 1;
        }
        break;
    case PAYROUTE_ACTION_DONE: *done = shop_asks(d); break;
    default: assert_in_range(action, PAYROUTE_ACTION_SEND, PAYROUTE_ACTION_FETCH); exchange(d);
    }
}

static void begin(struct drive *d)
{
    char spec[400], why[256] = "";
    char entropy[32];
    int32_t rc = PAYROUTE_E_NOMEM;
    memcpy(entropy, d->order_id, sizeof entropy);
    snprintf(spec, sizeof spec, "{\"order_id\":\"%s\",\"amount_minor\":%lld,\"currency\":\"CNY\","
             "\"issuer\":\"icbc\",\"metadata\":{\"shop\":7},%s%s}",
             d->order_id, (long long)d->amount, d->method, d->hold ? ",\"hold\":true" : "");
    for (int i = 0; i < 2 && rc == PAYROUTE_E_NOMEM; i++) {
        CALL(d, rc,
             payroute_payment_new(&d->p, registry, NULL, spec, strlen(spec), "alloc", entropy, *world.now_ms,
                                  why, sizeof why));
        assert_true((rc == PAYROUTE_OK) == (d->p != NULL));
    }
    if (rc != PAYROUTE_OK) {
        fail_msg("new: %s %s", payroute_rc_name(rc), why);
    }
    CALL(d, rc, payroute_payment_lease(d->p, "me", 1));
    CALL(d, rc, payroute_payment_present(d->p, 1));
}

static int64_t book(const char *figure, int64_t amount)
{
    int64_t sum = 0, value = 0;
    payroute_json *doc = world_call(&world, "/_books", NULL);
    const payroute_json_node *a = payroute_json_first(walk(payroute_json_root(doc), "accounts"));
    for (; a; a = payroute_json_next(a)) {
        const payroute_json_node *o = payroute_json_first(payroute_json_get(a, "orders"));
        for (; o; o = payroute_json_next(o)) {
            (void)payroute_json_integer(&value, payroute_json_get(o, "amount"));
            if (value == amount) {
                (void)payroute_json_integer(&value, payroute_json_get(o, figure));
                sum += value;
            }
        }
    }
    payroute_json_free(doc);
    return sum;
}

static long run_drive(const struct drive *model, long n, int for_ever)
{
    struct drive d = *model;
    if (getenv("PR_FAULT_TELL")) {
        print_message("allocation %ld, %d\n", n, for_ever);
    }
    int done = 0, back = model->part_back ? PART : 0;
    if (orders % 120 == 0) {
        world_stop(&world);
        assert_true(world_start(&world));
        payroute_registry_free(registry);
        registry = NULL;
        assert_int_equal(payroute_registry_from_json(&registry, world.config, strlen(world.config), NULL, 0),
                         PAYROUTE_OK);
    }
    snprintf(d.order_id, sizeof d.order_id, "hand-%lld-%lld", (long long)++orders, (long long)seed);
    d.amount = 1000 + orders;
    alloc_count(1);
    alloc_pause(1);
    alloc_fail(n, for_ever);
    begin(&d);
    for (int i = 0; i < STEPS && !done; i++) {
        step_on(&d, &done);
    }
    enter();
    payroute_payment_free(d.p);
    long asked = alloc_stop(), left = alloc_live();
    alloc_count(0);
    alloc_pause(0);
    cells++;
    if (!done || book("captured", d.amount) != d.amount || book("captures", d.amount) != 1 ||
        book("refunded", d.amount) != back || left != 0) {
        fail_msg("allocation %ld, %s: done %d, captured %lld, refunded %lld, %ld blocks leaked", n,
                 for_ever ? "and the rest of that call" : "once", done, (long long)book("captured", d.amount),
                 (long long)book("refunded", d.amount), left);
    }
    return asked;
}

static void each_drive(void **state)
{
    const struct drive *model = *state;
    long total = run_drive(model, 0, 0), before = cells;
    long step = total / (all ? POINTS_ALL : POINTS) + 1;
    for (long n = 1 + (long)(seed % (uint64_t)step); n <= total; n += step) {
        (void)run_drive(model, n, 0);
        (void)run_drive(model, n + step / 2, 1);
    }
    print_message("%-60s %5ld allocations, %4ld cells\n", model->method, total, cells - before);
}

static struct drive by_code = {.method = "\"method\":\"alipay\",\"flow\":\"qr\"", .part_back = 1};
static struct drive by_card = {
    .method = "\"method\":\"card\",\"flow\":\"token\",\"instrument\":\"pm_card_visa\"", .part_back = 1};
static struct drive by_hold = {
    .method = "\"method\":\"card\",\"flow\":\"token\",\"instrument\":\"pm_card_visa\"", .hold = 1};

static int prepare(void **state)
{
    const char *given = getenv("PR_SEED"), *mode = getenv("PR_FAULT");
    (void)state;
    seed = given ? strtoull(given, NULL, 10) : (uint64_t)time(NULL);
    all = mode && strcmp(mode, "all") == 0;
    print_message("PR_SEED=%llu\n", (unsigned long long)seed);
    return world_start(&world) &&
                   payroute_registry_from_json(&registry, world.config, strlen(world.config), NULL, 0) ==
                       PAYROUTE_OK &&
                   prh_store_open(&store, "memory:alloc", NULL, 0) == PAYROUTE_OK
               ? 0
               : -1;
}

static int finish(void **state)
{
    (void)state;
    payroute_registry_free(registry);
    store->ops->close(store);
    world_stop(&world);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        {"payment by code", each_drive, NULL, NULL, &by_code},
        {"payment by card", each_drive, NULL, NULL, &by_card},
        {"hold and capture", each_drive, NULL, NULL, &by_hold},
    };
    if (!alloc_works()) {
        print_message("a sanitizer owns the allocator: nothing is run here\n");
        return 0;
    }
    int failed = cmocka_run_group_tests_name("fault_alloc_drive", tests, prepare, finish);
    print_message("failing allocations in driven payments: %ld cells\n", cells);
    return failed;
}
