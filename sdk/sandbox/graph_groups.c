/* Security groups of the directory. */
#include <string.h>

#include "base/json.h"
#include "graph.h"

static struct graph_reply find_group(struct graph *graph, const struct graph_call *call)
{
    const char *wanted = graph_filter_text(call, "displayName");
    if (wanted == NULL)
        return graph_no(400, "Request_UnsupportedQuery");
    const char *id = json_text(graph->group_names, wanted);
    json_t *items = json_array();
    if (id != NULL)
        json_array_append_new(items, json_pack("{ss}", "id", id));
    return graph_ok(json_pack("{so}", "value", items));
}

static struct graph_reply create_group(struct graph *graph,
                                       const struct graph_call *call)
{
    const char *id = NULL;
    json_t *group = graph_make(graph, graph->groups, &id);
    if (group == NULL)
        return graph_no(503, "serviceNotAvailable");
    json_object_update(group, (json_t *)call->body);
    json_object_set_new(group, "_members", json_object());
    json_object_set_new(graph->group_names, json_text(group, "displayName"),
                        json_string(id));
    return graph_made(graph_shown(group));
}

static struct graph_reply get_group(struct graph *graph, const struct graph_call *call)
{
    const json_t *group = json_object_get(graph->groups, call->params[0]);
    return group == NULL ? graph_no(404, "Request_ResourceNotFound")
                         : graph_ok(graph_shown(group));
}

static struct graph_reply delete_group(struct graph *graph,
                                       const struct graph_call *call)
{
    const json_t *group = json_object_get(graph->groups, call->params[0]);
    if (group == NULL)
        return graph_no(404, "Request_ResourceNotFound");
    json_object_del(graph->group_names, json_text(group, "displayName"));
    json_object_del(graph->groups, call->params[0]);
    return graph_none();
}

static json_t *members_of(const struct graph *graph, const char *id)
{
    return json_object_get(json_object_get(graph->groups, id), "_members");
}

static struct graph_reply list_members(struct graph *graph,
                                       const struct graph_call *call)
{
    const json_t *members = members_of(graph, call->params[0]);
    return members == NULL ? graph_no(404, "Request_ResourceNotFound")
                           : graph_page(call, members, NULL, NULL);
}

static struct graph_reply add_member(struct graph *graph, const struct graph_call *call)
{
    json_t *members = members_of(graph, call->params[0]);
    const char *link = json_text(call->body, "@odata.id");
    const char *slash = strrchr(link, '/');
    const char *id = slash == NULL ? link : slash + 1;
    if (members == NULL || json_text(graph->directory, id) == NULL)
        return graph_no(404, "Request_ResourceNotFound");
    if (json_object_get(members, id) != NULL)
        return graph_no(400, "Request_BadRequest"); /* "Already": as Graph does. */
    json_object_set_new(members, id, json_pack("{ss}", "id", id));
    return graph_none();
}

static struct graph_reply remove_member(struct graph *graph,
                                        const struct graph_call *call)
{
    json_t *members = members_of(graph, call->params[0]);
    return members != NULL && json_object_del(members, call->params[1]) == 0
               ? graph_none()
               : graph_no(404, "Request_ResourceNotFound");
}

const json_t *graph_taker(const struct graph *graph, const char *group_id)
{
    void *first = json_object_iter(members_of(graph, group_id));
    const char *id = first == NULL
                         ? NULL
                         : json_text(graph->directory, json_object_iter_key(first));
    return id == NULL ? NULL : json_object_get(graph->devices, id);
}

/* clang-format off */
static const struct graph_member group[] = {
    { "displayName",  JSON_STRING, true }, { "description", JSON_STRING, false },
    { "mailNickname", JSON_STRING, true }, { "mailEnabled", JSON_TRUE,   true },
    { "securityEnabled", JSON_TRUE, true }, { NULL }
};
static const struct graph_member reference[] = { { "@odata.id", JSON_STRING, true }, { NULL } };
const struct graph_operation graph_group_operations[] = {
    { "listGroups",   "GET",    "/v1.0/groups",                     find_group,    NULL },
    { "createGroup",  "POST",   "/v1.0/groups",                     create_group,  group },
    { "getGroup",     "GET",    "/v1.0/groups/{}",                  get_group,     NULL },
    { "deleteGroup",  "DELETE", "/v1.0/groups/{}",                  delete_group,  NULL },
    { "listMembers",  "GET",    "/v1.0/groups/{}/members",          list_members,  NULL },
    { "addMember",    "POST",   "/v1.0/groups/{}/members/$ref",     add_member,    reference },
    { "removeMember", "DELETE", "/v1.0/groups/{}/members/{}/$ref",  remove_member, NULL },
    { NULL }
};
/* clang-format on */
