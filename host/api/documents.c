/* /openapi.json, /problems/{code}: what the API says about itself. */
#include <string.h>

#include "api/call.h"
#include "api/resources.h"
#include "api/shapes.h"
#include "api/worker.h"
#include "base/json.h"

static void show_openapi(struct call *call)
{
    call_field(call, "Cache-Control", "public, max-age=300");
    call_bytes(call, 200, "application/json", slice_of(call->worker->shared->openapi));
}

/* A problem's type leads here (RFC 9457 3.1.1). */
static void show_problem(struct call *call)
{
    for (int i = 0; i < PROBLEM_COUNT; i++) {
        if (strcmp(problem_code(i), call->params.value[0]) != 0)
            continue;
        call_json(call, 200,
                  json_pack("{s:s,s:s,s:i}", "code", problem_code(i), "title",
                            problem_title(i), "status", problem_status(i)));
        return;
    }
    call_problem(call, PROBLEM_NOT_FOUND, "no problem has this code");
}

/* clang-format off */
static const struct route_reply openapi_replies[] = {
    { 200, NULL, "application/json", "OpenAPI 3.1." },
    { 0 },
};
static const struct route_reply problem_replies[] = {
    { 200, &shape_problem_kind, NULL, "What the code means." },
    { 404, &shape_problem, NULL, "There is no such code." },
    { 0 },
};

static const struct route rows[] = {
    { .method = "GET", .path = "/openapi.json", .permission = ROUTE_PUBLIC,
      .id = "document.openapi", .replies = openapi_replies, .flags = ROUTE_HOSTWIDE,
      .handle = show_openapi, .text = "This document." },
    { .method = "GET", .path = "/problems/{code}", .permission = ROUTE_PUBLIC,
      .id = "document.problem", .replies = problem_replies, .flags = ROUTE_HOSTWIDE,
      .handle = show_problem, .text = "The meaning of a problem's type." },
};
/* clang-format on */

ROUTES(document_routes, rows);
