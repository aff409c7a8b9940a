/* device.assign: an activation code reaches one device through a pool and a group.
 *
 * Intune assigns a pool of codes to a group, and hands the codes out among its devices
 * as it likes. So the way to target is a group of one device: unless the order names a
 * group, one is made for this order, with the device as its only member. Codes can
 * be written, never read back: what was made is found again by a name that holds the
 * order's id, and every try of the operation begins by looking for it.
 *
 *   device -> directory -> group_find -> group_create -> member_add -> pool_find ->
 *   pool_create -> pool_assign -> states (for hours) -> the end
 *
 * With a group of the caller's, `members` takes the place of what makes one. */
#include "assign.h"
#include "call.h"
#include "flows.h"

#include <string.h>

static const struct expect device_expect = {
    .row = "device",
    .missing = "device_unknown",
    .missing_message = "Intune has no device of this id: list the devices.",
};

/* ---- what is to be assigned ---- */

/* What cannot be right must not reach Graph. */
static const char *code_problem(const struct esim_talk *talk, const char **ret_code)
{
    const char *text = esim_json_text(talk->input, "activation_code");
    struct graph_code code;
    *ret_code = "activation_code_wrong";
    if (graph_iccid(esim_json_text(talk->input, "iccid")) == NULL) {
        *ret_code = "iccid_wrong";
        return "Intune wants an ICCID of 19 or 20 digits.";
    }
    if (text == NULL) {
        *ret_code = "activation_code_missing";
        return "The order has no activation code, and this profile was not ordered "
               "here: "
               "give the code in extra.activation_code.";
    }
    if (!graph_code_read(text, &code))
        return "The activation code is none of SGP.22 4.1: 1$ADDRESS$MATCHING-ID.";
    if (code.needs_confirmation) {
        *ret_code = "confirmation_needed";
        return "The profile wants a confirmation code, which Intune cannot carry: "
               "order "
               "one without.";
    }
    return NULL;
}

static void device_ask(struct esim_talk *talk)
{
    const char *code = NULL;
    const char *problem = code_problem(talk, &code);
    const char *id = graph_input_id(talk, "device_id");
    const char *group = esim_json_text(talk->input, "group");
    if (id == NULL)
        return;
    if (group != NULL && graph_input_id(talk, "group") == NULL)
        return;
    if (problem != NULL)
        esim_refused(talk, code, NULL, "%s", problem);
    else
        graph_ask(
            talk, "GET",
            graph_path(talk, GRAPH_V1,
                       "/deviceManagement/managedDevices/%s?$select=id,deviceName,"
                       "azureADDeviceId",
                       id),
            NULL);
}

static void device_tell(struct esim_talk *talk)
{
    const char *group = esim_json_text(talk->input, "group");
    json_t *body = NULL;
    if (!graph_told(talk, &device_expect, &body))
        return;
    const char *directory_id = esim_json_text(body, "azureADDeviceId");
    var_put(talk, "device_name", esim_json_text(body, "deviceName"));
    if (!graph_is_id(directory_id)) {
        graph_end(talk, false, "device_not_in_directory", NULL,
                  "The device is not registered in the directory, so that no group can "
                  "hold it: join it, then order again.");
        return;
    }
    var_put(talk, "directory_id", directory_id);
    var_put(talk, "group_id", group);
    esim_go(talk, "directory");
}

/* ---- the directory's own id of the device ---- */

static void directory_ask(struct esim_talk *talk)
{
    graph_ask(talk, "GET",
              graph_path(talk, GRAPH_V1,
                         "/devices?$filter=deviceId%%20eq%%20%%27%s%%27&$select=id",
                         graph_literal(var_text(talk, "directory_id"))),
              NULL);
}

static void directory_tell(struct esim_talk *talk)
{
    static const struct expect expect = { .row = "directory" };
    struct graph_page page;
    json_t *body = NULL;
    if (!graph_told(talk, &expect, &body))
        return;
    const char *id = graph_page_read(body, &page)
                         ? esim_json_text(json_array_get(page.items, 0), "id")
                         : NULL;
    if (!graph_is_id(id)) {
        graph_end(talk, false, "device_not_in_directory", NULL,
                  "The directory does not know the device, so that no group can hold "
                  "it: wait until it is synchronised, then order again.");
        return;
    }
    var_put(talk, "object_id", id);
    esim_go(talk, var_text(talk, "group_id") != NULL ? "members" : "group_find");
}

/* ---- a pool with this one code ---- */

static void pool_find_ask(struct esim_talk *talk)
{
    const char *path = var_text(talk, "path");
    if (path == NULL)
        path = graph_path(talk, GRAPH_BETA,
                          "/deviceManagement/embeddedSIMActivationCodePools");
    var_put(talk, "path", path);
    graph_ask(talk, "GET", path, NULL);
}

static void pool_find_tell(struct esim_talk *talk)
{
    static const struct expect expect = { .row = "pool_find", .begun = true };
    struct graph_page page;
    json_t *body = NULL;
    bool ok = true;
    if (!graph_told(talk, &expect, &body))
        return;
    if (!graph_page_read(body, &page)) {
        graph_end(talk, true, "reply_unreadable", NULL,
                  "Graph's list of pools is no list: check beta_path.");
        return;
    }
    const char *id = graph_find(page.items, "displayName", own_name(talk));
    if (id == NULL && graph_next(talk, &page, true, &ok)) {
        esim_go(talk, "pool_find");
        return;
    }
    if (!ok)
        return;
    var_drop(talk, "path");
    var_put(talk, "pool_id", id);
    esim_go(talk, id != NULL ? "pool_assign" : "pool_create");
}

