/* device.list: pages of managedDevices, all since a time or all there are.
 *
 * managedDevice has no delta function: lastSyncDateTime is the increment. A list that is
 * too long for one order ends with a cursor, which is the rest of Graph's own link. The
 * EID stands in beta only, and only when one device is asked for: by setting, each page
 * is followed by batches that ask for it. */
#include <string.h>

#include "call.h"
#include "flows.h"
#include "wire_batch.h"
#include "wire_device.h"

enum {
    LIST_BYTES = 20 * 1024,  /* Devices kept in the state from page to page. */
    STATE_BYTES = 56 * 1024, /* The ABI's 64 KiB less the other variables. */
    EID_PAGE = 40,           /* So that a page with EIDs to ask for fits. */
    LIMIT_MOST = 1000
};

/* ---- the page ---- */

static int64_t page_size(const struct esim_talk *talk)
{
    struct settings settings = settings_of(talk);
    json_int_t limit = json_integer_value(json_object_get(talk->input, "limit"));
    int64_t size = settings.page_size;
    if (settings.list_eid && size > EID_PAGE)
        size = EID_PAGE;
    return limit > 0 && limit < size ? limit : size;
}

/* A cursor is a path that we once gave out; it may not lead anywhere else. */
static const char *cursor_path(struct esim_talk *talk, const char *cursor)
{
    const char *list = graph_path(talk, GRAPH_V1, "/deviceManagement/managedDevices?");
    const char *path = graph_link_path("", cursor);
    if (path != NULL && strncmp(path, list, strlen(list)) == 0)
        return path;
    esim_refused(talk, "input_wrong", NULL,
                 "cursor is none of this list: leave it out to begin anew.");
    return NULL;
}

static const char *first_path(struct esim_talk *talk, const char *since)
{
    const char *filter = "";
    if (since != NULL) {
        int64_t since_ms = esim_time_read(since);
        if (since_ms < 0) {
            esim_refused(talk, "input_wrong", NULL,
                         "since must be a time such as 2026-01-02T03:04:05Z.");
            return NULL;
        }
        filter = esim_string(esim_format("&$filter=lastSyncDateTime%%20ge%%20%s",
                                         esim_url_encode(esim_time_text(since_ms))));
    }
    return graph_path(talk, GRAPH_V1,
                      "/deviceManagement/managedDevices?$select=%s&$top=%lld%s",
                      device_select, (long long)page_size(talk), filter);
}

static bool begin(struct esim_talk *talk)
{
    const char *cursor = esim_json_text(talk->input, "cursor");
    const char *path = cursor != NULL
                           ? cursor_path(talk, cursor)
                           : first_path(talk, esim_json_text(talk->input, "since"));
    if (path == NULL)
        return false;
    var_put(talk, "path", path);
    var_put(talk, "at", esim_time_text(talk->step->now_ms));
    json_object_set_new(talk->vars, "devices", json_array());
    return true;
}

static void page_ask(struct esim_talk *talk)
{
    if (var_text(talk, "path") != NULL || begin(talk))
        graph_ask(talk, "GET", var_text(talk, "path"), NULL);
}

/* ---- what comes after a page ---- */

static size_t size_of(const json_t *value)
{
    return json_dumpb(value, NULL, 0, JSON_COMPACT);
}

static void finish(struct esim_talk *talk)
{
    json_t *result = json_object();
    json_object_set(result, "devices", json_object_get(talk->vars, "devices"));
    esim_json_put(result, "at", var_text(talk, "at"));
    if (var_flag(talk, "more"))
        esim_json_put(result, "cursor", var_text(talk, "path"));
    esim_done(talk, result);
}

static void go_on(struct esim_talk *talk)
{
    const json_t *devices = json_object_get(talk->vars, "devices");
    json_int_t limit = json_integer_value(json_object_get(talk->input, "limit"));
    bool enough = json_array_size(devices) >= (limit > 0 ? (size_t)limit : LIMIT_MOST);
    if (var_flag(talk, "more") && !enough && size_of(devices) < LIST_BYTES)
        esim_go(talk, "page");
    else
        finish(talk);
}

/* Those of this page whose EID is still to be asked for. */
static void list_pending(struct esim_talk *talk, const json_t *items)
{
    json_t *pending = json_array();
    for (size_t i = 0; i < json_array_size(items); i++) {
        const char *id = esim_json_text(json_array_get(items, i), "id");
        if (graph_is_id(id))
            json_array_append_new(pending, json_string(id));
    }
    json_object_set_new(talk->vars, "pending", pending);
}

static void take_items(struct esim_talk *talk, const json_t *items)
{
    json_t *devices = json_object_get(talk->vars, "devices");
    for (size_t i = 0; i < json_array_size(items); i++) {
        json_t *device = device_read(json_array_get(items, i));
        if (device != NULL)
            json_array_append_new(devices, device);
    }
}

