/* $batch: up to 20 requests, answered last first so that nobody trusts their order. */
#include <string.h>

#include "base/json.h"
#include "fault.h"
#include "graph.h"

enum { BATCH_MOST = 20 };

static bool depends_on_failure(const json_t *item, const json_t *statuses)
{
    size_t i;
    json_t *id;
    json_array_foreach(json_object_get(item, "dependsOn"), i, id)
    {
        int64_t status = json_int(statuses, json_string_value(id), 0);
        if (status < 200 || status > 299)
            return true;
    }
    return false;
}

static struct graph_reply run_item(struct graph *graph, const struct graph_call *outer,
                                   const json_t *item, const json_t *statuses)
{
    struct fault fault;
    const char *method = json_text(item, "method"), *url = json_text(item, "url");
    if (method == NULL || url == NULL || url[0] != '/')
        return graph_no(400, "BadRequest");
    if (depends_on_failure(item, statuses))
        return graph_no(424, "FailedDependency");
    struct slice version = outer->path, rest = version;
    slice_cut(&rest, '/');
    version = slice_cut(&rest, '/');
    struct slice query = slice_of(
        arena_format(outer->arena, "/%.*s%s", (int)version.size, version.ptr, url));
    struct graph_call call = { .method = slice_of(method),
                               .path = slice_cut(&query, '?'),
                               .body = json_object_get(item, "body"),
                               .root = outer->root,
                               .arena = outer->arena };
    call.query = query;
    return graph_operate(graph, &call, &fault);
}

static json_t *answer_of(struct graph *graph, const char *id, struct graph_reply *reply)
{
    json_t *answer = json_object();
    json_put_text(answer, "id", id);
    json_put_int(answer, "status", reply->status);
    if (reply->retry_after_s > 0)
        json_object_set_new(
            answer, "headers",
            json_pack("{so}", "Retry-After",
                      json_sprintf("%lld", (long long)reply->retry_after_s)));
    if (reply->code != NULL)
        json_object_set_new(answer, "body", graph_error_body(graph, reply->code));
    else if (reply->body != NULL)
        json_object_set_new(answer, "body", reply->body);
    return answer;
}

static struct graph_reply batch(struct graph *graph, const struct graph_call *call)
{
    const json_t *requests = json_object_get(call->body, "requests");
    size_t count = json_array_size(requests);
    if (count == 0 || count > BATCH_MOST)
        return graph_no(400, "BadRequest");
    json_t *statuses = json_object(), *answers = json_array();
    for (size_t i = 0; i < count; i++) {
        const json_t *item = json_array_get(requests, i);
        const char *id = json_text(item, "id");
        if (id == NULL || json_object_get(statuses, id) != NULL) {
            json_decref(statuses);
            json_decref(answers);
            return graph_no(400, "BadRequest");
        }
        struct graph_reply reply = run_item(graph, call, item, statuses);
        json_put_int(statuses, id, reply.status);
        json_array_insert_new(answers, 0, answer_of(graph, id, &reply));
    }
    json_decref(statuses);
    return graph_ok(json_pack("{so}", "responses", answers));
}

/* clang-format off */
static const struct graph_member requests[] = { { "requests", JSON_ARRAY, true }, { NULL } };
const struct graph_operation graph_batch_operations[] = {
    { "batch", "POST", "/v1.0/$batch", batch, requests },
    { "batch", "POST", "/beta/$batch", batch, requests },
    { NULL }
};
/* clang-format on */