static void pool_create_ask(struct esim_talk *talk)
{
    struct graph_code code;
    json_t *item = json_object(), *codes = json_array(), *body = json_object();
    bool is_read = graph_code_read(esim_json_text(talk->input, "activation_code"),
                                   &code);
    if (!is_read)
        return;
    esim_json_put(item, "integratedCircuitCardIdentifier",
                  graph_iccid(esim_json_text(talk->input, "iccid")));
    esim_json_put(item, "matchingIdentifier", code.matching_id);
    esim_json_put(item, "smdpPlusServerAddress", code.address);
    json_array_append_new(codes, item);
    esim_json_put(body, "@odata.type",
                  "#microsoft.graph.embeddedSIMActivationCodePool");
    esim_json_put(body, "displayName", own_name(talk));
    json_object_set_new(body, "activationCodes", codes);
    graph_ask(talk, "POST",
              graph_path(talk, GRAPH_BETA,
                         "/deviceManagement/embeddedSIMActivationCodePools"),
              body);
}

static void pool_create_tell(struct esim_talk *talk)
{
    static const struct expect expect = {
        .row = "pool_create", .once = true, .look = "pool_find", .begun = true
    };
    json_t *body = NULL;
    if (!graph_told(talk, &expect, &body))
        return;
    const char *id = esim_json_text(body, "id");
    if (!graph_is_id(id)) { /* It was made, and its name finds it. */
        graph_pause(talk, "pool_find", settings_of(talk).settle_s);
        return;
    }
    var_put(talk, "pool_id", id);
    esim_go(talk, "pool_assign");
}

/* ---- the pool for the group ---- */

static void pool_assign_ask(struct esim_talk *talk)
{
    json_t *target = json_object(), *assignment = json_object();
    json_t *assignments = json_array(), *body = json_object();
    esim_json_put(target, "@odata.type", "#microsoft.graph.groupAssignmentTarget");
    esim_json_put(target, "groupId", var_text(talk, "group_id"));
    esim_json_put(assignment, "@odata.type",
                  "#microsoft.graph.embeddedSIMActivationCodePoolAssignment");
    json_object_set_new(assignment, "target", target);
    json_array_append_new(assignments, assignment);
    json_object_set_new(body, "assignments", assignments);
    graph_ask(talk, "POST",
              graph_path(talk, GRAPH_BETA,
                         "/deviceManagement/embeddedSIMActivationCodePools/%s/assign",
                         var_text(talk, "pool_id")),
              body);
}

static const char *assignment_of(const json_t *body, const char *group)
{
    const json_t *items = json_object_get(body, "value");
    for (size_t i = 0; i < json_array_size(items); i++) {
        const json_t *item = json_array_get(items, i);
        const char *own = esim_json_text(json_object_get(item, "target"), "groupId");
        if (own != NULL && strcmp(own, group) == 0)
            return esim_json_text(item, "id");
    }
    return NULL;
}

static void pool_assign_tell(struct esim_talk *talk)
{
    static const struct expect expect = { .row = "pool_assign",
                                          .begun = true,
                                          .may_be_empty = true };
    struct settings settings = settings_of(talk);
    json_t *body = NULL;
    if (!graph_told(talk, &expect, &body))
        return;
    const char *id = assignment_of(body, var_text(talk, "group_id"));
    var_put(talk, "assignment_id", id != NULL ? id : var_text(talk, "pool_id"));
    if (settings.follow_hours == 0)
        assign_done(talk, "Released");
    else
        esim_go(talk, "states");
}

static const struct esim_exchange table[] = {
    { "device", ESIM_SAFE, device_ask, device_tell, NULL },
    { "directory", ESIM_SAFE, directory_ask, directory_tell, NULL },
    { "members", ESIM_SAFE, members_ask, members_tell, NULL },
    { "group_find", ESIM_SAFE, group_find_ask, group_find_tell, NULL },
    { "group_create", ESIM_ONCE, group_create_ask, group_create_tell, ROW_SETTLE },
    { "member_add", ESIM_IDEMPOTENT, member_add_ask, member_add_tell, NULL },
    { "member_check", ESIM_SAFE, members_ask, member_check_tell, NULL },
    { "pool_find", ESIM_SAFE, pool_find_ask, pool_find_tell, NULL },
    { "pool_create", ESIM_ONCE, pool_create_ask, pool_create_tell, ROW_SETTLE },
    { "pool_assign", ESIM_IDEMPOTENT, pool_assign_ask, pool_assign_tell, NULL },
    { "states", ESIM_SAFE, states_ask, states_tell, NULL },
    { "member_remove", ESIM_IDEMPOTENT, member_remove_ask, member_remove_tell, NULL },
    SETTLE_ROW,
    PAUSE_ROW,
};

void assign_step(const struct esim_step *step, struct esim_answer *answer)
{
    esim_exchange_step(table, sizeof table / sizeof table[0], step, answer);
}
