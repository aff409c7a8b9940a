/* sqlite.h - the SQLite engine. Seen inside store/ only.
 *
 * Debian 12's 3.40.1 has the WAL-reset race (3.7.0 to 3.51.2): it needs two connections
 * that write or checkpoint. So one connection of the process does both, with automatic
 * checkpoints off everywhere, and readers cannot write. */
#ifndef STORE_SQLITE_H
#define STORE_SQLITE_H

#include "store/driver.h"

enum sqlite_role {
    SQLITE_WRITER, /* Creates, migrates, writes, checkpoints. */
    SQLITE_READER  /* Read-only in three ways: open mode, query_only, no checkpoints. */
};

/* Opens `path` and makes sure of the settings that durability rests on: WAL, full sync,
 * foreign keys. NULL and ERR_CORRUPT when the file is no database, ERR_IO otherwise. */
struct db *sqlite_open(const char *path, enum sqlite_role role, int64_t cache_kb,
                       struct err *err);

/* From now on writers sync at NORMAL, which loses acknowledged commits on power loss:
 * so that the power-loss test can show that it would find a loss. */
void sqlite_weaken_for_test(void);

#endif
