/* eSIM activation code pools: codes go in and never come out. */
#include <string.h>

#include "base/clock.h"
#include "base/json.h"
#include "graph.h"

#define POOLS "/beta/deviceManagement/embeddedSIMActivationCodePools"

enum { CODES_MOST = 1000 };

static struct graph_reply list_pools(struct graph *graph, const struct graph_call *call)
{
    return graph_page(call, graph->pools, NULL, NULL);
}

static bool is_iccid(const char *text)
{
    size_t digits = text == NULL ? 0 : strspn(text, "0123456789");
    return (digits == 19 || digits == 20) && text[digits] == '\0';
}

static bool codes_fit(const json_t *codes)
{
    size_t i;
    json_t *code;
    json_array_foreach((json_t *)codes, i, code)
    {
        if (!is_iccid(json_text(code, "integratedCircuitCardIdentifier")) ||
            json_text(code, "matchingIdentifier") == NULL ||
            json_text(code, "smdpPlusServerAddress") == NULL ||
            json_object_size(code) != 3)
            return false;
    }
    return i > 0 && i <= CODES_MOST;
}

static struct graph_reply create_pool(struct graph *graph,
                                      const struct graph_call *call)
{
    const char *id = NULL;
    json_t *codes = json_object_get(call->body, "activationCodes");
    if (!codes_fit(codes))
        return graph_no(400, "BadRequest");
    json_t *pool = graph_make(graph, graph->pools, &id);
    if (pool == NULL)
        return graph_no(503, "serviceNotAvailable");
    json_put_text(pool, "displayName", json_text(call->body, "displayName"));
    json_put_int(pool, "activationCodeCount", (int64_t)json_array_size(codes));
    json_object_set_new(pool, "_iccid",
                        json_copy(json_object_get(json_array_get(codes, 0),
                                                  "integratedCircuitCardIdentifier")));
    return graph_made(graph_shown(pool));
}

static struct graph_reply get_pool(struct graph *graph, const struct graph_call *call)
{
    const json_t *pool = json_object_get(graph->pools, call->params[0]);
    return pool == NULL ? graph_no(404, "ResourceNotFound")
                        : graph_ok(graph_shown(pool));
}

static struct graph_reply delete_pool(struct graph *graph,
                                      const struct graph_call *call)
{
    return json_object_del(graph->pools, call->params[0]) == 0
               ? graph_none()
               : graph_no(404, "ResourceNotFound");
}

/* The assignments are replaced as a whole, as Graph does. */
static struct graph_reply assign_pool(struct graph *graph,
                                      const struct graph_call *call)
{
    json_t *pool = json_object_get(graph->pools, call->params[0]);
    json_t *assignments = json_array();
    size_t i;
    json_t *asked;
    if (pool == NULL)
        return graph_no(404, "ResourceNotFound");
    json_array_foreach(json_object_get(call->body, "assignments"), i, asked)
    {
        json_t *target = json_object_get(asked, "target");
        const char *group = json_text(target, "groupId");
        if (group == NULL || json_object_get(graph->groups, group) == NULL) {
            json_decref(assignments);
            return graph_no(400, "BadRequest");
        }
        json_array_append_new(assignments,
                              json_pack("{s:o,s:O}", "id",
                                        json_sprintf("%s_%s", call->params[0], group),
                                        "target", target));
    }
    json_object_set(pool, "_assignments", assignments);
    json_put_int(pool, "_since_ms", clock_wall_ms());
    return graph_ok(json_pack("{so}", "value", assignments));
}

static struct graph_reply list_assignments(struct graph *graph,
                                           const struct graph_call *call)
{
    const json_t *pool = json_object_get(graph->pools, call->params[0]);
    if (pool == NULL)
        return graph_no(404, "ResourceNotFound");
    json_t *assignments = json_object_get(pool, "_assignments");
    return graph_ok(
        json_pack("{so}", "value",
                  assignments == NULL ? json_array() : json_incref(assignments)));
}

static const char *state_of(const struct graph *graph, const json_t *pool,
                            const json_t *device)
{
    static const char *const states[] = { "notEvaluated", "installing", "installed" };
    const char *end = json_text(device, "_outcome");
    int progress = graph_progress(graph, pool);
    return progress == 2 && end != NULL ? end : states[progress];
}

static struct graph_reply list_states(struct graph *graph,
                                      const struct graph_call *call)
{
    const json_t *pool = json_object_get(graph->pools, call->params[0]);
    json_t *items = json_array();
    size_t i;
    json_t *assignment;
    if (pool == NULL) {
        json_decref(items);
        return graph_no(404, "ResourceNotFound");
    }
    json_array_foreach(json_object_get(pool, "_assignments"), i, assignment)
    {
        const char *group = json_text(json_object_get(assignment, "target"), "groupId");
        const json_t *device = graph_taker(graph, group);
        if (device != NULL)
            json_array_append_new(
                items, json_pack("{ssssssss}", "id", json_text(assignment, "id"),
                                 "universalIntegratedCircuitCardIdentifier",
                                 json_text(pool, "_iccid"), "deviceName",
                                 json_text(device, "deviceName"), "state",
                                 state_of(graph, pool, device)));
    }
    return graph_ok(json_pack("{so}", "value", items));
}

/* clang-format off */
static const struct graph_member pool[] = {
    { "@odata.type", JSON_STRING, true }, { "displayName", JSON_STRING, true },
    { "activationCodes", JSON_ARRAY, true }, { NULL }
};
static const struct graph_member assignments[] = { { "assignments", JSON_ARRAY, true }, { NULL } };
const struct graph_operation graph_pool_operations[] = {
    { "listPools",       "GET",    POOLS,                     list_pools,       NULL },
    { "createPool",      "POST",   POOLS,                     create_pool,      pool },
    { "getPool",         "GET",    POOLS "/{}",               get_pool,         NULL },
    { "deletePool",      "DELETE", POOLS "/{}",               delete_pool,      NULL },
    { "assignPool",      "POST",   POOLS "/{}/assign",        assign_pool,      assignments },
    { "listAssignments", "GET",    POOLS "/{}/assignments",   list_assignments, NULL },
    { "listStates",      "GET",    POOLS "/{}/deviceStates",  list_states,      NULL },
    { NULL }
};
/* clang-format on */
