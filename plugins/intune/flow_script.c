/* script.deploy: a PowerShell script for a group of devices (beta), and what became of
 * it on each.
 *
 * A new script that is assigned runs once on each device. */
#include <string.h>

#include "call.h"
#include "deployment.h"
#include "flows.h"

enum { CONTENT_MOST = 200 * 1024, NAME_MOST = 200, EXPECTED_MOST = 100000 };

#define SCRIPTS "/deviceManagement/deviceManagementScripts"

/* ---- what is asked for ---- */

static const char *input_problem(const struct esim_talk *talk)
{
    const char *name = esim_json_text(talk->input, "name");
    const char *content = esim_json_text(talk->input, "content");
    const char *run_as = esim_json_text(talk->input, "run_as");
    if (name == NULL || name[0] == '\0' || strlen(name) > NAME_MOST)
        return "A script needs a name of at most 200 bytes.";
    if (content == NULL || content[0] == '\0')
        return "content must be the script's text.";
    if (strlen(content) > CONTENT_MOST)
        return "Intune takes scripts of at most 200 KiB.";
    if (run_as != NULL && strcmp(run_as, "system") != 0 && strcmp(run_as, "user") != 0)
        return "run_as must be system or user.";
    return NULL;
}

/* A file name of harmless characters, since devices store it under this name. */
static const char *file_name(const char *name)
{
    struct esim_bytes text = esim_format("%.60s.ps1", name);
    char *copy = (char *)esim_string(text);
    for (char *c = copy; c[0] != '\0'; c++)
        if (strchr("-_.", *c) == NULL &&
            !((*c >= '0' && *c <= '9') || (*c >= 'A' && *c <= 'Z') ||
              (*c >= 'a' && *c <= 'z')))
            *c = '-';
    return copy;
}

static void fill(const struct esim_talk *talk, json_t *body)
{
    const char *run_as = esim_json_text(talk->input, "run_as");
    struct esim_bytes content = esim_text(esim_json_text(talk->input, "content"));
    json_t *tags = json_array();
    json_array_append_new(tags, json_string("0"));
    esim_json_put(body, "scriptContent", esim_string(esim_base64(content)));
    esim_json_put(body, "runAsAccount", run_as != NULL ? run_as : "system");
    json_object_set_new(body, "enforceSignatureCheck", json_false());
    esim_json_put(body, "fileName", file_name(esim_json_text(talk->input, "name")));
    json_object_set_new(body, "roleScopeTagIds", tags);
    json_object_set_new(body, "runAs32Bit", json_false());
}

static const struct deployment script = {
    .version = GRAPH_BETA,
    .collection = SCRIPTS,
    .type = "#microsoft.graph.deviceManagementScript",
    .id_var = "script_id",
    .unreadable = "Graph's list of scripts is no list: check beta_path.",
    .assignments = "deviceManagementScriptAssignments",
    .assignment_type = "#microsoft.graph.deviceManagementScriptAssignment",
    .problem = input_problem,
    .fill = fill,
};

/* ---- it is looked for, made and assigned ---- */

static void find_ask(struct esim_talk *talk)
{
    deployment_find_ask(talk, &script);
}

static void find_tell(struct esim_talk *talk)
{
    deployment_find_tell(talk, &script);
}

static void create_ask(struct esim_talk *talk)
{
    deployment_create_ask(talk, &script);
}

static void create_tell(struct esim_talk *talk)
{
    deployment_create_tell(talk, &script);
}

static void assign_ask(struct esim_talk *talk)
{
    deployment_assign_ask(talk, &script);
}

static void finish(struct esim_talk *talk, const char *state)
{
    json_t *result = json_object();
    esim_json_put(result, "script_id", var_text(talk, "script_id"));
    esim_json_put(result, "state", state);
    json_object_set_new(result, "succeeded", json_integer(var_int(talk, "succeeded")));
    json_object_set_new(result, "failed", json_integer(var_int(talk, "failed")));
    esim_done(talk, result);
}

