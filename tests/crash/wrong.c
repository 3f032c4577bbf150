/* What is wrong in each of these was found in shops or plugins in use. They are here so that a harness which
   finds nothing is known to be able to find something. */
#include "wrong.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define CARD ",\"method\":\"card\",\"flow\":\"token\",\"instrument\":\"pm_card_visa\""

/* ---- pending is taken for failed, and a new order is started ---- */

static int lose_an_answer(struct shop *s)
{
    return world_do(s->w, "/_fault",
                    "{\"account\":\"card-main\",\"operation\":\"confirm\",\"fault\":\"drop_after\"}");
}

static int order_again(struct shop *s)
{
    int32_t rc = shop_pay(s, CARD, WEB_MS);
    if (strcmp(shop_text(s, "status"), "paid") != 0) {
        struct shop other = *s;
        snprintf(other.order_id, sizeof other.order_id, "%.30s-again", s->order_id);
        rc = shop_pay(&other, CARD, WEB_MS);
    }
    return rc == PAYROUTE_OK;
}

/* ---- the goods are handed out for every event that comes ---- */

static int pay_card_quietly(struct shop *s)
{
    return shop_pay(s, CARD, WEB_MS) == PAYROUTE_OK;
}

static int deliver_careless(struct shop *s)
{
    return shop_deliver(s, 1) >= 0;
}

/* ---- the receipt is given before the goods ---- */

static int receipt_first(struct shop *s)
{
    char ids[96];
    if (payroute_engine_events(s->engine, 100) != PAYROUTE_OK) {
        return 0;
    }
    snprintf(ids, sizeof ids, "[\"%s\"]", shop_text(s, "events.0.id"));
    return payroute_engine_event_ack(s->engine, ids, strlen(ids)) == PAYROUTE_OK && shop_hand_out(s) >= 0;
}

/* ---- no library: the request is sent, then it is written down ---- */

static const payroute_json_node *channel_named(const payroute_json *config, const char *id)
{
    const payroute_json_node *c = payroute_json_first(walk(payroute_json_root(config), "channels"));
    while (c && strcmp(payroute_json_string(payroute_json_get(c, "id")), id) != 0) {
        c = payroute_json_next(c);
    }
    return c;
}

static int charge_at(int port, const char *path, const char *secret, int64_t amount)
{
    char body[256], request[1024], answer[256];
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
    at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    int len = snprintf(body, sizeof body,
                       "amount=%lld&currency=cny&payment_method=pm_card_visa&confirm=true&"
                       "payment_method_types%%5B%%5D=card",
                       (long long)amount);
    len = snprintf(request, sizeof request,
                   "POST %s/v1/payment_intents HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n"
                   "Authorization: Bearer %s\r\nContent-Type: application/x-www-form-urlencoded\r\n"
                   "Content-Length: %d\r\n\r\n%s",
                   path, secret, len, body);
    int good = connect(fd, (struct sockaddr *)&at, sizeof at) == 0 &&
               write(fd, request, (size_t)len) == len && read(fd, answer, 12) == 12 &&
               memcmp(answer + 9, "200", 3) == 0;
    close(fd);
    return good;
}

static int send_then_save(struct shop *s)
{
    char journal[256];
    payroute_json *config = NULL;
    snprintf(journal, sizeof journal, "%s/payments.db-ballast", s->dir);
    if (access(journal, F_OK) == 0) {
        return 1;
    }
    (void)payroute_json_parse(&config, s->w->config, strlen(s->w->config), NULL, 0);
    const payroute_json_node *channel = channel_named(config, "card-main");
    const char *url = payroute_json_string(payroute_json_get(channel, "base_url"));
    const char *port = strchr(url + 7, ':');
    int good = charge_at(atoi(port + 1), strchr(port, '/'),
                         payroute_json_string(walk(channel, "credentials.0.secret_key")), s->amount);
    payroute_json_free(config);
    int fd = good ? open(journal, O_WRONLY | O_CREAT | O_CLOEXEC, 0600) : -1;
    good = fd >= 0 && write(fd, "paid", 4) == 4;
    close(fd);
    return good;
}

const struct wrong wrongs[] = {
    {{"a shop takes pending for failed", END_PAID, 0, lose_an_answer, order_again},
     play_settle,
     EXPECT_DOUBLE},
    {{"a shop delivers every event", END_PAID, 0, pay_card_quietly, deliver_careless},
     play_settle,
     EXPECT_DOUBLE},
    {{"a shop gives the receipt before the goods", END_PAID, 0, pay_card_quietly, receipt_first},
     play_settle,
     EXPECT_LOSS},
    {{"a shop sends before it saves", END_PAID, 0, NULL, send_then_save}, play_act_again, EXPECT_DOUBLE},
};
const int wrong_count = sizeof wrongs / sizeof wrongs[0];
