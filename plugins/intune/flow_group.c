/* group.change: a security group of devices is made, gets and loses members. Each part
 * of it changes nothing the second time.
 *
 *   group_read | group_find -> group_create -> (device -> directory -> member_add |
 *   member_remove) for each -> the end
 *
 * Devices are named as Intune names them; groups hold the directory's own objects. */
#include <string.h>

#include "call.h"
#include "flows.h"

enum { NAME_MOST = 120, DEVICES_MOST = 100, LOOKS_MOST = 6 };

/* ---- what is asked for ---- */

static size_t count_of(const struct esim_talk *talk, const char *list)
{
    return json_array_size(json_object_get(talk->input, list));
}

static bool are_ids(const json_t *list)
{
    for (size_t i = 0; i < json_array_size(list); i++)
        if (!graph_is_id(json_string_value(json_array_get(list, i))))
            return false;
    return true;
}

static const char *input_problem(const struct esim_talk *talk)
{
    const char *group = esim_json_text(talk->input, "group");
    const char *name = esim_json_text(talk->input, "name");
    if ((group == NULL) == (name == NULL))
        return "Say either group, the id of one that is there, or name.";
    if (group != NULL && !graph_is_id(group))
        return "group must be the id that Graph gave: letters, digits, \"-\" and "
               "\"_\".";
    if (name != NULL && (name[0] == '\0' || strlen(name) > NAME_MOST))
        return "A group's name has 1 to 120 bytes.";
    if (count_of(talk, "add") + count_of(talk, "remove") > DEVICES_MOST)
        return "At most 100 devices in one order.";
    if (!are_ids(json_object_get(talk->input, "add")) ||
        !are_ids(json_object_get(talk->input, "remove")))
        return "add and remove are lists of device ids.";
    return NULL;
}

/* ---- the group ---- */

static void start_ask(struct esim_talk *talk)
{
    const char *problem = input_problem(talk);
    const char *group = esim_json_text(talk->input, "group");
    if (problem != NULL)
        esim_refused(talk, "input_wrong", NULL, "%s", problem);
    else if (group == NULL)
        esim_go(talk, "group_find");
    else
        graph_ask(talk, "GET",
                  graph_path(talk, GRAPH_V1, "/groups/%s?$select=id", group), NULL);
}

/* The next device of "add", then of "remove"; after the last one, the result. */
static void go_on(struct esim_talk *talk)
{
    size_t at = (size_t)var_int(talk, "at"), adds = count_of(talk, "add");
    if (at < adds + count_of(talk, "remove")) {
        esim_go(talk, "device");
        return;
    }
    json_t *result = json_object();
    esim_json_put(result, "group_id", var_text(talk, "group_id"));
    esim_json_put(result, "state", "done");
    json_object_set_new(result, "added", json_integer((json_int_t)adds));
    json_object_set_new(result, "removed",
                        json_integer((json_int_t)count_of(talk, "remove")));
    esim_done(talk, result);
}

static void start_tell(struct esim_talk *talk)
{
    static const struct expect expect = {
        .row = "start",
        .missing = "group_unknown",
        .missing_message = "The directory has no group of this id.",
    };
    if (!graph_told(talk, &expect, NULL))
        return;
    var_put(talk, "group_id", esim_json_text(talk->input, "group"));
    go_on(talk);
}

static void group_find_ask(struct esim_talk *talk)
{
    graph_ask(talk, "GET",
              graph_path(talk, GRAPH_V1,
                         "/groups?$filter=displayName%%20eq%%20%%27%s%%27&$select=id",
                         graph_literal(esim_json_text(talk->input, "name"))),
              NULL);
}

