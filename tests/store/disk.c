/* The disk of disk.h. A failed sync loses what it should have kept, and says so only once: so do Linux file
   systems. */
#include "disk.h"
#include "kit.h"

#include <unistd.h>

#define SECTOR 512

typedef struct change {
    struct change *next;
    int64_t at;             /* offset, or the size of a truncation */
    int64_t len;            /* -1: truncation */
    unsigned char bytes[];
} change;

typedef struct image {
    unsigned char *bytes;
    int64_t size;
    int64_t cap;
} image;

/* An inode. `listed` is whether its name points to it now, `listed_safe` whether that is on the disk. */
typedef struct inode {
    struct inode *next;
    char name[512];
    int listed;
    int listed_safe;
    image now;
    image safe;
    change *pending;
    change **tail;
} inode;

typedef struct handle {
    sqlite3_file base;
    inode *node;
} handle;

disk_state disk;
static inode *nodes;

static void image_resize(image *im, int64_t size)
{
    if (size > im->cap) {
        im->cap = size * 2 + 4096;
        im->bytes = realloc(im->bytes, (size_t)im->cap);
        assert_non_null(im->bytes);
    }
    if (size > im->size) {
        memset(im->bytes + im->size, 0, (size_t)(size - im->size));
    }
    im->size = size;
}

static void image_write(image *im, const unsigned char *bytes, int64_t len, int64_t at)
{
    if (at + len > im->size) {
        image_resize(im, at + len);
    }
    if (len) {
        memcpy(im->bytes + at, bytes, (size_t)len);
    }
}

static void pending_drop(inode *node)
{
    while (node->pending) {
        change *next = node->pending->next;
        free(node->pending);
        node->pending = next;
    }
    node->tail = &node->pending;
}

static void pending_add(inode *node, const void *bytes, int64_t len, int64_t at)
{
    size_t room = len > 0 ? (size_t)len : 0;
    change *c = malloc(sizeof *c + room);
    assert_non_null(c);
    c->next = NULL;
    c->at = at;
    c->len = len;
    if (room) {
        memcpy(c->bytes, bytes, room);
    }
    *node->tail = c;
    node->tail = &c->next;
}

static void node_free(inode *node)
{
    pending_drop(node);
    free(node->now.bytes);
    free(node->safe.bytes);
    free(node);
}

void disk_reset(void)
{
    while (nodes) {
        inode *next = nodes->next;
        node_free(nodes);
        nodes = next;
    }
    memset(&disk, 0, sizeof disk);
}

static inode *node_find(const char *name)
{
    for (inode *node = nodes; node; node = node->next) {
        if (node->listed && !strcmp(node->name, name)) {
            return node;
        }
    }
    return NULL;
}

static inode *node_new(const char *name)
{
    inode *node = calloc(1, sizeof *node);
    assert_non_null(node);
    (void)snprintf(node->name, sizeof node->name, "%s", name);
    node->tail = &node->pending;
    node->listed = 1;
    node->next = nodes;
    nodes = node;
    return node;
}

/* fsync of the folder: all names are on the disk as they are now. */
static void folder_sync(void)
{
    for (inode **at = &nodes; *at;) {
        (*at)->listed_safe = (*at)->listed;
        if (!(*at)->listed) {
            inode *gone = *at;
            *at = gone->next;
            node_free(gone);
        } else {
            at = &(*at)->next;
        }
    }
}

static void keep_change(image *im, const change *c, int keep, uint64_t *seed)
{
    if (keep == DISK_NOTHING) {
        return;
    }
    if (c->len < 0) {
        if (keep == DISK_ALL || kit_random(seed) & 1) {
            image_resize(im, c->at);
        }
        return;
    }
    for (int64_t at = 0; at < c->len; at += SECTOR) {
        int64_t len = c->len - at < SECTOR ? c->len - at : SECTOR;
        if (keep == DISK_ALL || kit_random(seed) & 1) {
            image_write(im, c->bytes + at, len, c->at + at);
        }
    }
}

