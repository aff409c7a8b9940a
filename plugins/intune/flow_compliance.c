/* device.compliance: the device and its policies' verdicts, in one $batch. */
#include "call.h"
#include "flows.h"
#include "wire_batch.h"

enum { POLICIES_MOST = 100 };

static void batch_ask(struct esim_talk *talk)
{
    const char *id = graph_input_id(talk, "device_id");
    if (id == NULL)
        return;
    json_t *batch = batch_new();
    batch_add_get(batch, "device",
                  esim_string(esim_format(
                      "/deviceManagement/managedDevices/%s?$select=id,complianceState,"
                      "lastSyncDateTime,complianceGracePeriodExpirationDateTime",
                      id)),
                  NULL);
    batch_add_get(batch, "policies",
                  esim_string(esim_format("/deviceManagement/managedDevices/%s/"
                                          "deviceCompliancePolicyStates",
                                          id)),
                  "device");
    graph_ask(talk, "POST", graph_path(talk, GRAPH_V1, "/$batch"), batch);
}

static json_t *policies_of(const json_t *body)
{
    const json_t *items = json_object_get(body, "value");
    json_t *policies = json_array();
    for (size_t i = 0; i < json_array_size(items) && i < POLICIES_MOST; i++) {
        const json_t *item = json_array_get(items, i);
        json_t *policy = json_object();
        esim_json_put(policy, "name", esim_json_text(item, "displayName"));
        esim_json_put(policy, "state", esim_json_text(item, "state"));
        json_array_append_new(policies, policy);
    }
    return policies;
}

static void finish(struct esim_talk *talk, const json_t *device, const json_t *policies)
{
    const char *state = esim_json_text(device, "complianceState");
    const char *synced = esim_json_text(device, "lastSyncDateTime");
    json_t *result = json_object();
    esim_json_put(result, "compliance", state != NULL ? state : "unknown");
    esim_json_put(result, "at",
                  synced != NULL ? synced : esim_time_text(talk->step->now_ms));
    json_object_set_new(result, "policies", policies_of(policies));
    esim_done(talk, result);
}

static void batch_tell(struct esim_talk *talk)
{
    static const struct expect expect = {
        .row = "batch",
        .missing = "device_unknown",
        .missing_message = "Intune has no device of this id: list the devices.",
    };
    struct batch_item device, policies;
    json_t *body = NULL;
    if (!graph_told(talk, &expect, &body))
        return;
    if (!batch_item_read(body, "device", &device) ||
        !batch_item_read(body, "policies", &policies)) {
        graph_end(talk, false, "reply_unreadable", NULL,
                  "Graph's answer to a batch lacks a part: tell its operator.");
        return;
    }
    /* 424 is only the first item's failure told again. */
    if (graph_told_item(talk, &expect, &device) &&
        graph_told_item(talk, &expect, &policies))
        finish(talk, device.body, policies.body);
}

static const struct esim_exchange table[] = {
    { "batch", ESIM_SAFE, batch_ask, batch_tell, NULL },
    PAUSE_ROW,
};

void compliance_step(const struct esim_step *step, struct esim_answer *answer)
{
    esim_exchange_step(table, sizeof table / sizeof table[0], step, answer);
}
