/* policy_cell.c - esim-policy-cell: decides by Lua in a locked process.
 *
 * The sealed files are Lua texts, loaded in order. Arguments, after the files:
 * lua_bytes=N (the cap of the Lua memory), instructions=N (the soft budget of one
 * decision) and result_bytes=N. */
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include <jansson.h>

#include "base/buf.h"
#include "cell/inside/lock.h"
#include "cell/inside/lua_sandbox.h"
#include "cell/inside/start.h"
#include "cell/inside/talk.h"

enum { FILE_BYTES = 1 << 20, TRACE_BYTES = 8 << 20 };

/* The text of the sealed file, kept until the process ends. */
static struct slice read_file(int fd, const char *name)
{
    struct stat about;
    if (fstat(fd, &about) != 0 || about.st_size > FILE_BYTES)
        talk_fail("%s is missing or larger than %d bytes", name, FILE_BYTES);
    if (about.st_size == 0)
        return SLICE_LITERAL("");
    size_t size = (size_t)about.st_size;
    void *bytes = mmap(NULL, size, PROT_READ, MAP_PRIVATE, fd, 0);
    if (bytes == MAP_FAILED)
        talk_fail("%s cannot be read", name);
    return slice_bytes(bytes, size);
}

/* The number after "name=", `otherwise` when there is no such argument. */
static uint64_t argument(const struct start *start, const char *name,
                         uint64_t otherwise)
{
    for (char *const *at = start->arguments; *at != NULL; at++) {
        struct slice value = slice_of(*at);
        if (!slice_is(slice_cut(&value, '='), name))
            continue;
        uint64_t number;
        if (!slice_u64(value, &number))
            talk_fail("%s is not a number: %s", name, *at);
        return number;
    }
    return otherwise;
}

static struct sandbox *load_files(const struct start *start)
{
    struct err err = ERR_INIT;
    const struct sandbox_limits limits = {
        .memory_bytes = argument(start, "lua_bytes", 16 << 20),
        .instructions = (int)argument(start, "instructions", 1000000),
        .result_bytes = argument(start, "result_bytes", 256 << 10),
    };
    struct sandbox *sandbox = sandbox_create(&limits, &err);
    if (sandbox == NULL)
        talk_fail("%s", err.text);
    for (size_t i = 0; i < start->file_count; i++) {
        struct slice text = read_file(TALK_FILE_FD + (int)i, start->file_names[i]);
        if (!sandbox_load(sandbox, start->file_names[i], text, &err))
            talk_fail("%s", err.text);
    }
    if (!sandbox_freeze(sandbox, &err))
        talk_fail("%s", err.text);
    return sandbox;
}

/* Touches what a decision uses first only once: jansson, number formats, Lua errors. */
static void warm_up(struct sandbox *sandbox, struct buf *reply)
{
    struct err err = ERR_INIT;
    static const char args[] = "[{\"a\":[1,2.5,true,null,\"\\u00e9\"]}]";
    for (int i = 0; i < 2; i++)
        sandbox_call(sandbox, slice_of(""), slice_of(args), reply, &err);
    buf_clear(reply);
}

/* One question, by its kind. Where a function is named, its arguments follow. */
static bool answer(struct sandbox *sandbox, uint32_t kind, struct wire_reader *reader,
                   struct buf *reply, struct err *err)
{
    struct slice name = wire_bytes(reader), args;
    switch (kind) {
    case WIRE_DECIDE:
        return sandbox_call(sandbox, name, wire_bytes(reader), reply, err);
    case WIRE_EXPLAIN:
        args = wire_bytes(reader);
        return sandbox_explain(sandbox, name, args, wire_u32(reader) == 1, reply, err);
    case WIRE_RETURNED:
        return sandbox_returned(sandbox, name, reply, err);
    case WIRE_LINES:
        return sandbox_lines(sandbox, reply, err);
    default:
        return err_set(err, ERR_INVALID, "a policy cell knows no call of kind %u",
                       kind);
    }
}

static _Noreturn void serve(struct sandbox *sandbox, struct buf *reply)
{
    for (;;) {
        struct slice payload;
        struct wire_head head = talk_read(&payload);
        struct wire_reader reader = wire_reader_of(payload);
        struct err err = ERR_INIT;
        buf_clear(reply);
        if (answer(sandbox, head.kind, &reader, reply, &err))
            talk_answer(buf_slice(reply));
        else
            talk_error(err.text);
    }
}

int main(int argc, char **argv)
{
    struct err err = ERR_INIT;
    struct start start = start_read(argc, argv);
    if (!lock_begin(start.host, &err))
        talk_fail("%s", err.text);
    json_object_seed(0); /* From the system's randomness, while it can be read. */
    struct sandbox *sandbox = load_files(&start);
    struct buf reply;
    buf_init(&reply, TRACE_BYTES);
    warm_up(sandbox, &reply);
    if (!lock_finish(start.memory_bytes, &err))
        talk_fail("%s", err.text);
    if (!sandbox_describe(sandbox, &reply, &err))
        talk_fail("%s", err.text);
    talk_write(WIRE_READY, 0, buf_slice(&reply));
    serve(sandbox, &reply);
}
