/* A payload for a kept session. It is stored before the session gets it, and the
 * operation stays in memory only until its bytes may have left; then the row waits for
 * the answer, and knows by its class what to do without one. */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "order/op_state.h"
#include "order/session_link.h"

enum { NAME_SIZE = 64 };

static bool copy_bytes(struct esim_bytes bytes, char *ret, size_t size)
{
    return slice_copy(slice_bytes(bytes.ptr, bytes.size), ret, size);
}

bool op_may_submit(const struct op *op, const struct esim_answer *answer,
                   struct err *err)
{
    const struct esim_send *send = &answer->send;
    const struct manifest *manifest = adapter_manifest(op->adapter);
    char name[NAME_SIZE], key[OUTBOX_KEY_SIZE];
    if (!copy_bytes(send->session, name, sizeof name) ||
        manifest_session_of(manifest, name) == NULL)
        return err_set(
            err, ERR_DENIED, "the manifest of %s declares no session \"%.60s\"",
            manifest->name, send->session.size < NAME_SIZE ? name : "(too long)");
    if (adapter_view_place(op->view, name) == NULL)
        return err_set(err, ERR_DENIED,
                       "session %s of %s has no place in its configuration", name,
                       manifest->name);
    if (send->key.size == 0 || !copy_bytes(send->key, key, sizeof key))
        return err_set(err, ERR_DENIED, "a key to submit under has 1 to %zu bytes",
                       sizeof key - 1);
    const char *looks = op_only_looks(op);
    if (looks != NULL && send->repeat != ESIM_SAFE)
        return err_set(err, ERR_DENIED, "%s may only ask exchanges that are safe",
                       looks);
    return true;
}

static void not_sent(struct op *op, int64_t after_ms, const char *why)
{
    char *problem = op_problem("not_sent", why, NULL);
    struct op_retry retry = { .event = OUTBOX_RESEND,
                              .keep_action = true,
                              .never_left = true,
                              .after_ms = after_ms,
                              .problem = problem,
                              .reason = why };
    op_retry(op, &retry);
    free(problem);
}

static void on_submitted(void *arg, enum session_end end, int64_t after_ms,
                         const char *why)
{
    struct op *op = arg;
    op->submit = NULL;
    if (end == SESSION_DENIED) {
        op_unauthorised(op, why, NULL);
        return;
    }
    if (end == SESSION_NOT_SENT) {
        not_sent(op, after_ms, why);
        return;
    }
    struct outbox_wait wait = { .due_ms = clock_wall_ms() + op->answer_ms,
                                .event = ESIM_SILENCE,
                                .keep_action = true,
                                .wait_key = op->submit_key };
    op_store_wait(op, &wait, ORDER_EV_TAKEN, "an answer is awaited");
}

/* It must not wait longer than the claim is ours. */
static int64_t wait_ms(const struct op *op)
{
    return settings_int(op->engine->parts.settings, SET_ENGINE_LEASE_MS) / 2;
}

static int64_t answer_ms(const struct op *op, const char *name,
                         const struct esim_send *send)
{
    int64_t most = manifest_session_of(adapter_manifest(op->adapter), name)->answer_ms;
    return send->timeout_ms > 0 && send->timeout_ms < most ? send->timeout_ms : most;
}

void op_submit(struct op *op, const struct esim_answer *answer)
{
    const struct esim_send *send = &answer->send;
    struct err err = ERR_INIT;
    char name[NAME_SIZE];
    /* The configuration may have changed since the action was stored. */
    if (!op_may_submit(op, answer, &err)) {
        op_store_hold(op, NULL, err.text);
        return;
    }
    bool fits = copy_bytes(send->session, name, sizeof name) &&
                copy_bytes(send->key, op->submit_key, sizeof op->submit_key);
    assert(fits);
    op->repeat = send->repeat;
    op->answer_ms = answer_ms(op, name, send);
    struct session *session = session_link_find(
        op->engine, adapter_manifest(op->adapter)->name, op->view->tenant, name);
    struct session_offer offer = {
        .key = slice_of(op->submit_key),
        .payload = slice_bytes(send->payload.ptr, send->payload.size),
        .wait_ms = wait_ms(op),
        .answer_ms = op->answer_ms,
        .done = on_submitted,
        .arg = op,
    };
    if (session == NULL)
        err_set(&err, ERR_UNAVAILABLE, "session %s is not open", name);
    else
        op->submit = session_submit(session, &offer, &err);
    if (op->submit == NULL && err.code == ERR_UNAUTHORISED)
        op_unauthorised(op, err.text, NULL);
    else if (op->submit == NULL)
        not_sent(op, -1, err.text);
}
