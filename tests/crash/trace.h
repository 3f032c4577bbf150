/* A child stepped from system call to system call, and killed at one of them. */
#ifndef TEST_TRACE_H
#define TEST_TRACE_H

struct aim {
    int all; /* every system call, else those which other processes or disks can see */
    long at; /* the stop of this number kills, from 1; 0: none does */
};

struct hit {
    long stops; /* seen */
    int killed; /* at `at` */
    int status; /* of waitpid, when it ended by itself */
    long call;  /* number of the system call at which it died */
    int after;  /* 1: the call had been made */
};

/* Runs body(arg) in a child. -1: this system does not let a process trace its child. */
int trace_run(void (*body)(void *arg), void *arg, const struct aim *aim, struct hit *hit);

#endif
