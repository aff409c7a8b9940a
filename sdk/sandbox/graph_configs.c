/* Configuration profiles of OMA-URI settings for groups of devices. */
#include <stdio.h>
#include <string.h>

#include "base/json.h"
#include "graph.h"

#define CONFIGS "/v1.0/deviceManagement/deviceConfigurations"

static struct graph_reply list_configs(struct graph *graph,
                                       const struct graph_call *call)
{
    return graph_page(call, graph->configs, NULL, NULL);
}

/* The kind that a value has to have; NULL: there is no such setting. */
static const char *kind_of(const json_t *value)
{
    if (json_is_boolean(value))
        return "#microsoft.graph.omaSettingBoolean";
    if (json_is_integer(value))
        return "#microsoft.graph.omaSettingInteger";
    return json_is_string(value) ? "#microsoft.graph.omaSettingString" : NULL;
}

static bool are_settings(const json_t *settings)
{
    const json_t *item;
    size_t i;
    json_array_foreach(settings, i, item)
    {
        const char *kind = json_text(item, "@odata.type");
        const char *uri = json_text(item, "omaUri");
        const char *wanted = kind_of(json_object_get(item, "value"));
        if (kind == NULL || wanted == NULL || strcmp(kind, wanted) != 0 ||
            uri == NULL || strncmp(uri, "./", 2) != 0)
            return false;
    }
    return json_array_size(settings) > 0;
}

static struct graph_reply create_config(struct graph *graph,
                                        const struct graph_call *call)
{
    const char *id = NULL;
    json_t *settings = json_object_get(call->body, "omaSettings");
    if (!are_settings(settings))
        return graph_no(400, "BadRequest");
    json_t *config = graph_make(graph, graph->configs, &id);
    if (config == NULL)
        return graph_no(503, "serviceNotAvailable");
    json_put_text(config, "@odata.type", json_text(call->body, "@odata.type"));
    json_put_text(config, "displayName", json_text(call->body, "displayName"));
    json_put_text(config, "description", json_text(call->body, "description"));
    json_object_set(config, "omaSettings", settings);
    json_object_set_new(config, "_assignments", json_array());
    return graph_made(graph_shown(config));
}

static struct graph_reply assign_config(struct graph *graph,
                                        const struct graph_call *call)
{
    json_t *config = json_object_get(graph->configs, call->params[0]);
    const json_t *item;
    json_t *all = json_array();
    size_t i;
    bool is_known = config != NULL;
    json_array_foreach(json_object_get(call->body, "assignments"), i, item)
    {
        json_t *target = json_object_get(item, "target");
        const char *group = json_text(target, "groupId");
        char id[100];
        is_known = is_known && group != NULL &&
                   json_object_get(graph->groups, group) != NULL;
        if (is_known &&
            snprintf(id, sizeof id, "%.40s_%.40s", call->params[0], group) > 0)
            json_array_append_new(all,
                                  json_pack("{s:s,s:O}", "id", id, "target", target));
    }
    if (!is_known) {
        json_decref(all);
        return graph_no(config == NULL ? 404 : 400,
                        config == NULL ? "ResourceNotFound" : "BadRequest");
    }
    json_object_set_new(config, "_assignments", all);
    return graph_ok(json_pack("{s:O}", "value", all));
}

static struct graph_reply get_config(struct graph *graph, const struct graph_call *call)
{
    const json_t *config = json_object_get(graph->configs, call->params[0]);
    const char *expand = graph_query(call, "$expand");
    if (config == NULL)
        return graph_no(404, "ResourceNotFound");
    json_t *shown = graph_shown(config);
    if (expand != NULL && strcmp(expand, "assignments") == 0)
        json_object_set(shown, "assignments", json_object_get(config, "_assignments"));
    return graph_ok(shown);
}

/* clang-format off */
static const struct graph_member config[] = {
    { "@odata.type", JSON_STRING, true }, { "displayName", JSON_STRING, true },
    { "description", JSON_STRING, false }, { "omaSettings", JSON_ARRAY, true }, { NULL }
};
static const struct graph_member assignments[] = { { "assignments", JSON_ARRAY, true }, { NULL } };
const struct graph_operation graph_config_operations[] = {
    { "listConfigs",  "GET",  CONFIGS,            list_configs,  NULL },
    { "createConfig", "POST", CONFIGS,            create_config, config },
    { "getConfig",    "GET",  CONFIGS "/{}",      get_config,    NULL },
    { "assignConfig", "POST", CONFIGS "/{}/assign", assign_config, assignments },
    { NULL }
};
/* clang-format on */
