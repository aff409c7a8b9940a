#include "call.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "dry.h"
#include "wire_batch.h"

enum { PAGES_MOST = 10000, PATH_MOST = 3800, INPUT_ID_MOST = 128 };

#define COUNT(table) (sizeof(table) / sizeof(table)[0])

/* ---- variables ---- */

const char *var_text(const struct esim_talk *talk, const char *name)
{
    return esim_json_text(talk->vars, name);
}

int64_t var_int(const struct esim_talk *talk, const char *name)
{
    return json_integer_value(json_object_get(talk->vars, name));
}

bool var_flag(const struct esim_talk *talk, const char *name)
{
    return json_is_true(json_object_get(talk->vars, name));
}

void var_put(struct esim_talk *talk, const char *name, const char *text)
{
    esim_json_put(talk->vars, name, text);
}

void var_put_int(struct esim_talk *talk, const char *name, int64_t number)
{
    json_object_set_new(talk->vars, name, json_integer(number));
}

void var_drop(struct esim_talk *talk, const char *name)
{
    json_object_del(talk->vars, name);
}

struct settings settings_of(const struct esim_talk *talk)
{
    struct settings settings;
    settings_read(talk->settings, &settings);
    return settings;
}

/* The order's id: when a person has the step done again, that is another operation. */
const char *own_name(const struct esim_talk *talk)
{
    struct settings settings = settings_of(talk);
    const char *order = esim_json_text(talk->input, "order_ref");
    if (!graph_is_id(order))
        order = esim_string(talk->step->operation);
    return esim_string(esim_format("%s-%s", settings.name_prefix, order));
}

/* ---- asking ---- */

const char *graph_path(const struct esim_talk *talk, enum graph_version version,
                       const char *format, ...)
{
    struct settings settings = settings_of(talk);
    char tail[PATH_MOST];
    va_list args;
    va_start(args, format);
    int length = vsnprintf(tail, sizeof tail, format, args);
    va_end(args);
    if (length < 0 || length >= (int)sizeof tail)
        tail[0] = '\0'; /* Graph answers 404 to its root; inputs are capped before. */
    return esim_string(esim_format(
        "%s%s", version == GRAPH_BETA ? settings.beta_path : settings.v1_path, tail));
}

void graph_ask(struct esim_talk *talk, const char *method, const char *path,
               const json_t *body)
{
    struct settings settings = settings_of(talk);
    if (dry_ends(talk, method, path))
        return;
    struct esim_bytes bytes = { NULL, 0 };
    if (body != NULL)
        bytes = esim_json_write(body);
    if (talk->step->event == ESIM_START && talk->step->attempt > 1)
        json_object_set_new(talk->vars, "again", json_true());
    esim_http(talk, "graph", method, path, body != NULL ? "application/json" : NULL,
              bytes);
    esim_http_header(talk, "Accept", "application/json");
    esim_http_header(talk, "client-request-id", graph_request_id(talk->step->random));
    esim_http_timeout(talk, settings.timeout_ms);
}

const char *graph_input_id(struct esim_talk *talk, const char *name)
{
    const char *id = esim_json_text(talk->input, name);
    if (graph_is_id(id))
        return id;
    esim_refused(talk, "input_wrong", NULL,
                 "%s must be the id that Graph gave: letters, digits, \"-\" and \"_\".",
                 name);
    return NULL;
}

/* ---- waiting ---- */

void graph_pause(struct esim_talk *talk, const char *row, int64_t seconds)
{
    var_put_int(talk, "until", talk->step->now_ms + seconds * 1000);
    var_put(talk, "resume", row);
    esim_go(talk, ROW_PAUSE);
}

void pause_ask(struct esim_talk *talk)
{
    esim_wait(talk, var_int(talk, "until"));
}

void pause_tell(struct esim_talk *talk)
{
    esim_go(talk, var_text(talk, "resume"));
}

/* Where a lost ONCE exchange leads: after a while the flow begins anew, by looking. */
void settle_ask(struct esim_talk *talk)
{
    struct settings settings = settings_of(talk);
    esim_wait(talk, talk->step->now_ms + settings.settle_s * 1000);
}

