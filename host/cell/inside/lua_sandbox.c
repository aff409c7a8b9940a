#include "cell/inside/lua_sandbox.h"

#include <assert.h>
#include <jansson.h>
#include <lauxlib.h>
#include <lua.h>
#include <stdlib.h>
#include <string.h>

#include "cell/inside/lua_json.h"
#include "cell/inside/lua_library.h"
#include "cell/inside/lua_memory.h"
#include "cell/inside/lua_parse.h"
#include "cell/inside/lua_trace.h"

/* How often the collector would start: at ten times what is in use. A decision ends
 * long before, and its garbage is gone with the memory. */
enum { GC_PAUSE_PERCENT = 1000, GC_STEP = 200 };

/* Their addresses are registry keys of tables by name: each file's globals, what each
 * file returned, the functions of all files. */
static const char globals_key, returned_key, functions_key;

struct sandbox {
    struct sandbox_limits limits;
    struct lua_memory memory;
    lua_State *lua;
    bool frozen;
    bool spent;              /* The instruction budget of the present call. */
    struct lua_trace *trace; /* NULL when no trace is wanted. */
};

/* One protected piece of work: `run` is called by Lua, reads and fills the rest. */
struct job {
    struct sandbox *sandbox;
    void (*run)(lua_State *lua, struct job *job);
    struct slice name; /* A file's or a function's. */
    struct slice text; /* A file's. */
    struct slice args;
    json_t *result; /* New; NULL when the job failed. */
};

static struct sandbox *sandbox_of(lua_State *lua)
{
    struct sandbox *sandbox;
    memcpy(&sandbox, lua_getextraspace(lua), sizeof sandbox);
    return sandbox;
}

/* Once the budget is used up, every further instruction ends in the same error. */
static void on_hook(lua_State *lua, lua_Debug *activation)
{
    struct sandbox *sandbox = sandbox_of(lua);
    if (activation->event == LUA_HOOKLINE) {
        lua_trace_add(sandbox->trace, lua, activation);
        return;
    }
    sandbox->spent = true;
    lua_sethook(lua, on_hook, LUA_MASKCOUNT, 1);
    lua_getinfo(lua, "Sl", activation);
    luaL_error(lua, "%s:%d: more than %d instructions", activation->short_src,
               activation->currentline, sandbox->limits.instructions);
}

static int run_job(lua_State *lua)
{
    struct job *job = lua_touserdata(lua, 1);
    lua_settop(lua, 0);
    job->run(lua, job);
    return 0;
}

/* Scripts may put anything into a message: what is left is UTF-8 on one line. */
static bool set_message(struct err *err, enum err_code code, const char *message)
{
    char text[500];
    size_t size = strnlen(message, sizeof text - 1);
    memcpy(text, message, size);
    text[size] = '\0';
    json_t *valid = json_stringn(text, size);
    for (size_t i = 0; i < size; i++) {
        unsigned char c = (unsigned char)text[i];
        if (c < ' ' || c == 127 || (c >= 128 && valid == NULL))
            text[i] = '?';
    }
    json_decref(valid);
    return err_set(err, code, "%s", text);
}

/* A message that is no text is told by its type: an error object says nothing. */
static bool job_error(struct sandbox *sandbox, int status, struct err *err)
{
    lua_State *lua = sandbox->lua;
    if (status == LUA_ERRMEM)
        return err_set(err, ERR_LIMIT, "more than %zu KiB of memory are needed",
                       sandbox->limits.memory_bytes / 1024);
    enum err_code code = sandbox->spent ? ERR_LIMIT : ERR_INVALID;
    if (lua_type(lua, -1) != LUA_TSTRING)
        return err_set(err, code, "the script ended with a %s as its error",
                       luaL_typename(lua, -1));
    return set_message(err, code, lua_tostring(lua, -1));
}

static bool do_job(struct sandbox *sandbox, struct job *job, struct err *err)
{
    lua_State *lua = sandbox->lua;
    int mask = LUA_MASKCOUNT | (sandbox->trace != NULL ? LUA_MASKLINE : 0);
    sandbox->spent = false;
    job->sandbox = sandbox;
    lua_sethook(lua, on_hook, mask, sandbox->limits.instructions);
    lua_pushcfunction(lua, run_job);
    lua_pushlightuserdata(lua, job);
    int status = lua_pcall(lua, 1, 0, 0);
    bool ok = status == LUA_OK || job_error(sandbox, status, err);
    lua_sethook(lua, NULL, 0, 0);
    if (sandbox->frozen)
        lua_memory_restore(&sandbox->memory);
    else
        lua_settop(lua, 0);
    return ok;
}

