/* The SMSC side: SMPP 3.4 over kept lines, and a carrier behind its short code. */
#include "smsc.h"

#include <stdlib.h>

#include "base/json.h"
#include "control.h"

static void destroy(struct smsc *smsc)
{
    if (smsc == NULL)
        return;
    smsc_drop_waiting(smsc);
    smsc_submits_close(smsc);
    carrier_app_destroy(&smsc->app);
    buf_finish(&smsc->out);
    free(smsc);
}

static bool open_side(struct sandbox *sandbox, void **ret_state, struct err *err)
{
    struct smsc *smsc = calloc(1, sizeof *smsc);
    if (smsc == NULL)
        return err_set(err, ERR_LIMIT, "no memory for the SMSC");
    smsc->sandbox = sandbox;
    smsc->last_waiting = &smsc->waiting;
    buf_init(&smsc->out, PDU_MOST);
    bool ok = smsc_submits_open(smsc) || err_set(err, ERR_LIMIT, "no memory");
    ok = ok && carrier_app_create(sandbox->options, sandbox->ledger, &smsc->app, err);
    if (!ok) {
        destroy(smsc);
        return false;
    }
    *ret_state = smsc;
    return true;
}

static void close_side(void **state)
{
    destroy(*state);
    *state = NULL;
}

/* ---- control ---- */

static void show_lines(struct smsc *smsc, struct http_exchange *exchange)
{
    control_answer(exchange, 200, carrier_app_lines(smsc->app));
}

static void show_profiles(struct smsc *smsc, struct http_exchange *exchange)
{
    control_answer(exchange, 200, carrier_app_profiles(smsc->app));
}

static void show_links(struct smsc *smsc, struct http_exchange *exchange)
{
    json_t *all = json_array();
    for (const struct link *link = smsc->links; link != NULL; link = link->next) {
        json_t *one = json_object();
        json_put_text(one, "system_id", link->system_id);
        json_put_int(one, "bound", link->bound);
        json_put_int(one, "unacknowledged", (int64_t)link->out_count);
        json_array_append_new(all, one);
    }
    control_answer(exchange, 200, all);
}

/* Somebody sends a message to the host's number. */
static void send_message(struct smsc *smsc, struct http_exchange *exchange)
{
    json_t *json = json_read(http_exchange_request(exchange)->body, NULL);
    const char *from = json_text(json, "from"), *to = json_text(json, "to");
    const char *text = json_text(json, "text");
    bool is_whole = from != NULL && to != NULL && text != NULL;
    if (is_whole)
        smsc_send_text(smsc, from, to, text, NULL, "message", 0);
    json_decref(json);
    json_t *said = json_object();
    if (!is_whole)
        json_put_text(said, "message", "expected {\"from\", \"to\", \"text\"}");
    control_answer(exchange, is_whole ? 202 : 400, said);
}

/* All connections end at once. */
static void cut_links(struct smsc *smsc, struct http_exchange *exchange)
{
    for (struct link *link = smsc->links; link != NULL; link = link->next)
        line_cut(link->line);
    control_answer(exchange, 202, json_object());
}

/* clang-format off */
static const struct {
    const char *method, *path;
    void (*serve)(struct smsc *smsc, struct http_exchange *exchange);
} routes[] = {
    { "GET",    "/sandbox/lines",    show_lines },
    { "GET",    "/sandbox/profiles", show_profiles },
    { "GET",    "/sandbox/links",    show_links },
    { "DELETE", "/sandbox/links",    cut_links },
    { "POST",   "/sandbox/messages", send_message },
};
/* clang-format on */

static bool control(void *state, struct http_exchange *exchange)
{
    const struct http_request *request = http_exchange_request(exchange);
    for (size_t i = 0; i < sizeof routes / sizeof routes[0]; i++)
        if (slice_is(request->method, routes[i].method) &&
            slice_is(request->path, routes[i].path)) {
            routes[i].serve(state, exchange);
            return true;
        }
    return false;
}

const struct sandbox_side smsc_side = {
    .name = "smsc",
    .text = "an SMSC by SMPP 3.4, and a carrier behind its short code",
    .open = open_side,
    .close = close_side,
    .line = &smsc_rules,
    .control = control,
};