void settle_tell(struct esim_talk *talk)
{
    esim_not_yet(
        talk, 0, "answer_lost", NULL,
        "An answer of Graph was lost; the operation begins anew and looks first "
        "for what was done.");
}

bool graph_poll(struct esim_talk *talk, const char *row)
{
    struct settings settings = settings_of(talk);
    int64_t since = var_int(talk, "followed_since");
    int64_t polls = var_int(talk, "polls");
    if (since == 0) {
        since = talk->step->now_ms;
        var_put_int(talk, "followed_since", since);
    }
    int64_t hours = settings.follow_hours > 0 ? settings.follow_hours : 1;
    if (talk->step->now_ms >= since + hours * 3600 * 1000)
        return false;
    int64_t wait_s = settings.poll_s;
    for (int64_t i = 0; i < polls && wait_s < settings.poll_most_s; i++)
        wait_s *= 2;
    if (wait_s > settings.poll_most_s && settings.poll_most_s >= settings.poll_s)
        wait_s = settings.poll_most_s;
    var_put_int(talk, "polls", polls < 20 ? polls + 1 : polls);
    graph_pause(talk, row, wait_s);
    return true;
}

/* ---- what a reply means ---- */

enum meaning {
    MEANS_LATER,  /* Not done; ask again. */
    MEANS_UNSURE, /* May have been done. */
    MEANS_NEVER   /* Not done, and asking again will not help. */
};

struct status_row {
    int least, most;
    enum meaning meaning;
    const char *code;
    const char *message;
};

/* The first row that fits is taken. */
/* clang-format off */
static const struct status_row status_rows[] = {
    { 401, 401, MEANS_NEVER,  "unauthorised",
      "Graph did not accept the token: check tenant, scope and the application's "
      "registration." },
    { 404, 404, MEANS_NEVER,  "not_found",
      "Graph has no such thing: check the id, and the settings v1_path and beta_path." },
    { 408, 408, MEANS_LATER,  "throttled",
      "Graph did not get the whole request; it is asked again." },
    { 423, 423, MEANS_LATER,  "throttled",
      "What this is about is locked at Graph for now; it is asked again." },
    { 425, 425, MEANS_LATER,  "throttled",
      "Graph wants this later; it is asked again." },
    { 429, 429, MEANS_LATER,  "throttled",
      "Graph limits our rate; it is asked again." },
    { 300, 399, MEANS_NEVER,  "redirected",
      "Graph points elsewhere: correct the endpoint, or v1_path and beta_path." },
    { 400, 499, MEANS_NEVER,  "request_refused",
      "Graph refused the request: compare the order with its documentation." },
    { 503, 503, MEANS_LATER,  "unavailable",
      "Graph is not available for now; it is asked again." },
    { 500, 599, MEANS_UNSURE, "server_error",
      "Graph failed; it is looked whether it was done." },
    { 0,   999, MEANS_UNSURE, "reply_unreadable",
      "Graph's reply is not what it should be; it is looked whether it was done." },
};

/* What an administrator has to grant; names changed over the years, so they are a
 * setting too. */
static const struct { const char *capability, *permission; } permissions[] = {
    { "device.list",       "DeviceManagementManagedDevices.Read.All" },
    { "device.compliance", "DeviceManagementManagedDevices.Read.All" },
    { "device.assign",     "DeviceManagementConfiguration.ReadWrite.All, "
                           "DeviceManagementManagedDevices.Read.All, Device.Read.All, "
                           "Group.ReadWrite.All" },
    { "device.activate",   "DeviceManagementManagedDevices.PrivilegedOperations.All" },
    { "device.notify",     "DeviceManagementManagedDevices.ReadWrite.All" },
    { "script.deploy",     "DeviceManagementScripts.ReadWrite.All, or before 2025 "
                           "DeviceManagementConfiguration.ReadWrite.All" },
    { "device.read",       "DeviceManagementManagedDevices.Read.All" },
    { "device.sync",       "DeviceManagementManagedDevices.PrivilegedOperations.All" },
    { "device.retire",     "DeviceManagementManagedDevices.PrivilegedOperations.All" },
    { "group.change",      "Group.ReadWrite.All, Device.Read.All, "
                           "DeviceManagementManagedDevices.Read.All" },
    { "config.deploy",     "DeviceManagementConfiguration.ReadWrite.All" },
};
/* clang-format on */

