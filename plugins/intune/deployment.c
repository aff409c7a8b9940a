#include "deployment.h"

#include <string.h>

/* ---- is it there? ---- */

void deployment_find_ask(struct esim_talk *talk, const struct deployment *deployment)
{
    const char *problem = deployment->problem(talk);
    if (problem != NULL) {
        esim_refused(talk, "input_wrong", NULL, "%s", problem);
        return;
    }
    if (graph_input_id(talk, "group") == NULL)
        return;
    const char *path = var_text(talk, "path");
    if (path == NULL)
        path = graph_path(talk, deployment->version, "%s?$select=id,description",
                          deployment->collection);
    var_put(talk, "path", path);
    graph_ask(talk, "GET", path, NULL);
}

void deployment_find_tell(struct esim_talk *talk, const struct deployment *deployment)
{
    static const struct expect expect = { .row = "find" };
    struct graph_page page;
    json_t *body = NULL;
    bool ok = true;
    if (!graph_told(talk, &expect, &body))
        return;
    if (!graph_page_read(body, &page)) {
        graph_end(talk, false, "reply_unreadable", NULL, deployment->unreadable);
        return;
    }
    const char *id = graph_find(page.items, "description", own_name(talk));
    if (id == NULL && graph_next(talk, &page, false, &ok)) {
        esim_go(talk, "find");
        return;
    }
    if (!ok)
        return;
    var_drop(talk, "path");
    var_put(talk, deployment->id_var, id);
    esim_go(talk, id != NULL ? "assign" : "create");
}

/* ---- it is made ---- */

void deployment_create_ask(struct esim_talk *talk, const struct deployment *deployment)
{
    json_t *body = json_object();
    esim_json_put(body, "@odata.type", deployment->type);
    esim_json_put(body, "displayName", esim_json_text(talk->input, "name"));
    esim_json_put(body, "description", own_name(talk));
    deployment->fill(talk, body);
    graph_ask(talk, "POST",
              graph_path(talk, deployment->version, "%s", deployment->collection),
              body);
}

void deployment_create_tell(struct esim_talk *talk, const struct deployment *deployment)
{
    static const struct expect expect = { .row = "create",
                                          .once = true,
                                          .look = "find" };
    json_t *body = NULL;
    if (!graph_told(talk, &expect, &body))
        return;
    const char *id = esim_json_text(body, "id");
    if (!graph_is_id(id)) {
        graph_pause(talk, "find", settings_of(talk).settle_s);
        return;
    }
    var_put(talk, deployment->id_var, id);
    esim_go(talk, "assign");
}

/* ---- it is assigned ---- */

void deployment_assign_ask(struct esim_talk *talk, const struct deployment *deployment)
{
    json_t *target = json_object(), *assignment = json_object();
    json_t *assignments = json_array(), *body = json_object();
    esim_json_put(target, "@odata.type", "#microsoft.graph.groupAssignmentTarget");
    esim_json_put(target, "groupId", esim_json_text(talk->input, "group"));
    esim_json_put(assignment, "@odata.type", deployment->assignment_type);
    json_object_set_new(assignment, "target", target);
    json_array_append_new(assignments, assignment);
    json_object_set_new(body, deployment->assignments, assignments);
    graph_ask(talk, "POST",
              graph_path(talk, deployment->version, "%s/%s/assign",
                         deployment->collection, var_text(talk, deployment->id_var)),
              body);
}
