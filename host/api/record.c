#include "api/record.h"

#include <string.h>

#include "audit/audit.h"
#include "base/log.h"

const char *call_resource(const struct call *call)
{
    const char *permission = call->route->permission;
    int noun = (int)strcspn(permission, ".");
    char *text = call->params.value[0][0] == '\0'
                     ? arena_format(call->arena, "%.*s", noun, permission)
                     : arena_format(call->arena, "%.*s/%s", noun, permission,
                                    call->params.value[0]);
    return text == NULL ? "" : text;
}

bool record_write(struct db *db, const struct call *call, const char *resource,
                  const char *outcome, const char *reason, const char *diff,
                  struct err *err)
{
    struct audit_record record = { .tenant = call->tenant,
                                   .subject = call->who.subject,
                                   .action = call->route->permission,
                                   .resource = resource == NULL ? call_resource(call)
                                                                : resource,
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
