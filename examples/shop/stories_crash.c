/* What happens when the shop's process dies, or when two of them work on the same payment. Real processes,
   real SIGKILL, real files. */
#include "shop.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { WEB_MS = 10000 };
#define CARD ",\"method\":\"card\",\"flow\":\"token\",\"instrument\":\"pm_card_visa\""

static void nap(long ms)
{
    struct timespec ts = {ms / 1000, ms % 1000 * 1000000};
    (void)nanosleep(&ts, NULL);
}

/* A worker of the shop in a process of its own. */
static pid_t worker(till *t, int (*work)(till *own))
{
    pid_t pid = fork();
    if (pid == 0) {
        till own;
        int ok = till_open(&own, t->w) && work(&own);
        till_close(&own);
        _exit(ok ? 0 : 1);
    }
    return pid;
}

static int ended_well(pid_t pid)
{
    int status = 0;
    return pid > 0 && waitpid(pid, &status, 0) == pid && WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

static int pay_killed(till *own)
{
    return till_pay(own, "killed", CARD, WEB_MS * 2) > 0;
}

static int kill_between(till *t)
{
    int64_t before = world_executed(t->w, "card-main", "confirm");
    int64_t id = 0;
    (void)world_do(t->w, "/_fault",
                   "{\"account\":\"card-main\",\"operation\":\"confirm\",\"fault\":\"stall\"}");
    pid_t pid = worker(t, pay_killed);
    for (int i = 0; i < 500 && world_executed(t->w, "card-main", "confirm") == before; i++) {
        nap(10); /* until the provider's books show the charge; the worker still waits for the answer */
    }
    (void)kill(pid, SIGKILL);
    (void)waitpid(pid, NULL, 0);
    int charged = world_executed(t->w, "card-main", "confirm") == before + 1;
    (void)world_do(t->w, "/_fault", "{\"clear\":true}");
    int32_t found = payroute_engine_find(t->engine, "killed", &id);
    till_pass(t, 10000);
    (void)till_advance(t, id, WEB_MS);
    char reference[40];
    (void)snprintf(reference, sizeof reference, "%s", till_text(t, "attempts.0.reference"));
    int paid = strcmp(till_text(t, "status"), "paid") == 0;
    (void)till_deliver(t);
    note("killed after the charge; a new process asked: %s", paid ? "paid, 1 capture" : "not settled");
    return charged && found == PAYROUTE_OK && paid && world_order(t->w, reference, "captures") == 1 &&
           till_delivered(t, "killed") == 1;
}

static int deliver_and_die(till *own)
{
    return till_deliver_but_die(own);
}

static int kill_before_ack(till *t)
{
    int status = 0;
    (void)till_deliver(t);
    (void)till_pay(t, "dies-delivering", CARD, WEB_MS * 2);
    pid_t pid = worker(t, deliver_and_die);
    (void)waitpid(pid, &status, 0);
    int died = WIFEXITED(status) && WEXITSTATUS(status) == 9;
    int again = till_deliver(t); /* the event comes again; the shop's own row says that the goods went out */
    int quiet = till_deliver(t) == 0;
    note("the event came again, the goods went out once");
    return died && again == 0 && quiet && till_delivered(t, "dies-delivering") == 1;
}

static int commit_then_die(till *own)
{
    (void)till_pay(own, "dies-paid", CARD, WEB_MS * 2);
    (void)kill(getpid(), SIGKILL); /* the payment is committed, nobody was told */
    return 1;
}

static int kill_after_commit(till *t)
{
    pid_t pid = worker(t, commit_then_die);
    (void)waitpid(pid, NULL, 0);
    int before = till_delivered(t, "dies-paid");
    int delivered = till_deliver(t);
    note("killed after our commit; delivered by the next process, once");
    return before == 0 && delivered == 1 && till_deliver(t) == 0 && till_delivered(t, "dies-paid") == 1;
}

static int pay_race(till *own)
{
    return till_pay(own, "race", CARD, WEB_MS * 2) > 0;
}

static int two_workers(till *t)
{
    int64_t id = 0;
    pid_t one = worker(t, pay_race);
    pid_t two = worker(t, pay_race);
    int both = ended_well(one);
    both = ended_well(two) && both;
    (void)payroute_engine_find(t->engine, "race", &id);
    till_pass(t, 5000);
    (void)till_advance(t, id, WEB_MS);
    char reference[40];
    (void)snprintf(reference, sizeof reference, "%s", till_text(t, "attempts.0.reference"));
    int single = till_text(t, "attempts.1.reference")[0] == '\0';
    int paid = strcmp(till_text(t, "status"), "paid") == 0;
    (void)till_deliver(t);
    note("one payment, one attempt, %s", paid ? "paid, 1 capture" : "not settled");
    return both && single && paid && world_order(t->w, reference, "captures") == 1 &&
           till_delivered(t, "race") == 1;
}

const story crash_stories[] = {
    {"SIGKILL between charge and answer", "settled after the restart, one charge", kill_between},
    {"killed between commit and delivery", "delivered once", kill_after_commit},
    {"killed between delivery and its receipt", "delivered once", kill_before_ack},
    {"two workers at once", "one attempt, one charge", two_workers},
};
const int crash_story_count = sizeof crash_stories / sizeof crash_stories[0];
