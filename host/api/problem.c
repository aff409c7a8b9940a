#include "api/problem.h"

#include <assert.h>

#include "base/json.h"

static const struct {
    int status;
    const char *code;
    const char *title;
} problems[PROBLEM_COUNT] = {
#define X(id, status, code, title) [id] = { status, code, title },
    PROBLEMS(X)
#undef X
};

/* IO and CORRUPT are the host's own trouble: the client learns no more than that. */
static const enum problem_id of_code[ERR_CODE_COUNT] = {
    [ERR_NONE] = PROBLEM_INTERNAL,     [ERR_INVALID] = PROBLEM_SYNTAX,
    [ERR_DENIED] = PROBLEM_DENIED,     [ERR_NOT_FOUND] = PROBLEM_NOT_FOUND,
    [ERR_CONFLICT] = PROBLEM_CONFLICT, [ERR_STALE] = PROBLEM_STALE,
    [ERR_LIMIT] = PROBLEM_TOO_LARGE,   [ERR_UNAVAILABLE] = PROBLEM_UNAVAILABLE,
    [ERR_TIMEOUT] = PROBLEM_TIMEOUT,   [ERR_UNTRUSTED] = PROBLEM_CONFLICT,
    [ERR_IO] = PROBLEM_INTERNAL,       [ERR_CORRUPT] = PROBLEM_INTERNAL,
    [ERR_INTERNAL] = PROBLEM_INTERNAL, [ERR_UNAUTHORISED] = PROBLEM_UNAVAILABLE,
};

int problem_status(enum problem_id id)
{
    return problems[id].status;
}

const char *problem_code(enum problem_id id)
{
    return problems[id].code;
}

const char *problem_title(enum problem_id id)
{
    return problems[id].title;
}

enum problem_id problem_of(const struct err *err)
{
    if (err->code == ERR_INVALID && err->field[0] != '\0')
        return PROBLEM_INVALID;
    return of_code[err->code];
}

static json_t *errors_document(const struct faults *faults)
{
    json_t *list = json_array();
    const struct fault *fault = faults == NULL ? NULL : faults->first;
    for (; fault != NULL; fault = fault->next) {
        json_t *item = json_object();
        json_put_text(item, "pointer", fault->pointer);
        json_put_text(item, "detail", fault->detail);
        json_array_append_new(list, item);
    }
    return list;
}

json_t *problem_document(enum problem_id id, const char *detail, const char *instance,
                         const char *request_id, const struct faults *faults)
{
    json_t *document = json_object();
    assert(document != NULL);
    json_object_set_new(document, "type",
                        json_sprintf("/problems/%s", problems[id].code));
    json_put_text(document, "title", problems[id].title);
    json_put_int(document, "status", problems[id].status);
    json_put_text(document, "detail", detail);
    json_put_text(document, "instance", instance);
    json_put_text(document, "code", problems[id].code);
    json_put_text(document, "error", problems[id].code);
    json_put_text(document, "message", detail);
    json_put_text(document, "request_id", request_id);
    if (faults != NULL && faults->first != NULL)
        json_object_set_new(document, "errors", errors_document(faults));
    return document;
}
