#include "fault.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"

enum { FAULT_MAX = 256, FUNCTION_SIZE = 64 };

struct row {
    char function[FUNCTION_SIZE];
    struct fault fault;
    int64_t after;
    int64_t count; /* -1: without end. */
};

struct faults {
    struct row rows[FAULT_MAX];
    size_t count;
};

static const struct {
    const char *name;
    bool has_effect;
    int status;
} kinds[FAULT_KIND_COUNT] = {
    [FAULT_NONE] = { "none", true, 0 },
    [FAULT_REFUSE] = { "refuse", false, 0 },
    [FAULT_5XX] = { "5xx", false, 500 },
    [FAULT_THROTTLE] = { "throttle", false, 429 },
    [FAULT_DROP_BEFORE] = { "drop_before", false, 0 },
    [FAULT_DROP_AFTER] = { "drop_after", true, 0 },
    [FAULT_SLOW] = { "slow", true, 0 },
    [FAULT_GARBAGE] = { "garbage", true, 0 },
    [FAULT_HALF_REPLY] = { "half_reply", true, 0 },
};

const char *fault_name(enum fault_kind kind)
{
    return kinds[kind].name;
}

struct faults *faults_create(void)
{
    return calloc(1, sizeof(struct faults));
}

void faults_destroy(struct faults **faults)
{
    free(*faults);
    *faults = NULL;
}

static bool kind_of(const char *name, enum fault_kind *ret)
{
    for (int i = FAULT_NONE + 1; name != NULL && i < FAULT_KIND_COUNT; i++) {
        if (strcmp(name, kinds[i].name) == 0) {
            *ret = (enum fault_kind)i;
            return true;
        }
    }
    return false;
}

static bool copy(const json_t *json, const char *key, const char *otherwise, char *ret,
                 size_t size)
{
    const char *text = json_text(json, key);
    return slice_copy(slice_of(text != NULL ? text : otherwise), ret, size);
}

/* A member that is a whole number from `least` to `most`, or absent. */
static bool in_range(const json_t *json, const char *key, int64_t least, int64_t most,
                     struct err *err)
{
    const json_t *value = json_object_get(json, key);
    if (value == NULL ||
        (json_is_integer(value) && json_integer_value(value) >= least &&
         json_integer_value(value) <= most))
        return true;
    return err_field(err, key, "expected a whole number from %lld to %lld",
                     (long long)least, (long long)most);
}

static bool row_read(const json_t *json, struct row *ret, struct err *err)
{
    struct fault *fault = &ret->fault;
    if (!kind_of(json_text(json, "fault"), &fault->kind))
        return err_field(
            err, "fault",
            "expected refuse, 5xx, throttle, drop_before, drop_after, slow, "
            "garbage or half_reply");
    if (!in_range(json, "after", 0, INT32_MAX, err) ||
        !in_range(json, "count", 0, INT32_MAX, err) ||
        !in_range(json, "ms", 0, 3600000, err) ||
        !in_range(json, "status", 300, 599, err))
        return false;
    if (!copy(json, "function", "*", ret->function, sizeof ret->function) ||
        !copy(json, "subject", "1.2", fault->subject, sizeof fault->subject) ||
        !copy(json, "reason", "4.2", fault->reason, sizeof fault->reason))
        return err_set(err, ERR_INVALID, "function, subject or reason is too long");
    int64_t count = json_int(json, "count", 1);
    ret->count = count == 0 ? -1 : count;
    ret->after = json_int(json, "after", 0);
    fault->ms = json_int(json, "ms", fault->kind == FAULT_SLOW ? 1000 : 0);
    fault->status = (int)json_int(json, "status", kinds[fault->kind].status);
    fault->has_effect = fault->kind == FAULT_5XX ? json_bool(json, "effect", false)
                                                 : kinds[fault->kind].has_effect;
    return true;
}

bool faults_add(struct faults *faults, const json_t *json, struct err *err)
{
    if (faults->count == FAULT_MAX)
        return err_set(err, ERR_LIMIT, "at most %d faults at once", FAULT_MAX);
    struct row row = { 0 };
    if (!row_read(json, &row, err))
        return false;
    faults->rows[faults->count++] = row;
    return true;
}

void faults_clear(struct faults *faults)
{
    faults->count = 0;
}

static void remove_row(struct faults *faults, size_t at)
{
    faults->count--;
    memmove(&faults->rows[at], &faults->rows[at + 1],
            (faults->count - at) * sizeof faults->rows[0]);
}

struct fault faults_take(struct faults *faults, const char *function)
{
    for (size_t i = 0; i < faults->count; i++) {
        struct row *row = &faults->rows[i];
        if (strcmp(row->function, "*") != 0 && strcmp(row->function, function) != 0)
            continue;
        if (row->after > 0) {
            row->after--;
            continue;
        }
        struct fault fault = row->fault;
        if (row->count > 0 && --row->count == 0)
            remove_row(faults, i);
        return fault;
    }
    return (struct fault){ .kind = FAULT_NONE, .has_effect = true };
}

json_t *faults_list(const struct faults *faults)
{
    json_t *list = json_array();
    for (size_t i = 0; i < faults->count; i++) {
        const struct row *row = &faults->rows[i];
        json_t *item = json_object();
        json_put_text(item, "function", row->function);
        json_put_text(item, "fault", fault_name(row->fault.kind));
        json_put_int(item, "after", row->after);
        json_put_int(item, "count", row->count < 0 ? 0 : row->count);
        json_array_append_new(list, item);
    }
    return list;
}
