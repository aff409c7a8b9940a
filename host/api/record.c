#include "api/record.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "audit/audit.h"
#include "base/log.h"

enum { RESOURCE_SIZE = ROUTE_PARAM_BYTES + 64 };

/* Not from the call's arena, which is its loop's. */
static void resource_of(const struct call *call, const char *id,
                        char ret[RESOURCE_SIZE])
{
    const char *permission = call->route->permission;
    int noun = (int)strcspn(permission, ".");
    const char *name = id == NULL ? call->params.value[0] : id;
    int length = snprintf(ret, RESOURCE_SIZE, "%.*s%s%s", noun, permission,
                          name[0] == '\0' ? "" : "/", name);
    assert(length > 0);
}

bool record_write(struct db *db, const struct call *call, const char *id,
                  const char *outcome, const char *reason, const char *diff,
                  struct err *err)
{
    char resource[RESOURCE_SIZE];
    resource_of(call, id, resource);
    struct audit_record record = { .tenant = call->tenant,
                                   .subject = call->who.subject,
                                   .action = call->route->permission,
                                   .resource = resource,
                                   .outcome = outcome,
                                   .reason = reason,
                                   .decision_id = call->actor.decision_id,
                                   .policy_revision = call->actor.policy_revision,
                                   .request_id = call->request_id,
                                   .trace = call->trace,
                                   .diff = diff };
    return audit_write(db, &record, err);
}

struct recording {
    struct call *call;
    const char *outcome, *reason;
    void (*then)(struct call *call, void *arg);
    void *arg;
};

static bool write_recording(struct db *db, void *arg, struct err *err)
{
    const struct recording *recording = arg;
    return record_write(db, recording->call, NULL, recording->outcome,
                        recording->reason, NULL, err);
}

static void on_recorded(void *arg, bool ok, const struct err *err)
{
    struct recording *recording = arg;
    if (!ok)
        log_line(LOG_ERROR, "api.not_audited",
                 LOG_TEXT("request_id", recording->call->request_id),
                 LOG_TEXT("outcome", recording->outcome), LOG_TEXT("text", err->text));
    recording->then(recording->call, recording->arg);
}

void record_then(struct call *call, const char *outcome, const char *reason,
                 void (*then)(struct call *call, void *arg), void *arg)
{
    struct recording *recording = arena_alloc(call->arena, sizeof *recording);
    if (recording == NULL) {
        call_problem(call, PROBLEM_TOO_LARGE, "the request needs too much memory");
        return;
    }
    *recording = (struct recording){ call, outcome, reason, then, arg };
    call_write(call, write_recording, on_recorded, recording);
}
