#include "api/input.h"

#include <string.h>

#include "api/worker.h"
#include "base/json.h"

enum { KEY_BYTES_MAX = 255, PARAMETERS_MAX = 32 };

/* ---- query ---- */

static int hex_value(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    c = (char)(c | 0x20);
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* application/x-www-form-urlencoded: %XX and "+". NULL: malformed, NUL, or no memory. */
static char *decode(struct arena *arena, struct slice text)
{
    char *ret = arena_alloc(arena, text.size + 1), *at = ret;
    for (size_t i = 0; ret != NULL && i < text.size; i++) {
        char c = text.ptr[i];
        if (c == '%') {
            bool whole = text.size - i > 2;
            int high = whole ? hex_value(text.ptr[i + 1]) : -1;
            int low = whole ? hex_value(text.ptr[i + 2]) : -1;
            if (high < 0 || low < 0)
                return NULL;
            c = (char)(high * 16 + low);
            i += 2;
        } else if (c == '+') {
            c = ' ';
        }
        if (c == '\0')
            return NULL;
        *at++ = c;
    }
    return ret;
}

static const struct member *parameter_of(const struct route *route, const char *name)
{
    const struct member *m = route->query;
    for (; m != NULL && m->name != NULL; m++)
        if (strcmp(m->name, name) == 0)
            return m;
    return NULL;
}

static void take_parameter(struct call *call, const char *name, const char *value,
                           struct faults *faults)
{
    char pointer[160] = "/query/";
    size_t length = strnlen(name, sizeof pointer - 8);
    memcpy(pointer + 7, name, length);
    pointer[7 + length] = '\0';
    const struct member *member = parameter_of(call->route, name);
    if (member == NULL)
        faults_add(faults, pointer, "there is no such parameter");
    else if (json_object_get(call->query, name) != NULL)
        faults_add(faults, pointer, "it is there twice");
    else if (json_object_set_new(call->query, name, json_string(value)) != 0)
        faults_add(faults, pointer, "UTF-8 is expected");
    else
        member_check_text(member, pointer, value, faults);
}

static bool read_query(struct call *call, struct faults *faults)
{
    struct slice rest = call->request->query;
    if (rest.size == 0)
        return true;
    call->query = json_object();
    for (int i = 0; rest.size > 0; i++) {
        struct slice value = slice_cut(&rest, '&');
        struct slice name = slice_cut(&value, '=');
        char *name_text = decode(call->arena, name);
        char *value_text = decode(call->arena, value);
        if (name_text == NULL || value_text == NULL || i == PARAMETERS_MAX) {
            call_problem(call, PROBLEM_SYNTAX, "the query cannot be read");
            return false;
        }
        if (name.size > 0)
            take_parameter(call, name_text, value_text, faults);
    }
    return true;
}

/* ---- body ---- */

static bool is_json(struct slice media)
{
    struct slice type = slice_cut(&media, ';');
    while (type.size > 0 && type.ptr[type.size - 1] == ' ')
        type.size--;
    return slice_is_nocase(type, "application/json");
}

static bool read_body(struct call *call, struct faults *faults)
{
    const struct http_request *request = call->request;
    struct slice media = http_field_of(request->fields, request->field_count,
                                       "Content-Type");
    if (request->body.size == 0 && (call->route->flags & ROUTE_BODY_LESS) != 0)
        return true;
    if (media.ptr != NULL && !is_json(media)) {
        call_problem(call, PROBLEM_MEDIA, "the body is %.*s; application/json is read",
                     (int)(media.size > 100 ? 100 : media.size), media.ptr);
        return false;
    }
    struct err err = ERR_INIT;
    call->body = json_read(request->body, &err);
    if (call->body == NULL) {
        call_problem(call, PROBLEM_SYNTAX, "the body is %s", err.text);
        return false;
    }
    schema_check(call->route->body, call->body, faults);
    return true;
}

/* ---- Idempotency-Key ---- */

static bool is_visible(const char *text)
{
    for (; *text != '\0'; text++)
        if (*text < 0x20 || *text > 0x7e)
            return false;
    return true;
}

static bool check_key(struct call *call)
{
    const char *key = call_header(call, "Idempotency-Key");
    if (key == NULL || key[0] == '\0') {
        call_problem(call, PROBLEM_KEY_MISSING,
                     "send an Idempotency-Key, the same again when you repeat");
        return false;
    }
    if (!is_visible(key) || strlen(key) > KEY_BYTES_MAX) {
        call_problem(call, PROBLEM_SYNTAX,
                     "an Idempotency-Key has at most %d visible ASCII characters",
                     KEY_BYTES_MAX);
        return false;
    }
    return true;
}

const char *input_idempotency_key(const struct call *call)
{
    return call_header(call, "Idempotency-Key");
}

bool input_read(struct call *call)
{
    struct faults faults;
    faults_init(&faults, call->arena, call->worker->shared->parts.numbers);
    if ((call->route->flags & ROUTE_KEYED) != 0 && !check_key(call))
        return false;
    if (!read_query(call, &faults))
        return false;
    if (call->route->body != NULL && !read_body(call, &faults))
        return false;
    if (faults.first == NULL)
        return true;
    call_faults(call, &faults);
    return false;
}
