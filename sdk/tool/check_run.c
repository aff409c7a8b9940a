#include <assert.h>
#include <jansson.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/json.h"
#include "check.h"

enum {
    HUNG_MOST = 5, /* Each costs a second. */
    ATTEMPT_BYTES = 64 << 20,
    SECRET_LEAST = 6,
    MANY_CALLS = 300,
    MANY_BYTES = 64 << 20
};

void check_begin(struct check *check, const char *format, ...)
{
    assert(check->test_count < CHECK_TESTS_MAX);
    check->now = &check->tests[check->test_count++];
    *check->now = (struct check_test){ .runs = 0 };
    va_list args;
    va_start(args, format);
    int length = vsnprintf(check->now->name, sizeof check->now->name, format, args);
    va_end(args);
    assert(length >= 0);
}

void check_fail(struct check *check, const char *what, const char *format, ...)
{
    if (check->now->failures++ > 0)
        return;
    char words[300];
    va_list args;
    va_start(args, format);
    int length = vsnprintf(words, sizeof words, format, args);
    va_end(args);
    length |= snprintf(check->now->detail, sizeof check->now->detail, "%s: %s", what,
                       length < 0 ? "" : words);
    assert(length >= 0);
}

/* ---- secrets ---- */

static bool holds(struct esim_bytes text, const char *secret)
{
    size_t length = strlen(secret);
    return length >= SECRET_LEAST && text.size >= length &&
           memmem(text.ptr, text.size, secret, length) != NULL;
}

bool check_finds_secret(struct check *check, struct esim_bytes text, const char *where,
                        const char *what)
{
    bool found = false;
    const char *name;
    json_t *value;
    json_t *secrets = json_read(buf_slice(&check->secrets), NULL);
    json_object_foreach(secrets, name, value)
    {
        if (!json_is_string(value) || !holds(text, json_string_value(value)))
            continue;
        check_fail(check, what, "the secret %s stands in %s", name, where);
        found = true;
    }
    json_decref(secrets);
    return found;
}

/* ---- one run ---- */

static bool attempt_is_good(struct check *check, bool carried_out,
                            const struct cell_attempt *attempt, const struct err *err,
                            const char *what)
{
    const char *log = buf_slice(&attempt->log).ptr;
    const char *refused = strstr(log, "refused system call: ");
    struct slice reply = buf_slice(&attempt->reply);
    if (!carried_out)
        check_fail(check, what, "%s", err->text);
    else if (attempt->end != CELL_ANSWERED)
        check_fail(check, what, "%s: %.*s", cell_end_name(attempt->end),
                   (int)(reply.size < 200 ? reply.size : 200), reply.ptr);
    else if (refused != NULL)
        check_fail(check, what, "%.*s", (int)strcspn(refused, "\n"), refused);
    else
        return !check_finds_secret(check, (struct esim_bytes){ log, attempt->log.size },
                                   "a log line", what);
    return false;
}

static bool try_once(struct check *check, enum wire_kind kind, struct slice payload,
                     const char *what, struct cell_attempt *attempt)
{
    struct err err = ERR_INIT;
    cell_attempt_init(attempt, ATTEMPT_BYTES);
    bool carried_out = cell_attempt(&check->program, &check->limits, kind, payload,
                                    attempt, &err);
    check->hung += carried_out && attempt->end == CELL_HUNG;
    return attempt_is_good(check, carried_out, attempt, &err, what);
}

bool check_run(struct check *check, enum wire_kind kind, struct slice payload,
               const char *what, struct buf *reply)
{
    struct cell_attempt first, second;
    if (check->hung >= HUNG_MOST)
        return false;
    check->now->runs++;
    bool good = try_once(check, kind, payload, what, &first);
    buf_clear(reply);
    buf_add_slice(reply, buf_slice(&first.reply));
    if (good) {
        good = try_once(check, kind, payload, what, &second);
        if (good && !slice_equal(buf_slice(&first.reply), buf_slice(&second.reply))) {
            check_fail(check, what,
                       "not deterministic: the same step in a second process gave "
                       "another answer");
            good = false;
        }
        cell_attempt_finish(&second);
    }
    cell_attempt_finish(&first);
    return good;
}

/* ---- many calls in one process ---- */

struct many {
    struct check *check;
    struct loop *loop;
    const char *what;
    struct buf first;
    unsigned left;
    bool failed;
};

static void on_one(void *arg, enum cell_end end, struct slice reply)
{
    struct many *many = arg;
    bool is_first = many->left == MANY_CALLS;
    if (many->left > 0 && --many->left == 0)
        loop_stop(many->loop);
    if (many->failed)
        return;
    if (is_first)
        buf_add_slice(&many->first, reply);
    many->failed = end != CELL_ANSWERED || !slice_equal(reply, buf_slice(&many->first));
    if (!many->failed)
        return;
    if (end != CELL_ANSWERED)
        check_fail(many->check, many->what, "step %u in one process: %s: %.*s",
                   MANY_CALLS - many->left, cell_end_name(end),
                   (int)(reply.size < 150 ? reply.size : 150), reply.ptr);
    else
        check_fail(many->check, many->what,
                   "not deterministic: step %u in one process was answered otherwise",
                   MANY_CALLS - many->left);
}

void check_run_many(struct check *check, enum wire_kind kind, struct slice payload,
                    const char *what)
{
    struct err err = ERR_INIT;
    struct many many = { .check = check, .what = what, .left = MANY_CALLS };
    struct cell_limits small = check->limits;
    small.memory_bytes = MANY_BYTES;
    small.queue = MANY_CALLS;
    check->now->runs += MANY_CALLS;
    buf_init(&many.first, ATTEMPT_BYTES);
    many.loop = loop_create(&err);
    struct cell *cell = many.loop == NULL ? NULL
                                          : cell_create(many.loop, &check->program,
                                                        &small, NULL, &err);
    for (unsigned i = 0; cell != NULL && i < MANY_CALLS; i++)
        cell_call(cell, kind, payload, on_one, &many);
    if (cell != NULL)
        loop_run(many.loop);
    else
        check_fail(check, what, "%s", err.text);
    cell_destroy(&cell);
    if (many.loop != NULL)
        loop_destroy(&many.loop);
    buf_finish(&many.first);
}
