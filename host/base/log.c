#include "base/log.h"

#include <assert.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/json.h"

enum { LINE_LIMIT_BYTES = 16 * 1024 };

static const char *const level_names[LOG_LEVEL_COUNT] = { "debug", "info", "warn",
                                                          "error" };
static const char *const level_colours[LOG_LEVEL_COUNT] = { "\033[2m", "\033[32m",
                                                            "\033[33m", "\033[31m" };
static _Atomic int least_level = LOG_INFO;

void log_set_level(enum log_level least)
{
    atomic_store(&least_level, (int)least);
}

static bool for_people(void)
{
    static _Atomic int known = -1;
    int answer = atomic_load(&known);
    if (answer < 0) {
        answer = isatty(STDERR_FILENO) == 1;
        atomic_store(&known, answer);
    }
    return answer == 1;
}

static json_t *line_object(enum log_level level, const char *event,
                           const struct log_field *fields)
{
    char at[CLOCK_TEXT_SIZE];
    clock_text(clock_wall_ms(), at);
    json_t *line = json_object();
    assert(line != NULL);
    json_put_text(line, "at", at);
    json_put_text(line, "level", level_names[level]);
    json_put_text(line, "event", event);
    for (; fields->key != NULL; fields++) {
        if (fields->text == NULL)
            json_put_int(line, fields->key, fields->number);
        else if (json_object_set_new(line, fields->key, json_string(fields->text)) != 0)
            json_put_text(line, fields->key, "(not UTF-8)");
    }
    return line;
}

static void write_for_people(struct buf *out, const json_t *line, enum log_level level)
{
    bool colour = getenv("NO_COLOR") == NULL;
    buf_add_format(out, "%.12s %s%-5s%s %s", json_text(line, "at") + 11,
                   colour ? level_colours[level] : "", level_names[level],
                   colour ? "\033[0m" : "", json_text(line, "event"));
    const char *key;
    json_t *value;
    json_object_foreach((json_t *)line, key, value)
    {
        if (json_is_integer(value))
            buf_add_format(out, " %s=%lld", key, (long long)json_integer_value(value));
        else if (value != json_object_get(line, "at") &&
                 value != json_object_get(line, "level") &&
                 value != json_object_get(line, "event"))
            buf_add_format(out, " %s=%s", key, json_string_value(value));
    }
}

void log_event(enum log_level level, const char *event, const struct log_field *fields)
{
    if ((int)level < atomic_load_explicit(&least_level, memory_order_relaxed))
        return;
    struct buf out;
    buf_init(&out, LINE_LIMIT_BYTES);
    json_t *line = line_object(level, event, fields);
    if (for_people())
        write_for_people(&out, line, level);
    else
        json_write(line, &out);
    buf_add_char(&out, '\n');
    json_decref(line);
    struct slice bytes = buf_slice(&out);
    /* A full pipe or a closed terminal must not end the host. */
    ssize_t written = write(STDERR_FILENO, bytes.ptr, bytes.size);
    (void)written;
    buf_finish(&out);
}

void log_err(const char *event, const struct err *err)
{
    log_line(LOG_ERROR, event, LOG_TEXT("code", err_code_name(err->code)),
             LOG_TEXT("field", err->field), LOG_TEXT("text", err->text));
}
