/* What the devices of a pool say: deviceStates. The items carry no device id, so they
 * are joined by ICCID, and by the device's name while Intune has not filled that in. */
#include <string.h>
#include <strings.h>

#include "assign.h"
#include "call.h"

enum end { END_INSTALLED, END_FAILED, END_WAIT };

/* clang-format off */
static const struct { const char *state; enum end end; const char *code, *message; } ends[] = {
    { "installed",     END_INSTALLED, NULL, NULL },
    { "notEvaluated",  END_WAIT,      NULL, NULL },
    { "installing",    END_WAIT,      NULL, NULL },
    { "failed",        END_FAILED,    "install_failed",
      "The device could not install the profile: look at its eSIM state in Intune, then "
      "order another profile." },
    { "error",         END_FAILED,    "install_failed",
      "The device could not install the profile: look at its eSIM state in Intune, then "
      "order another profile." },
    { "deleting",      END_FAILED,    "removed",
      "The profile is being deleted from the device." },
    { "deleted",       END_FAILED,    "removed",
      "The profile was deleted from the device." },
    { "removedByUser", END_FAILED,    "removed",
      "The device's user removed the profile." },
};
/* clang-format on */

void assign_done(struct esim_talk *talk, const char *state)
{
    json_t *result = json_object();
    esim_json_put(result, "assignment_id", var_text(talk, "assignment_id"));
    esim_json_put(result, "state", state);
    esim_json_put(result, "targeting", var_text(talk, "targeting"));
    esim_json_put(result, "group_id", var_text(talk, "group_id"));
    esim_json_put(result, "pool_id", var_text(talk, "pool_id"));
    esim_done(talk, result);
}

void states_ask(struct esim_talk *talk)
{
    const char *path = var_text(talk, "path");
    if (path == NULL)
        path = graph_path(talk, GRAPH_BETA,
                          "/deviceManagement/embeddedSIMActivationCodePools/%s/"
                          "deviceStates",
                          var_text(talk, "pool_id"));
    var_put(talk, "path", path);
    graph_ask(talk, "GET", path, NULL);
}

static bool is_name(const json_t *item, const char *name)
{
    const char *own = esim_json_text(item, "deviceName");
    return own != NULL && name != NULL && strcasecmp(own, name) == 0;
}

static const json_t *by_iccid(const json_t *items, const char *iccid)
{
    for (size_t i = 0; i < json_array_size(items); i++) {
        const json_t *item = json_array_get(items, i);
        const char *own = graph_iccid(
            esim_json_text(item, "universalIntegratedCircuitCardIdentifier"));
        if (own != NULL && iccid != NULL && strcmp(own, iccid) == 0)
            return item;
    }
    return NULL;
}

static const json_t *by_name(const json_t *items, const char *name)
{
    for (size_t i = 0; i < json_array_size(items); i++)
        if (is_name(json_array_get(items, i), name))
            return json_array_get(items, i);
    return NULL;
}

static void wait_longer(struct esim_talk *talk)
{
    var_drop(talk, "path");
    if (!graph_poll(talk, "states"))
        esim_unknown(talk, "device_silent", NULL,
                     "The profile is assigned and the device has not installed it for "
                     "days: find out whether it synchronises, then decide.");
}

static void fail(struct esim_talk *talk, size_t row)
{
    struct settings settings = settings_of(talk);
    if (!var_flag(talk, "is_own") || !settings.remove_on_failure) {
        esim_refused(talk, ends[row].code, ends[row].state, "%s", ends[row].message);
        return;
    }
    var_put(talk, "failed_code", ends[row].code);
    var_put(talk, "failed_state", ends[row].state);
    var_put(talk, "failed_message", ends[row].message);
    esim_go(talk, "member_remove");
}

static void judge(struct esim_talk *talk, const json_t *item)
{
    const char *state = esim_json_text(item, "state");
    size_t count = sizeof ends / sizeof ends[0], row = 0;
    while (state != NULL && row < count && strcmp(ends[row].state, state) != 0)
        row++;
    if (state == NULL || row == count || ends[row].end == END_WAIT) {
        wait_longer(talk);
    } else if (ends[row].end == END_FAILED) {
        fail(talk, row);
    } else {
        if (!is_name(item, var_text(talk, "device_name")))
            var_put(talk, "targeting", "other_device");
        assign_done(talk, "Installed");
    }
}

void states_tell(struct esim_talk *talk)
{
    static const struct expect expect = {
        .row = "states",
        .begun = true,
        .missing = "pool_gone",
        .missing_message = "Somebody deleted the pool of this order in Intune.",
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
    const char *iccid = graph_iccid(esim_json_text(talk->input, "iccid"));
    const json_t *item = by_iccid(page.items, iccid);
    if (item == NULL)
        item = by_name(page.items, var_text(talk, "device_name"));
    if (item != NULL)
        judge(talk, item);
    else if (graph_next(talk, &page, true, &ok))
        esim_go(talk, "states");
    else if (ok)
        wait_longer(talk);
}
