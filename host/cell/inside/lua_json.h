/* lua_json.h - Lua values to JSON.
 *
 * Integers stay integers, and `null` (a light userdata) is null. A table that came from
 * an array, or that a script gave to list(), remembers being a list, so that an empty
 * one is written as []; any other empty table is written as {}.
 *
 * Threads  The state's. */
#ifndef CELL_INSIDE_LUA_JSON_H
#define CELL_INSIDE_LUA_JSON_H

#include <jansson.h>
#include <lua.h>

enum { LUA_JSON_DEPTH_MAX = 32 };

/* Makes the mark of lists; before any other function here. May raise. */
void lua_json_start(lua_State *lua);

/* The table at the top of the stack is a list from now on. May raise. */
void lua_json_mark_list(lua_State *lua);

/* The value at the top of the stack as JSON of about `most_bytes` at most; the stack is
 * as before. NULL and a sentence (static) when it has no such form. Never raises. The
 * caller owns the reference. */
json_t *lua_json_read(lua_State *lua, size_t most_bytes, const char **ret_why);

#endif
