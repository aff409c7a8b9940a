/* device.read, device.sync, device.retire: one device by its id.
 *
 * Asking a device twice to report, or to retire, is asking once. */
#include "call.h"
#include "flows.h"
#include "wire_device.h"

#include <string.h>

#define DEVICES "/deviceManagement/managedDevices/%s"

/* ---- read: v1.0 knows the device, beta its EID ---- */

static void device_ask(struct esim_talk *talk)
{
    const char *id = graph_input_id(talk, "device_id");
    if (id != NULL)
        graph_ask(talk, "GET",
                  graph_path(talk, GRAPH_V1, DEVICES "?$select=%s", id, device_select),
                  NULL);
}

static void device_tell(struct esim_talk *talk)
{
    static const struct expect expect = {
        .row = "device",
        .missing = "device_unknown",
        .missing_message = "Intune has no device of this id: list the devices.",
    };
    json_t *body = NULL;
    if (!graph_told(talk, &expect, &body))
        return;
    json_t *device = device_read(body);
    if (device == NULL) {
        graph_end(talk, false, "reply_unreadable", NULL,
                  "Graph's device has no id: check v1_path.");
        return;
    }
    json_object_set(talk->vars, "device", device);
    esim_go(talk, "hardware");
}

static void hardware_ask(struct esim_talk *talk)
{
    graph_ask(talk, "GET",
              graph_path(talk, GRAPH_BETA, DEVICES "?$select=id,hardwareInformation",
                         esim_json_text(talk->input, "device_id")),
              NULL);
}

/* What is in beta only may be missing: then the device is told without its EID. */
static void hardware_tell(struct esim_talk *talk)
{
    static const struct expect expect = { .row = "hardware" };
    json_t *device = json_object_get(talk->vars, "device");
    json_t *body = NULL, *result = json_object(), *devices = json_array();
    int status = talk->step->reply->status;
    bool is_gone = status == 400 || status == 403 || status == 404;
    if (!is_gone && !graph_told(talk, &expect, &body))
        return;
    esim_json_put(device, "eid", body == NULL ? NULL : device_eid(body));
    json_array_append(devices, device);
    json_object_set_new(result, "devices", devices);
    esim_json_put(result, "at", esim_time_text(talk->step->now_ms));
    esim_done(talk, result);
}

static const struct esim_exchange read_table[] = {
    { "device", ESIM_SAFE, device_ask, device_tell, NULL },
    { "hardware", ESIM_SAFE, hardware_ask, hardware_tell, NULL },
    PAUSE_ROW,
};

void read_step(const struct esim_step *step, struct esim_answer *answer)
{
    esim_exchange_step(read_table, sizeof read_table / sizeof read_table[0], step,
                       answer);
}

/* ---- sync, retire ---- */

static void action_ask(struct esim_talk *talk, const char *action)
{
    const char *id = graph_input_id(talk, "device_id");
    if (id != NULL)
        graph_ask(talk, "POST", graph_path(talk, GRAPH_V1, DEVICES "/%s", id, action),
                  NULL);
}

static void action_tell(struct esim_talk *talk)
{
    static const struct expect expect = {
        .row = "action",
        .may_be_empty = true,
        .missing = "device_unknown",
        .missing_message = "Intune has no device of this id: list the devices.",
    };
    if (!graph_told(talk, &expect, NULL))
        return;
    json_t *result = json_object();
    esim_json_put(result, "state", "requested");
    esim_done(talk, result);
}

static void sync_ask(struct esim_talk *talk)
{
    action_ask(talk, "syncDevice");
}

static void retire_ask(struct esim_talk *talk)
{
    action_ask(talk, "retire");
}

static const struct esim_exchange sync_table[] = {
    { "action", ESIM_IDEMPOTENT, sync_ask, action_tell, NULL },
    PAUSE_ROW,
};
static const struct esim_exchange retire_table[] = {
    { "action", ESIM_IDEMPOTENT, retire_ask, action_tell, NULL },
    PAUSE_ROW,
};

void sync_step(const struct esim_step *step, struct esim_answer *answer)
{
    esim_exchange_step(sync_table, sizeof sync_table / sizeof sync_table[0], step,
                       answer);
}

void retire_step(const struct esim_step *step, struct esim_answer *answer)
{
    esim_exchange_step(retire_table, sizeof retire_table / sizeof retire_table[0], step,
                       answer);
}
