/* The group that a pool is assigned to: one of our own with the device alone in it, or
 * the caller's. Members are added and removed so that a second time changes nothing. */
#include <string.h>

#include "assign.h"
#include "call.h"

enum { MEMBERS_ASKED = 100, LOOKS_MOST = 6 };

/* ---- the members ---- */

void members_ask(struct esim_talk *talk)
{
    graph_ask(talk, "GET",
              graph_path(talk, GRAPH_V1, "/groups/%s/members?$select=id&$top=%d",
                         var_text(talk, "group_id"), MEMBERS_ASKED),
              NULL);
}

static bool holds(const json_t *items, const char *id)
{
    for (size_t i = 0; i < json_array_size(items); i++) {
        const char *own = esim_json_text(json_array_get(items, i), "id");
        if (own != NULL && strcmp(own, id) == 0)
            return true;
    }
    return false;
}

/* A group of the caller's: any of its devices may take the code. */
void members_tell(struct esim_talk *talk)
{
    static const struct expect expect = {
        .row = "members",
        .missing = "group_unknown",
        .missing_message = "The directory has no group of this id.",
    };
    struct graph_page page;
    json_t *body = NULL;
    if (!graph_told(talk, &expect, &body))
        return;
    if (!graph_page_read(body, &page)) {
        graph_end(talk, false, "reply_unreadable", NULL,
                  "Graph's list of members is no list: check v1_path.");
        return;
    }
    bool is_member = holds(page.items, var_text(talk, "object_id"));
    bool is_alone = is_member && json_array_size(page.items) == 1 && page.next == NULL;
    if (!is_member && page.next == NULL) {
        graph_end(talk, false, "device_not_in_group", NULL,
                  "The device is no direct member of the group: add it, or leave the "
                  "group out to have one made.");
        return;
    }
    var_put(talk, "targeting", is_alone ? "device" : "group");
    esim_go(talk, "pool_find");
}

/* ---- one of our own ---- */

void group_find_ask(struct esim_talk *talk)
{
    graph_ask(talk, "GET",
              graph_path(talk, GRAPH_V1,
                         "/groups?$filter=displayName%%20eq%%20%%27%s%%27&$select=id",
                         graph_literal(own_name(talk))),
              NULL);
}

void group_find_tell(struct esim_talk *talk)
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
    var_put(talk, "targeting", "device");
    json_object_set_new(talk->vars, "is_own", json_true());
    if (!graph_is_id(id)) {
        esim_go(talk, "group_create");
        return;
    }
    var_put(talk, "group_id", id);
    esim_go(talk, "member_add");
}

void group_create_ask(struct esim_talk *talk)
{
    json_t *body = json_object();
    const char *device = var_text(talk, "device_name");
    const char *name = own_name(talk);
    esim_json_put(body, "displayName", name);
    esim_json_put(body, "description",
                  esim_string(esim_format("Made by esimd to hand one eSIM to %.100s",
                                          device != NULL ? device : "a device")));
    esim_json_put(body, "mailNickname", name);
    json_object_set_new(body, "mailEnabled", json_false());
    json_object_set_new(body, "securityEnabled", json_true());
    graph_ask(talk, "POST", graph_path(talk, GRAPH_V1, "/groups"), body);
}

void group_create_tell(struct esim_talk *talk)
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
    esim_go(talk, "member_add");
}

/* ---- the device in it ---- */

void member_add_ask(struct esim_talk *talk)
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

/* A new group is not known everywhere at once: 404 is met with patience. */
static bool is_young(struct esim_talk *talk)
{
    int64_t looks = var_int(talk, "group_looks") + 1;
    var_put_int(talk, "group_looks", looks);
    return talk->step->reply->status == 404 && looks <= LOOKS_MOST;
}

void member_add_tell(struct esim_talk *talk)
{
    static const struct expect expect = {
        .row = "member_add",
        .begun = true,
        .may_be_empty = true,
        .missing = "group_gone",
        .missing_message = "The group made for this device cannot be found again.",
    };
    if (is_young(talk))
        graph_pause(talk, "member_add", settings_of(talk).settle_s);
    else if (talk->step->reply->status == 400) /* "Already": the members tell. */
        esim_go(talk, "member_check");
    else if (graph_told(talk, &expect, NULL))
        esim_go(talk, "pool_find");
}

void member_check_tell(struct esim_talk *talk)
{
    static const struct expect expect = { .row = "member_check", .begun = true };
    struct graph_page page;
    json_t *body = NULL;
    if (!graph_told(talk, &expect, &body))
        return;
    if (graph_page_read(body, &page) && holds(page.items, var_text(talk, "object_id")))
        esim_go(talk, "pool_find");
    else
        graph_end(talk, true, "member_refused", NULL,
                  "Graph does not take the device into the group made for it: look at "
                  "the device in the directory.");
}

/* ---- and out again, when it has failed: the reason is in vars ---- */

void member_remove_ask(struct esim_talk *talk)
{
    graph_ask(talk, "DELETE",
              graph_path(talk, GRAPH_V1, "/groups/%s/members/%s/$ref",
                         var_text(talk, "group_id"), var_text(talk, "object_id")),
              NULL);
}

void member_remove_tell(struct esim_talk *talk)
{
    static const struct expect expect = { .row = "member_remove",
                                          .begun = true,
                                          .may_be_empty = true };
    if (talk->step->reply->status == 404 || graph_told(talk, &expect, NULL))
        esim_refused(talk, var_text(talk, "failed_code"),
                     var_text(talk, "failed_state"), "%s",
                     var_text(talk, "failed_message"));
}
