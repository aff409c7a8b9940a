/* lua_parse.h - JSON text to Lua values, without a tree in between.
 *
 * A decision's input is a few hundred bytes, and building a tree for it first costs
 * several times what the decision itself costs. The host writes this text, so it is
 * UTF-8 and without duplicate keys; grammar, depth and number range are checked anyway.
 *
 * Integers stay integers. A null member of an object is absent in Lua; a null element
 * of an array is the value `null`, which is also a name that scripts know. An array
 * becomes a table that remembers being a list (lua_json.h).
 *
 * Threads  The state's. */
#ifndef CELL_INSIDE_LUA_PARSE_H
#define CELL_INSIDE_LUA_PARSE_H

#include <lua.h>

#include "base/slice.h"

enum { LUA_PARSE_DEPTH_MAX = 32, LUA_PARSE_ARGS_MAX = 16 };

/* Pushes each element of the JSON array `text` and returns how many there are; a null
 * is nil here. Raises when it is not such an array or has more than LUA_PARSE_ARGS_MAX
 * elements. */
int lua_parse_args(lua_State *lua, struct slice text);

#endif
