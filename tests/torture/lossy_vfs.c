#include "lossy_vfs.h"

#include <pthread.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { SECTOR = 512, FILES_MOST = 16, PATH_MOST = 512 };

/* A write since the last sync, or a truncation (bytes NULL, `at` the new size). */
struct change {
    int64_t at;
    size_t size;
    uint8_t *bytes;
    struct change *next;
};

/* One file, whoever has it open. */
struct kept {
    char path[PATH_MOST];
    uint8_t *bytes; /* As the disk surely holds it. */
    int64_t size;
    int64_t room;
    bool synced; /* At least once: its name lasts. */
    struct change *changes;
    struct change **last;
    size_t count;
};

struct handle {
    sqlite3_file base;
    struct kept *kept; /* NULL for temporary files. */
    sqlite3_file *real;
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER; /* Guards all below. */
static struct lossy_plan plan;
static int64_t operations;
static struct kept files[FILES_MOST];
static sqlite3_vfs *real_vfs;

static _Noreturn void give_up(const char *why)
{
    fprintf(stderr, "lossy_vfs: %s\n", why);
    abort();
}

static void *must(void *memory)
{
    if (memory == NULL)
        give_up("no memory");
    return memory;
}

/* splitmix64: one seed, one run. */
static uint64_t draw(void)
{
    plan.seed += UINT64_C(0x9E3779B97F4A7C15);
    uint64_t z = plan.seed;
    z = (z ^ (z >> 30)) * UINT64_C(0xBF58476D1CE4E5B9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94D049BB133111EB);
    return z ^ (z >> 31);
}

/* What a disk holds. */

static void resize(struct kept *kept, int64_t size)
{
    if (size > kept->room) {
        kept->room = size * 2;
        kept->bytes = must(realloc(kept->bytes, (size_t)kept->room));
    }
    if (size > kept->size)
        memset(kept->bytes + kept->size, 0, (size_t)(size - kept->size));
    kept->size = size;
}

static void apply_part(struct kept *kept, const struct change *change, size_t from,
                       size_t size)
{
    int64_t end = change->at + (int64_t)(from + size);
    if (end > kept->size)
        resize(kept, end);
    memcpy(kept->bytes + change->at + from, change->bytes + from, size);
}

static void apply(struct kept *kept, const struct change *change)
{
    if (change->bytes == NULL)
        resize(kept, change->at);
    else
        apply_part(kept, change, 0, change->size);
}

static void forget_changes(struct kept *kept)
{
    while (kept->changes != NULL) {
        struct change *change = kept->changes;
        kept->changes = change->next;
        free(change->bytes);
        free(change);
    }
    kept->last = &kept->changes;
    kept->count = 0;
}

static void add_change(struct kept *kept, int64_t at, const void *bytes, size_t size)
{
    struct change *change = must(calloc(1, sizeof *change));
    change->at = at;
    change->size = size;
    if (bytes != NULL)
        change->bytes = memcpy(must(malloc(size)), bytes, size);
    *kept->last = change;
    kept->last = &change->next;
    kept->count++;
}

/* The power goes. */

static void lose_sectors(struct kept *kept, const struct change *change)
{
    for (size_t from = 0; from < change->size; from += SECTOR) {
        size_t size = change->size - from < SECTOR ? change->size - from : SECTOR;
        if (draw() % 2 == 0)
            apply_part(kept, change, from, size);
    }
}

/* A third of the writes reached the disk, a third did not, a third were torn. */
static void lose_some(struct kept *kept, const struct change *change)
{
    uint64_t fate = draw() % 3;
    if (fate == 0 || (fate == 2 && change->bytes == NULL))
        apply(kept, change);
    else if (fate == 2)
        lose_sectors(kept, change);
}

static void shuffle(struct change **all, size_t count)
{
    for (size_t i = count; i > 1; i--) {
        size_t other = draw() % i;
        struct change *swap = all[i - 1];
        all[i - 1] = all[other];
        all[other] = swap;
    }
}

static void choose_survivors(struct kept *kept)
{
    struct change **all = must(calloc(kept->count + 1, sizeof *all));
    size_t count = 0;
    for (struct change *change = kept->changes; change != NULL; change = change->next)
        all[count++] = change;
    if (draw() % 2 == 0) /* Sometimes the disk keeps the order. */
        shuffle(all, count);
    for (size_t i = 0; i < count; i++)
        lose_some(kept, all[i]);
    free(all);
}

static void write_out(const struct kept *kept)
{
    FILE *file = fopen(kept->path, "wb");
    if (file == NULL ||
        fwrite(kept->bytes, 1, (size_t)kept->size, file) != (size_t)kept->size ||
        fclose(file) != 0)
        give_up("cannot write what is left");
}

static void end_file(struct kept *kept)
{
    char shared[PATH_MOST + 8];
    if (snprintf(shared, sizeof shared, "%s-shm", kept->path) < 0)
        give_up("a path is too long");
    unlink(shared);
    choose_survivors(kept);
    if (!kept->synced && draw() % 2 == 0)
        unlink(kept->path);
    else
        write_out(kept);
}

static _Noreturn void cut_power(void)
{
    for (int i = 0; i < FILES_MOST; i++)
        if (files[i].path[0] != '\0')
            end_file(&files[i]);
    _exit(LOSSY_EXIT);
}

/* Counts; the lock is held. */
static int64_t count_operation(void)
{
    if (++operations == plan.cut_at)
        cut_power();
    return operations;
}

/* Files. */

static void read_disk(struct kept *kept)
{
    FILE *file = fopen(kept->path, "rb");
    if (file == NULL)
        return;
    kept->synced = true; /* It was there before us. */
    fseek(file, 0, SEEK_END);
    resize(kept, ftell(file));
    rewind(file);
    if (fread(kept->bytes, 1, (size_t)kept->size, file) != (size_t)kept->size)
        give_up("cannot read a file");
    fclose(file);
}

static struct kept *find_file(const char *path, bool make)
{
    struct kept *room = NULL;
    for (int i = 0; i < FILES_MOST; i++) {
        if (strcmp(files[i].path, path) == 0)
            return &files[i];
        if (files[i].path[0] == '\0' && room == NULL)
            room = &files[i];
    }
    if (!make)
        return NULL;
    if (room == NULL || strlen(path) >= PATH_MOST)
        give_up("too many files, or too long a name");
    *room = (struct kept){ .last = &room->changes };
    memcpy(room->path, path, strlen(path) + 1);
    read_disk(room);
    return room;
}

static sqlite3_file *real_of(sqlite3_file *file)
{
    return ((struct handle *)file)->real;
}

static int lossy_close(sqlite3_file *file)
{
    return real_of(file)->pMethods->xClose(real_of(file));
}

static int lossy_read(sqlite3_file *file, void *bytes, int size, sqlite3_int64 at)
{
    return real_of(file)->pMethods->xRead(real_of(file), bytes, size, at);
}

static int lossy_write(sqlite3_file *file, const void *bytes, int size,
                       sqlite3_int64 at)
{
    struct handle *handle = (struct handle *)file;
    bool full = false;
    if (handle->kept != NULL) {
        pthread_mutex_lock(&lock);
        add_change(handle->kept, at, bytes, (size_t)size);
        int64_t now = count_operation();
        full = plan.full_at != 0 && now >= plan.full_at;
        pthread_mutex_unlock(&lock);
    }
    return full ? SQLITE_FULL
                : handle->real->pMethods->xWrite(handle->real, bytes, size, at);
}

static int lossy_truncate(sqlite3_file *file, sqlite3_int64 size)
{
    struct handle *handle = (struct handle *)file;
    if (handle->kept != NULL) {
        pthread_mutex_lock(&lock);
        add_change(handle->kept, size, NULL, 0);
        count_operation();
        pthread_mutex_unlock(&lock);
    }
    return handle->real->pMethods->xTruncate(handle->real, size);
}

/* The disk below is not asked: only what this shim keeps counts. */
static int lossy_sync(sqlite3_file *file, int flags)
{
    (void)flags;
    struct kept *kept = ((struct handle *)file)->kept;
    bool fails = false;
    if (kept == NULL)
        return SQLITE_OK;
    pthread_mutex_lock(&lock);
    int64_t now = count_operation();
    fails = plan.fail_sync_at != 0 && now >= plan.fail_sync_at;
    if (!fails) {
        for (struct change *change = kept->changes; change; change = change->next)
            apply(kept, change);
        forget_changes(kept);
        kept->synced = true;
    }
    pthread_mutex_unlock(&lock);
    return fails ? SQLITE_IOERR_FSYNC : SQLITE_OK;
}

static int lossy_size(sqlite3_file *file, sqlite3_int64 *ret)
{
    return real_of(file)->pMethods->xFileSize(real_of(file), ret);
}

static int lossy_lock(sqlite3_file *file, int level)
{
    return real_of(file)->pMethods->xLock(real_of(file), level);
}

static int lossy_unlock(sqlite3_file *file, int level)
{
    return real_of(file)->pMethods->xUnlock(real_of(file), level);
}

static int lossy_reserved(sqlite3_file *file, int *ret)
{
    return real_of(file)->pMethods->xCheckReservedLock(real_of(file), ret);
}

static int lossy_control(sqlite3_file *file, int operation, void *arg)
{
    return real_of(file)->pMethods->xFileControl(real_of(file), operation, arg);
}

static int lossy_sector(sqlite3_file *file)
{
    (void)file;
    return SECTOR;
}

/* None: no promise that a write is atomic, or that order is kept. */
static int lossy_device(sqlite3_file *file)
{
    (void)file;
    return 0;
}

static int lossy_shm_map(sqlite3_file *file, int page, int size, int extend,
                         void volatile **ret)
{
    return real_of(file)->pMethods->xShmMap(real_of(file), page, size, extend, ret);
}

static int lossy_shm_lock(sqlite3_file *file, int offset, int count, int flags)
{
    return real_of(file)->pMethods->xShmLock(real_of(file), offset, count, flags);
}

static void lossy_shm_barrier(sqlite3_file *file)
{
    real_of(file)->pMethods->xShmBarrier(real_of(file));
}

static int lossy_shm_unmap(sqlite3_file *file, int remove_it)
{
    return real_of(file)->pMethods->xShmUnmap(real_of(file), remove_it);
}

/* Version 2: shared memory, no mapped reads or writes behind our back. */
static const sqlite3_io_methods methods = {
    .iVersion = 2,
    .xClose = lossy_close,
    .xRead = lossy_read,
    .xWrite = lossy_write,
    .xTruncate = lossy_truncate,
    .xSync = lossy_sync,
    .xFileSize = lossy_size,
    .xLock = lossy_lock,
    .xUnlock = lossy_unlock,
    .xCheckReservedLock = lossy_reserved,
    .xFileControl = lossy_control,
    .xSectorSize = lossy_sector,
    .xDeviceCharacteristics = lossy_device,
    .xShmMap = lossy_shm_map,
    .xShmLock = lossy_shm_lock,
    .xShmBarrier = lossy_shm_barrier,
    .xShmUnmap = lossy_shm_unmap,
};

static int lossy_open(sqlite3_vfs *vfs, sqlite3_filename name, sqlite3_file *file,
                      int flags, int *ret_flags)
{
    (void)vfs;
    struct handle *handle = (struct handle *)file;
    *handle = (struct handle){ .real = (sqlite3_file *)(handle + 1) };
    if (name != NULL) {
        pthread_mutex_lock(&lock);
        handle->kept = find_file(name, true); /* Before it is made. */
        pthread_mutex_unlock(&lock);
    }
    int code = real_vfs->xOpen(real_vfs, name, handle->real, flags, ret_flags);
    if (handle->real->pMethods != NULL)
        file->pMethods = &methods;
    return code;
}

static int lossy_delete(sqlite3_vfs *vfs, const char *name, int sync_folder)
{
    (void)vfs;
    pthread_mutex_lock(&lock);
    struct kept *kept = find_file(name, false);
    if (kept != NULL) {
        forget_changes(kept);
        free(kept->bytes);
        *kept = (struct kept){ .last = &kept->changes };
    }
    pthread_mutex_unlock(&lock);
    return real_vfs->xDelete(real_vfs, name, sync_folder);
}

bool lossy_vfs_install(const struct lossy_plan *wanted)
{
    static sqlite3_vfs vfs;
    real_vfs = sqlite3_vfs_find(NULL);
    if (real_vfs == NULL || real_vfs == &vfs)
        return false;
    plan = *wanted;
    vfs = *real_vfs; /* All that concerns no file's bytes stays the real one's. */
    vfs.szOsFile = (int)sizeof(struct handle) + real_vfs->szOsFile;
    vfs.zName = "lossy";
    vfs.pNext = NULL;
    vfs.xOpen = lossy_open;
    vfs.xDelete = lossy_delete;
    return sqlite3_vfs_register(&vfs, 1) == SQLITE_OK;
}

int64_t lossy_vfs_operations(void)
{
    pthread_mutex_lock(&lock);
    int64_t now = operations;
    pthread_mutex_unlock(&lock);
    return now;
}