static void job_open(lua_State *lua, struct job *job)
{
    (void)job;
    lua_library_open(lua);
    const char *const keys[] = { &globals_key, &returned_key, &functions_key };
    for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++) {
        lua_newtable(lua);
        lua_rawsetp(lua, LUA_REGISTRYINDEX, keys[i]);
    }
}

static void job_load(lua_State *lua, struct job *job)
{
    const char *name = lua_pushfstring(lua, "@%s", job->name.ptr);
    if (luaL_loadbufferx(lua, job->text.ptr, job->text.size, name, "t") != LUA_OK)
        lua_error(lua);
    lua_library_push_globals(lua, &job->sandbox->frozen);
    if (lua_setupvalue(lua, -3, 1) == NULL) /* The chunk's _ENV. */
        luaL_error(lua, "the chunk has no environment");
    lua_rawgetp(lua, LUA_REGISTRYINDEX, &globals_key);
    lua_insert(lua, -2);
    lua_setfield(lua, -2, job->name.ptr);
    lua_pop(lua, 1);
    lua_rawgetp(lua, LUA_REGISTRYINDEX, &returned_key);
    lua_insert(lua, -2);
    lua_call(lua, 0, 1);
    lua_setfield(lua, -2, job->name.ptr);
}

/* Adds the functions among the globals at the top of the stack to the table below. */
static void add_functions(lua_State *lua)
{
    for (lua_pushnil(lua); lua_next(lua, -2) != 0; lua_pop(lua, 1)) {
        if (lua_type(lua, -2) != LUA_TSTRING || !lua_isfunction(lua, -1))
            continue;
        const char *name = lua_tostring(lua, -2);
        if (lua_getfield(lua, -4, name) != LUA_TNIL)
            luaL_error(lua, "function '%s' is defined in two files", name);
        lua_pop(lua, 1);
        lua_pushvalue(lua, -1);
        lua_setfield(lua, -5, name);
    }
}

static void job_freeze(lua_State *lua, struct job *job)
{
    (void)job;
    lua_rawgetp(lua, LUA_REGISTRYINDEX, &globals_key);
    lua_rawgetp(lua, LUA_REGISTRYINDEX, &functions_key);
    for (lua_pushnil(lua); lua_next(lua, 1) != 0; lua_pop(lua, 1)) {
        lua_pushvalue(lua, 2);
        lua_pushvalue(lua, -2);
        add_functions(lua);
        lua_pop(lua, 2);
    }
    lua_settop(lua, 0);
    lua_gc(lua, LUA_GCINC, GC_PAUSE_PERCENT, GC_STEP, 0);
    lua_gc(lua, LUA_GCCOLLECT);
}

static void read_result(lua_State *lua, struct job *job, const char *what)
{
    const char *why = NULL;
    job->result = lua_json_read(lua, job->sandbox->limits.result_bytes, &why);
    if (job->result == NULL)
        luaL_error(lua, "the value that %s returned %s", what, why);
}

static void job_call(lua_State *lua, struct job *job)
{
    lua_rawgetp(lua, LUA_REGISTRYINDEX, &functions_key);
    const char *name = lua_pushlstring(lua, job->name.ptr, job->name.size);
    lua_pushvalue(lua, -1);
    if (lua_rawget(lua, -3) != LUA_TFUNCTION)
        luaL_error(lua, "no file defines the function '%s'", name);
    int count = lua_parse_args(lua, job->args);
    lua_call(lua, count, 1);
    read_result(lua, job, name);
}

static void job_returned(lua_State *lua, struct job *job)
{
    lua_rawgetp(lua, LUA_REGISTRYINDEX, &returned_key);
    const char *name = lua_pushlstring(lua, job->name.ptr, job->name.size);
    lua_pushvalue(lua, -1);
    lua_rawget(lua, -3);
    read_result(lua, job, name);
}

static void job_lines(lua_State *lua, struct job *job)
{
    job->result = json_object();
    lua_rawgetp(lua, LUA_REGISTRYINDEX, &functions_key);
    lua_trace_list_lines(lua, job->result);
}

static void insert_sorted(json_t *names, const char *name)
{
    size_t at = 0;
    while (at < json_array_size(names) &&
           strcmp(json_string_value(json_array_get(names, at)), name) < 0)
        at++;
    json_array_insert_new(names, at, json_string(name));
}

static void job_describe(lua_State *lua, struct job *job)
{
    json_t *names = json_array();
    lua_rawgetp(lua, LUA_REGISTRYINDEX, &functions_key);
    for (lua_pushnil(lua); lua_next(lua, -2) != 0; lua_pop(lua, 1))
        insert_sorted(names, lua_tostring(lua, -2));
    json_int_t snapshot = (json_int_t)job->sandbox->memory.saved_heap.used;
    job->result = json_pack("{s:o, s:I}", "functions", names, "snapshot_bytes",
                            snapshot);
}

