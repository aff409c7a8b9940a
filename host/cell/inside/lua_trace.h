/* lua_trace.h - which lines a script has, and which of them a decision executed.
 *
 * For explanations and coverage; not for the daily decision.
 *
 * Threads  The state's. */
#ifndef CELL_INSIDE_LUA_TRACE_H
#define CELL_INSIDE_LUA_TRACE_H

#include <jansson.h>
#include <lua.h>
#include <stdbool.h>

enum { LUA_TRACE_LINES_MAX = 2000 };

/* {"file":"rbac.lua","line":41,"function":"authorize","depth":1,"locals":{...}} for
 * each executed line, in order. `locals` are the values before the line, as short text,
 * when they are wanted.
 * "function" is absent where Lua knows no name. */
struct lua_trace {
    json_t *lines; /* An array; the owner's. */
    bool locals;   /* With their values. */
    bool cut;      /* There were more lines than LUA_TRACE_LINES_MAX. */
};

/* Adds the present line. From a line hook, with the hook's own `activation`. */
void lua_trace_add(struct lua_trace *trace, lua_State *lua, lua_Debug *activation);

/* The lines with code of every function that can be reached from the value at the top
 * of the stack, except those of main chunks: sets {"rbac.lua":[3,4,...]} in the empty object `ret`.
 * The value is popped. May raise. */
void lua_trace_list_lines(lua_State *lua, json_t *ret);

#endif
