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

/* ---- accepted just now ---- */

/* Texts came through a JSON parser, so they are UTF-8; RFC 8259 7 says what is escaped. */
static void add_escaped(struct buf *out, const char *text)
{
    for (const char *from = text;; text++) {
        bool plain = (unsigned char)*text >= 0x20 && *text != '"' && *text != '\\';
        if (plain)
            continue;
        buf_add(out, from, (size_t)(text - from));
        if (*text == '\0')
            return;
        buf_add_format(out, "\\u%04x", (unsigned char)*text);
        from = text + 1;
    }
}

static void add_member(struct buf *out, const char *name, const char *value)
{
    if (value == NULL || value[0] == '\0')
        return;
    buf_add_format(out, ",\"%s\":\"", name);
    add_escaped(out, value);
    buf_add_char(out, '"');
}

/* As order_show names them; order_accept stores version 1. */
static void write_accepted(const struct call *call, const struct order_accept *accept,
                           struct buf *out)
{
    const struct order_request *request = accept->request;
    const struct {
        const char *name, *value;
    } members[] = {
        { "type", request->type },
        { "state", order_state_name(ORDER_ACKNOWLEDGED) },
        { "carrier", request->adapter },
        { "plan", request->plan },
        { "external_id", request->external_id },
        { "subject", call->who.subject },
        { "iccid", request->iccid },
        { "eid", request->eid },
        { "msisdn", request->msisdn },
        { "profile_type", request->profile_type },
        { "decision_id", call->actor.decision_id },
    };
    buf_add_format(out, "{\"id\":\"%s\"", accept->id);
    for (size_t i = 0; i < sizeof members / sizeof members[0]; i++)
        add_member(out, members[i].name, members[i].value);
    buf_add_format(out, ",\"policy_revision\":%lld,\"version\":1}",
                   (long long)call->actor.policy_revision);
}

void order_reply_accepted(struct call *call, const struct order_accept *accept)
{
    struct buf *out = &call->worker->out;
    buf_clear(out);
    write_accepted(call, accept, out);
    call_field(call, "ETag", "\"v1\"");
    call_field(call, "Cache-Control", "private, no-cache");
    call_field(call, "Location", "/v1/orders/%s", accept->id);
    call_bytes(call, 202, "application/json", buf_slice(out));
}

/* ---- any order ---- */

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