static void assign_tell(struct esim_talk *talk)
{
    static const struct expect expect = { .row = "assign",
                                          .begun = true,
                                          .may_be_empty = true };
    struct settings settings = settings_of(talk);
    if (!graph_told(talk, &expect, NULL))
        return;
    if (settings.follow_hours == 0)
        finish(talk, "assigned");
    else
        graph_pause(talk, "follow", settings.poll_s);
}

/* ---- it has run ---- */

static void follow_ask(struct esim_talk *talk)
{
    const char *path = var_text(talk, "path");
    if (path == NULL) {
        path = graph_path(talk, GRAPH_BETA, SCRIPTS "/%s/deviceRunStates",
                          var_text(talk, "script_id"));
        var_put_int(talk, "succeeded", 0);
        var_put_int(talk, "failed", 0);
    }
    var_put(talk, "path", path);
    graph_ask(talk, "GET", path, NULL);
}

static void count_states(struct esim_talk *talk, const json_t *items)
{
    static const struct {
        const char *state, *counter;
    } counters[] = { { "success", "succeeded" },
                     { "fail", "failed" },
                     { "scriptError", "failed" } };
    for (size_t i = 0; i < json_array_size(items); i++) {
        const char *state = esim_json_text(json_array_get(items, i), "runState");
        for (size_t at = 0; at < sizeof counters / sizeof counters[0]; at++)
            if (state != NULL && strcmp(counters[at].state, state) == 0)
                var_put_int(talk, counters[at].counter,
                            var_int(talk, counters[at].counter) + 1);
    }
}

static int64_t expected(const struct esim_talk *talk)
{
    json_int_t count = json_integer_value(
        json_object_get(talk->input, "devices_expected"));
    return count >= 1 && count <= EXPECTED_MOST ? count : 1;
}

static void wait_longer(struct esim_talk *talk)
{
    var_drop(talk, "path");
    if (graph_poll(talk, "follow"))
        return;
    if (var_int(talk, "succeeded") > 0)
        finish(talk, "partial");
    else
        esim_unknown(talk, "device_silent", NULL,
                     "The script is assigned and no device has run it for days: find "
                     "out whether they synchronise, then decide.");
}

static void judge(struct esim_talk *talk)
{
    int64_t succeeded = var_int(talk, "succeeded"), failed = var_int(talk, "failed");
    if (succeeded + failed < expected(talk))
        wait_longer(talk);
    else if (succeeded > 0)
        finish(talk, failed > 0 ? "partial" : "success");
    else
        esim_refused(talk, "script_failed", NULL,
                     "The script failed on each of %lld devices: its output stands in "
                     "Intune.",
                     (long long)failed);
}

static void follow_tell(struct esim_talk *talk)
{
    static const struct expect expect = {
        .row = "follow",
        .begun = true,
        .missing = "script_gone",
        .missing_message = "Somebody deleted the script of this order in Intune.",
    };
    struct graph_page page;
    json_t *body = NULL;
    bool ok = true;
    if (!graph_told(talk, &expect, &body))
        return;
    if (!graph_page_read(body, &page)) {
        wait_longer(talk);
        return;
    }
    count_states(talk, page.items);
    if (graph_next(talk, &page, true, &ok))
        esim_go(talk, "follow");
    else if (ok)
        judge(talk);
}

static const struct esim_exchange table[] = {
    { "find", ESIM_SAFE, find_ask, find_tell, NULL },
    { "create", ESIM_ONCE, create_ask, create_tell, ROW_SETTLE },
    { "assign", ESIM_IDEMPOTENT, assign_ask, assign_tell, NULL },
    { "follow", ESIM_SAFE, follow_ask, follow_tell, NULL },
    SETTLE_ROW,
    PAUSE_ROW,
};

void script_step(const struct esim_step *step, struct esim_answer *answer)
{
    esim_exchange_step(table, sizeof table / sizeof table[0], step, answer);
}
