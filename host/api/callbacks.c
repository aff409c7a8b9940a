/* /callbacks/{adapter}/...: carriers call us. */
#include <string.h>

#include "api/adapter_sight.h"
#include "api/call.h"
#include "api/resources.h"
#include "api/shapes.h"
#include "api/worker.h"
#include "crypto/digest.h"
#include "order/engine.h"

/* ---- is it the carrier? As the adapter's manifest says ---- */

/* Digests are compared, so that time tells nothing of the secret, its length included. */
static bool has_secret(const struct call *call, const char *secret)
{
    uint8_t wanted[DIGEST_SIZE], given[DIGEST_SIZE];
    struct slice rest = http_field_of(call->request->fields, call->request->field_count,
                                      "Authorization");
    struct slice scheme = slice_cut(&rest, ' ');
    if (secret == NULL || !slice_is_nocase(scheme, "Bearer"))
        return false;
    digest_sha256(slice_of(secret), wanted);
    digest_sha256(rest, given);
    return digest_equal(wanted, given, sizeof wanted);
}

static bool is_carrier(const struct call *call, const struct adapter_entry *entry)
{
    if (strcmp(entry->callback_auth, "mutual") == 0)
        return call->request->peer->has_certificate;
    if (strcmp(entry->callback_auth, "secret") == 0)
        return has_secret(call, entry->callback_secret);
    return false; /* "none": this adapter takes no calls. */
}

/* ---- the adapter's answer ---- */

/* The adapter is foreign code: of its fields only the harmless ones go out. */
static bool may_pass(const struct http_field *field)
{
    static const char *const names[] = { "Content-Type", "X-Admin-Protocol" };
    for (size_t i = 0; i < field->value.size; i++)
        if ((unsigned char)field->value.ptr[i] < 0x20 || field->value.ptr[i] == 0x7f)
            return false;
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        if (slice_is_nocase(field->name, names[i]))
            return true;
    return false;
}

static void pass_on(struct call *call, const struct http_reply *reply)
{
    const char *media = NULL;
    for (size_t i = 0; i < reply->field_count; i++) {
        const struct http_field *field = &reply->fields[i];
        if (!may_pass(field))
            continue;
        char *value = arena_copy(call->arena, field->value.ptr, field->value.size);
        if (slice_is_nocase(field->name, "Content-Type"))
            media = value;
        else if (value != NULL && i < 8)
            call_field(call, "X-Admin-Protocol", "%s", value);
    }
    int status = reply->status >= 200 && reply->status <= 599 ? reply->status : 502;
    call_bytes(call, status, media, reply->body);
}

static void on_received(void *arg, const struct http_reply *reply,
                        const struct err *err)
{
    struct call *call = arg;
    if (reply != NULL)
        pass_on(call, reply);
    else
        call_error(call, err);
}

static void receive(struct call *call)
{
    const struct adapter_entry *entry = directory_find(
        adapter_sight_now(call->worker->adapters), call->params.value[0]);
    if (entry == NULL || strcmp(entry->callback_auth, "none") == 0) {
        call_problem(call, PROBLEM_NOT_FOUND, "nothing takes calls at this path");
        return;
    }
    if (!is_carrier(call, entry)) {
        call_problem(call, PROBLEM_UNAUTHENTICATED, "%s needs a proof of identity",
                     entry->name);
        return;
    }
    const struct http_request *request = call->request;
    char *path = arena_format(
        call->arena, "/%.*s%s%.*s", (int)call->params.tail.size, call->params.tail.ptr,
        request->query.size == 0 ? "" : "?", (int)request->query.size,
        request->query.ptr == NULL ? "" : request->query.ptr);
    if (path == NULL)
        call_problem(call, PROBLEM_TOO_LARGE, "the request needs too much memory");
    else
        engine_inbound(call->worker->shared->parts.engine, entry->name, request, path,
                       call->worker->loop, on_received, call);
}

/* clang-format off */
static const struct route_reply replies[] = {
    { 200, NULL, "*/*", "What the adapter answers, in its carrier's protocol." },
    { 401, &shape_problem, NULL, "No client certificate, or not the shared secret." },
    { 404, &shape_problem, NULL, "No adapter of this name takes calls." },
    { 503, &shape_problem, NULL, "The adapter is away; nothing was taken." },
    { 0 },
};

static const struct route rows[] = {
    { .method = "POST", .path = "/callbacks/{adapter}/{path}",
      .permission = "callback.deliver", .id = "callback.deliver", .replies = replies,
      .flags = ROUTE_CALLBACK | ROUTE_ANY | ROUTE_TAIL | ROUTE_HOSTWIDE,
      .handle = receive,
      .text = "A carrier's notification; any method, stored before it is answered." },
};
/* clang-format on */

ROUTES(callback_routes, rows);
