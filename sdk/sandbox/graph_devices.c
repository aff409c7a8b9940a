/* Managed devices and the directory's own entries of them. */
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/json.h"
#include "graph.h"

#define DEVICES "deviceManagement/managedDevices"

static const char *const names[] = { "_object_id", "_eid" };

/* 30 digits and two that make the whole 1 modulo 97 (SGP.02 2.2.2). */
static json_t *new_eid(uint64_t number)
{
    char digits[32];
    unsigned rest = 0;
    int length = snprintf(digits, sizeof digits, "8900101201234123%014llu",
                          (unsigned long long)number % 100000000000000ULL);
    for (int i = 0; i < length; i++)
        rest = (rest * 10 + (unsigned)(digits[i] - '0')) % 97;
    return json_sprintf("%s%02u", digits, 98 - rest * 100 % 97);
}

json_t *graph_add_device(struct graph *graph, uint64_t number)
{
    const char *id = NULL;
    char text[64];
    json_t *device = graph_make(graph, graph->devices, &id);
    if (device == NULL)
        return NULL;
    json_object_set_new(device, "deviceName",
                        json_sprintf("PC-%06llu", (unsigned long long)number));
    json_put_text(device, "operatingSystem", "Windows");
    json_put_text(device, "complianceState", "compliant");
    clock_text(clock_wall_ms(), text);
    json_put_text(device, "lastSyncDateTime", text);
    json_object_set_new(device, "azureADDeviceId", json_sprintf("aad-%s", id));
    json_object_set_new(device, names[0], json_sprintf("obj-%s", id));
    json_object_set_new(device, names[1], new_eid(number));
    json_object_set_new(device, "deviceActionResults", json_array());
    json_object_set_new(graph->directory, json_text(device, "azureADDeviceId"),
                        json_string(id));
    json_object_set_new(graph->directory, json_text(device, names[0]), json_string(id));
    return device;
}

int graph_progress(const struct graph *graph, const json_t *item)
{
    int64_t whole_ms = graph->sandbox->options->install_ms;
    int64_t gone_ms = clock_wall_ms() - json_int(item, "_since_ms", 0);
    if (gone_ms >= whole_ms)
        return 2;
    return gone_ms * 2 >= whole_ms ? 1 : 0;
}

static bool is_since(const json_t *item, const void *arg)
{
    const char *synced = json_text(item, "lastSyncDateTime");
    return arg == NULL || (synced != NULL && strcmp(synced, arg) >= 0);
}

static struct graph_reply list_devices(struct graph *graph,
                                       const struct graph_call *call)
{
    static const char prefix[] = "lastSyncDateTime ge ";
    const char *filter = graph_query(call, "$filter");
    if (filter != NULL && strncmp(filter, prefix, sizeof prefix - 1) != 0)
        return graph_no(400, "BadRequest");
    return graph_page(call, graph->devices, is_since,
                      filter == NULL ? NULL : filter + sizeof prefix - 1);
}

/* What runs on the device goes on by itself. */
static void advance_actions(const struct graph *graph, const json_t *device)
{
    static const char *const states[] = { "pending", "active" };
    size_t i;
    json_t *action;
    json_array_foreach(json_object_get(device, "deviceActionResults"), i, action)
    {
        int progress = graph_progress(graph, action);
        const char *end = json_text(device, "_outcome");
        json_put_text(action, "actionState",
                      progress < 2                                ? states[progress]
                      : end != NULL && strcmp(end, "failed") == 0 ? "failed"
                                                                  : "done");
    }
}

static json_t *shown_device(const struct graph *graph, const json_t *device)
{
    advance_actions(graph, device);
    json_t *shown = graph_shown(device);
    json_t *actions = json_array();
    size_t i;
    json_t *action;
    json_array_foreach(json_object_get(device, "deviceActionResults"), i, action)
        json_array_append_new(actions, graph_shown(action));
    json_object_set_new(shown, "deviceActionResults", actions);
    return shown;
}

static struct graph_reply get_device(struct graph *graph, const struct graph_call *call)
{
    const json_t *device = json_object_get(graph->devices, call->params[0]);
    if (device == NULL)
        return graph_no(404, "ResourceNotFound");
    return graph_ok(shown_device(graph, device));
}

/* The EID is told for one device at a time, and in beta only. */
static struct graph_reply get_hardware(struct graph *graph,
                                       const struct graph_call *call)
{
    const json_t *device = json_object_get(graph->devices, call->params[0]);
    if (device == NULL)
        return graph_no(404, "ResourceNotFound");
    json_t *hardware = json_object(), *body = json_object();
    json_put_text(hardware, "esimIdentifier", json_text(device, names[1]));
    json_put_text(body, "id", call->params[0]);
    json_object_set_new(body, "hardwareInformation", hardware);
    return graph_ok(body);
}

