/* lua_library.h - what a policy script may use.
 *
 * Kept from Lua's own library: all that only computes. Absent: whatever reaches outside
 * (io, os, package, require), loads code (load, loadstring, dofile), hides an error or
 * the time (pcall, xpcall, coroutine), or changes how values behave (setmetatable,
 * rawset, debug, string.dump, collectgarbage). Without pcall an error always ends the
 * decision, which is then refused.
 *
 * Changed, so that the same input gives the same decision on every machine: pairs goes
 * through keys in order (numbers, then text); there is no next; tostring and
 * string.format never show an address; string.rep makes 64 KiB at most; math has no
 * random. Added: null and list (lua_json.h).
 *
 * Each file has its own globals. Reading an unknown name is an error. While a decision
 * is made, setting a global is an error.
 *
 * Threads  The state's. */
#ifndef CELL_INSIDE_LUA_LIBRARY_H
#define CELL_INSIDE_LUA_LIBRARY_H

#include <lua.h>
#include <stdbool.h>

enum { LUA_LIBRARY_REP_MAX = 64 * 1024 };

/* Opens the library in a fresh state; before files are loaded. May raise. */
void lua_library_open(lua_State *lua);

/* Pushes a new table of globals for one file, and above it the environment to run the
 * file with. `*frozen` is kept as long as the state: once true, globals cannot be set.
 * May raise. */
void lua_library_push_globals(lua_State *lua, const bool *frozen);

#endif
