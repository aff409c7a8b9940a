#include "cell/inside/lua_library.h"

#include <lauxlib.h>
#include <lualib.h>
#include <string.h>

#include "cell/inside/lua_json.h"

/* Its address is the registry key of the table that holds all library names. */
static const char library_names;

/* What is kept as it is. The table NULL is the global one. */
struct kept {
    const char *table;
    const char *const *names;
};

/* clang-format off */
static const char *const base_names[] = {
    "assert", "error", "ipairs", "rawequal", "rawget", "rawlen", "select", "tonumber",
    "type", NULL
};
static const char *const string_names[] = {
    "byte", "char", "find", "gmatch", "gsub", "len", "lower", "match", "reverse",
    "sub", "upper", NULL
};
static const char *const table_names[] = {
    "concat", "insert", "move", "pack", "remove", "sort", "unpack", NULL
};
static const char *const math_names[] = {
    "abs", "ceil", "floor", "fmod", "huge", "max", "maxinteger", "min", "mininteger",
    "modf", "pi", "sqrt", "tointeger", "type", "ult", NULL
};
static const char *const utf8_names[] = {
    "char", "charpattern", "codepoint", "codes", "len", "offset", NULL
};
static const struct kept kept[] = {
    { LUA_GNAME,       base_names   },
    { LUA_STRLIBNAME,  string_names },
    { LUA_TABLIBNAME,  table_names  },
    { LUA_MATHLIBNAME, math_names   },
    { LUA_UTF8LIBNAME, utf8_names   },
};
static const luaL_Reg opened[] = {
    { LUA_GNAME,       luaopen_base   },
    { LUA_STRLIBNAME,  luaopen_string },
    { LUA_TABLIBNAME,  luaopen_table  },
    { LUA_MATHLIBNAME, luaopen_math   },
    { LUA_UTF8LIBNAME, luaopen_utf8   },
};
/* clang-format on */

/* Text for the plain types, the type's name for the others: an address would differ
 * from one machine to the next. */
static int plain_tostring(lua_State *lua)
{
    luaL_checkany(lua, 1);
    int type = lua_type(lua, 1);
    if (type <= LUA_TSTRING && type != LUA_TLIGHTUSERDATA)
        luaL_tolstring(lua, 1, NULL);
    else
        lua_pushstring(lua,
                       type == LUA_TLIGHTUSERDATA ? "null" : luaL_typename(lua, 1));
    return 1;
}

static bool shows_an_address(const char *format)
{
    for (const char *at = strchr(format, '%'); at != NULL; at = strchr(at, '%')) {
        at += 1 + strspn(at + 1, "-+ #0123456789.");
        if (*at == 'p')
            return true;
        if (*at == '%')
            at++;
    }
    return false;
}

/* A name for messages: never the address that luaL_tolstring would give a table. */
static const char *key_text(lua_State *lua, int index)
{
    bool text = lua_type(lua, index) == LUA_TSTRING;
    return text ? lua_tostring(lua, index) : luaL_typename(lua, index);
}

/* string.format, upvalue 1, for plain values only. */
static int plain_format(lua_State *lua)
{
    size_t length;
    const char *format = luaL_checklstring(lua, 1, &length);
    int count = lua_gettop(lua);
    luaL_argcheck(lua, strlen(format) == length, 1, "the format contains a zero byte");
    luaL_argcheck(lua, !shows_an_address(format), 1, "%p is not offered");
    for (int i = 2; i <= count; i++)
        luaL_argcheck(lua,
                      lua_type(lua, i) <= LUA_TSTRING && !lua_islightuserdata(lua, i),
                      i, "text, a number, a boolean or nil expected");
    lua_pushvalue(lua, lua_upvalueindex(1));
    lua_insert(lua, 1);
    lua_call(lua, count, 1);
    return 1;
}

/* string.rep, upvalue 1, within the cap. */
static int capped_rep(lua_State *lua)
{
    size_t length, between = 0;
    luaL_checklstring(lua, 1, &length);
    lua_Integer times = luaL_checkinteger(lua, 2);
    luaL_optlstring(lua, 3, "", &between);
    lua_settop(lua, 3);
    bool fits = times <= 0 || (times <= LUA_LIBRARY_REP_MAX &&
                               length + between <= LUA_LIBRARY_REP_MAX / (size_t)times);
    luaL_argcheck(lua, fits, 2, "the result would be longer than 64 KiB");
    lua_pushvalue(lua, lua_upvalueindex(1));
    lua_insert(lua, 1);
    lua_call(lua, 3, 1);
    return 1;
}

