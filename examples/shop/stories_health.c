/* What the router learns: a channel that is out is left before the next customers meet it, one that declines what
   others take goes behind them, and what works again is found by a question and one test, not by the customers. */
#include "tell.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define QR ",\"method\":\"alipay\",\"flow\":\"qr\""
#define CARD ",\"method\":\"card\",\"flow\":\"token\",\"instrument\":\"pm_card_visa\""

enum { SECOND_MS = 1000 };

static char usual[40]; /* the channel that the router likes best when all is well */

/* One customer who pays by whatever code he is shown. 1: paid once and handed out. */
static int buys(till *t, const char *order, const char *how)
{
    char reference[40], path[40];
    int64_t id = till_pay(t, order, how, WEB_MS * 3);
    int attempts = 1;
    do {
        (void)snprintf(path, sizeof path, "attempts.%d.attempt", attempts);
    } while (till_number(t, path) > 0 && ++attempts < 9);
    (void)snprintf(reference, sizeof reference, "%s", reference_of(t, attempts));
    if (strcmp(how, QR) == 0) {
        (void)customer(t, reference, "pay");
        (void)till_notify(t, reference, NULL);
        (void)payroute_engine_show(t->engine, id);
    }
    int paid = status_is(t, "paid") && paid_once(t, order, reference);
    (void)payroute_engine_show(t->engine, id);
    return paid;
}

/* So many customers, seconds apart. Adds up who was sent to the usual channel first; 1: all of them have paid. */
static int crowd(till *t, const char *name, int from, int count, const char *how, int *there)
{
    char order[40];
    int paid = 0;
    for (int i = 0; i < count; i++) {
        (void)snprintf(order, sizeof order, "%s-%d", name, from + i);
        paid += buys(t, order, how);
        *there += channel_is(t, 1, usual);
        till_pass(t, 4 * SECOND_MS);
    }
    return paid == count;
}

/* A day like any other. */
static int calm(till *t, const char *name, int customers, const char *how)
{
    char order[40];
    int there = 0;
    (void)snprintf(order, sizeof order, "%s-calm", name);
    int paid = buys(t, order, how);
    (void)snprintf(usual, sizeof usual, "%s", till_text(t, "attempts.0.channel"));
    return crowd(t, name, 100, customers, how, &there) && paid && there == customers;
}

static int outage_left(till *t)
{
    int met = 0;
    int fine = calm(t, "outage", 24, QR);
    breaks(t, usual, "*", "refuse");
    fine = crowd(t, "outage", 0, 10, QR, &met) && fine;
    note("%s of 10 customers met it and were sent on at once; all paid", met <= 2 ? "at most 2" : "TOO MANY");
    return fine && met <= 2;
}

/* How likely the usual channel is up, in percent. */
static int64_t percent_up(till *t)
{
    char path[40];
    int i = 0;
    (void)payroute_engine_health(t->engine);
    do {
        (void)snprintf(path, sizeof path, "channels.%d.channel", i);
    } while (strcmp(till_text(t, path), usual) != 0 && ++i < 64);
    (void)snprintf(path, sizeof path, "channels.%d.up", i);
    return till_number(t, path) / 10000;
}

/* Behind the story of the outage, whose usual channel it is. When it is well again the other one fails. */
static int recovery(till *t)
{
    int unused = 0, back = 0;
    breaks(t, usual, "*", "refuse"); /* it is still out */
    till_pass(t, 5 * MINUTE_MS);
    int out = percent_up(t) < 10;
    mends(t);
    int fine = 1;
    for (int i = 0; i < 15; i++) { /* two and a half minutes */
        fine = crowd(t, "mended", i, 1, QR, &unused) && fine;
        till_pass(t, 6 * SECOND_MS);
    }
    int well = percent_up(t) >= 90;
    breaks(t, strcmp(usual, "ali-main") == 0 ? "ali-backup" : "ali-main", "*", "refuse");
    fine = crowd(t, "back", 0, 6, QR, &back) && fine;
    note("out for five minutes, %s; then the other fails, and customers go there",
         well ? "well again within 150 seconds" : "NOT FOUND WELL");
    return fine && out && well && back >= 4;
}

static int brown_out(till *t)
{
    int first = 0, later = 0;
    int fine = calm(t, "brown", 4, CARD);
    (void)world_do(t->w, "/_fault",
                   "{\"account\":\"%s\",\"operation\":\"confirm\",\"fault\":\"decline\",\"times\":-1}", usual);
    fine = crowd(t, "brown", 0, 8, CARD, &first) && fine;
    fine = crowd(t, "brown", 8, 8, CARD, &later) && fine;
    mends(t);
    note("it declined %d of the first 8 and %d of the next 8; the other channel took them all", first, later);
    return fine && first < 8 && later <= 1;
}

const story health_stories[] = {
    {"an outage, noticed and left", "the next customers do not meet it", outage_left},
    {"recovery", "found, and used again", recovery},
    {"a brown-out: it declines everybody", "others go first", brown_out},
};
const int health_story_count = sizeof health_stories / sizeof health_stories[0];
