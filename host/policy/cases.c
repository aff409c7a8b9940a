#include "policy/cases.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "base/json.h"

enum { JSON_BYTES = 16 << 20, WHY_SIZE = 1200, SHOWN_MAX = 500 };

/* ---- what is expected ---- */

static bool contains(const json_t *found, const json_t *wanted);

static bool list_contains(const json_t *found, const json_t *wanted)
{
    if (!json_is_array(found) || json_array_size(found) != json_array_size(wanted))
        return false;
    for (size_t i = 0; i < json_array_size(wanted); i++)
        if (!contains(json_array_get(found, i), json_array_get(wanted, i)))
            return false;
    return true;
}

static bool object_contains(const json_t *found, const json_t *wanted)
{
    const char *key;
    json_t *value;
    json_object_foreach(
        (json_t *)wanted, key,
        value) if (!contains(json_object_get(found, key), value)) return false;
    return json_is_object(found);
}

static bool contains(const json_t *found, const json_t *wanted)
{
    if (json_is_null(wanted))
        return found == NULL || json_is_null(found);
    if (json_is_object(wanted))
        return object_contains(found, wanted);
    if (json_is_array(wanted))
        return list_contains(found, wanted);
    return found != NULL && json_equal(found, wanted);
}

static void show(const json_t *value, char ret[SHOWN_MAX + 1])
{
    struct buf text;
    buf_init(&text, JSON_BYTES);
    if (value != NULL)
        json_write_sorted(value, &text);
    int length = snprintf(ret, SHOWN_MAX + 1, "%s", text.ptr == NULL ? "" : text.ptr);
    assert(length >= 0);
    buf_finish(&text);
}

static bool judge_failure(const json_t *one, const char *error, char *why)
{
    const char *fails = json_text(one, "fails");
    if (fails != NULL && error != NULL && strstr(error, fails) != NULL)
        return true;
    int length = fails == NULL
                     ? snprintf(why, WHY_SIZE, "failed: %s", error)
                     : snprintf(why, WHY_SIZE, "expected to fail with \"%s\", %s%s",
                                fails, error == NULL ? "but it did not" : "failed: ",
                                error == NULL ? "" : error);
    assert(length >= 0);
    return false;
}

/* `told` is the JSON of WIRE_EXPLAIN. */
static bool judge(const json_t *one, const json_t *told, char *why)
{
    const char *error = json_text(told, "error");
    if (error != NULL || json_object_get(one, "fails") != NULL)
        return judge_failure(one, error, why);
    char found[SHOWN_MAX + 1], wanted[SHOWN_MAX + 1];
    const json_t *result = json_object_get(told, "result");
    const json_t *expect = json_object_get(one, "expect");
    const char *says = json_text(one, "says"), *reason = json_text(result, "reason");
    show(result, found);
    show(expect, wanted);
    if (expect != NULL && !contains(result, expect)) {
        snprintf(why, WHY_SIZE, "expected %s, found %s", wanted, found);
        return false;
    }
    if (says != NULL && (reason == NULL || strstr(reason, says) == NULL)) {
        snprintf(why, WHY_SIZE, "expected a reason with \"%s\", found %s", says, found);
        return false;
    }
    return true;
}

/* ---- coverage ---- */

static bool has_number(const json_t *list, json_int_t number)
{
    size_t i;
    const json_t *value;
    json_array_foreach((json_t *)list, i,
                       value) if (json_integer_value(value) == number) return true;
    return false;
}

static void note_line(struct cases_total *total, const char *file, json_int_t line)
{
    json_t *executed = json_object_get(total->executed, file);
    if (executed == NULL) {
        executed = json_array();
        json_object_set_new(total->executed, file, executed);
    }
    if (has_number(json_object_get(total->lines, file), line) &&
        !has_number(executed, line))
        json_array_append_new(executed, json_integer(line));
}

static void note_lines(struct cases_total *total, const json_t *trace)
{
    size_t i;
    const json_t *line;
    json_array_foreach((json_t *)trace, i, line)
    {
        const char *file = json_text(line, "file");
        if (file != NULL)
            note_line(total, file, json_int(line, "line", 0));
    }
}

static bool start_total(struct trial *trial, struct cases_total *total, struct err *err)
{
    if (total->lines != NULL)
        return true;
    struct buf reply;
    buf_init(&reply, JSON_BYTES);
    if (trial_lines(trial, &reply, err))
        total->lines = json_read(buf_slice(&reply), err);
    total->executed = json_object();
    buf_finish(&reply);
    return total->lines != NULL;
}

void cases_total_finish(struct cases_total *total)
{
    json_decref(total->lines);
    json_decref(total->executed);
    *total = (struct cases_total){ 0 };
}

/* ---- running ---- */

static bool run_case(struct trial *trial, const json_t *one, case_done done, void *arg,
                     struct cases_total *total, struct err *err)
{
    const char *name = json_text(one, "name"), *call = json_text(one, "call");
    const json_t *args = json_object_get(one, "args");
    if (name == NULL || call == NULL || !json_is_array(args))
        return err_set(err, ERR_INVALID, "a case needs name, call and a list args: %s",
                       name == NULL ? "one without a name" : name);
    struct buf input, reply;
    buf_init(&input, JSON_BYTES);
    buf_init(&reply, JSON_BYTES);
    json_write(args, &input);
    bool ok = trial_explain(trial, call, buf_slice(&input), false, &reply, err);
    json_t *told = ok ? json_read(buf_slice(&reply), err) : NULL;
    ok = told != NULL;
    if (ok) {
        char why[WHY_SIZE];
        bool passed = judge(one, told, why);
        note_lines(total, json_object_get(told, "trace"));
        total->passed += passed;
        total->failed += !passed;
        done(arg, name, passed ? NULL : why);
    }
    json_decref(told);
    buf_finish(&input);
    buf_finish(&reply);
    return ok || err_wrap(err, "case \"%s\"", name);
}

bool cases_run(struct trial *trial, const char *file, case_done done, void *arg,
               struct cases_total *total, struct err *err)
{
    struct buf reply;
    buf_init(&reply, JSON_BYTES);
    bool ok = start_total(trial, total, err) &&
              trial_returned(trial, file, &reply, err);
    json_t *cases = ok ? json_read(buf_slice(&reply), err) : NULL;
    ok = cases != NULL;
    if (ok && json_array_size(cases) == 0)
        ok = err_set(err, ERR_INVALID, "the file returns no list of cases");
    size_t i;
    const json_t *one;
    if (ok)
        json_array_foreach(cases, i, one)
            ok = ok && run_case(trial, one, done, arg, total, err);
    json_decref(cases);
    buf_finish(&reply);
    return ok || err_wrap(err, "%s", file);
}
