#include <string.h>

#include "base/json.h"
#include "graph.h"

static const struct graph_operation *const tables[] = {
    graph_device_operations, graph_group_operations,  graph_pool_operations,
    graph_script_operations, graph_config_operations, graph_batch_operations,
};

/* "{}" takes one segment. */
static bool path_fits(const char *pattern, struct graph_call *call)
{
    struct slice wanted = slice_of(pattern), found = call->path;
    size_t count = 0;
    while (wanted.ptr != NULL && found.ptr != NULL) {
        struct slice want = slice_cut(&wanted, '/'), have = slice_cut(&found, '/');
        if (!slice_is(want, "{}")) {
            if (!slice_equal(want, have))
                return false;
            continue;
        }
        if (have.size == 0 || count == GRAPH_PARAMS)
            return false;
        call->params[count++] = arena_copy(call->arena, have.ptr, have.size);
    }
    return wanted.ptr == NULL && found.ptr == NULL;
}

bool graph_route(struct graph_call *call)
{
    for (size_t i = 0; i < sizeof tables / sizeof tables[0]; i++)
        for (const struct graph_operation *at = tables[i]; at->name != NULL; at++)
            if (slice_is(call->method, at->method) && path_fits(at->path, call)) {
                call->operation = at;
                return true;
            }
    return false;
}

static const struct graph_member *member_of(const struct graph_operation *operation,
                                            const char *name)
{
    for (const struct graph_member *at = operation->members; at->name != NULL; at++)
        if (strcmp(at->name, name) == 0)
            return at;
    return NULL;
}

static bool type_fits(const json_t *value, json_type type)
{
    return type == JSON_TRUE ? json_is_boolean(value) : json_typeof(value) == type;
}

bool graph_body_fits(const struct graph_call *call, const char **ret_why)
{
    const struct graph_operation *operation = call->operation;
    const char *key = NULL;
    json_t *value = NULL;
    *ret_why = "body";
    if (operation->members == NULL)
        return call->body == NULL;
    if (!json_is_object(call->body))
        return false;
    for (const struct graph_member *at = operation->members; at->name != NULL; at++) {
        *ret_why = at->name;
        if (at->required && json_object_get(call->body, at->name) == NULL)
            return false;
    }
    json_object_foreach((json_t *)call->body, key, value)
    {
        const struct graph_member *member = member_of(operation, key);
        *ret_why = key;
        if (member == NULL || !type_fits(value, member->type))
            return false;
    }
    return true;
}

/* ---- the query ---- */

static int hex_of(char c)
{
    const char *at = c == '\0' ? NULL : strchr("0123456789abcdef", c | 0x20);
    return at == NULL ? -1 : (int)(at - "0123456789abcdef");
}

/* Forms and most clients write a space as "+". */
static const char *decode(struct arena *arena, struct slice text)
{
    char *ret = arena_copy(arena, text.ptr, text.size);
    size_t size = 0;
    for (size_t i = 0; ret != NULL && i < text.size; i++) {
        char c = text.ptr[i] == '+' ? ' ' : text.ptr[i];
        int high = c == '%' && i + 2 < text.size ? hex_of(text.ptr[i + 1]) : -1;
        int low = high < 0 ? -1 : hex_of(text.ptr[i + 2]);
        if (low >= 0) {
            c = (char)(high << 4 | low);
            i += 2;
        }
        ret[size++] = c;
    }
    if (ret != NULL)
        ret[size] = '\0';
    return ret;
}

const char *graph_query(const struct graph_call *call, const char *name)
{
    struct slice rest = call->query;
    while (rest.size > 0) {
        struct slice value = slice_cut(&rest, '&');
        struct slice key = slice_cut(&value, '=');
        const char *plain = decode(call->arena, key);
        if (plain != NULL && strcmp(plain, name) == 0)
            return value.ptr == NULL ? "" : decode(call->arena, value);
    }
    return NULL;
}

const char *graph_filter_text(const struct graph_call *call, const char *name)
{
    const char *filter = graph_query(call, "$filter");
    size_t length = strlen(name);
    if (filter == NULL || strncmp(filter, name, length) != 0 ||
        strncmp(filter + length, " eq '", 5) != 0)
        return NULL;
    const char *text = filter + length + 5;
    size_t size = strlen(text);
    return size > 0 && text[size - 1] == '\'' ? arena_copy(call->arena, text, size - 1)
                                              : NULL;
}
