#include "cell/inside/lua_json.h"

#include <assert.h>
#include <lauxlib.h>
#include <stdbool.h>

/* Its address is the registry key of the metatable that all lists share. */
static const char list_mark;

void lua_json_start(lua_State *lua)
{
    lua_createtable(lua, 0, 1);
    lua_pushboolean(lua, 0);
    lua_setfield(lua, -2, "__metatable");
    lua_rawsetp(lua, LUA_REGISTRYINDEX, &list_mark);
}

void lua_json_mark_list(lua_State *lua)
{
    lua_rawgetp(lua, LUA_REGISTRYINDEX, &list_mark);
    lua_setmetatable(lua, -2);
}

/* One reading: what is left to spend, and why it failed. */
struct reading {
    lua_State *lua;
    size_t left_bytes;
    const char *why;
};

static json_t *read_value(struct reading *reading, int depth);

static json_t *fail(struct reading *reading, const char *why)
{
    if (reading->why == NULL)
        reading->why = why;
    return NULL;
}

static bool spend(struct reading *reading, size_t bytes)
{
    if (bytes > reading->left_bytes)
        return fail(reading, "is too large") != NULL;
    reading->left_bytes -= bytes;
    return true;
}

static bool is_marked_list(lua_State *lua)
{
    if (!lua_getmetatable(lua, -1))
        return false;
    lua_rawgetp(lua, LUA_REGISTRYINDEX, &list_mark);
    bool marked = lua_rawequal(lua, -1, -2);
    lua_pop(lua, 2);
    return marked;
}

/* `count` elements by index; whether there are other keys is seen by counting all. */
static json_t *read_list(struct reading *reading, lua_Unsigned count, int depth)
{
    lua_State *lua = reading->lua;
    lua_Unsigned keys = 0;
    for (lua_pushnil(lua); lua_next(lua, -2) != 0; lua_pop(lua, 1))
        keys++;
    if (keys != count)
        return fail(reading, "has a list with holes or with other keys");
    json_t *array = json_array();
    for (lua_Unsigned i = 1; i <= count; i++) {
        lua_rawgeti(lua, -1, (lua_Integer)i);
        json_t *element = read_value(reading, depth + 1);
        lua_pop(lua, 1);
        if (element == NULL || json_array_append_new(array, element) != 0) {
            json_decref(array);
            return fail(reading, "needs too much memory");
        }
    }
    return array;
}

/* The key is below the value on top of the stack. */
static bool read_member(struct reading *reading, json_t *object, int depth)
{
    lua_State *lua = reading->lua;
    if (lua_type(lua, -2) != LUA_TSTRING)
        return fail(reading, "has a table key that is neither text nor a list index");
    size_t length;
    const char *key = lua_tolstring(lua, -2, &length);
    if (!spend(reading, length + 4))
        return false;
    json_t *value = read_value(reading, depth + 1);
    if (value == NULL)
        return false;
    if (json_object_setn_new(object, key, length, value) != 0)
        return fail(reading, "has a key that is not UTF-8");
    return true;
}

static json_t *read_object(struct reading *reading, int depth)
{
    lua_State *lua = reading->lua;
    json_t *object = json_object();
    lua_pushnil(lua);
    while (lua_next(lua, -2) != 0) {
        bool fine = read_member(reading, object, depth);
        lua_pop(lua, 1);
        if (!fine) {
            lua_pop(lua, 1);
            json_decref(object);
            return NULL;
        }
    }
    return object;
}

static json_t *read_table(struct reading *reading, int depth)
{
    if (depth >= LUA_JSON_DEPTH_MAX)
        return fail(reading, "is nested deeper than 32 levels, or contains itself");
    lua_State *lua = reading->lua;
    if (!lua_checkstack(lua, 6))
        return fail(reading, "is nested too deep");
    lua_Unsigned count = lua_rawlen(lua, -1);
    if (count > 0 || is_marked_list(lua))
        return read_list(reading, count, depth);
    return read_object(reading, depth);
}

static json_t *read_text(struct reading *reading)
{
    size_t length;
    const char *text = lua_tolstring(reading->lua, -1, &length);
    if (!spend(reading, length))
        return NULL;
    json_t *value = json_stringn(text, length);
    return value != NULL ? value : fail(reading, "has text that is not UTF-8");
}

static json_t *read_number(struct reading *reading)
{
    lua_State *lua = reading->lua;
    if (lua_isinteger(lua, -1))
        return json_integer(lua_tointeger(lua, -1));
    json_t *value = json_real(lua_tonumber(lua, -1));
    return value != NULL ? value : fail(reading, "has a number that is not finite");
}

static json_t *read_value(struct reading *reading, int depth)
{
    if (!spend(reading, 8))
        return NULL;
    lua_State *lua = reading->lua;
    switch (lua_type(lua, -1)) {
    case LUA_TNIL:
        return json_null();
    case LUA_TBOOLEAN:
        return json_boolean(lua_toboolean(lua, -1));
    case LUA_TNUMBER:
        return read_number(reading);
    case LUA_TSTRING:
        return read_text(reading);
    case LUA_TTABLE:
        return read_table(reading, depth);
    case LUA_TLIGHTUSERDATA: /* Scripts have only one: `null`. */
        return json_null();
    default:
        return fail(reading, "has a function in it");
    }
}

json_t *lua_json_read(lua_State *lua, size_t most_bytes, const char **ret_why)
{
    struct reading reading = { .lua = lua, .left_bytes = most_bytes };
    json_t *value = read_value(&reading, 0);
    if (value == NULL)
        *ret_why = reading.why;
    return value;
}