static struct graph_reply list_compliance(struct graph *graph,
                                          const struct graph_call *call)
{
    const json_t *device = json_object_get(graph->devices, call->params[0]);
    if (device == NULL)
        return graph_no(404, "ResourceNotFound");
    return graph_ok(json_pack("{s[{ssss}]}", "value", "displayName", "Default", "state",
                              json_text(device, "complianceState")));
}

static struct graph_reply activate(struct graph *graph, const struct graph_call *call)
{
    const json_t *device = json_object_get(graph->devices, call->params[0]);
    char text[CLOCK_TEXT_SIZE];
    if (device == NULL)
        return graph_no(404, "ResourceNotFound");
    if (strncmp(json_text(call->body, "carrierUrl"), "https://", 8) != 0)
        return graph_no(400, "BadRequest");
    clock_text(clock_wall_ms(), text);
    json_t *action = json_object();
    json_put_text(action, "actionName", "activateDeviceEsim");
    json_put_text(action, "actionState", "pending");
    json_put_text(action, "startDateTime", text);
    json_put_int(action, "_since_ms", clock_wall_ms());
    json_array_append_new(json_object_get(device, "deviceActionResults"), action);
    return graph_none();
}

static struct graph_reply notify(struct graph *graph, const struct graph_call *call)
{
    return json_object_get(graph->devices, call->params[0]) == NULL
               ? graph_no(404, "ResourceNotFound")
               : graph_none();
}

/* It has reported; nothing else shows. */
static struct graph_reply sync_device(struct graph *graph,
                                      const struct graph_call *call)
{
    json_t *device = json_object_get(graph->devices, call->params[0]);
    char text[CLOCK_TEXT_SIZE];
    if (device == NULL)
        return graph_no(404, "ResourceNotFound");
    clock_text(clock_wall_ms(), text);
    json_put_text(device, "lastSyncDateTime", text);
    return graph_none();
}

/* It leaves management at once. */
static struct graph_reply retire_device(struct graph *graph,
                                        const struct graph_call *call)
{
    return json_object_del(graph->devices, call->params[0]) == 0
               ? graph_none()
               : graph_no(404, "ResourceNotFound");
}

static struct graph_reply find_in_directory(struct graph *graph,
                                            const struct graph_call *call)
{
    const char *wanted = graph_filter_text(call, "deviceId");
    if (wanted == NULL)
        return graph_no(400, "Request_UnsupportedQuery");
    const char *id = json_text(graph->directory, wanted);
    json_t *items = json_array();
    const json_t *device = id == NULL ? NULL : json_object_get(graph->devices, id);
    if (device != NULL && strcmp(json_text(device, "azureADDeviceId"), wanted) == 0)
        json_array_append_new(items,
                              json_pack("{ss}", "id", json_text(device, names[0])));
    return graph_ok(json_pack("{so}", "value", items));
}

/* clang-format off */
static const struct graph_member carrier_url[] = { { "carrierUrl", JSON_STRING, true }, { NULL } };
static const struct graph_member message[] = {
    { "notificationTitle", JSON_STRING, true }, { "notificationBody", JSON_STRING, true }, { NULL }
};
const struct graph_operation graph_device_operations[] = {
    { "listDevices",    "GET",  "/v1.0/" DEVICES,    list_devices, NULL },
    { "getDevice",      "GET",  "/v1.0/" DEVICES "/{}", get_device, NULL },
    { "listCompliance", "GET",  "/v1.0/" DEVICES "/{}/deviceCompliancePolicyStates", list_compliance, NULL },
    { "getHardware",    "GET",  "/beta/" DEVICES "/{}", get_hardware, NULL },
    { "activateEsim",   "POST", "/beta/" DEVICES "/{}/activateDeviceEsim", activate, carrier_url },
    { "notify",         "POST", "/beta/" DEVICES "/{}/sendCustomNotificationToCompanyPortal", notify, message },
    { "syncDevice",     "POST", "/v1.0/" DEVICES "/{}/syncDevice", sync_device, NULL },
    { "retireDevice",   "POST", "/v1.0/" DEVICES "/{}/retire", retire_device, NULL },
    { "listDirectoryDevices", "GET", "/v1.0/devices", find_in_directory, NULL },
    { NULL }
};
/* clang-format on */
