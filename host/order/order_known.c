#include "order/order_known.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "audit/audit.h"
#include "base/json.h"
#include "esim/capability.h"
#include "profile/activation_code.h"
#include "profile/profile_store.h"

static bool note_code(struct db *db, const struct order_accept *accept, struct err *err)
{
    const struct order_actor *actor = accept->actor;
    char resource[64];
    int length = snprintf(resource, sizeof resource, "profile/%.40s",
                          accept->request->iccid);
    assert(length > 0);
    struct audit_record record = { .tenant = actor->tenant,
                                   .subject = actor->subject,
                                   .action = "profile.assign",
                                   .resource = resource,
                                   .outcome = "allowed",
                                   .reason = actor->reason,
                                   .decision_id = actor->decision_id,
                                   .policy_revision = actor->policy_revision,
                                   .request_id = actor->request_id,
                                   .trace = actor->trace };
    return audit_write(db, &record, err);
}

/* *ret_known is false when there is no such profile, or it has no code (any more). */
static bool read_code(struct db *db, const struct order_accept *accept,
                      struct buf *ret_code, bool *ret_known, struct err *err)
{
    struct err why = ERR_INIT;
    *ret_known = profile_reveal(db, accept->sealer, accept->actor->tenant,
                                accept->request->iccid, ret_code, &why);
    if (*ret_known || why.code == ERR_NOT_FOUND || why.code == ERR_CONFLICT)
        return true;
    *err = why;
    return false;
}

static bool add_code(struct db *db, const struct order_accept *accept, json_t *vars,
                     struct err *err)
{
    struct buf code;
    bool known = false;
    if (json_object_get(vars, "activation_code") != NULL)
        return true;
    buf_init(&code, 1024);
    bool ok = read_code(db, accept, &code, &known, err);
    if (known)
        json_put_text(vars, "activation_code", code.ptr);
    buf_finish_secret(&code);
    return ok && (!known || note_code(db, accept, err));
}

static void put_absent(json_t *vars, const char *key, const char *text)
{
    if (text != NULL && text[0] != '\0' && json_object_get(vars, key) == NULL)
        json_put_text(vars, key, text);
}

static bool add_matching_id(struct db *db, const struct order_accept *accept,
                            json_t *vars, struct err *err)
{
    struct buf code;
    struct activation_code parts;
    bool known = false;
    buf_init(&code, 1024);
    bool ok = read_code(db, accept, &code, &known, err);
    if (known && activation_code_read(buf_slice(&code), ACTIVATION_CODE_ANY_CASE, "",
                                      &parts, NULL))
        put_absent(vars, "matching_id", parts.matching_id);
    explicit_bzero(&parts, sizeof parts);
    buf_finish_secret(&code);
    return ok;
}

/* SGP.22 5.3.3: both are mandatory when the order had them. */
static bool add_bonds(struct db *db, const struct order_accept *accept, json_t *vars,
                      struct err *err)
{
    json_t *profile = NULL;
    struct err why = ERR_INIT;
    if (!profile_show(db, accept->actor->tenant, accept->request->iccid, &profile,
                      &why)) {
        if (why.code == ERR_NOT_FOUND)
            return true;
        *err = why;
        return false;
    }
    put_absent(vars, "eid", json_text(profile, "eid"));
    json_decref(profile);
    return add_matching_id(db, accept, vars, err);
}

static const struct row {
    const char *type;
    bool (*add)(struct db *db, const struct order_accept *accept, json_t *vars,
                struct err *err);
} rows[] = {
    { ESIM_DEVICE_ASSIGN, add_code },
    { ESIM_PROFILE_CANCEL, add_bonds },
};

static const struct row *row_of(const struct order_accept *accept)
{
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        if (accept->request->iccid != NULL &&
            strcmp(accept->request->type, rows[i].type) == 0)
            return &rows[i];
    return NULL;
}

bool order_known_concerns(const struct order_accept *accept)
{
    return row_of(accept) != NULL;
}

bool order_known_add(struct db *db, const struct order_accept *accept, json_t *vars,
                     struct err *err)
{
    const struct row *row = row_of(accept);
    return row == NULL || row->add(db, accept, vars, err);
}