static void group_find_tell(struct esim_talk *talk)
{
    static const struct expect expect = { .row = "group_find" };
    struct graph_page page;
    json_t *body = NULL;
    if (!graph_told(talk, &expect, &body))
        return;
    if (!graph_page_read(body, &page)) {
        graph_end(talk, false, "reply_unreadable", NULL,
                  "Graph's list of groups is no list: check v1_path.");
        return;
    }
    const char *id = esim_json_text(json_array_get(page.items, 0), "id");
    if (json_array_size(page.items) > 1) {
        graph_end(talk, false, "group_ambiguous", NULL,
                  "The directory has several groups of this name: say which, by its "
                  "id in extra.group.");
    } else if (graph_is_id(id)) {
        var_put(talk, "group_id", id);
        go_on(talk);
    } else {
        esim_go(talk, "group_create");
    }
}

/* Letters, digits and "-" only, at most 64. */
static const char *nickname(const char *name)
{
    char *copy = (char *)esim_string(esim_format("%.64s", name));
    for (char *c = copy; *c != '\0'; c++)
        if (!((*c >= '0' && *c <= '9') || (*c >= 'A' && *c <= 'Z') ||
              (*c >= 'a' && *c <= 'z')))
            *c = '-';
    return copy;
}

static void group_create_ask(struct esim_talk *talk)
{
    const char *name = esim_json_text(talk->input, "name");
    json_t *body = json_object();
    esim_json_put(body, "displayName", name);
    esim_json_put(body, "description", own_name(talk));
    esim_json_put(body, "mailNickname", nickname(name));
    json_object_set_new(body, "mailEnabled", json_false());
    json_object_set_new(body, "securityEnabled", json_true());
    graph_ask(talk, "POST", graph_path(talk, GRAPH_V1, "/groups"), body);
}

static void group_create_tell(struct esim_talk *talk)
{
    static const struct expect expect = { .row = "group_create",
                                          .once = true,
                                          .look = "group_find" };
    json_t *body = NULL;
    if (!graph_told(talk, &expect, &body))
        return;
    const char *id = esim_json_text(body, "id");
    if (!graph_is_id(id)) {
        graph_pause(talk, "group_find", settings_of(talk).settle_s);
        return;
    }
    var_put(talk, "group_id", id);
    json_object_set_new(talk->vars, "again", json_true()); /* A refusal is held now. */
    go_on(talk);
}

/* ---- a device, and the directory's name for it ---- */

static bool is_added(const struct esim_talk *talk)
{
    return (size_t)var_int(talk, "at") < count_of(talk, "add");
}

static const char *device_id(const struct esim_talk *talk)
{
    size_t at = (size_t)var_int(talk, "at"), adds = count_of(talk, "add");
    return json_string_value(
        at < adds ? json_array_get(json_object_get(talk->input, "add"), at)
                  : json_array_get(json_object_get(talk->input, "remove"), at - adds));
}

static void next_device(struct esim_talk *talk)
{
    var_put_int(talk, "at", var_int(talk, "at") + 1);
    go_on(talk);
}

static void device_ask(struct esim_talk *talk)
{
    graph_ask(talk, "GET",
              graph_path(talk, GRAPH_V1,
                         "/deviceManagement/managedDevices/%s?$select=id,"
                         "azureADDeviceId",
                         device_id(talk)),
              NULL);
}

static void device_tell(struct esim_talk *talk)
{
    static const struct expect expect = {
        .row = "device",
        .missing = "device_unknown",
        .missing_message =
            "Intune has no device of one of these ids: list the devices.",
    };
    json_t *body = NULL;
    if (!graph_told(talk, &expect, &body))
        return;
    const char *id = esim_json_text(body, "azureADDeviceId");
    var_put(talk, "directory_id", graph_is_id(id) ? id : "-");
    esim_go(talk, "directory");
}

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
        graph_end(
            talk, false, "device_not_in_directory", NULL,
            "The directory does not know one of the devices, so that no group can "
            "hold it: wait until it is synchronised.");
        return;
    }
    var_put(talk, "object_id", id);
    esim_go(talk, is_added(talk) ? "member_add" : "member_remove");
}

/* ---- in and out ---- */

