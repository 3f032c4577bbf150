/* See health_file.h. A file is filled under another name and gets its own when it is whole: linked where
   there was none, so that of two that make it at once the second takes the first one's; renamed over one that
   is of no use. It is never made shorter: whoever has mapped the old one goes on there, harmlessly, until he
   looks. Cutting a mapped file short is a bus error for all who map it; only its own user can, and that is
   out of scope. */
#include "host/health_file.h"
#include "host/sqlite_store.h"
#include "host/store_rows.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <time.h>
#include <unistd.h>

enum {
    KEPT_MAX = 16, /* blocks of one handle: replaced more often than that, somebody plays with it */
    NAMES = 8,     /* under which a new file is filled: what a killed process leaves behind is bounded */
    TRIES = 4,
    LOOK_MS = 1000,
    RETRY_MS = 60000,
    LEFT_BEHIND_S = 60,
    FILE_MIN = 64,
    FILE_MAX = 64 << 20 /* bytes; the largest block has 5 million */
};

typedef struct kept {
    payroute_health *health;
    void *memory; /* NULL: on the heap */
    size_t size;
    dev_t device;
    ino_t inode;
} kept;

struct prh_health_file {
    char *path, *folder;
    int32_t channels, cells;
    int32_t count; /* of kept; the last one is in use */
    kept kept[KEPT_MAX];
    int64_t looked_ms;
    char why[256];
};

#define SAY(f, ...) prh_why((f)->why, sizeof(f)->why, __VA_ARGS__)

/* What kind of answer an attempt gave: in use, to be replaced, look again, or not to be had. */
enum { USED, USELESS, AGAIN, REFUSED };

static int32_t refuse_file(prh_health_file *f, const char *what)
{
    SAY(f, "%s: %s (%s)", f->path, what, strerror(errno));
    return REFUSED;
}

static int32_t folder_fits(prh_health_file *f)
{
    struct stat st;
    struct statfs fs;
    if (stat(f->folder, &st) || !S_ISDIR(st.st_mode) || statfs(f->folder, &fs)) {
        return refuse_file(f, "its folder cannot be used");
    }
    if (prh_sqlite_mode_check(st.st_mode)) {
        SAY(f, "%s: anybody may write to its folder and could replace it; chmod o-w the folder", f->path);
        return REFUSED;
    }
    if (prh_sqlite_network_magic((uint64_t)fs.f_type)) {
        SAY(f, "%s: on a network file system, where hosts do not see each other's memory; use a local disk",
            f->path);
        return REFUSED;
    }
    return USED;
}

static int32_t keep_file(prh_health_file *f, int fd, const struct stat *st, int32_t make, int64_t now_ms)
{
    size_t size = (size_t)st->st_size;
    void *memory = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    if (memory == MAP_FAILED) {
        return refuse_file(f, "cannot be mapped");
    }
    payroute_health *health = NULL;
    int32_t rc = payroute_health_attach(&health, memory, size, make, f->channels, f->cells, now_ms);
    if (rc != PAYROUTE_OK) {
        (void)munmap(memory, size);
        errno = ENOMEM;
        return rc == PAYROUTE_E_NOMEM || make ? refuse_file(f, "cannot be attached") : USELESS;
    }
    f->kept[f->count++] = (kept){health, memory, size, st->st_dev, st->st_ino};
    f->why[0] = '\0';
    return USED;
}

/* The file that is there. */
static int32_t take_file(prh_health_file *f, struct stat *st, int64_t now_ms)
{
    int fd = open(f->path, O_RDWR | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0) {
        return errno == ENOENT ? AGAIN : refuse_file(f, errno == ELOOP ? "is a link" : "cannot be opened");
    }
    int32_t result = USELESS;
    if (fstat(fd, st)) {
        result = refuse_file(f, "cannot be looked at");
    } else if (!S_ISREG(st->st_mode) || (st->st_uid != geteuid() && geteuid() != 0)) {
        SAY(f, "%s: %s", f->path, S_ISREG(st->st_mode) ? "belongs to another user" : "is not a regular file");
        result = REFUSED;
    } else if (st->st_size >= FILE_MIN && st->st_size <= FILE_MAX && !(st->st_mode & (S_IWGRP | S_IWOTH))) {
        /* A copy may have holes, and a hole on a full disk is a bus error. */
        result = posix_fallocate(fd, 0, st->st_size) ? refuse_file(f, "has no room")
                                                     : keep_file(f, fd, st, 0, now_ms);
    }
    (void)close(fd);
    return result;
}

