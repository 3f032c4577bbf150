/* The file before SQLite sees it: who may write there, which file system it is, who can read it, and the room
   kept back for a full disk. The database file itself is never opened here when it exists: closing it would
   drop this process' locks on it. */
#include "host/sqlite_store.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/vfs.h>
#include <unistd.h>

/* Magic numbers of statfs(2). FUSE is let through: local container file systems are FUSE as well. */
int32_t prh_sqlite_network_magic(uint64_t magic)
{
    static const uint32_t network[] = {
        0x6969u,     /* NFS */
        0x517Bu,     /* SMB */
        0xFF534D42u, /* CIFS */
        0xFE534D42u, /* SMB2 */
        0x01021997u, /* 9p */
        0x5346414Fu, /* AFS */
        0x73757245u, /* Coda */
        0x564Cu,     /* NCP */
        0x00C36400u, /* Ceph */
        0x0BD00BD0u, /* Lustre */
        0x47504653u, /* GPFS */
    };
    for (size_t i = 0; i < sizeof network / sizeof network[0]; i++) {
        if ((uint32_t)magic == network[i]) {
            return 1;
        }
    }
    return 0;
}

int32_t prh_sqlite_mode_check(uint32_t directory_mode)
{
    return (directory_mode & S_IWOTH) && !(directory_mode & S_ISVTX) ? 1 : 0;
}

static char *folder_of(const char *path)
{
    const char *slash = strrchr(path, '/');
    if (!slash) {
        return strdup(".");
    }
    return slash == path ? strdup("/") : strndup(path, (size_t)(slash - path));
}

static int32_t folder_check(prh_sqlite *s, const char *folder, char *why, size_t why_cap)
{
    struct stat st;
    if (stat(folder, &st) || !S_ISDIR(st.st_mode)) {
        prh_why(why, why_cap, "%s: the folder %s is not there (%s)", s->path, folder, strerror(errno));
        return PAYROUTE_E_STORE;
    }
    if (prh_sqlite_mode_check(st.st_mode)) {
        prh_why(why, why_cap, "%s: anybody may write to %s and could replace the file; chmod o-w it",
                s->path, folder);
        return PAYROUTE_E_STORE;
    }
    struct statfs fs;
    if (statfs(folder, &fs)) {
        prh_why(why, why_cap, "%s: statfs of %s failed (%s)", s->path, folder, strerror(errno));
        return PAYROUTE_E_STORE;
    }
    if (!s->network && prh_sqlite_network_magic((uint64_t)fs.f_type)) {
        prh_why(why, why_cap, "%s: on a network file system, where locks and syncs may not hold; use a "
                              "local disk, or "
                "insist with ?network=1", s->path);
        return PAYROUTE_E_STORE;
    }
    return PAYROUTE_OK;
}

/* The folder is made absolute, so that a later chdir does not lead to another file. */
static int32_t path_absolute(prh_sqlite *s, char *why, size_t why_cap)
{
    const char *slash = strrchr(s->path, '/');
    const char *base = slash ? slash + 1 : s->path;
    char *folder = folder_of(s->path);
    char *real = folder ? realpath(folder, NULL) : NULL;
    int32_t rc = folder ? PAYROUTE_OK : PAYROUTE_E_NOMEM;
    if (!rc && (!real || !*base)) {
        prh_why(why, why_cap, "%s: %s", s->path, real ? "a folder, not a file" : strerror(errno));
        rc = PAYROUTE_E_STORE;
    }
    if (!rc) {
        char *path = NULL;
        if (asprintf(&path, "%s/%s", strcmp(real, "/") ? real : "", base) < 0) {
            rc = PAYROUTE_E_NOMEM;
        } else {
            free(s->path);
            s->path = path;
        }
    }
    free(real);
    free(folder);
    return rc;
}

int32_t prh_sqlite_sync_path(const char *path)
{
    char *folder = folder_of(path);
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    int bad = !folder || fd < 0 || fsync(fd);
    if (fd >= 0) {
        (void)close(fd);
    }
    fd = folder ? open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -1;
    bad = bad || fd < 0 || fsync(fd);
    if (fd >= 0) {
        (void)close(fd);
    }
    free(folder);
    return bad ? PAYROUTE_E_STORE : PAYROUTE_OK;
}

