#include "api/order_reply.h"

#include <string.h>

#include "api/order_cache.h"
#include "api/refuse.h"
#include "api/worker.h"
#include "base/json.h"

struct show {
    struct call *call;
    const char *id;
    enum order_state state;
    int64_t version;
    struct slice kept; /* The whole text, when it is at hand. */
    json_t *order;     /* Else. */
};

/* One snapshot: version and content belong together. */
static bool show(struct db *db, void *arg, struct err *err)
{
    struct show *show = arg;
    const struct call *call = show->call;
    return order_peek(db, call->tenant, show->id, &show->state, &show->version, err) &&
           (order_cache_get(call->worker->orders, call->tenant, show->id, show->version,
                            &show->kept) ||
            order_show(db, call->worker->shared->parts.sealer, call->tenant, show->id,
                       &show->order, err));
}

static void answer_order(struct call *call, int status, struct show *look)
{
    struct buf *out = &call->worker->out;
    if (look->order != NULL && order_state_is_final(look->state)) {
        buf_clear(out);
        json_write(look->order, out);
        if (buf_ok(out)) {
            look->kept = buf_slice(out);
            order_cache_put(call->worker->orders, call->tenant, look->id, look->version,
                            look->kept);
        }
    }
    if (look->kept.ptr == NULL) {
        call_json(call, status, look->order);
        return;
    }
    json_decref(look->order);
    call_bytes(call, status, "application/json", look->kept);
}

/* RFC 9110 13.1.2: "*", or a list of tags; a weak one compares the same. */
static bool holds_tag(const char *list, const char *tag)
{
    return list != NULL && (strcmp(list, "*") == 0 || strstr(list, tag) != NULL);
}

void order_reply(struct call *call, int status, const char *id)
{
    struct err err = ERR_INIT;
    struct show look = { .call = call, .id = id };
    if (!store_read(call->worker->reader, show, &look, &err)) {
        if (err.code == ERR_NOT_FOUND)
            refuse_failed(call, &err);
        else
            call_error(call, &err);
        return;
    }
    char *tag = arena_format(call->arena, "\"v%lld\"", (long long)look.version);
    call_field(call, "ETag", "%s", tag == NULL ? "\"\"" : tag);
    call_field(call, "Cache-Control", "private, no-cache");
    if (status != 200)
        call_field(call, "Location", "/v1/orders/%s", id);
    if (!route_changes(call->route) && tag != NULL &&
        holds_tag(call_header(call, "If-None-Match"), tag)) {
        json_decref(look.order);
        call_empty(call, 304);
        return;
    }
    answer_order(call, status, &look);
}

bool order_if_match(struct call *call, int64_t *ret_version)
{
    const char *match = call_header(call, "If-Match");
    uint64_t version;
    *ret_version = -1;
    if (match == NULL || strcmp(match, "*") == 0)
        return true;
    struct slice digits = slice_of(match);
    bool fine = slice_starts(digits, "\"v") && digits.size > 3 &&
                digits.ptr[digits.size - 1] == '"';
    if (fine)
        digits = slice_bytes(digits.ptr + 2, digits.size - 3);
    if (!fine || !slice_u64(digits, &version) || version > INT64_MAX) {
        call_problem(call, PROBLEM_STALE, "If-Match is \"v<version>\", as ETag was");
        return false;
    }
    *ret_version = (int64_t)version;
    return true;
}