void disk_power_cut(int keep, uint64_t *seed)
{
    for (inode *node = nodes; node; node = node->next) {
        for (const change *c = node->pending; c; c = c->next) {
            keep_change(&node->safe, c, keep, seed);
        }
        pending_drop(node);
        if (node->listed != node->listed_safe) {
            int new_one = keep == DISK_ALL || (keep == DISK_SOME && kit_random(seed) & 1);
            node->listed_safe = new_one ? node->listed : node->listed_safe;
        }
        node->listed = node->listed_safe;
        image_resize(&node->now, node->safe.size);
        image_write(&node->now, node->safe.bytes, node->safe.size, 0);
    }
    /* A name that was deleted and made anew may be either file, never both: the newer one, which stands
       first. */
    for (inode *node = nodes; node; node = node->next) {
        for (inode *older = node->next; older && node->listed; older = older->next) {
            if (!strcmp(node->name, older->name)) {
                older->listed = older->listed_safe = 0;
            }
        }
    }
    folder_sync();
    int64_t operations = disk.operations;
    memset(&disk, 0, sizeof disk);
    disk.operations = operations;
}

/* Counts an operation. 1: it must fail. */
static int strikes(void)
{
    disk.operations++;
    if (disk.cut_at && disk.operations >= disk.cut_at) {
        disk.off = 1;
    }
    return disk.off || disk.operations == disk.fail_at
           || (disk.fail_on && disk.operations > disk.fail_at);
}

static int disk_close(sqlite3_file *file)
{
    (void)file;
    return SQLITE_OK;
}

static int disk_read(sqlite3_file *file, void *out, int len, sqlite3_int64 at)
{
    const image *im = &((handle *)file)->node->now;
    if (disk.off) {
        return SQLITE_IOERR_READ;
    }
    memset(out, 0, (size_t)len);
    if (at >= im->size) {
        return SQLITE_IOERR_SHORT_READ;
    }
    int64_t have = im->size - at < len ? im->size - at : len;
    memcpy(out, im->bytes + at, (size_t)have);
    return have < len ? SQLITE_IOERR_SHORT_READ : SQLITE_OK;
}

static int disk_write(sqlite3_file *file, const void *bytes, int len, sqlite3_int64 at)
{
    inode *node = ((handle *)file)->node;
    if (strikes()) {
        return SQLITE_IOERR_WRITE;
    }
    if (disk.full && at + len > node->now.size && !access(disk.full_until_gone, F_OK)) {
        return SQLITE_FULL;
    }
    image_write(&node->now, bytes, len, at);
    pending_add(node, bytes, len, at);
    return SQLITE_OK;
}

static int disk_truncate(sqlite3_file *file, sqlite3_int64 size)
{
    inode *node = ((handle *)file)->node;
    if (strikes()) {
        return SQLITE_IOERR_TRUNCATE;
    }
    image_resize(&node->now, size);
    pending_add(node, NULL, -1, size);
    return SQLITE_OK;
}

static int disk_sync(sqlite3_file *file, int flags)
{
    inode *node = ((handle *)file)->node;
    (void)flags;
    disk.syncs++;
    if (strikes()) {
        if (!disk.off) {
            pending_drop(node);
        }
        return SQLITE_IOERR_FSYNC;
    }
    for (const change *c = node->pending; c; c = c->next) {
        uint64_t unused = 1;
        keep_change(&node->safe, c, DISK_ALL, &unused);
    }
    pending_drop(node);
    if (node->listed != node->listed_safe) {
        folder_sync(); /* as SQLite's unix VFS does for a journal that it made */
    }
    return SQLITE_OK;
}

static int disk_size(sqlite3_file *file, sqlite3_int64 *size)
{
    *size = ((handle *)file)->node->now.size;
    return disk.off ? SQLITE_IOERR_FSTAT : SQLITE_OK;
}

static int disk_lock(sqlite3_file *file, int level)
{
    (void)file;
    (void)level;
    return disk.off ? SQLITE_IOERR_LOCK : SQLITE_OK;
}

static int disk_reserved(sqlite3_file *file, int *reserved)
{
    (void)file;
    *reserved = 0;
    return SQLITE_OK;
}

static int disk_control(sqlite3_file *file, int op, void *arg)
{
    (void)file;
    (void)op;
    (void)arg;
    return SQLITE_NOTFOUND;
}