static int32_t file_make(const prh_sqlite *s, char *why, size_t why_cap)
{
    /* Before SQLite, since it would make the file with the mode of the umask. */
    int fd = open(s->path, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
    if (fd < 0 && errno == EEXIST) {
        return PAYROUTE_OK; /* another process was faster */
    }
    if (fd < 0) {
        prh_why(why, why_cap, "%s: cannot be made (%s)", s->path, strerror(errno));
        return PAYROUTE_E_STORE;
    }
    (void)close(fd);
    if (prh_sqlite_sync_path(s->path)) {
        prh_why(why, why_cap, "%s: its folder cannot be synced (%s)", s->path, strerror(errno));
        return PAYROUTE_E_STORE;
    }
    return PAYROUTE_OK;
}

static int32_t file_judge(prh_sqlite *s, const struct stat *st, int32_t first, char *why, size_t why_cap)
{
    if (!S_ISREG(st->st_mode)) {
        prh_why(why, why_cap, "%s: not a regular file%s", s->path, S_ISDIR(st->st_mode) ? " but a folder"
                : "");
        return PAYROUTE_E_STORE;
    }
    if (geteuid() != 0 && st->st_uid != geteuid()) {
        prh_why(why, why_cap, "%s: belongs to user %lu, this process is %lu", s->path,
                (unsigned long)st->st_uid, (unsigned long)geteuid());
        return PAYROUTE_E_STORE;
    }
    if (st->st_mode & (S_IWGRP | S_IWOTH)) {
        prh_why(why, why_cap, "%s: others may write to it; chmod 600 it", s->path);
        return PAYROUTE_E_STORE;
    }
    if (st->st_size == 1) { /* SQLite takes that for an empty file and would write over it */
        prh_why(why, why_cap, "%s: not a database: one byte of another program", s->path);
        return PAYROUTE_E_CHECKSUM;
    }
    if (!first && (st->st_dev != s->device || st->st_ino != s->inode)) {
        prh_why(why, why_cap, "%s: another file was put in its place while it was open; close and open "
                              "again", s->path);
        return PAYROUTE_E_STORE;
    }
    s->device = st->st_dev;
    s->inode = st->st_ino;
    return PAYROUTE_OK;
}

int32_t prh_sqlite_file_check(prh_sqlite *s, int32_t first, char *why, size_t why_cap)
{
    int32_t rc = first ? path_absolute(s, why, why_cap) : PAYROUTE_OK;
    if (rc) {
        return rc;
    }
    if (first) {
        char *folder = folder_of(s->path);
        rc = folder ? folder_check(s, folder, why, why_cap) : PAYROUTE_E_NOMEM;
        free(folder);
    }
    struct stat st;
    if (!rc && first && stat(s->path, &st) && errno == ENOENT) {
        rc = file_make(s, why, why_cap);
    }
    if (rc) {
        return rc;
    }
    if (stat(s->path, &st)) {
        prh_why(why, why_cap, "%s: is not there (%s)", s->path, strerror(errno));
        return PAYROUTE_E_STORE;
    }
    return file_judge(s, &st, first, why, why_cap);
}

/* Copies come with the mode of the umask. Rights are only taken away: a file that its owner made read-only
   stays so. */
static int narrow(const char *path)
{
    struct stat st;
    if (stat(path, &st)) {
        return errno == ENOENT ? 0 : -1;
    }
    return st.st_mode & 0177 ? chmod(path, st.st_mode & 0600) : 0;
}

/* SQLite gives a new journal the mode of the database; one that lies there keeps its own. */
int32_t prh_sqlite_mode_narrow(const prh_sqlite *s, char *why, size_t why_cap)
{
    char *journal = NULL;
    if (asprintf(&journal, "%s-journal", s->path) < 0) {
        return PAYROUTE_E_NOMEM;
    }
    int bad = narrow(s->path) || narrow(journal);
    free(journal);
    if (bad) {
        prh_why(why, why_cap, "%s: its mode cannot be set to 0600 (%s)", s->path, strerror(errno));
        return PAYROUTE_E_STORE;
    }
    return PAYROUTE_OK;
}

static char *ballast_path(const prh_sqlite *s)
{
    char *path = NULL;
    return asprintf(&path, "%s.ballast", s->path) < 0 ? NULL : path;
}

int32_t prh_sqlite_ballast_make(const prh_sqlite *s)
{
    char *path = ballast_path(s);
    if (!path) {
        return PAYROUTE_E_NOMEM;
    }
    struct stat st;
    int32_t rc = PAYROUTE_OK;
    if (lstat(path, &st) || st.st_size < PRH_BALLAST_BYTES) {
        int fd = open(path, O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);
        if (fd < 0 || posix_fallocate(fd, 0, PRH_BALLAST_BYTES)) {
            rc = PAYROUTE_E_STORE;
        }
        if (fd >= 0) {
            (void)close(fd);
        }
        if (rc) {
            (void)unlink(path);
        }
    }
    free(path);
    return rc;
}

int32_t prh_sqlite_ballast_drop(const prh_sqlite *s)
{
    char *path = ballast_path(s);
    if (!path) {
        return PAYROUTE_E_NOMEM;
    }
    int gone = unlink(path);
    free(path);
    return gone ? PAYROUTE_E_STORE : PAYROUTE_OK;
}