static int append(const char *bytes, size_t size, void *buf)
{
    buf_add(buf, bytes, size);
    return buf_ok(buf) ? 0 : -1;
}

/* Given `value`. */
static bool write_json(json_t *value, struct buf *ret, struct err *err)
{
    int failed = json_dump_callback(value, append, ret,
                                    JSON_COMPACT | JSON_ENCODE_ANY | JSON_SORT_KEYS);
    json_decref(value);
    return failed == 0 || err_set(err, ERR_LIMIT, "the answer is too large");
}

/* Does the job, appends its result. */
static bool answer(struct sandbox *sandbox, struct job *job, struct buf *ret,
                   struct err *err)
{
    assert(sandbox->frozen);
    if (!do_job(sandbox, job, err)) {
        json_decref(job->result);
        return false;
    }
    return write_json(job->result, ret, err);
}

struct sandbox *sandbox_create(const struct sandbox_limits *limits, struct err *err)
{
    struct sandbox *sandbox = calloc(1, sizeof *sandbox);
    if (sandbox == NULL) {
        err_set(err, ERR_UNAVAILABLE, "no memory for a Lua sandbox");
        return NULL;
    }
    sandbox->limits = *limits;
    bool ok = lua_memory_init(&sandbox->memory, limits->memory_bytes);
    if (ok)
        sandbox->lua = lua_newstate(lua_memory_alloc, &sandbox->memory);
    ok = sandbox->lua != NULL;
    if (!ok)
        err_set(err, ERR_UNAVAILABLE, "no memory for a Lua state of %zu bytes",
                limits->memory_bytes);
    if (ok) {
        memcpy(lua_getextraspace(sandbox->lua), &sandbox, sizeof sandbox);
        ok = do_job(sandbox, &(struct job){ .run = job_open }, err);
    }
    if (!ok)
        sandbox_destroy(&sandbox);
    return sandbox;
}

/* The state is never closed: its memory goes as a whole, and no finaliser runs. */
void sandbox_destroy(struct sandbox **sandbox)
{
    if (*sandbox == NULL)
        return;
    lua_memory_finish(&(*sandbox)->memory);
    free(*sandbox);
    *sandbox = NULL;
}

bool sandbox_load(struct sandbox *sandbox, const char *name, struct slice text,
                  struct err *err)
{
    assert(!sandbox->frozen);
    struct job job = { .run = job_load, .name = slice_of(name), .text = text };
    if (do_job(sandbox, &job, err))
        return true;
    bool named = strncmp(err->text, name, strlen(name)) == 0;
    return named ? false : err_wrap(err, "%s", name);
}

bool sandbox_freeze(struct sandbox *sandbox, struct err *err)
{
    assert(!sandbox->frozen);
    if (!do_job(sandbox, &(struct job){ .run = job_freeze }, err))
        return false;
    sandbox->frozen = lua_memory_save(&sandbox->memory);
    return sandbox->frozen || err_set(err, ERR_UNAVAILABLE, "no memory to freeze");
}

bool sandbox_call(struct sandbox *sandbox, struct slice function, struct slice args,
                  struct buf *ret, struct err *err)
{
    struct job job = { .run = job_call, .name = function, .args = args };
    return answer(sandbox, &job, ret, err);
}

bool sandbox_explain(struct sandbox *sandbox, struct slice function, struct slice args,
                     bool locals, struct buf *ret, struct err *err)
{
    assert(sandbox->frozen);
    struct lua_trace trace = { .lines = json_array(), .locals = locals };
    struct job job = { .run = job_call, .name = function, .args = args };
    struct err why = ERR_INIT;
    sandbox->trace = &trace;
    bool ok = do_job(sandbox, &job, &why);
    sandbox->trace = NULL;
    json_t *told = json_pack("{s:o, s:b, s:o*, s:s*}", "trace", trace.lines, "cut",
                             trace.cut, "result", job.result, "error",
                             ok ? NULL : why.text);
    return write_json(told, ret, err);
}

bool sandbox_returned(struct sandbox *sandbox, struct slice file, struct buf *ret,
                      struct err *err)
{
    return answer(sandbox, &(struct job){ .run = job_returned, .name = file }, ret,
                  err);
}

bool sandbox_lines(struct sandbox *sandbox, struct buf *ret, struct err *err)
{
    return answer(sandbox, &(struct job){ .run = job_lines }, ret, err);
}

bool sandbox_describe(struct sandbox *sandbox, struct buf *ret, struct err *err)
{
    return answer(sandbox, &(struct job){ .run = job_describe }, ret, err);
}