static const char *permission_of(const struct esim_talk *talk)
{
    struct settings settings = settings_of(talk);
    const char *own = NULL;
    const char *capability = esim_string(talk->step->capability);
    own = esim_json_text(settings.permissions, capability);
    for (size_t i = 0; own == NULL && i < COUNT(permissions); i++)
        if (strcmp(permissions[i].capability, capability) == 0)
            own = permissions[i].permission;
    return own != NULL ? own : "the permission of this call";
}

/* A later try does not know what the ones before it have done. */
static bool has_begun(const struct esim_talk *talk, bool begun)
{
    return begun || var_flag(talk, "again");
}

void graph_end(struct esim_talk *talk, bool begun, const char *code,
               const char *carrier_code, const char *message)
{
    if (has_begun(talk, begun))
        esim_unknown(talk, code, carrier_code,
                     "%s What was done before stands: put this right, then have the "
                     "step done again.",
                     message);
    else
        esim_refused(talk, code, carrier_code, "%s", message);
}

/* An answer, from a reply or from an item of a batch. */
struct answer {
    int status;
    const char *carrier_code;
    int32_t retry_after_s; /* -1: not said. */
};

static void forbidden(struct esim_talk *talk, const struct expect *expect,
                      const struct answer *answer)
{
    const char *message = esim_string(
        esim_format("Graph forbids this to our application: grant it %s (application) "
                    "and give admin consent.",
                    permission_of(talk)));
    graph_end(talk, expect->begun, "permission_missing", answer->carrier_code, message);
}

/* Longer each time, with a part by chance so that many that were turned away together do
 * not come back together. */
static int64_t back_off_s(const struct esim_talk *talk, int64_t tries)
{
    struct settings settings = settings_of(talk);
    int64_t wait_s = settings.throttle_s;
    for (int64_t i = 1; i < tries && wait_s < 600; i++)
        wait_s *= 2;
    return wait_s + talk->step->random[16] % (settings.throttle_s + 1);
}

/* Something has been done, so that beginning anew is no way out: Graph is waited for as
 * long as a device would be. */
static void keep_waiting(struct esim_talk *talk, const char *row,
                         const struct status_row *why, const struct answer *answer)
{
    if (!graph_poll(talk, row)) {
        esim_unknown(talk, why->code, answer->carrier_code,
                     "Graph has not answered as it should for too long; what was done "
                     "before stands.");
        return;
    }
    int64_t wish_ms = talk->step->now_ms + (int64_t)answer->retry_after_s * 1000;
    if (wish_ms > var_int(talk, "until"))
        var_put_int(talk, "until", wish_ms);
}

static void come_again(struct esim_talk *talk, const struct expect *expect,
                       const struct status_row *why, const struct answer *answer)
{
    struct settings settings = settings_of(talk);
    int64_t tries = var_int(talk, "tries") + 1;
    var_put_int(talk, "tries", tries);
    if (tries > settings.tries && has_begun(talk, expect->begun))
        keep_waiting(talk, expect->row, why, answer);
    else if (tries > settings.tries)
        esim_not_yet(talk, answer->retry_after_s, why->code, answer->carrier_code, "%s",
                     why->message);
    else
        graph_pause(talk, expect->row,
                    answer->retry_after_s >= 0 ? answer->retry_after_s
                                               : back_off_s(talk, tries));
}

/* What was done shows after a while only. */
static void look_for_it(struct esim_talk *talk, const char *row)
{
    struct settings settings = settings_of(talk);
    graph_pause(talk, row, settings.settle_s);
}

static const struct status_row *row_of(int status)
{
    size_t i = 0;
    while (i + 1 < COUNT(status_rows) &&
           (status < status_rows[i].least || status > status_rows[i].most))
        i++;
    return &status_rows[i];
}

