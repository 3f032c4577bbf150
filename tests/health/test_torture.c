/* Eight processes on one file, killed at any instruction and started again, while the file is now and then
   taken away: what they logged as done is in the block, and nothing else is; and what a worker looks at is
   never nonsense. PR_TORTURE: for how many seconds (else not quite one). */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/rng.h"
#include "block_of.h"
#include "health/handle.h"
#include "host/health_file.h"

enum { WORKERS = 8, CHANNELS = 6 };

/* What each worker says that it is about to do, and that it did: survives it. The difference, at most one for
   each life, is what may or may not be in the block. */
typedef struct diary {
    atomic_llong quota_begun[CHANNELS], quota_done[CHANNELS];
    atomic_llong sent_begun[CHANNELS], sent_done[CHANNELS];
    atomic_llong looks, faults, canaries;
} diary;

typedef struct yard {
    diary of[WORKERS];
    atomic_int stop, lives;
    atomic_llong reopened;
} yard;

static yard *shared;
static char folder[64], path[96];

static int64_t clock_ms(void)
{
    struct timespec t;
    clock_gettime(CLOCK_REALTIME, &t);
    return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

static void one_round(diary *d, const pr_health *h, pr_rng *r, int64_t now_ms)
{
    int k = (int)pr_rng_below(r, CHANNELS);
    char name[2] = {(char)('a' + k), '\0'};
    pr_health_segment g = {1 + pr_rng_below(r, 3), 1 + pr_rng_below(r, 40)};
    int32_t s = pr_health_slot(h, name, NULL, now_ms);
    atomic_fetch_add(&d->quota_begun[k], 1);
    (void)pr_health_quota_add(h, s, PR_QUOTA_MONTH, 9, 1);
    atomic_fetch_add(&d->quota_done[k], 1);
    pr_health_permit permit = pr_health_start(h, s, now_ms);
    int32_t refused = pr_rng_below(r, 50) == 0;
    atomic_fetch_add(&d->sent_begun[k], refused);
    pr_health_end(h, s, g, permit, refused ? PR_HEALTH_NOT_SENT : PR_HEALTH_APPROVED,
                  50 + pr_rng_below(r, 900), 0, now_ms);
    atomic_fetch_add(&d->sent_done[k], refused);
    pr_health_view v;
    pr_health_look(&v, h, s, g, 8000, now_ms);
    atomic_fetch_add(&d->looks, 1);
    atomic_fetch_add(&d->faults, view_fault(&v) != NULL);
    atomic_fetch_add(&d->canaries, pr_health_canary(h, s, 1000000000, now_ms));
}

static void worker(int number, int64_t now_ms)
{
    prh_health_file *f = NULL;
    char why[256] = "";
    pr_rng r;
    pr_rng_seed(&r, (uint64_t)now_ms, (uint64_t)getpid());
    if (prh_health_file_open(&f, path, CHANNELS, 1024, now_ms, why, sizeof why) ||
        !prh_health_file_shared(f)) {
        fprintf(stderr, "worker: %s\n", why);
        _exit(3);
    }
    while (!atomic_load(&shared->stop)) {
        now_ms = clock_ms();
        one_round(&shared->of[number], &prh_health_file_now(f, now_ms)->view, &r, now_ms);
    }
    prh_health_file_close(f);
    _exit(0);
}

static pid_t begin_worker(int number)
{
    atomic_fetch_add(&shared->lives, 1);
    pid_t pid = fork();
    if (pid == 0) {
        worker(number, clock_ms());
    }
    return pid;
}

/* Kill and start again for so long; returns how many ended other than by us. */
static int storm(double seconds, pr_rng *r, int take_away)
{
    pid_t pids[WORKERS];
    int bad = 0;
    int64_t begun = clock_ms();
    for (int i = 0; i < WORKERS; i++) {
        pids[i] = begin_worker(i);
    }
    while ((double)(clock_ms() - begun) < seconds * 1000.0) {
        struct timespec pause = {0, 1000000 + (long)pr_rng_below(r, 15000000)};
        nanosleep(&pause, NULL);
        int i = (int)pr_rng_below(r, WORKERS), status = 0;
        kill(pids[i], SIGKILL);
        (void)waitpid(pids[i], &status, 0);
        bad += !WIFSIGNALED(status) || WTERMSIG(status) != SIGKILL;
        if (take_away && pr_rng_below(r, 8) == 0) {
            FILE *f = pr_rng_below(r, 2) || unlink(path) ? NULL : fopen(path, "w");
            if (f != NULL) { /* something that is no block takes its place */
                fputs("not a block", f);
                fclose(f);
                (void)chmod(path, 0600);
            } else {
                (void)unlink(path);
            }
        }
        pids[i] = begin_worker(i);
    }
    atomic_store(&shared->stop, 1);
    for (int i = 0; i < WORKERS; i++) {
        int status = 0;
        (void)waitpid(pids[i], &status, 0);
        bad += !WIFEXITED(status) || WEXITSTATUS(status) != 0;
    }
    atomic_store(&shared->stop, 0);
    return bad;
}

static int within(const char *what, int k, int64_t have, int64_t least, int64_t most)
{
    if (have < least || have > most) {
        printf("FAIL channel %c: %s is %lld, not in %lld..%lld\n", 'a' + k, what, (long long)have,
               (long long)least, (long long)most);
        return 1;
    }
    return 0;
}

static int check(int64_t begun_ms)
{
    prh_health_file *f = NULL;
    char why[256] = "";
    int bad = prh_health_file_open(&f, path, CHANNELS, 1024, clock_ms(), why, sizeof why) != 0;
    if (bad || !prh_health_file_shared(f)) {
        printf("FAIL the file is gone or damaged: %s\n", why);
        return 1;
    }
    const pr_health *h = &prh_health_file_now(f, clock_ms())->view;
    long long canaries = 0, looks = 0, faults = 0;
    for (int k = 0; k < CHANNELS; k++) {
        char name[2] = {(char)('a' + k), '\0'};
        int64_t sum[4] = {0, 0, 0, 0};
        for (int i = 0; i < WORKERS; i++) {
            const diary *d = &shared->of[i];
            sum[0] += atomic_load(&d->quota_done[k]);
            sum[1] += atomic_load(&d->quota_begun[k]);
            sum[2] += atomic_load(&d->sent_done[k]);
            sum[3] += atomic_load(&d->sent_begun[k]);
        }
        int32_t s = pr_health_slot(h, name, NULL, clock_ms());
        bad += within("the quota", k, pr_health_quota(h, s, PR_QUOTA_MONTH, 9), sum[0], sum[1]);
        pr_health_sums sums;
        int64_t last = clock_ms() + 2 * PR_SLICE_MS;
        pr_health_sums_read(&sums, h, s, begun_ms - PR_SLICE_MS, last);
        if (last - begun_ms < (PR_SLICES - 4) * (int64_t)PR_SLICE_MS) { /* the ring still holds all of it */
            bad += within("refusals", k, (int64_t)sums.not_sent, sum[2], sum[3]);
        }
    }
    for (int i = 0; i < WORKERS; i++) {
        looks += atomic_load(&shared->of[i].looks);
        faults += atomic_load(&shared->of[i].faults);
        canaries += atomic_load(&shared->of[i].canaries);
    }
    printf("%d lives, %lld payments, %lld canaries, %lld views that were nonsense\n",
           atomic_load(&shared->lives), looks, canaries, faults);
    prh_health_file_close(f);
    return bad + (faults != 0) + (looks < 100);
}

int main(void)
{
    const char *given = getenv("PR_TORTURE");
    double seconds = given != NULL && atof(given) > 0 ? atof(given) : 0.8;
    uint64_t seed = (uint64_t)clock_ms();
    pr_rng r;
    pr_rng_seed(&r, seed, 0);
    printf("seed %llu\n", (unsigned long long)seed);
    shared = mmap(NULL, sizeof *shared, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    snprintf(folder, sizeof folder, "/tmp/payroute-torture-XXXXXX");
    if (shared == MAP_FAILED || mkdtemp(folder) == NULL) {
        perror("torture");
        return 2;
    }
    snprintf(path, sizeof path, "%s/health", folder);
    int64_t begun = clock_ms();
    int bad = storm(seconds * 0.7, &r, 0);
    bad += check(begun);
    int taken = storm(seconds * 0.3, &r, 1); /* the sums mean nothing here: it must only go on */
    if (taken != 0) {
        printf("FAIL %d workers ended badly while the file was taken away\n", taken);
    }
    char command[128];
    snprintf(command, sizeof command, "rm -rf '%s'", folder);
    bad += taken + (system(command) != 0);
    printf("%s\n", bad ? "FAIL" : "every sum is what the workers logged");
    return bad != 0;
}
