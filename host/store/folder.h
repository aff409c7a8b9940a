/* folder.h - the database's folder, and the right to be the only one that writes in it.
 *
 * Two processes that write one SQLite file damage each other's work (the WAL-reset race)
 * and would send each other's orders twice. So a host holds esimd.lock for its life, and
 * refuses a database that any other program, a sqlite3 shell for one, has open. */
#ifndef STORE_FOLDER_H
#define STORE_FOLDER_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"

/* Makes `dir` (mode 0700) and an empty `dir`/esimd.db (0600) when missing, then takes the
 * lock. `ret_lock` is the descriptor that holds it, close-on-exec; closing it gives the
 * lock back. Who has it is waited for up to `wait_ms`, with one line in the log; then
 * ERR_CONFLICT names the process. Call it before the first connection: SQLite's own locks
 * fall when other code of the process closes its files. */
bool folder_claim(const char *dir, int64_t wait_ms, int *ret_lock, struct err *err);

/* Makes new names in `dir` last through a power loss. */
bool folder_sync(const char *dir, struct err *err);

#endif