static void page_tell(struct esim_talk *talk)
{
    static const struct expect expect = { .row = "page" };
    struct settings settings = settings_of(talk);
    struct graph_page page;
    json_t *body = NULL;
    bool ok = true;
    if (!graph_told(talk, &expect, &body))
        return;
    if (!graph_page_read(body, &page)) {
        graph_end(talk, false, "reply_unreadable", NULL,
                  "Graph's list of devices is no list: check v1_path.");
        return;
    }
    take_items(talk, page.items);
    bool more = graph_next(talk, &page, false, &ok);
    if (!ok)
        return;
    json_object_set_new(talk->vars, "more", json_boolean(more));
    list_pending(talk, page.items);
    if (settings.list_eid && size_of(talk->vars) < STATE_BYTES)
        esim_go(talk, "eids");
    else
        go_on(talk);
}

/* ---- EIDs ---- */

static void eids_ask(struct esim_talk *talk)
{
    const json_t *pending = json_object_get(talk->vars, "pending");
    json_t *batch = batch_new();
    for (size_t i = 0; i < json_array_size(pending) && i < BATCH_MOST; i++) {
        const char *id = json_string_value(json_array_get(pending, i));
        batch_add_get(batch, id,
                      esim_string(esim_format("/deviceManagement/managedDevices/%s?"
                                              "$select=id,hardwareInformation",
                                              id)),
                      NULL);
    }
    if (json_array_size(pending) == 0)
        go_on(talk);
    else
        graph_ask(talk, "POST", graph_path(talk, GRAPH_BETA, "/$batch"), batch);
}

static void put_eid(struct esim_talk *talk, const char *id, const char *eid)
{
    const json_t *devices = json_object_get(talk->vars, "devices");
    for (size_t i = json_array_size(devices); i > 0; i--) {
        json_t *device = json_array_get(devices, i - 1);
        const char *own = esim_json_text(device, "device_id");
        if (own == NULL || strcmp(own, id) != 0)
            continue;
        esim_json_put(device, "eid", eid);
        return;
    }
}

/* Throttled: to be asked again. */
static bool is_later(int status)
{
    return status == 429 || status == 503 || status == 504;
}

/* The longest wish counts for all that are asked again. */
static void note_wait(struct esim_talk *talk, const struct batch_item *item)
{
    struct settings settings = settings_of(talk);
    int64_t seconds = settings.throttle_s;
    char *end = NULL;
    if (item->retry_after != NULL) {
        long wish = strtol(item->retry_after, &end, 10);
        if (*end == '\0' && wish >= 0 && wish <= 86400)
            seconds = wish;
    }
    if (seconds > var_int(talk, "wait_s"))
        var_put_int(talk, "wait_s", seconds);
}

/* One device of the batch. True: it is asked again. A device that is gone, or that says
 * nothing of its eUICC, has no EID, and that is all. */
static bool take_eid(struct esim_talk *talk, const json_t *reply, const char *id)
{
    struct batch_item item;
    if (!batch_item_read(reply, id, &item))
        return false;
    if (is_later(item.status)) {
        note_wait(talk, &item);
        return true;
    }
    if (item.status == 200)
        put_eid(talk, id, device_eid(item.body));
    return false;
}

static void eids_tell(struct esim_talk *talk)
{
    static const struct expect expect = { .row = "eids" };
    struct settings settings = settings_of(talk);
    const json_t *pending = json_object_get(talk->vars, "pending");
    json_t *left = json_array();
    json_t *body = NULL;
    int64_t rounds = var_int(talk, "rounds");
    if (!graph_told(talk, &expect, &body))
        return;
    bool again = false;
    for (size_t i = 0; i < json_array_size(pending); i++) {
        const char *id = json_string_value(json_array_get(pending, i));
        bool asked = i < BATCH_MOST;
        bool later = asked && take_eid(talk, body, id);
        again = again || later;
        if ((later && rounds < settings.tries) || !asked)
            json_array_append_new(left, json_string(id));
    }
    json_object_set_new(talk->vars, "pending", left);
    var_put_int(talk, "rounds", again ? rounds + 1 : 0);
    if (again && rounds < settings.tries)
        graph_pause(talk, "eids", var_int(talk, "wait_s"));
    else
        esim_go(talk, "eids");
    var_drop(talk, "wait_s");
}

static const struct esim_exchange table[] = {
    { "page", ESIM_SAFE, page_ask, page_tell, NULL },
    { "eids", ESIM_SAFE, eids_ask, eids_tell, NULL },
    PAUSE_ROW,
};

void list_step(const struct esim_step *step, struct esim_answer *answer)
{
    esim_exchange_step(table, sizeof table / sizeof table[0], step, answer);
}
