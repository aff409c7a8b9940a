#include "api/reveal.h"

#include <string.h>

#include "api/accept.h"
#include "api/call.h"
#include "api/record.h"
#include "api/refuse.h"
#include "api/worker.h"
#include "base/json.h"
#include "profile/profile_store.h"
#include "profile/qr.h"

enum { CODE_BYTES = 512, PICTURE_BYTES = 1 << 20, SCALE = 8 };

struct reveal {
    struct call *call;
    int media;       /* Index into the route's list of media types. */
    struct buf code; /* Secret: wiped before the answer leaves. */
    void (*show)(struct reveal *reveal);
};

/* Opened and recorded in one transaction: no record, no code. */
static bool open_code(struct db *db, void *arg, struct err *err)
{
    struct reveal *reveal = arg;
    struct call *call = reveal->call;
    return profile_reveal(db, call->worker->shared->parts.sealer, call->tenant,
                          call->params.value[0], &reveal->code, err) &&
           record_write(db, call, NULL, "done", call->authorized.reason, NULL, err);
}

static void on_opened(void *arg, bool ok, const struct err *err)
{
    struct reveal *reveal = arg;
    if (ok) {
        reveal->show(reveal);
        return;
    }
    buf_finish_secret(&reveal->code);
    refuse_failed(reveal->call, err);
}

static void reveal(struct call *call, const char *const *types,
                   void (*show)(struct reveal *reveal))
{
    struct reveal *reveal = arena_alloc(call->arena, sizeof *reveal);
    int media = accept_choose(call_header(call, "Accept"), types);
    if (media < 0) {
        call_problem(call, PROBLEM_NOT_ACCEPTABLE, "%s%s%s is served", types[0],
                     types[1] == NULL ? "" : ", ", types[1] == NULL ? "" : types[1]);
        return;
    }
    if (reveal == NULL) {
        call_problem(call, PROBLEM_TOO_LARGE, "the request needs too much memory");
        return;
    }
    *reveal = (struct reveal){ .call = call, .media = media, .show = show };
    buf_init(&reveal->code, CODE_BYTES);
    call_write(call, open_code, on_opened, reveal);
}

/* ---- QR ---- */

static const char *const qr_types[] = { "image/png", "image/svg+xml", "text/plain",
                                        NULL };
static const char *const qr_media[] = { "image/png", "image/svg+xml",
                                        "text/plain; charset=utf-8" };

static enum qr_ink ink_of(const struct call *call)
{
    const char *ink = call_query(call, "ink");
    if (ink == NULL || strcmp(ink, "explicit") == 0)
        return QR_INK_EXPLICIT;
    return strcmp(ink, "light") == 0 ? QR_INK_LIGHT : QR_INK_DARK;
}

static bool draw(const struct reveal *reveal, const struct qr *qr, struct buf *ret,
                 struct err *err)
{
    const struct call *call = reveal->call;
    switch (reveal->media) {
    case 0:
        return qr_png(qr, (unsigned)call_query_int(call, "scale", SCALE), ret, err);
    case 1:
        return qr_svg(qr, ret, err);
    default:
        return qr_text(qr, ink_of(call), ret, err);
    }
}

static void show_qr(struct reveal *reveal)
{
    struct call *call = reveal->call;
    struct err err = ERR_INIT;
    struct buf picture;
    buf_init(&picture, PICTURE_BYTES);
    struct qr *qr = qr_create(buf_slice(&reveal->code), &err);
    bool ok = qr != NULL && draw(reveal, qr, &picture, &err);
    buf_finish_secret(&reveal->code);
    qr_destroy(&qr);
    if (ok)
        call_bytes(call, 200, qr_media[reveal->media], buf_slice(&picture));
    else
        call_error(call, &err);
    buf_finish_secret(&picture);
}

void reveal_qr(struct call *call)
{
    reveal(call, qr_types, show_qr);
}

/* ---- the code itself ---- */

static const char *const code_types[] = { "application/json", "text/plain", NULL };

static void show_code(struct reveal *reveal)
{
    struct call *call = reveal->call;
    if (reveal->media == 1) {
        buf_add_char(&reveal->code, '\n');
        call_bytes(call, 200, "text/plain; charset=utf-8", buf_slice(&reveal->code));
        buf_finish_secret(&reveal->code);
        return;
    }
    json_t *document = json_object();
    json_put_text(document, "iccid", call->params.value[0]);
    json_put_text(document, "activation_code", reveal->code.ptr);
    json_object_set_new(document, "lpa", json_sprintf("LPA:%s", reveal->code.ptr));
    buf_finish_secret(&reveal->code);
    call_json(call, 200, document);
}

void reveal_code(struct call *call)
{
    reveal(call, code_types, show_code);
}