static void member_add_ask(struct esim_talk *talk)
{
    struct settings settings = settings_of(talk);
    json_t *body = json_object();
    esim_json_put(
        body, "@odata.id",
        esim_string(esim_format("%s%s/directoryObjects/%s", settings.graph_root,
                                settings.v1_path, var_text(talk, "object_id"))));
    graph_ask(talk, "POST",
              graph_path(talk, GRAPH_V1, "/groups/%s/members/$ref",
                         var_text(talk, "group_id")),
              body);
}

static const struct expect member_expect = {
    .row = "member_add",
    .begun = true,
    .may_be_empty = true,
    .missing = "group_gone",
    .missing_message = "The group cannot be found any more.",
};

/* A new group is not known everywhere at once. "Already a member" is 400, and looks like
 * other refusals: the members tell. */
static void member_add_tell(struct esim_talk *talk)
{
    int status = talk->step->reply->status;
    int64_t looks = var_int(talk, "looks") + 1;
    var_put_int(talk, "looks", looks);
    if (status == 404 && looks <= LOOKS_MOST) {
        graph_pause(talk, "member_add", settings_of(talk).settle_s);
    } else if (status == 400) {
        esim_go(talk, "member_check");
    } else if (graph_told(talk, &member_expect, NULL)) {
        var_drop(talk, "looks");
        next_device(talk);
    }
}

static void member_check_ask(struct esim_talk *talk)
{
    const char *path = var_text(talk, "path");
    if (path == NULL)
        path = graph_path(talk, GRAPH_V1, "/groups/%s/members?$select=id&$top=100",
                          var_text(talk, "group_id"));
    var_put(talk, "path", path);
    graph_ask(talk, "GET", path, NULL);
}

static void member_check_tell(struct esim_talk *talk)
{
    static const struct expect expect = { .row = "member_check", .begun = true };
    struct graph_page page;
    json_t *body = NULL;
    bool ok = true;
    if (!graph_told(talk, &expect, &body))
        return;
    bool is_list = graph_page_read(body, &page);
    const char *id = is_list ? graph_find(page.items, "id", var_text(talk, "object_id"))
                             : NULL;
    if (id == NULL && is_list && graph_next(talk, &page, true, &ok)) {
        esim_go(talk, "member_check");
        return;
    }
    if (!ok)
        return;
    var_drop(talk, "path");
    if (id != NULL)
        next_device(talk);
    else
        graph_end(talk, true, "member_refused", NULL,
                  "Graph does not take one of the devices into the group: is it a "
                  "group with members of its own choosing?");
}

static void member_remove_ask(struct esim_talk *talk)
{
    graph_ask(talk, "DELETE",
              graph_path(talk, GRAPH_V1, "/groups/%s/members/%s/$ref",
                         var_text(talk, "group_id"), var_text(talk, "object_id")),
              NULL);
}

static void member_remove_tell(struct esim_talk *talk)
{
    static const struct expect expect = { .row = "member_remove",
                                          .begun = true,
                                          .may_be_empty = true };
    if (talk->step->reply->status == 404 || graph_told(talk, &expect, NULL))
        next_device(talk);
}

static const struct esim_exchange table[] = {
    { "start", ESIM_SAFE, start_ask, start_tell, NULL },
    { "group_find", ESIM_SAFE, group_find_ask, group_find_tell, NULL },
    { "group_create", ESIM_ONCE, group_create_ask, group_create_tell, ROW_SETTLE },
    { "device", ESIM_SAFE, device_ask, device_tell, NULL },
    { "directory", ESIM_SAFE, directory_ask, directory_tell, NULL },
    { "member_add", ESIM_IDEMPOTENT, member_add_ask, member_add_tell, NULL },
    { "member_check", ESIM_SAFE, member_check_ask, member_check_tell, NULL },
    { "member_remove", ESIM_IDEMPOTENT, member_remove_ask, member_remove_tell, NULL },
    SETTLE_ROW,
    PAUSE_ROW,
};

void group_step(const struct esim_step *step, struct esim_answer *answer)
{
    esim_exchange_step(table, sizeof table / sizeof table[0], step, answer);
}
