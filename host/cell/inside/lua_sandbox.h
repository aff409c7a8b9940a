/* lua_sandbox.h - Lua files that answer questions, and can do nothing else.
 *
 * Create, load the files in order, freeze; then call. Every call starts from exactly the
 * same memory, the one at freezing (lua_memory.h), so no decision can see another one,
 * and the order of decisions does not matter. Files see the names of lua_library.h.
 *
 * Budgets  Memory is a hard cap. Instructions are a soft budget: a loop ends with an
 *          error that names its line. Time spent inside one library function (a pattern)
 *          counts no instructions: the process' owner has the deadline for that.
 * Threads  One sandbox, one thread. */
#ifndef CELL_INSIDE_LUA_SANDBOX_H
#define CELL_INSIDE_LUA_SANDBOX_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/slice.h"

struct sandbox_limits {
    size_t memory_bytes; /* 1 MiB to 1 GiB. */
    int instructions;    /* Of one load or call. */
    size_t result_bytes;
};

struct sandbox;

struct sandbox *sandbox_create(const struct sandbox_limits *limits, struct err *err);
void sandbox_destroy(struct sandbox **sandbox);

/* Runs the file from top to bottom; text only, never bytecode. Its global functions can
 * be called later. After a failure the sandbox is only good for destroying. */
bool sandbox_load(struct sandbox *sandbox, const char *name, struct slice text,
                  struct err *err);

/* No more files. Refused when two files define the same function. */
bool sandbox_freeze(struct sandbox *sandbox, struct err *err);

/* Calls a global function of the files: `args` is a JSON array of its arguments; appends
 * the first result as JSON. On failure err is ERR_INVALID and the text is Lua's message,
 * with file and line where there is one; ERR_LIMIT when a budget was used up. */
bool sandbox_call(struct sandbox *sandbox, struct slice function, struct slice args,
                  struct buf *ret, struct err *err);

/* As sandbox_call, but appends {"result":...,"error":"...","trace":[...],"cut":bool}
 * (lua_trace.h); exactly one of result and error. False only when there is no trace.
 * `locals`: with the values of local variables at each line. */
bool sandbox_explain(struct sandbox *sandbox, struct slice function, struct slice args,
                     bool locals, struct buf *ret, struct err *err);

/* Appends as JSON what the file returned when it was loaded. */
bool sandbox_returned(struct sandbox *sandbox, struct slice file, struct buf *ret,
                      struct err *err);

/* Appends {"rbac.lua":[3,4,...],...}: the lines with code inside functions. */
bool sandbox_lines(struct sandbox *sandbox, struct buf *ret, struct err *err);

/* Appends {"functions":["authorize","route"],"snapshot_bytes":...}. */
bool sandbox_describe(struct sandbox *sandbox, struct buf *ret, struct err *err);

#endif