/* Numbers before text, each in its own order. */
static int key_is_before(lua_State *lua)
{
    int a = lua_type(lua, 1), b = lua_type(lua, 2);
    lua_pushboolean(lua, a != b ? a < b : lua_compare(lua, 1, 2, LUA_OPLT));
    return 1;
}

/* Upvalues: the table, its keys in order, the index of the last key given. */
static int next_pair(lua_State *lua)
{
    lua_Integer at = lua_tointeger(lua, lua_upvalueindex(3));
    do {
        lua_settop(lua, 0);
        if (lua_rawgeti(lua, lua_upvalueindex(2), ++at) == LUA_TNIL)
            return 1;
        lua_pushvalue(lua, 1);
    } while (lua_rawget(lua, lua_upvalueindex(1)) == LUA_TNIL);
    lua_pushinteger(lua, at);
    lua_replace(lua, lua_upvalueindex(3));
    return 2;
}

/* pairs in a fixed order. Upvalue 1 is table.sort. */
static int ordered_pairs(lua_State *lua)
{
    luaL_checktype(lua, 1, LUA_TTABLE);
    lua_settop(lua, 1);
    lua_pushvalue(lua, 1);
    lua_newtable(lua);
    lua_Integer count = 0;
    for (lua_pushnil(lua); lua_next(lua, 1) != 0; lua_pop(lua, 1)) {
        int type = lua_type(lua, -2);
        if (type != LUA_TNUMBER && type != LUA_TSTRING)
            return luaL_error(lua, "pairs: a %s as a key has no order",
                              lua_typename(lua, type));
        lua_pushvalue(lua, -2);
        lua_rawseti(lua, 3, ++count);
    }
    lua_pushvalue(lua, lua_upvalueindex(1));
    lua_pushvalue(lua, 3);
    lua_pushcfunction(lua, key_is_before);
    lua_call(lua, 2, 0);
    lua_pushinteger(lua, 0);
    lua_pushcclosure(lua, next_pair, 3);
    return 1;
}

static int as_list(lua_State *lua)
{
    luaL_checktype(lua, 1, LUA_TTABLE);
    lua_settop(lua, 1);
    lua_json_mark_list(lua);
    return 1;
}

static int unknown_name(lua_State *lua)
{
    return luaL_error(lua, "unknown name '%s'", key_text(lua, 2));
}

static int read_only(lua_State *lua)
{
    return luaL_error(lua, "'%s' is set in a part of the library, which is read-only",
                      key_text(lua, 2));
}

/* Upvalues: the file's globals, the library's names, the address of `frozen`. */
static int set_global(lua_State *lua)
{
    const bool *frozen = lua_touserdata(lua, lua_upvalueindex(3));
    const char *name = luaL_checkstring(lua, 2);
    if (*frozen)
        return luaL_error(lua,
                          "global '%s' is set while deciding: a policy keeps nothing "
                          "between decisions, make it local",
                          name);
    lua_pushvalue(lua, 2);
    if (lua_rawget(lua, lua_upvalueindex(2)) != LUA_TNIL)
        return luaL_error(lua, "'%s' is a name of the library", name);
    lua_settop(lua, 3);
    lua_rawset(lua, lua_upvalueindex(1));
    return 0;
}

/* Pushes an empty table that reads through to the one at the top and refuses writes
 * by `on_write`, whose `upvalues` values lie above that table; takes all of them. */
static void push_front(lua_State *lua, lua_CFunction on_write, int upvalues)
{
    lua_pushcclosure(lua, on_write, upvalues);
    lua_createtable(lua, 0, 0);
    lua_createtable(lua, 0, 3); /* behind, closure, front, meta */
    lua_rotate(lua, -4, 2);     /* front, meta, behind, closure */
    lua_setfield(lua, -3, "__newindex");
    lua_setfield(lua, -2, "__index");
    lua_pushboolean(lua, 0);
    lua_setfield(lua, -2, "__metatable");
    lua_setmetatable(lua, -2);
}

/* Copies the kept names of one library into the table at `names`: as names of their
 * own, or as one read-only table. */
static void keep_names(lua_State *lua, int names, const struct kept *row)
{
    bool global = strcmp(row->table, LUA_GNAME) == 0;
    luaL_getsubtable(lua, LUA_REGISTRYINDEX, LUA_LOADED_TABLE);
    lua_getfield(lua, -1, row->table);
    lua_newtable(lua);
    int target = global ? names : lua_gettop(lua);
    for (const char *const *name = row->names; *name != NULL; name++) {
        lua_getfield(lua, -2, *name);
        lua_setfield(lua, target, *name);
    }
    if (!global)
        lua_setfield(lua, names, row->table);
    lua_settop(lua, names);
}

