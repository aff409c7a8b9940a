/* config.deploy: a configuration profile of OMA-URI settings for a group of devices
 * (v1.0): looked for, made, assigned, and read back. */
#include <string.h>

#include "call.h"
#include "deployment.h"
#include "flows.h"

enum { NAME_MOST = 200, SETTINGS_MOST = 100, TEXT_MOST = 32 * 1024 };

#define CONFIGS "/deviceManagement/deviceConfigurations"

/* ---- what is asked for ---- */

/* The kind of setting by the value's JSON type; NULL: none fits. */
static const char *type_of(const json_t *value)
{
    if (json_is_boolean(value))
        return "#microsoft.graph.omaSettingBoolean";
    if (json_is_integer(value))
        return "#microsoft.graph.omaSettingInteger";
    return json_is_string(value) && json_string_length(value) <= TEXT_MOST
               ? "#microsoft.graph.omaSettingString"
               : NULL;
}

static const char *settings_problem(const json_t *settings)
{
    size_t count = json_array_size(settings);
    if (count == 0 || count > SETTINGS_MOST)
        return "settings must be a list of 1 to 100.";
    for (size_t i = 0; i < count; i++) {
        const json_t *item = json_array_get(settings, i);
        const char *uri = esim_json_text(item, "uri");
        if (uri == NULL || strncmp(uri, "./", 2) != 0 || strlen(uri) > 1024)
            return "Each setting needs a uri that begins with \"./\".";
        if (type_of(json_object_get(item, "value")) == NULL)
            return "Each setting needs a value: a text, a whole number, true or false.";
    }
    return NULL;
}

static const char *input_problem(const struct esim_talk *talk)
{
    const char *name = esim_json_text(talk->input, "name");
    if (name == NULL || name[0] == '\0' || strlen(name) > NAME_MOST)
        return "A configuration profile needs a name of at most 200 bytes.";
    return settings_problem(json_object_get(talk->input, "settings"));
}

static json_t *oma_settings(const json_t *settings)
{
    json_t *all = json_array();
    for (size_t i = 0; i < json_array_size(settings); i++) {
        const json_t *item = json_array_get(settings, i);
        const char *uri = esim_json_text(item, "uri");
        json_t *value = json_object_get(item, "value");
        json_t *one = json_object();
        esim_json_put(one, "@odata.type", type_of(value));
        esim_json_put(one, "displayName", uri);
        esim_json_put(one, "omaUri", uri);
        json_object_set(one, "value", value);
        json_array_append_new(all, one);
    }
    return all;
}

static void fill(const struct esim_talk *talk, json_t *body)
{
    json_object_set_new(body, "omaSettings",
                        oma_settings(json_object_get(talk->input, "settings")));
}

static const struct deployment config = {
    .version = GRAPH_V1,
    .collection = CONFIGS,
    .type = "#microsoft.graph.windows10CustomConfiguration",
    .id_var = "config_id",
    .unreadable = "Graph's list of configuration profiles is no list: check v1_path.",
    .assignments = "assignments",
    .assignment_type = "#microsoft.graph.deviceConfigurationAssignment",
    .problem = input_problem,
    .fill = fill,
};

/* ---- it is looked for, made and assigned ---- */

static void find_ask(struct esim_talk *talk)
{
    deployment_find_ask(talk, &config);
}

static void find_tell(struct esim_talk *talk)
{
    deployment_find_tell(talk, &config);
}

static void create_ask(struct esim_talk *talk)
{
    deployment_create_ask(talk, &config);
}

static void create_tell(struct esim_talk *talk)
{
    deployment_create_tell(talk, &config);
}

static void assign_ask(struct esim_talk *talk)
{
    deployment_assign_ask(talk, &config);
}

static void assign_tell(struct esim_talk *talk)
{
    static const struct expect expect = { .row = "assign",
                                          .begun = true,
                                          .may_be_empty = true };
    if (graph_told(talk, &expect, NULL))
        esim_go(talk, "read_back");
}

/* ---- it is there, with its settings and for this group ---- */

static void read_ask(struct esim_talk *talk)
{
    graph_ask(talk, "GET",
              graph_path(talk, GRAPH_V1, CONFIGS "/%s?$expand=assignments",
                         var_text(talk, "config_id")),
              NULL);
}

static const char *assignment_of(const json_t *body, const char *group)
{
    const json_t *items = json_object_get(body, "assignments");
    for (size_t i = 0; i < json_array_size(items); i++) {
        const json_t *item = json_array_get(items, i);
        const char *own = esim_json_text(json_object_get(item, "target"), "groupId");
        if (own != NULL && strcmp(own, group) == 0)
            return esim_json_text(item, "id");
    }
    return NULL;
}

static void read_tell(struct esim_talk *talk)
{
    static const struct expect expect = {
        .row = "read_back",
        .begun = true,
        .missing = "config_gone",
        .missing_message = "Somebody deleted the configuration profile of this order.",
    };
    json_t *body = NULL;
    if (!graph_told(talk, &expect, &body))
        return;
    const char *id = assignment_of(body, esim_json_text(talk->input, "group"));
    size_t asked = json_array_size(json_object_get(talk->input, "settings"));
    if (id == NULL || json_array_size(json_object_get(body, "omaSettings")) != asked) {
        graph_end(talk, true, "not_as_ordered", NULL,
                  "Intune shows the configuration profile with other settings, or "
                  "without the group: look at it there.");
        return;
    }
    json_t *result = json_object();
    esim_json_put(result, "config_id", var_text(talk, "config_id"));
    esim_json_put(result, "assignment_id", id);
    esim_json_put(result, "state", "assigned");
    esim_done(talk, result);
}

static const struct esim_exchange table[] = {
    { "find", ESIM_SAFE, find_ask, find_tell, NULL },
    { "create", ESIM_ONCE, create_ask, create_tell, ROW_SETTLE },
    { "assign", ESIM_IDEMPOTENT, assign_ask, assign_tell, NULL },
    { "read_back", ESIM_SAFE, read_ask, read_tell, NULL },
    SETTLE_ROW,
    PAUSE_ROW,
};

void config_step(const struct esim_step *step, struct esim_answer *answer)
{
    esim_exchange_step(table, sizeof table / sizeof table[0], step, answer);
}