static void not_done(struct esim_talk *talk, const struct expect *expect,
                     const struct answer *answer)
{
    const struct status_row *row = row_of(answer->status);
    const char *again = expect->once ? expect->look : expect->row;
    if (answer->status == 403)
        forbidden(talk, expect, answer);
    else if (answer->status == 404 && expect->missing != NULL)
        graph_end(talk, expect->begun, expect->missing, answer->carrier_code,
                  expect->missing_message);
    else if (row->meaning == MEANS_NEVER)
        graph_end(talk, expect->begun, row->code, answer->carrier_code, row->message);
    else if (row->meaning == MEANS_UNSURE && again == NULL)
        esim_unknown(
            talk, row->code, answer->carrier_code,
            "Graph failed, and cannot be asked whether it was done: check with "
            "the device, then decide.");
    else if (row->meaning == MEANS_UNSURE && expect->once)
        look_for_it(talk, again);
    else
        come_again(talk, expect, row, answer);
}

static bool is_done(int status)
{
    return status >= 200 && status < 300;
}

bool graph_told(struct esim_talk *talk, const struct expect *expect, json_t **ret_body)
{
    const struct esim_step *step = talk->step;
    json_t *body = esim_json_read(step->reply->body);
    bool is_read = json_is_object(body) || expect->may_be_empty;
    if (is_done(step->reply->status) && is_read) {
        var_drop(talk, "tries");
        if (ret_body != NULL)
            *ret_body = body;
        return true;
    }
    struct graph_error error = graph_error_read(step->reply->headers,
                                                step->reply->header_count, body);
    const char *text = graph_error_text(&error);
    struct answer answer = {
        .status = is_done(step->reply->status) ? 0 : step->reply->status,
        .carrier_code = text != NULL
                            ? text
                            : esim_string(esim_format("HTTP %d", step->reply->status)),
        .retry_after_s = esim_retry_after(step->reply, step->now_ms),
    };
    not_done(talk, expect, &answer);
    return false;
}

bool graph_told_item(struct esim_talk *talk, const struct expect *expect,
                     const struct batch_item *item)
{
    if (is_done(item->status))
        return true;
    struct graph_error error = graph_error_read(NULL, 0, item->body);
    struct esim_header header = { esim_text("Retry-After"),
                                  esim_text(item->retry_after) };
    struct esim_reply as_reply = { .size = sizeof as_reply,
                                   .headers = &header,
                                   .header_count = item->retry_after != NULL ? 1 : 0 };
    struct answer answer = {
        .status = item->status,
        .carrier_code = graph_error_text(&error),
        .retry_after_s = esim_retry_after(&as_reply, talk->step->now_ms),
    };
    not_done(talk, expect, &answer);
    return false;
}

/* The path of the next page, or NULL when the link leaves the host or the API on it:
 * a proxy may serve more than Graph there, and would be shown the token. */
static const char *next_path(const struct esim_talk *talk, const char *link)
{
    struct settings settings = settings_of(talk);
    const char *path = graph_link_path(settings.graph_root, link);
    bool is_ours = path != NULL && (graph_is_below(path, settings.v1_path) ||
                                    graph_is_below(path, settings.beta_path));
    return is_ours ? path : NULL;
}

bool graph_next(struct esim_talk *talk, const struct graph_page *page, bool begun,
                bool *ret_ok)
{
    *ret_ok = true;
    if (page->next == NULL)
        return false;
    const char *path = next_path(talk, page->next);
    const char *asked = var_text(talk, "path");
    bool loops = path != NULL && asked != NULL && strcmp(path, asked) == 0;
    int64_t pages = var_int(talk, "pages") + 1;
    *ret_ok = path != NULL && !loops && strlen(path) < PATH_MOST && pages < PAGES_MOST;
    if (path == NULL)
        graph_end(
            talk, begun, "next_link_elsewhere", NULL,
            "Graph's link to the next page leads to another place than the settings "
            "graph_root, v1_path and beta_path: correct them, or find out who answers "
            "there.");
    else if (!*ret_ok)
        graph_end(talk, begun, "next_link_loops", NULL,
                  "Graph's links from page to page do not end: tell its operator.");
    if (!*ret_ok)
        return false;
    var_put(talk, "path", path);
    var_put_int(talk, "pages", pages);
    return true;
}