/* Sets table `library`, member `name`, to `function` with the old `upvalue` function. */
static void wrap(lua_State *lua, int names, const char *library, const char *name,
                 lua_CFunction function)
{
    luaL_getsubtable(lua, LUA_REGISTRYINDEX, LUA_LOADED_TABLE);
    lua_getfield(lua, -1, library);
    lua_getfield(lua, -1, name);
    lua_getfield(lua, names, library);
    lua_insert(lua, -2);
    lua_pushcclosure(lua, function, 1);
    lua_setfield(lua, -2, name);
    lua_settop(lua, names);
}

static void add_own(lua_State *lua, int names)
{
    wrap(lua, names, LUA_STRLIBNAME, "format", plain_format);
    wrap(lua, names, LUA_STRLIBNAME, "rep", capped_rep);
    lua_getfield(lua, names, LUA_TABLIBNAME);
    lua_getfield(lua, -1, "sort");
    lua_pushcclosure(lua, ordered_pairs, 1);
    lua_setfield(lua, names, "pairs");
    lua_pushcfunction(lua, plain_tostring);
    lua_setfield(lua, names, "tostring");
    lua_pushcfunction(lua, as_list);
    lua_setfield(lua, names, "list");
    lua_pushlightuserdata(lua, NULL);
    lua_setfield(lua, names, "null");
    lua_settop(lua, names);
}

/* Methods of text, ("x"):len(), find the kept functions and nothing else. */
static void limit_methods(lua_State *lua, int names)
{
    lua_pushliteral(lua, "");
    lua_getmetatable(lua, -1);
    lua_getfield(lua, names, LUA_STRLIBNAME);
    lua_setfield(lua, -2, "__index");
    lua_pushboolean(lua, 0);
    lua_setfield(lua, -2, "__metatable");
    lua_settop(lua, names);
}

static void close_tables(lua_State *lua, int names)
{
    for (size_t i = 0; i < sizeof kept / sizeof kept[0]; i++) {
        if (strcmp(kept[i].table, LUA_GNAME) == 0)
            continue;
        lua_getfield(lua, names, kept[i].table);
        push_front(lua, read_only, 0);
        lua_setfield(lua, names, kept[i].table);
    }
    lua_createtable(lua, 0, 1);
    lua_pushcfunction(lua, unknown_name);
    lua_setfield(lua, -2, "__index");
    lua_setmetatable(lua, names);
}

/* Nothing leads to load, pcall and the like any more, not even the registry. */
static void forget_the_rest(lua_State *lua)
{
    lua_pushnil(lua);
    lua_setfield(lua, LUA_REGISTRYINDEX, LUA_LOADED_TABLE);
    lua_newtable(lua);
    lua_rawseti(lua, LUA_REGISTRYINDEX, LUA_RIDX_GLOBALS);
    lua_gc(lua, LUA_GCCOLLECT);
}

void lua_library_open(lua_State *lua)
{
    for (size_t i = 0; i < sizeof opened / sizeof opened[0]; i++)
        luaL_requiref(lua, opened[i].name, opened[i].func, 0);
    lua_settop(lua, 0);
    lua_json_start(lua);
    lua_newtable(lua);
    int names = lua_gettop(lua);
    for (size_t i = 0; i < sizeof kept / sizeof kept[0]; i++)
        keep_names(lua, names, &kept[i]);
    add_own(lua, names);
    limit_methods(lua, names);
    close_tables(lua, names);
    lua_rawsetp(lua, LUA_REGISTRYINDEX, &library_names);
    forget_the_rest(lua);
}

void lua_library_push_globals(lua_State *lua, const bool *frozen)
{
    lua_newtable(lua);
    lua_createtable(lua, 0, 1);
    lua_rawgetp(lua, LUA_REGISTRYINDEX, &library_names);
    lua_setfield(lua, -2, "__index");
    lua_setmetatable(lua, -2);
    lua_pushvalue(lua, -1); /* globals, globals */
    lua_pushvalue(lua, -1);
    lua_rawgetp(lua, LUA_REGISTRYINDEX, &library_names);
    lua_pushlightuserdata(lua, (void *)frozen);
    push_front(lua, set_global, 3);
}
