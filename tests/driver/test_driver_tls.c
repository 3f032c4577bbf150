/* TLS as the driver insists on it: known authority, right name, TLS 1.2 at least; and a refusal proves that
   nothing was sent. Needs the command openssl; without it every test here is skipped. */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include <payroute/base.h>

#include "host/driver.h"
#include "server.h"

static char dir[] = "/tmp/payroute-tls-XXXXXX";
static char ca_path[64];
static int have_openssl;
static pid_t tls_pid;
static int tls_port;

static int make_files(void **state)
{
    (void)state;
    char command[1024];
    if (!mkdtemp(dir) || chdir(dir) != 0) {
        return -1;
    }
    snprintf(ca_path, sizeof ca_path, "%s/cert.pem", dir);
    snprintf(command, sizeof command,
             "openssl req -x509 -newkey rsa:2048 -nodes -keyout key.pem -out cert.pem -days 2 -subj /CN=test "
             "-addext subjectAltName=IP:127.0.0.1 >/dev/null 2>&1");
    have_openssl = system(command) == 0;
    FILE *file = fopen("answer", "w");
    if (!file) {
        return -1;
    }
    fputs("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello", file);
    return fclose(file);
}

static int drop_files(void **state)
{
    (void)state;
    unlink("answer");
    unlink("key.pem");
    unlink("cert.pem");
    return chdir("/") != 0 || rmdir(dir) != 0;
}

static int connected(int port)
{
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
    at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    int yes = connect(fd, (struct sockaddr *)&at, sizeof at) == 0;
    close(fd);
    return yes;
}

static void tls_start(const char *version, const char *cipher)
{
    if (!have_openssl) {
        skip();
    }
    tls_port = server_free_port();
    tls_pid = fork();
    if (tls_pid == 0) {
        char port[16];
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        snprintf(port, sizeof port, "%d", tls_port);
        if (!freopen("/dev/null", "w", stdout) || !freopen("/dev/null", "w", stderr)) {
            _exit(1);
        }
        execlp("openssl", "openssl", "s_server", "-accept", port, "-cert", "cert.pem", "-key", "key.pem",
               "-HTTP", version, "-cipher", cipher, (char *)NULL);
        _exit(127);
    }
    for (int i = 0; i < 500 && !connected(tls_port); i++) {
        usleep(10000);
    }
}

static int tls_stop(void **state)
{
    (void)state;
    if (tls_pid > 0) {
        kill(tls_pid, SIGKILL);
        waitpid(tls_pid, NULL, 0);
    }
    tls_pid = 0;
    return 0;
}

static void ask_tls(const char *host, const char *ca_file, prh_outcome *out)
{
    char url[128];
    prh_driver *driver = NULL;
    snprintf(url, sizeof url, "https://%s:%d/answer", host, tls_port);
    prh_exchange exchange = {
        .method = "GET", .url = url, .money = 1, .timeout_ms = 5000, .connect_ms = 3000, .ca_file = ca_file};
    assert_int_equal(prh_driver_new(&driver), PAYROUTE_OK);
    assert_int_equal(prh_driver_perform(driver, &exchange, out), PAYROUTE_OK);
    prh_driver_free(driver);
}

static void refused(const char *host, const char *ca_file)
{
    prh_outcome out;
    ask_tls(host, ca_file, &out);
    assert_int_equal(out.answered, 0);
    assert_int_equal(out.not_sent, 1);
    assert_int_equal(out.verified_peer, 0);
    prh_outcome_free(&out);
}

static void known_authority(void **state)
{
    (void)state;
    prh_outcome out;
    tls_start("-tls1_2", "DEFAULT");
    ask_tls("127.0.0.1", ca_path, &out);
    assert_int_equal(out.answered, 1);
    assert_int_equal(out.verified_peer, 1);
    assert_int_equal(out.body_len, 5);
    prh_outcome_free(&out);
}

static void unknown_authority(void **state)
{
    (void)state;
    tls_start("-tls1_2", "DEFAULT");
    refused("127.0.0.1", NULL);
}

static void wrong_name(void **state)
{
    (void)state;
    tls_start("-tls1_2", "DEFAULT");
    refused("localhost", ca_path);
}

static void old_version(void **state)
{
    (void)state;
    tls_start("-tls1_1", "ALL:@SECLEVEL=0");
    refused("127.0.0.1", ca_path);
}

static void missing_ca_file(void **state)
{
    (void)state;
    tls_start("-tls1_2", "DEFAULT");
    refused("127.0.0.1", "/nonexistent/ca.pem");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(known_authority, tls_stop),
        cmocka_unit_test_teardown(unknown_authority, tls_stop),
        cmocka_unit_test_teardown(wrong_name, tls_stop),
        cmocka_unit_test_teardown(old_version, tls_stop),
        cmocka_unit_test_teardown(missing_ca_file, tls_stop),
    };
    return cmocka_run_group_tests_name("driver over TLS", tests, make_files, drop_files);
}
