/* ptrace, stop by stop. A call is a stop before it is made; one with an effect that others can see is a
   second stop after it, since what others do meanwhile makes a difference. When every call is a stop, the
   stop before the next one says the same, and only those that wake another process have the second. */
#include "trace.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdint.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

static int opens_for_writing(long call, const uint64_t *args)
{
    switch (call) {
#ifdef SYS_open
    case SYS_open: return (args[1] & (O_CREAT | O_TRUNC)) != 0;
#endif
    case SYS_openat: return (args[2] & (O_CREAT | O_TRUNC)) != 0;
    default: return 0;
    }
}

/* Seen by other processes, by the network or by the disk. */
static int has_effect(long call, const uint64_t *args)
{
    static const long calls[] = {
        SYS_write,    SYS_pwrite64, SYS_writev,    SYS_pwritev, SYS_sendto,    SYS_sendmsg,
        SYS_sendmmsg, SYS_connect,  SYS_shutdown,  SYS_fsync,   SYS_fdatasync, SYS_ftruncate,
        SYS_truncate, SYS_unlinkat, SYS_renameat2, SYS_mkdirat, SYS_fallocate, SYS_linkat,
#ifdef SYS_unlink
        SYS_unlink,   SYS_rename,   SYS_renameat,  SYS_mkdir,   SYS_link,      SYS_creat,
#endif
    };
    for (size_t i = 0; i < sizeof calls / sizeof *calls; i++) {
        if (calls[i] == call) {
            return 1;
        }
    }
    return opens_for_writing(call, args);
}

/* The other side goes on by itself while we stand behind the call. */
static int wakes_others(long call)
{
    return call == SYS_sendto || call == SYS_sendmsg || call == SYS_connect || call == SYS_write;
}

static void victim(void (*body)(void *arg), void *arg)
{
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (ptrace(PTRACE_TRACEME, 0, NULL, NULL) != 0) {
        _exit(126);
    }
    raise(SIGSTOP);
    body(arg);
    _exit(0);
}

struct tracer {
    pid_t pid;
    const struct aim *aim;
    struct hit *hit;
    long call; /* the one that it is in */
    int effect;
};

/* 1: this stop is the one. */
static int at_stop(struct tracer *t)
{
    struct __ptrace_syscall_info info;
    memset(&info, 0, sizeof info);
    if (ptrace(PTRACE_GET_SYSCALL_INFO, t->pid, (void *)sizeof info, &info) <= 0) {
        return 0;
    }
    int counts = 0;
    if (info.op == PTRACE_SYSCALL_INFO_ENTRY) {
        t->call = (long)info.entry.nr;
        t->effect = has_effect(t->call, (const uint64_t *)info.entry.args);
        counts = t->aim->all || t->effect;
    } else if (info.op == PTRACE_SYSCALL_INFO_EXIT) {
        counts = t->effect && (!t->aim->all || wakes_others(t->call));
    }
    t->hit->stops += counts;
    t->hit->after = info.op == PTRACE_SYSCALL_INFO_EXIT;
    t->hit->call = t->call;
    return counts && t->hit->stops == t->aim->at;
}

static int step_to_end(struct tracer *t)
{
    int status = 0;
    long signal_no = 0;
    for (;;) {
        if (ptrace(PTRACE_SYSCALL, t->pid, NULL, (void *)signal_no) != 0 ||
            waitpid(t->pid, &status, 0) != t->pid) {
            return -1;
        }
        if (!WIFSTOPPED(status)) {
            t->hit->status = status;
            return 0;
        }
        signal_no = WSTOPSIG(status);
        if (signal_no == (SIGTRAP | 0x80)) {
            signal_no = 0;
            if (at_stop(t)) {
                t->hit->killed = 1;
                (void)kill(t->pid, SIGKILL);
                (void)waitpid(t->pid, &status, 0);
                return 0;
            }
        }
    }
}

int trace_run(void (*body)(void *arg), void *arg, const struct aim *aim, struct hit *hit)
{
    int status = 0;
    struct tracer t = {.aim = aim, .hit = hit};
    memset(hit, 0, sizeof *hit);
    t.pid = fork();
    if (t.pid == 0) {
        victim(body, arg);
    }
    if (t.pid < 0 || waitpid(t.pid, &status, 0) != t.pid || !WIFSTOPPED(status)) {
        return -1;
    }
    if (ptrace(PTRACE_SETOPTIONS, t.pid, NULL, (void *)(PTRACE_O_TRACESYSGOOD | PTRACE_O_EXITKILL)) != 0) {
        (void)kill(t.pid, SIGKILL);
        (void)waitpid(t.pid, &status, 0);
        return -1;
    }
    return step_to_end(&t);
}
