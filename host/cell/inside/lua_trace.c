#include "cell/inside/lua_trace.h"

#include <lauxlib.h>
#include <stdlib.h>
#include <string.h>

#include "cell/inside/lua_json.h"

enum { VALUE_TEXT_MAX = 200, VALUE_BYTES_MAX = 4096 };

/* The value at the top of the stack as one short line. */
static json_t *value_text(lua_State *lua)
{
    const char *why = NULL;
    json_t *value = lua_json_read(lua, VALUE_BYTES_MAX, &why);
    if (value == NULL)
        return json_sprintf("(%s)", luaL_typename(lua, -1));
    char text[VALUE_TEXT_MAX + 4];
    size_t size = json_dumpb(value, text, VALUE_TEXT_MAX,
                             JSON_ENCODE_ANY | JSON_COMPACT | JSON_SORT_KEYS |
                                 JSON_ENSURE_ASCII);
    json_decref(value);
    if (size > VALUE_TEXT_MAX) {
        memcpy(text + VALUE_TEXT_MAX, "...", 3);
        size = VALUE_TEXT_MAX + 3;
    }
    return json_stringn(text, size);
}

static json_t *locals_of(lua_State *lua, lua_Debug *activation)
{
    json_t *locals = json_object();
    const char *name;
    for (int i = 1; (name = lua_getlocal(lua, activation, i)) != NULL; i++) {
        if (name[0] != '(') /* Lua's own temporaries. */
            json_object_set_new(locals, name, value_text(lua));
        lua_pop(lua, 1);
    }
    return locals;
}

static int depth_of(lua_State *lua)
{
    lua_Debug above;
    int depth = 0;
    while (lua_getstack(lua, depth, &above))
        depth++;
    return depth;
}

void lua_trace_add(struct lua_trace *trace, lua_State *lua, lua_Debug *activation)
{
    if (json_array_size(trace->lines) >= LUA_TRACE_LINES_MAX) {
        trace->cut = true;
        return;
    }
    if (!lua_checkstack(lua, 10) || !lua_getinfo(lua, "Snl", activation))
        return; /* Then the line is missing, which coverage would show. */
    json_t *line = json_pack(
        "{s:s, s:i, s:s*, s:i, s:o*}", "file", activation->short_src, "line",
        activation->currentline, "function", activation->name, "depth", depth_of(lua),
        "locals", trace->locals ? locals_of(lua, activation) : NULL);
    json_array_append_new(trace->lines, line);
}

static int compare_lines(const void *a, const void *b)
{
    int x = *(const int *)a, y = *(const int *)b;
    return (x > y) - (x < y);
}

/* Takes the table of active lines from the top of the stack. The line of the final
 * `end` has code too, but a function that returns before it never gets there. */
static void add_lines(lua_State *lua, const lua_Debug *function, json_t *ret)
{
    json_t *lines = json_object_get(ret, function->short_src);
    if (lines == NULL) {
        lines = json_array();
        json_object_set_new(ret, function->short_src, lines);
    }
    for (lua_pushnil(lua); lua_next(lua, -2) != 0; lua_pop(lua, 1)) {
        lua_Integer line = lua_tointeger(lua, -2);
        if (line != function->lastlinedefined || line == function->linedefined)
            json_array_append_new(lines, json_integer(line));
    }
    lua_pop(lua, 1);
}

/* What is known and what is to be visited: two tables at these stack indexes. */
struct walk {
    int seen, queue;
    lua_Integer queued;
};

/* Pops the value. Each table and function is queued once. */
static void enqueue(lua_State *lua, struct walk *walk)
{
    int type = lua_type(lua, -1);
    if (type != LUA_TTABLE && type != LUA_TFUNCTION) {
        lua_pop(lua, 1);
        return;
    }
    lua_pushvalue(lua, -1);
    bool fresh = lua_rawget(lua, walk->seen) == LUA_TNIL;
    lua_pop(lua, 1);
    if (fresh) {
        lua_pushvalue(lua, -1);
        lua_pushboolean(lua, 1);
        lua_rawset(lua, walk->seen);
        lua_rawseti(lua, walk->queue, ++walk->queued);
    } else {
        lua_pop(lua, 1);
    }
}

/* The function or table at the top of the stack stays there. */
static void visit_function(lua_State *lua, struct walk *walk, json_t *ret)
{
    for (int i = 1; lua_getupvalue(lua, -1, i) != NULL; i++)
        enqueue(lua, walk);
    if (lua_iscfunction(lua, -1))
        return;
    lua_Debug function;
    lua_pushvalue(lua, -1);
    lua_getinfo(lua, ">SL", &function);
    if (strcmp(function.what, "main") == 0)
        lua_pop(lua, 1);
    else
        add_lines(lua, &function, ret);
}

static void visit_table(lua_State *lua, struct walk *walk)
{
    lua_pushnil(lua);
    while (lua_next(lua, -2) != 0)
        enqueue(lua, walk);
    if (lua_getmetatable(lua, -1))
        enqueue(lua, walk);
}

/* The same lines in order, each once. NULL when memory is short. */
static json_t *sorted_lines(const json_t *lines)
{
    size_t count = json_array_size(lines);
    int *numbers = calloc(count + 1, sizeof numbers[0]);
    json_t *sorted = json_array();
    for (size_t i = 0; numbers != NULL && i < count; i++)
        numbers[i] = (int)json_integer_value(json_array_get(lines, i));
    if (numbers != NULL)
        qsort(numbers, count, sizeof numbers[0], compare_lines);
    for (size_t i = 0; numbers != NULL && i < count; i++)
        if (i == 0 || numbers[i] != numbers[i - 1])
            json_array_append_new(sorted, json_integer(numbers[i]));
    free(numbers);
    return sorted;
}

void lua_trace_list_lines(lua_State *lua, json_t *ret)
{
    luaL_checkstack(lua, 10, "listing lines");
    lua_newtable(lua);
    lua_newtable(lua);
    struct walk walk = { .seen = lua_gettop(lua) - 1, .queue = lua_gettop(lua) };
    lua_pushvalue(lua, -3);
    enqueue(lua, &walk);
    for (lua_Integer i = 1; i <= walk.queued; i++) {
        if (lua_rawgeti(lua, walk.queue, i) == LUA_TTABLE)
            visit_table(lua, &walk);
        else
            visit_function(lua, &walk, ret);
        lua_pop(lua, 1);
    }
    lua_pop(lua, 3);
    for (void *i = json_object_iter(ret); i != NULL; i = json_object_iter_next(ret, i))
        json_object_iter_set_new(ret, i, sorted_lines(json_object_iter_value(i)));
}
