/* lossy_vfs.h - a disk that forgets what was not synced, for one process.
 *
 * Wraps SQLite's own VFS. Writes go through, so the process sees its files as usual; but
 * for each file the shim also keeps what a disk would surely hold (the bytes at the last
 * sync) and each write and truncation since, apart. When the power goes, every file
 * becomes the synced bytes plus a seeded choice of the rest: whole writes, or single
 * sectors of 512 bytes, in a seeded order; the shared memory is gone, a file that was
 * never synced may be gone, and the process ends at once.
 *
 * What it does not play: a sync that lies, sectors that rot, a removed file that comes
 * back.
 *
 * Threads  Any, after lossy_vfs_install. */
#ifndef TORTURE_LOSSY_VFS_H
#define TORTURE_LOSSY_VFS_H

#include <stdbool.h>
#include <stdint.h>

/* The exit status when the power goes. */
enum { LOSSY_EXIT = 90 };

/* Operations are writes, truncations and syncs of all files, counted from 1; 0 never. */
struct lossy_plan {
    uint64_t seed;
    int64_t cut_at;       /* The power goes while this operation is under way. */
    int64_t fail_sync_at; /* From this operation on, every sync fails. */
    int64_t full_at;      /* From this operation on, every write finds the disk full. */
};

/* Makes it the default for every connection opened from now on. Once a process. */
bool lossy_vfs_install(const struct lossy_plan *plan);

int64_t lossy_vfs_operations(void);

#endif