static int fill_open(const char *name)
{
    int fd = open(name, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
    struct stat st;
    if (fd < 0 && errno == EEXIST && !lstat(name, &st) && time(NULL) - st.st_mtime > LEFT_BEHIND_S) {
        (void)unlink(name);
        fd = open(name, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
    }
    return fd;
}

/* Under its own name, unless the file that is there changed meanwhile. `old` NULL: there was none. */
static int32_t place(prh_health_file *f, const char *name, const struct stat *old)
{
    struct stat st;
    if (old == NULL) {
        return !link(name, f->path) ? USED : errno == EEXIST ? AGAIN : refuse_file(f, "cannot be made");
    }
    if (lstat(f->path, &st) || st.st_dev != old->st_dev || st.st_ino != old->st_ino) {
        return AGAIN;
    }
    return !rename(name, f->path) ? USED : refuse_file(f, "cannot be replaced");
}

/* What the administrator makes in passing, the workers could not open afterwards. */
static int32_t may_make(prh_health_file *f)
{
    struct stat st;
    if (geteuid() == 0 && (stat(f->folder, &st) || st.st_uid != 0)) {
        SAY(f, "%s: the administrator does not make it in another user's folder", f->path);
        return REFUSED;
    }
    return USED;
}

static int32_t make_new(prh_health_file *f, const struct stat *old, int64_t now_ms)
{
    char name[4128];
    int fd = -1;
    if (may_make(f) != USED) {
        return REFUSED;
    }
    for (int i = 0; i < NAMES && fd < 0; i++) {
        (void)snprintf(name, sizeof name, "%s.new%d", f->path, (int)((getpid() + i) % NAMES));
        fd = fill_open(name);
        if (fd < 0 && errno != EEXIST) {
            break;
        }
    }
    if (fd < 0) {
        return refuse_file(f, "cannot be made");
    }
    struct stat st;
    int32_t result, before = f->count;
    errno = posix_fallocate(fd, 0, (off_t)payroute_health_size(f->channels, f->cells));
    if (errno || fstat(fd, &st)) {
        result = refuse_file(f, "has no room");
    } else {
        result = keep_file(f, fd, &st, 1, now_ms);
    }
    if (result == USED) {
        result = place(f, name, old);
        if (result != USED) {
            kept *k = &f->kept[--f->count];
            payroute_health_free(k->health);
            (void)munmap(k->memory, k->size);
        }
    }
    if (result != USED || old == NULL) {
        (void)unlink(name); /* renamed: it is gone by itself */
    }
    (void)close(fd);
    return f->count > before ? USED : result;
}

/* 1: a file is mapped and last in `kept`. */
static int32_t find_file(prh_health_file *f, int64_t now_ms)
{
    int32_t result = f->count < KEPT_MAX ? folder_fits(f) : REFUSED;
    for (int i = 0; i < TRIES && result != REFUSED; i++) {
        struct stat st;
        result = take_file(f, &st, now_ms);
        if (result == USED) {
            return 1;
        }
        if (result == AGAIN || result == USELESS) {
            result = make_new(f, result == USELESS ? &st : NULL, now_ms);
        }
        if (result == USED) {
            return 1;
        }
    }
    if (result != REFUSED) {
        SAY(f, "%s: others keep replacing it", f->path);
    }
    return 0;
}

static char *folder_part(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash == NULL ? strdup(".") : slash == path ? strdup("/") : strndup(path, (size_t)(slash - path));
}

int32_t prh_health_file_open(prh_health_file **out, const char *path, int32_t channels, int32_t cells,
                             int64_t now_ms, char *why, size_t why_cap)
{
    if (out == NULL || channels < 1 || cells < 1 ||
        (path != NULL && (path[0] == '\0' || strlen(path) > 4096))) {
        return PAYROUTE_E_ARG;
    }
    *out = NULL;
    prh_health_file *f = calloc(1, sizeof *f);
    if (f == NULL) {
        return PAYROUTE_E_NOMEM;
    }
    f->channels = channels;
    f->cells = cells;
    f->looked_ms = now_ms;
    f->path = path == NULL ? NULL : strdup(path);
    f->folder = path == NULL ? NULL : folder_part(path);
    int32_t rc = path != NULL && (f->path == NULL || f->folder == NULL) ? PAYROUTE_E_NOMEM : PAYROUTE_OK;
    if (!rc && path == NULL) {
        SAY(f, "no file was asked for");
    }
    if (!rc && (path == NULL || !find_file(f, now_ms))) {
        rc = payroute_health_new(&f->kept[0].health, channels, cells, now_ms);
        f->count = rc == PAYROUTE_OK ? 1 : 0;
    }
    if (rc != PAYROUTE_OK) {
        prh_health_file_close(f);
        return rc;
    }
    if (why != NULL && why_cap > 0) {
        prh_why(why, why_cap, "%s", f->why);
    }
    *out = f;
    return PAYROUTE_OK;
}

payroute_health *prh_health_file_now(prh_health_file *f, int64_t now_ms)
{
    const kept *k = &f->kept[f->count - 1];
    int64_t wait = k->memory != NULL ? LOOK_MS : RETRY_MS;
    if (f->path == NULL || (now_ms >= f->looked_ms && now_ms - f->looked_ms < wait)) {
        return k->health;
    }
    f->looked_ms = now_ms;
    struct stat st;
    if (k->memory == NULL || lstat(f->path, &st) || st.st_dev != k->device || st.st_ino != k->inode) {
        (void)find_file(f, now_ms); /* else what we have goes on */
    }
    return f->kept[f->count - 1].health;
}

int32_t prh_health_file_shared(const prh_health_file *f)
{
    return f->kept[f->count - 1].memory != NULL;
}

const char *prh_health_file_why(const prh_health_file *f)
{
    return f->why;
}

const char *prh_health_file_path(const prh_health_file *f)
{
    return f->path;
}

void prh_health_file_close(prh_health_file *f)
{
    if (f == NULL) {
        return;
    }
    for (int32_t i = 0; i < f->count; i++) {
        payroute_health_free(f->kept[i].health);
        if (f->kept[i].memory != NULL) {
            (void)munmap(f->kept[i].memory, f->kept[i].size);
        }
    }
    free(f->path);
    free(f->folder);
    free(f);
}