static int disk_sector(sqlite3_file *file)
{
    (void)file;
    return 4096;
}

static int disk_traits(sqlite3_file *file)
{
    (void)file;
    return SQLITE_IOCAP_POWERSAFE_OVERWRITE; /* what the unix VFS says by default */
}

static const sqlite3_io_methods methods = {
    .iVersion = 1,
    .xClose = disk_close,
    .xRead = disk_read,
    .xWrite = disk_write,
    .xTruncate = disk_truncate,
    .xSync = disk_sync,
    .xFileSize = disk_size,
    .xLock = disk_lock,
    .xUnlock = disk_lock,
    .xCheckReservedLock = disk_reserved,
    .xFileControl = disk_control,
    .xSectorSize = disk_sector,
    .xDeviceCharacteristics = disk_traits,
};

static int disk_open(sqlite3_vfs *vfs, const char *name, sqlite3_file *file, int flags, int *out_flags)
{
    (void)vfs;
    file->pMethods = NULL;
    inode *node = name ? node_find(name) : NULL;
    if (disk.off) {
        return SQLITE_CANTOPEN;
    }
    if (!node && (flags & SQLITE_OPEN_MAIN_DB)) {
        node = node_new(name); /* the store has made it, empty and synced, before SQLite comes */
        node->listed_safe = 1;
    } else if (!node) {
        if (!name || !(flags & SQLITE_OPEN_CREATE) || strikes()) {
            return SQLITE_CANTOPEN;
        }
        node = node_new(name);
    }
    ((handle *)file)->node = node;
    file->pMethods = &methods;
    if (out_flags) {
        *out_flags = flags;
    }
    return SQLITE_OK;
}

static int disk_delete(sqlite3_vfs *vfs, const char *name, int sync_folder)
{
    (void)vfs;
    inode *node = node_find(name);
    if (!node) {
        return SQLITE_IOERR_DELETE_NOENT;
    }
    if (strikes()) {
        return SQLITE_IOERR_DELETE;
    }
    node->listed = 0;
    if (!sync_folder) {
        return SQLITE_OK;
    }
    if (strikes()) {
        return SQLITE_IOERR_DIR_FSYNC;
    }
    folder_sync();
    return SQLITE_OK;
}

static int disk_access(sqlite3_vfs *vfs, const char *name, int flags, int *out)
{
    (void)vfs;
    (void)flags;
    *out = node_find(name) != NULL;
    return disk.off ? SQLITE_IOERR_ACCESS : SQLITE_OK;
}

static int disk_full_path(sqlite3_vfs *vfs, const char *name, int cap, char *out)
{
    (void)vfs;
    (void)snprintf(out, (size_t)cap, "%s", name);
    return SQLITE_OK;
}

static sqlite3_vfs *real_vfs(sqlite3_vfs *vfs)
{
    return vfs->pAppData;
}

static int disk_randomness(sqlite3_vfs *vfs, int len, char *out)
{
    return real_vfs(vfs)->xRandomness(real_vfs(vfs), len, out);
}

static int disk_sleep(sqlite3_vfs *vfs, int us)
{
    (void)vfs;
    return us;
}

static int disk_time(sqlite3_vfs *vfs, double *out)
{
    return real_vfs(vfs)->xCurrentTime(real_vfs(vfs), out);
}

static int disk_last_error(sqlite3_vfs *vfs, int cap, char *out)
{
    (void)vfs;
    (void)cap;
    (void)out;
    return 0;
}

void disk_register(void)
{
    static sqlite3_vfs vfs;
    vfs = (sqlite3_vfs){
        .iVersion = 1,
        .szOsFile = (int)sizeof(handle),
        .mxPathname = 511,
        .zName = DISK_VFS,
        .pAppData = sqlite3_vfs_find(NULL),
        .xOpen = disk_open,
        .xDelete = disk_delete,
        .xAccess = disk_access,
        .xFullPathname = disk_full_path,
        .xRandomness = disk_randomness,
        .xSleep = disk_sleep,
        .xCurrentTime = disk_time,
        .xGetLastError = disk_last_error,
    };
    assert_int_equal(sqlite3_vfs_register(&vfs, 0), SQLITE_OK);
}
