/* PowerShell scripts for groups of devices. */
#include <string.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/json.h"
#include "crypto/digest.h"
#include "graph.h"

#define SCRIPTS "/beta/deviceManagement/deviceManagementScripts"

enum { CONTENT_MOST = 300 * 1024 };

static struct graph_reply list_scripts(struct graph *graph,
                                       const struct graph_call *call)
{
    return graph_page(call, graph->scripts, NULL, NULL);
}

static bool is_base64(const char *text)
{
    struct buf bytes;
    buf_init(&bytes, CONTENT_MOST);
    bool fits = base64_read(slice_of(text), &bytes) && bytes.size > 0;
    buf_finish(&bytes);
    return fits;
}

static struct graph_reply create_script(struct graph *graph,
                                        const struct graph_call *call)
{
    const char *id = NULL;
    if (!is_base64(json_text(call->body, "scriptContent")))
        return graph_no(400, "BadRequest");
    json_t *script = graph_make(graph, graph->scripts, &id);
    if (script == NULL)
        return graph_no(503, "serviceNotAvailable");
    json_put_text(script, "displayName", json_text(call->body, "displayName"));
    json_put_text(script, "description", json_text(call->body, "description"));
    json_put_text(script, "fileName", json_text(call->body, "fileName"));
    return graph_made(graph_shown(script));
}

static struct graph_reply assign_script(struct graph *graph,
                                        const struct graph_call *call)
{
    json_t *script = json_object_get(graph->scripts, call->params[0]);
    const json_t *asked = json_array_get(
        json_object_get(call->body, "deviceManagementScriptAssignments"), 0);
    const char *group = json_text(json_object_get(asked, "target"), "groupId");
    if (script == NULL)
        return graph_no(404, "ResourceNotFound");
    if (group == NULL || json_object_get(graph->groups, group) == NULL)
        return graph_no(400, "BadRequest");
    json_put_text(script, "_group", group);
    json_put_int(script, "_since_ms", clock_wall_ms());
    return graph_none();
}

static struct graph_reply list_runs(struct graph *graph, const struct graph_call *call)
{
    const json_t *script = json_object_get(graph->scripts, call->params[0]);
    const char *group = json_text(script, "_group");
    json_t *items = json_array();
    const char *member;
    json_t *value;
    if (script == NULL) {
        json_decref(items);
        return graph_no(404, "ResourceNotFound");
    }
    json_t *members = group == NULL
                          ? NULL
                          : json_object_get(json_object_get(graph->groups, group),
                                            "_members");
    bool ran = graph_progress(graph, script) == 2;
    json_object_foreach(members, member, value)
        json_array_append_new(items, json_pack("{ssss}", "id", member, "runState",
                                               ran ? "success" : "pending"));
    return graph_ok(json_pack("{so}", "value", items));
}

/* clang-format off */
static const struct graph_member script[] = {
    { "@odata.type", JSON_STRING, false }, { "displayName", JSON_STRING, true },
    { "description", JSON_STRING, false }, { "scriptContent", JSON_STRING, true },
    { "runAsAccount", JSON_STRING, true }, { "enforceSignatureCheck", JSON_TRUE, false },
    { "fileName", JSON_STRING, true }, { "roleScopeTagIds", JSON_ARRAY, false },
    { "runAs32Bit", JSON_TRUE, false }, { NULL }
};
static const struct graph_member assignments[] = {
    { "deviceManagementScriptAssignments", JSON_ARRAY, true }, { NULL }
};
const struct graph_operation graph_script_operations[] = {
    { "listScripts",  "GET",  SCRIPTS,                       list_scripts,  NULL },
    { "createScript", "POST", SCRIPTS,                       create_script, script },
    { "assignScript", "POST", SCRIPTS "/{}/assign",          assign_script, assignments },
    { "listRuns",     "GET",  SCRIPTS "/{}/deviceRunStates", list_runs,     NULL },
    { NULL }
};
/* clang-format on */
