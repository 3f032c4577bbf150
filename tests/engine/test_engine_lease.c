/* A worker that wakes late: between its save and its first byte another one took the payment over. Nothing
 * may leave. */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "host/store.h"
#include "shop.h"

/* A listener whose queue is full: a connection to it stands only when the queue is emptied. */
struct slow_door {
    int listener;
    int port;
    int fillers[8];
};

static void door_open(struct slow_door *door)
{
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof at;
    door->listener = socket(AF_INET, SOCK_STREAM, 0);
    assert_int_equal(bind(door->listener, (struct sockaddr *)&at, sizeof at), 0);
    assert_int_equal(listen(door->listener, 0), 0);
    assert_int_equal(getsockname(door->listener, (struct sockaddr *)&at, &len), 0);
    door->port = ntohs(at.sin_port);
    for (int i = 0; i < 8; i++) {
        door->fillers[i] = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
        (void)connect(door->fillers[i], (struct sockaddr *)&at, sizeof at);
    }
}

/* Lets everybody in; the bytes that anybody sent. */
static size_t door_bytes(struct slow_door *door, int ms)
{
    size_t bytes = 0;
    for (int i = 0; i < 8; i++) {
        close(door->fillers[i]);
    }
    struct timeval limit = {ms / 1000, (ms % 1000) * 1000};
    setsockopt(door->listener, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
    int fd;
    while ((fd = accept(door->listener, NULL, NULL)) >= 0) {
        char text[4096];
        ssize_t got;
        struct timeval soon = {0, 300000};
        setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &soon, sizeof soon);
        while ((got = read(fd, text, sizeof text)) > 0) {
            bytes += (size_t)got;
        }
        close(fd);
    }
    close(door->listener);
    return bytes;
}

static const char *config_at(int port)
{
    static char config[1024];
    snprintf(
        config, sizeof config,
        "{\"schema\":1,\"allow_plain_loopback\":true,\"channels\":[{\"id\":\"card-main\",\"provider\":\"stripe\","
        "\"base_url\":\"http://127.0.0.1:%d\",\"credentials\":[{\"version\":\"1\",\"secret_key\":\"sk_test_%s\","
        "\"webhook_secret\":\"whsec_%s\"}],\"methods\":[{\"method\":\"card\",\"flows\":[\"token\"]}],"
        "\"currencies\":[\"CNY\"],\"timeouts\":{\"connect_ms\":6000,\"money_ms\":6500,\"query_ms\":6500}}]}",
        port, "51ABCDEFGHIJKLMNOPQRSTUV", "ABCDEFGHIJKLMNOPQRSTUVWXYZ012345");
    return config;
}

/* What a worker does that finds the lease free: the next epoch is his. */
static void take_over(const char *store_url)
{
    prh_store *store = NULL;
    prh_rows rows = {0};
    int32_t rc = PAYROUTE_E_NOT_FOUND;
    assert_int_equal(prh_store_open(&store, store_url, NULL, 0), PAYROUTE_OK);
    for (int i = 0; i < 400 && rc == PAYROUTE_E_NOT_FOUND; i++) {
        usleep(5000);
        rc = store->ops->load(store, 1, &rows);
        if (rc == PAYROUTE_OK && rows.set.attempt_count == 0) {
            store->ops->rows_free(&rows);
            rc = PAYROUTE_E_NOT_FOUND;
        }
    }
    assert_int_equal(rc, PAYROUTE_OK);
    assert_int_equal(rows.set.attempts[0].sends, 1);
    payroute_save_set set = {.payment = rows.set.payment, .audit = rows.set.audit, .at_ms = rows.set.at_ms};
    char audit[65];
    memset(audit, 'a', 64);
    audit[64] = '\0';
    int64_t id = 1;
    set.audit = audit;
    set.payment.seen = rows.set.payment.version;
    set.payment.version = set.payment.seen + 1;
    set.payment.lease_epoch++;
    set.payment.lease_owner = "00000000-0000-0000-0000-000000000000:1:1:1";
    rc = store->ops->save(store, &set, &id);
    if (rc != PAYROUTE_OK) {
        fail_msg("takeover: %s", payroute_rc_name(rc));
    }
    store->ops->rows_free(&rows);
    store->ops->close(store);
}

static size_t bytes_sent(int taken_over)
{
    struct slow_door door;
    char store[128];
    snprintf(store, sizeof store, "%s", shop_store(1));
    door_open(&door);
    pid_t pid = shop_fork();
    if (pid == 0) {
        int64_t id = 0;
        payroute_engine *own = shop_open(config_at(door.port), store, NULL);
        (void)shop_create(own, "o1", "card", 7000, &id);
        _exit(0);
    }
    if (taken_over) {
        take_over(store);
    } else {
        usleep(200000);
    }
    size_t bytes = door_bytes(&door, 4000);
    waitpid(pid, NULL, 0);
    return bytes;
}

static void nothing_leaves_after_a_takeover(void **state)
{
    (void)state;
    assert_int_equal(bytes_sent(1), 0);
}

static void it_leaves_without_one(void **state)
{
    (void)state;
    assert_true(bytes_sent(0) > 0); /* else the test above would prove nothing */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nothing_leaves_after_a_takeover),
        cmocka_unit_test(it_leaves_without_one),
    };
    return cmocka_run_group_tests_name("engine, a lease that is lost", tests, NULL, shop_clean);
}
