#include "policy/trial.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cell/cell.h"
#include "conf/file.h"
#include "loop/loop.h"
#include "policy/policy.h"

enum { FILE_BYTES = 1 << 20, PAYLOAD_BYTES = 2 << 20, REPLY_BYTES = 16 << 20 };

/* As the settings' defaults, but patient: explaining is slower than deciding, and a
 * developer's machine may be busy. */
static const struct cell_limits limits = {
    .memory_bytes = 64 << 20,
    .cpu_ms = 5000,
    .wall_ms = 20000,
    .spawn_ms = 10000,
    .output_bytes = REPLY_BYTES,
    .queue = 4,
    .deaths = 3,
    .deaths_window_ms = 60000,
    .backoff_ms = 10,
    .backoff_most_ms = 100,
};

struct trial {
    struct loop *loop;
    struct cell *cell;
    struct cell_program program;
    struct cell_file files[TRIAL_FILES_MAX];
    struct buf texts[TRIAL_FILES_MAX];
    size_t count;
    struct buf description;
    char why[400]; /* The last death. */
    bool up;
    /* The call under way. */
    struct buf *reply;
    enum cell_end end;
};

static const char *short_name(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash == NULL ? path : slash + 1;
}

static void on_ready(void *arg, struct slice description)
{
    struct trial *trial = arg;
    buf_clear(&trial->description);
    buf_add_slice(&trial->description, description);
    trial->up = true;
    loop_stop(trial->loop);
}

static void on_died(void *arg, enum cell_end why, const char *reason)
{
    struct trial *trial = arg;
    int length = snprintf(trial->why, sizeof trial->why, "%s",
                          reason == NULL ? cell_end_name(why) : reason);
    assert(length >= 0);
    if (!trial->up)
        loop_stop(trial->loop);
}

static bool open_file(struct trial *trial, const char *path, struct err *err)
{
    struct buf *text = &trial->texts[trial->count];
    struct cell_file *file = &trial->files[trial->count];
    buf_init(text, FILE_BYTES);
    *file = (struct cell_file){ .name = short_name(path), .fd = -1 };
    trial->count++;
    if (!file_read(path, text, err))
        return false;
    file->fd = cell_memory_file(file->name, buf_slice(text), err);
    return file->fd >= 0;
}

static bool start(struct trial *trial, const char *cell_program, struct err *err)
{
    static const char *const args[] = { "lua_bytes=16777216", "instructions=5000000",
                                        NULL };
    trial->program = (struct cell_program){
        .path = cell_program,
        .name = "trial",
        .files = trial->files,
        .file_count = trial->count,
        .args = args,
    };
    struct cell_watch watch = { .ready = on_ready, .died = on_died, .arg = trial };
    trial->loop = loop_create(err);
    if (trial->loop == NULL)
        return false;
    trial->cell = cell_create(trial->loop, &trial->program, &limits, &watch, err);
    if (trial->cell == NULL)
        return false;
    loop_run(trial->loop);
    return trial->up || err_set(err, ERR_INVALID, "%s", trial->why);
}

struct trial *trial_create(const char *cell_program, const char *const *paths,
                           size_t count, struct err *err)
{
    struct trial *trial = calloc(1, sizeof *trial);
    if (trial == NULL) {
        err_set(err, ERR_UNAVAILABLE, "no memory for a trial");
        return NULL;
    }
    buf_init(&trial->description, FILE_BYTES);
    bool ok = count <= TRIAL_FILES_MAX ||
              err_set(err, ERR_LIMIT, "%zu files are more than %d", count,
                      TRIAL_FILES_MAX);
    for (size_t i = 0; ok && i < count; i++)
        ok = open_file(trial, paths[i], err);
    if (!ok || !start(trial, cell_program, err))
        trial_destroy(&trial);
    return trial;
}

void trial_destroy(struct trial **trial)
{
    struct trial *gone = *trial;
    if (gone == NULL)
        return;
    if (gone->cell != NULL)
        cell_destroy(&gone->cell);
    if (gone->loop != NULL)
        loop_destroy(&gone->loop);
    for (size_t i = 0; i < gone->count; i++) {
        buf_finish(&gone->texts[i]);
        if (gone->files[i].fd >= 0)
            close(gone->files[i].fd);
    }
    buf_finish(&gone->description);
    free(gone);
    *trial = NULL;
}

struct slice trial_description(const struct trial *trial)
{
    return buf_slice(&trial->description);
}

struct slice trial_text(const struct trial *trial, const char *name)
{
    for (size_t i = 0; i < trial->count; i++)
        if (strcmp(trial->files[i].name, name) == 0)
            return buf_slice(&trial->texts[i]);
    return SLICE_LITERAL("");
}

static void on_answer(void *arg, enum cell_end end, struct slice reply)
{
    struct trial *trial = arg;
    trial->end = end;
    buf_add_slice(trial->reply, reply);
    loop_stop(trial->loop);
}

/* One call, waited for; `payload` is finished. */
static bool ask(struct trial *trial, enum wire_kind kind, struct buf *payload,
                struct buf *ret, struct err *err)
{
    struct buf reply;
    buf_init(&reply, REPLY_BYTES);
    trial->reply = &reply;
    cell_call(trial->cell, kind, buf_slice(payload), on_answer, trial);
    buf_finish(payload);
    loop_run(trial->loop);
    bool ok = trial->end == CELL_ANSWERED;
    if (ok)
        buf_add_slice(ret, buf_slice(&reply));
    else if (trial->end == CELL_ERROR)
        err_set(err, ERR_INVALID, "%.*s", (int)(reply.size > 500 ? 500 : reply.size),
                reply.ptr);
    else
        err_set(err, ERR_UNAVAILABLE, "the policy cell %s: %s",
                cell_end_name(trial->end), trial->why);
    buf_finish(&reply);
    return ok;
}

static void start_payload(struct buf *payload, const char *name)
{
    buf_init(payload, PAYLOAD_BYTES);
    wire_put_bytes(payload, slice_of(name));
}

bool trial_call(struct trial *trial, const char *function, struct slice args,
                struct buf *ret, struct err *err)
{
    struct buf payload;
    start_payload(&payload, function);
    wire_put_bytes(&payload, args);
    return ask(trial, WIRE_DECIDE, &payload, ret, err);
}

bool trial_explain(struct trial *trial, const char *function, struct slice args,
                   bool locals, struct buf *ret, struct err *err)
{
    struct buf payload;
    start_payload(&payload, function);
    wire_put_bytes(&payload, args);
    wire_put_u32(&payload, locals ? 1 : 0);
    return ask(trial, WIRE_EXPLAIN, &payload, ret, err);
}

bool trial_returned(struct trial *trial, const char *file, struct buf *ret,
                    struct err *err)
{
    struct buf payload;
    start_payload(&payload, file);
    return ask(trial, WIRE_RETURNED, &payload, ret, err);
}

bool trial_lines(struct trial *trial, struct buf *ret, struct err *err)
{
    struct buf payload;
    start_payload(&payload, "");
    return ask(trial, WIRE_LINES, &payload, ret, err);
}
