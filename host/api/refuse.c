#include "api/refuse.h"

#include "api/record.h"

static void say_denied(struct call *call, void *arg)
{
    (void)arg;
    call_problem(call, PROBLEM_DENIED, "permission %s: %s", call->route->permission,
                 call->authorized.reason);
}

void refuse_denied(struct call *call)
{
    if (route_changes(call->route) || (call->route->flags & ROUTE_SECRET) != 0)
        record_then(call, "denied", call->authorized.reason, say_denied, NULL);
    else
        say_denied(call, NULL);
}

static void say_failed(struct call *call, void *arg)
{
    call_error(call, arg);
}

void refuse_failed(struct call *call, const struct err *err)
{
    struct err *kept = arena_alloc(call->arena, sizeof *kept);
    if (kept == NULL) {
        call_error(call, err);
        return;
    }
    *kept = *err;
    record_then(call, "failed", kept->text, say_failed, kept);
}
